"""Files that are not what they should be: tables, pictures, certificates, edits, places of export."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import picture
from PIL import Image

Refused = Callable[..., str]
Prov = Callable[..., Any]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_header(width: int, height: int) -> bytes:
    """Write a PNG that claims a size and holds no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


@pytest.fixture
def bad_files(here: Path) -> dict[str, Path]:
    """Write one file of each kind of bad."""
    picture(1).image().save(here / "good.png")
    data = (here / "good.png").read_bytes()
    picture(11).image().save(here / "moving.gif", save_all=True, append_images=[picture(12).image()])
    contents = {
        "text.png": b"hello, I am no picture",
        "empty.png": b"",
        "truncated.png": data[: len(data) // 2],
        "bomb.png": _png_header(60_000, 60_000),
        "hollow.png": _png_header(64, 48),
        "torn.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 40,
    }
    for name, content in contents.items():
        (here / name).write_bytes(content)
    (here / "folder.png").mkdir()
    names = (*contents, "moving.gif", "folder.png", "missing.png")
    return {name: here / name for name in names}


EDIT_SAYS = {
    "text.png": "not a PNG",
    "empty.png": "is empty",
    "truncated.png": "breaks off",
    "bomb.png": "60000 x 60000",
    "hollow.png": "hollow.png",
    "torn.jpg": "torn.jpg",
    "moving.gif": "an animation of 2 frames",
    "folder.png": "Is a directory",
    "missing.png": "No such file",
}


@pytest.mark.parametrize("name", EDIT_SAYS)
def test_an_edit_that_is_no_picture_is_refused(
    refused: Refused, artwork: str, bad_files: dict[str, Path], name: str
) -> None:
    said = refused("edit", artwork, bad_files[name], "--by", "Ada", "--action", "drawn", code=3)

    assert EDIT_SAYS[name] in said
    assert name in said


@pytest.mark.parametrize("name", [name for name in EDIT_SAYS if name not in {"folder.png", "missing.png"}])
def test_verify_finds_nothing_in_what_is_no_picture(
    prov: Prov, filled: Path, bad_files: dict[str, Path], name: str
) -> None:
    outcome = prov("verify", bad_files[name])

    assert outcome.code == 1
    assert outcome.out.startswith("? Nothing found. That says nothing about how it was made.\n")


@pytest.mark.parametrize("name", ["folder.png", "missing.png"])
def test_verify_says_what_it_cannot_read(refused: Refused, filled: Path, bad_files: dict[str, Path], name: str) -> None:
    assert name in refused("verify", bad_files[name], code=3)


def test_of_several_files_the_worst_gives_the_exit_code(prov: Prov, filled: Path, bad_files: dict[str, Path]) -> None:
    outcome = prov("verify", bad_files["text.png"], bad_files["missing.png"], bad_files["empty.png"])

    assert outcome.code == 3
    assert outcome.out.count("Nothing found") == 2
    assert outcome.err.count("\n") == 1


def test_a_dataset_leaves_out_what_is_no_picture_and_says_why(
    prov: Prov, filled: Path, here: Path, bad_files: dict[str, Path]
) -> None:
    outcome = prov("dataset", "add", "mixed", here, "--workers", "1")

    assert outcome.code == 0
    for reason in ("(format)", "(empty)", "(truncated)", "(huge)"):
        assert reason in outcome.out
    assert prov("db", "check").code == 0


def test_a_dataset_of_nothing_but_bad_files_makes_no_version(refused: Refused, filled: Path, here: Path) -> None:
    (here / "bad").mkdir()
    (here / "bad" / "text.png").write_text("no picture")
    (here / "none").mkdir()

    assert "text.png" in refused("dataset", "add", "bad", here / "bad", code=3)
    assert "holds no PNG" in refused("dataset", "add", "none", here / "none", code=3)


@pytest.mark.parametrize(
    ("table", "code", "said"),
    [
        (b"", 2, "works.csv"),
        (b"title,creator\nSea,Ada\n", 2, "file"),
        (b"file,file\na.png,b.png\n", 2, "file"),
        (b"file,title\n\xff\xfe\x00,x\n", 2, "works.csv"),
        (b"file,title\na.png,\0\n", 2, "works.csv"),
    ],
    ids=["empty", "no file column", "column twice", "not UTF-8", "NUL"],
)
def test_a_wrong_table_is_refused_whole(
    refused: Refused, filled: Path, here: Path, table: bytes, code: int, said: str
) -> None:
    works = here / "works"
    works.mkdir()
    picture(5).image().save(works / "a.png")
    (here / "works.csv").write_bytes(table)

    assert said in refused("dataset", "add", "x", works, "--metadata", here / "works.csv", code=code)


def test_a_table_that_is_not_there_is_said(refused: Refused, filled: Path, here: Path) -> None:
    assert "nowhere.csv" in refused("dataset", "add", "x", here, "--metadata", "nowhere.csv", code=3)


def test_rows_without_files_and_double_rows_are_left_out_with_a_reason(prov: Prov, filled: Path, here: Path) -> None:
    works = here / "works"
    works.mkdir()
    picture(5).image().save(works / "a.png")
    picture(6).image().save(works / "b.png")
    (here / "works.csv").write_text("file,title,colour\na.png,Sea,blue\na.png,Land,green\ngone.png,Sky,grey\n")

    outcome = prov("dataset", "add", "x", works, "--metadata", here / "works.csv")

    assert outcome.code == 0, outcome
    assert "gone.png" in outcome.out
    assert "left out" in outcome.out


def test_an_edit_of_another_picture_is_refused(refused: Refused, artwork: str, here: Path) -> None:
    picture(9, width=32, height=24).image().save(here / "other.png")

    said = refused("edit", artwork, "other.png", "--by", "Ada", "--action", "drawn", code=1)

    assert "does not look like the artwork" in said


def test_an_edit_without_a_change_is_refused(refused: Refused, artwork: str, stored: Path) -> None:
    assert "no edit to record" in refused("edit", artwork, stored, "--by", "Ada", "--action", "drawn", code=1)


def test_an_edit_whose_record_does_not_hold_is_refused(
    refused: Refused, artwork: str, stored: Path, here: Path
) -> None:
    data = stored.read_bytes()
    end = data.rindex(b"IEND") - 4
    (here / "changed.png").write_bytes(data[:end] + _chunk(b"tEXt", b"Comment\0hello") + data[end:])

    said = refused("edit", artwork, "changed.png", "--by", "Ada", "--action", "drawn", code=1)

    assert "changed.png" in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--by", "", "--action", "drawn"), "--by is empty"),
        (("--by", "a\nb", "--action", "drawn"), "one line"),
        (("--by", "Ada", "--action", "improved"), "'improved' is not an action"),
        (("--by", "Ada", "--action", "a\0b"), "is not an action"),
        (("--by", "Ada"), "--action"),
        (("--action", "drawn"), "--by"),
        (("--by", "Ada", "--action", "drawn", "--note", "a\0b"), "--note takes text"),
        (("--by", "Ada", "--action", "drawn", "--note", "x" * 1_000_000), "1,000,000 characters"),
        (("--by", "Ada", "--action", "drawn", "--tool", "GIMP\x1b[2J"), "--tool takes one line"),
        (("--by", "Ada", "--action", "drawn", "--title", "\n"), "--title is empty"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_words_about_an_edit_are_refused(
    refused: Refused, artwork: str, here: Path, options: tuple[str, ...], said: str
) -> None:
    assert said in refused("edit", artwork, _drawn_on(artwork, here), *options, code=2)


def test_names_in_any_script_and_notes_of_many_lines_are_kept(prov: Prov, artwork: str, here: Path) -> None:
    name, note = "נועה 🎨 Østergård", "First line\nsecond, with a tab\tand שלום"
    edited = prov(
        "edit", artwork, _drawn_on(artwork, here), "--by", name, "--action", "drawn", "--note", note, "--json"
    )
    uid = __import__("json").loads(edited.out)["uid"]

    assert edited.code == 0
    shown = __import__("json").loads(prov("show", uid, "--json").out)["artwork"]
    assert (name, note) == (shown["by"], shown["edit"]["note"])
    assert "\x1b" not in prov("show", uid).out


def test_an_export_over_a_file_is_refused(refused: Refused, prov: Prov, artwork: str, here: Path) -> None:
    assert prov("export", artwork).code == 0
    before = {path: path.read_bytes() for path in (here / "exports").iterdir()}

    assert "is there already" in refused("export", artwork, code=2)
    assert before == {path: path.read_bytes() for path in (here / "exports").iterdir()}
    assert prov("export", artwork, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--format", "bmp"), 2, "'bmp' is not an export format"),
        (("--format", ""), 2, "is not an export format"),
        (("--format", "jpeg", "--quality", "101"), 2, "from 0 to 100"),
        (("--format", "jpeg", "--quality", "-1"), 2, "from 0 to 100"),
        (("--format", "png", "--quality", "50"), 2, "takes no quality"),
        (("--format", "jpeg", "--quality", "fine"), 2, "--quality"),
        (("--disclose", "some"), 2, "--disclose"),
        (("--to", "/proc/nowhere"), 3, "cannot be made"),
        (("--to", "good.png"), 3, "cannot be made"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_wrong_export_leaves_nothing(
    refused: Refused, artwork: str, here: Path, options: tuple[str, ...], code: int, said: str
) -> None:
    picture(1).image().save(here / "good.png")
    before = sorted(path.name for path in here.iterdir())

    assert said in refused("export", artwork, *options, code=code)
    assert before == sorted(path.name for path in here.iterdir())


def _drawn_on(artwork: str, here: Path) -> Path:
    """Write the artwork with a white square on it, as an editor that keeps no records would."""
    (stored,) = (here / "prov-archive" / "blobs" / "sha256").glob("*/*/*")
    with Image.open(stored) as image:
        pixels = np.array(image.convert("RGB"))
    pixels[4:12, 8:16] = 255
    Image.fromarray(pixels).save(here / "drawn.png")
    return here / "drawn.png"
