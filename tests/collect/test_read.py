"""Collecting whole folders: what goes in, what is refused, in which order, at which cost."""

import signal
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from provenance.collect.item import Item, Known, Read, Refusal
from provenance.collect.merkle import dataset_root
from provenance.collect.read import Collection, collect
from provenance.collect.table import parse_table
from provenance.digest import Digest
from provenance.errors import NotFoundError
from provenance.picture import Picture

Draw = Callable[..., Path]


def _size(picture: Picture) -> tuple[int, int]:
    return picture.width, picture.height


def _collect(folder: Path, **options: object) -> list[Item[tuple[int, int]]]:
    return list(collect(folder, measure=_size, **options))  # type: ignore[arg-type]


def _one(folder: Path, **options: object) -> Item[tuple[int, int]]:
    (item,) = _collect(folder, **options)
    return item


def _reads(items: list[Item[tuple[int, int]]]) -> list[Read[tuple[int, int]]]:
    return [item for item in items if isinstance(item, Read)]


def _png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.png", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.tif", "image/tiff"),
        ("a.gif", "image/gif"),
        ("a.avif", "image/avif"),
    ],
)
def test_all_six_formats_are_read(draw: Draw, folder: Path, name: str, media_type: str) -> None:
    path = draw(name)

    item = _one(folder)

    assert isinstance(item, Read)
    assert item.work.media_type == media_type
    assert item.work.file_digest == Digest.of(path.read_bytes())
    assert item.work.pixels_digest == Picture.open(path).digest
    assert item.work.file_size == path.stat().st_size
    assert (item.work.width, item.work.height) == item.measured == (24, 20)
    assert item.path == path
    assert not item.reused


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("cmyk.jpg", "CMYK", {}),
        ("grey.png", "L", {}),
        ("one-bit.png", "1", {}),
        ("palette.png", "P", {"transparency": 3}),
        ("alpha.webp", "RGBA", {"lossless": True}),
        ("deep.png", "I;16", {}),
        ("float.tif", "F", {}),
    ],
)
def test_pictures_of_every_mode_are_read(
    draw: Draw, folder: Path, name: str, mode: str, options: dict[str, object]
) -> None:
    if mode == "I;16":
        Image.fromarray(np.arange(480, dtype=np.uint16).reshape(20, 24) * 100).save(folder / name)
    else:
        draw(name, mode=mode, **options)

    item = _one(folder)

    assert isinstance(item, Read)
    assert item.measured == (24, 20)


def test_a_turned_photograph_is_measured_upright(draw: Draw, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    draw("turned.jpg", exif=exif)

    item = _one(folder)

    assert isinstance(item, Read)
    assert (item.work.width, item.work.height) == item.measured == (20, 24)


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.tif", "a.gif", "a.avif"])
def test_a_file_cut_short_is_refused(draw: Draw, folder: Path, name: str) -> None:
    _truncate(draw(name, side=64))

    item = _one(folder)

    assert isinstance(item, Refusal)
    assert item.reason in {"truncated", "unreadable", "format"}
    assert item.sentence.startswith(f"{name}")


def test_a_png_and_a_jpeg_cut_short_are_said_to_be_so(draw: Draw, folder: Path) -> None:
    _truncate(draw("a.png", side=64))
    _truncate(draw("b.jpg", side=64))

    assert [item.reason for item in _collect(folder) if isinstance(item, Refusal)] == ["truncated", "truncated"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.png", b"", "empty"),
        ("text.png", b"this is no picture", "format"),
        ("page.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "format"),
        ("bomb.png", _png_that_claims(60_000, 60_000), "huge"),
        ("signature.png", b"\x89PNG\r\n\x1a\n", "format"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(folder: Path, name: str, data: bytes, reason: str) -> None:
    (folder / name).write_bytes(data)

    item = _one(folder)

    assert isinstance(item, Refusal)
    assert (item.name, item.reason) == (name, reason)
    assert item.sentence.startswith(name)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_an_animation_is_refused(draw: Draw, folder: Path, name: str) -> None:
    more = [Image.new("RGB", (24, 20), colour) for colour in ("red", "blue")]
    draw(name, save_all=True, append_images=more)

    item = _one(folder)

    assert isinstance(item, Refusal)
    assert item.reason == "animated"


def test_the_limit_holds_for_pixels_and_for_bytes(draw: Draw, folder: Path) -> None:
    draw("large.png", side=24)
    with (folder / "long.png").open("wb") as file:
        file.truncate(70_000_000)

    items = _collect(folder, limit=24 * 20 - 1)

    assert [item.reason for item in items if isinstance(item, Refusal)] == ["huge", "huge"]
    assert isinstance(_collect(folder, limit=24 * 20)[0], Read)


def test_the_same_bytes_go_in_once(draw: Draw, folder: Path) -> None:
    data = draw("a.png").read_bytes()
    (folder / "b.png").write_bytes(data)
    (folder / "c").mkdir()
    (folder / "c" / "d.png").write_bytes(data)

    items = _collect(folder)

    assert [type(item) for item in items] == [Read, Refusal, Refusal]
    assert [item.sentence for item in items if isinstance(item, Refusal)] == [
        "b.png has the same bytes as a.png, which comes first.",
        "c/d.png has the same bytes as a.png, which comes first.",
    ]


def test_the_same_pixels_in_other_bytes_go_in_with_a_note(draw: Draw, folder: Path) -> None:
    draw("a.png")
    draw("b.png", compress_level=0)
    draw("c.webp", lossless=True)

    notes = [[(note.reason, note.sentence) for note in item.notes] for item in _reads(_collect(folder))]

    assert notes == [
        [],
        [("twin", "b.png holds exactly the pixels of a.png, in other bytes.")],
        [("twin", "c.webp holds exactly the pixels of a.png, in other bytes.")],
    ]


def test_a_work_says_what_its_row_says(draw: Draw, folder: Path) -> None:
    draw("birds/a.png")
    table = parse_table(
        b"file,title,creator,license,subjects,consent,year\nbirds/a.png,Heron,Ana,CC BY 4.0,bird;water,granted,1999\n",
        name="works.csv",
    )

    item = _one(folder, table=table)

    assert isinstance(item, Read)
    assert item.row == 2
    assert item.work.name == "birds/a.png"
    assert (item.work.title, item.work.creator, item.work.licence) == ("Heron", "Ana", None)
    assert (item.work.subjects, item.work.consent) == (("bird", "water"), "granted")
    assert item.work.extra == {"licence_as_written": "CC BY 4.0", "year": "1999"}
    assert [note.reason for note in item.notes] == ["licence"]


def test_a_file_that_is_not_what_its_row_promises_is_refused(draw: Draw, folder: Path) -> None:
    right, wrong = Digest.of(draw("right.png").read_bytes()), Digest.of(b"")
    draw("wrong.png", seed=1)
    table = parse_table(f"file,sha256\nright.png,{right.hex.upper()}\nwrong.png,{wrong.hex}\n".encode(), name="t.csv")

    items = _collect(folder, table=table)

    assert [type(item) for item in items] == [Read, Refusal]
    assert isinstance(items[1], Refusal)
    assert (items[1].reason, items[1].row) == ("checksum", 3)
    assert str(wrong) in items[1].sentence


def test_a_file_with_the_wrong_digest_does_not_keep_its_double_out(draw: Draw, folder: Path) -> None:
    data = draw("a.png").read_bytes()
    (folder / "b.png").write_bytes(data)
    table = parse_table(f"file,sha256\na.png,{'0' * 64}\n".encode(), name="t.csv")

    assert [type(item) for item in _collect(folder, table=table)] == [Refusal, Read]


def test_what_is_known_is_not_decoded_again(draw: Draw, folder: Path) -> None:
    for seed in range(6):
        draw(f"{seed}.png", seed=seed)
    first = _reads(_collect(folder))
    known = {
        item.work.file_digest: Known(
            pixels_digest=item.work.pixels_digest,
            width=item.work.width,
            height=item.work.height,
            media_type=item.work.media_type,
        )
        for item in first[:4]
    }
    measured: list[tuple[int, int]] = []

    def measure(picture: Picture) -> tuple[int, int]:
        measured.append(_size(picture))
        return _size(picture)

    again = _reads(list(collect(folder, measure=measure, known=known.get)))

    assert [item.work for item in again] == [item.work for item in first]
    assert [(item.reused, item.measured is None) for item in again] == [(True, True)] * 4 + [(False, False)] * 2
    assert len(measured) == 2


def test_known_is_asked_on_the_thread_that_iterates(draw: Draw, folder: Path) -> None:
    draw("a.png")
    threads = []

    _collect(folder, known=lambda _: threads.append(threading.current_thread()))

    assert threads == [threading.current_thread()]


def test_items_come_in_the_same_order_however_many_work(draw: Draw, folder: Path) -> None:
    for seed in range(40):
        draw(f"{seed:02}.png", seed=seed % 30, side=24 + seed % 7 * 20)
    (folder / "05.png").write_bytes(b"")
    table = parse_table(b"file\ngone.png\n../x.png\n", name="t.csv")

    alone = _collect(folder, table=table, workers=1)

    assert _collect(folder, table=table, workers=7) == alone
    assert len(alone) == 42
    assert [item.name for item in alone[:2] if isinstance(item, Refusal)] == ["gone.png", "../x.png"]
    names = [item.name if isinstance(item, Refusal) else item.work.name for item in alone[2:]]
    assert names == sorted(names)


def test_the_root_does_not_depend_on_the_order_of_the_rows(draw: Draw, folder: Path) -> None:
    rows = [f"{seed}.png,Work {seed}" for seed in range(5)]
    for seed in range(5):
        draw(f"{seed}.png", seed=seed)
    roots = {
        dataset_root(item.work.uid for item in _reads(_collect(folder, table=parse_table(text.encode(), name="t"))))
        for text in ("\n".join(["file,title", *rows]), "\n".join(["file,title", *reversed(rows)]))
    }

    assert len(roots) == 1


def test_nothing_in_a_record_says_where_the_folder_is(draw: Draw, folder: Path) -> None:
    draw("birds/a.png")

    item = _one(folder)

    assert isinstance(item, Read)
    assert str(folder.parent) not in str(item.work.record())


def test_the_number_of_items_is_known_before_the_first_is_read(draw: Draw, folder: Path) -> None:
    draw("a.png")
    draw("b.png", seed=1)
    (folder / "notes.txt").write_text("")
    table = parse_table(b"file\na.png\ngone.png\n", name="t.csv")

    collection = collect(folder, table, measure=_size)

    assert (len(collection), collection.total, collection.skipped) == (3, 3, 1)
    assert len(list(collection)) == 3


def test_a_folder_without_pictures_is_not_found(folder: Path) -> None:
    (folder / "notes.txt").write_text("")

    with pytest.raises(NotFoundError, match="holds no PNG"):
        collect(folder, measure=_size)


def test_only_so_many_files_are_in_memory_at_a_time(draw: Draw, folder: Path) -> None:
    for seed in range(60):
        draw(f"{seed:02}.png", seed=seed)
    measured: list[int] = []

    with collect(folder, measure=lambda _: measured.append(1), workers=2) as collection:
        next(collection)
        time.sleep(0.2)

        assert len(measured) <= 5  # one that was given, and twice as many as there are workers


def _no_workers_left() -> bool:
    return not [thread for thread in threading.enumerate() if thread.name.startswith("collect")]


def test_closing_stops_the_workers(draw: Draw, folder: Path) -> None:
    for seed in range(30):
        draw(f"{seed:02}.png", seed=seed)

    with collect(folder, measure=_size, workers=3) as collection:
        next(collection)
        assert not _no_workers_left()

    assert _no_workers_left()
    assert list(collection) == []


def test_what_measure_raises_comes_out_and_stops_the_workers(draw: Draw, folder: Path) -> None:
    for seed in range(30):
        draw(f"{seed:02}.png", seed=seed)

    def measure(_: Picture) -> None:
        message = "no such fingerprint"
        raise LookupError(message)

    with pytest.raises(LookupError, match="no such fingerprint"):
        list(collect(folder, measure=measure, workers=3))
    assert _no_workers_left()


def test_ctrl_c_stops_at_once_and_leaves_no_worker(draw: Draw, folder: Path) -> None:
    for seed in range(200):
        draw(f"{seed:03}.png", seed=seed)
    script = """
import sys, threading, time
from pathlib import Path
from provenance.collect.read import collect

def measure(picture):
    time.sleep(0.05)

collection = collect(Path(sys.argv[1]), measure=measure, workers=2)
try:
    with collection:  # the interruption may come between two items as well
        for number, item in enumerate(collection):
            if number == 2:
                print("reading", flush=True)
except KeyboardInterrupt:
    print("stopped", threading.active_count(), len(list(collection)))
"""
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        start = time.monotonic()
        said = child.stdout.read()

        assert child.wait() == 0
    assert said == b"stopped 1 0\n"
    assert time.monotonic() - start < 3


def test_a_file_that_goes_away_meanwhile_is_missing(draw: Draw, folder: Path) -> None:
    draw("a.png")
    collection: Collection[tuple[int, int]] = collect(folder, measure=_size)
    (folder / "a.png").unlink()

    (item,) = collection

    assert isinstance(item, Refusal)
    assert item.reason == "missing"


def test_a_file_that_becomes_a_folder_meanwhile_is_unreadable(draw: Draw, folder: Path) -> None:
    draw("a.png").unlink()
    draw("b.png")
    collection: Collection[tuple[int, int]] = collect(folder, measure=_size)
    (folder / "b.png").unlink()
    (folder / "b.png").mkdir()

    (item,) = collection

    assert isinstance(item, Refusal)
    assert item.reason == "unreadable"
    assert "Is a directory" in item.sentence


def test_names_with_line_breaks_and_emoji_go_in(draw: Draw, folder: Path) -> None:
    names = ["line\nbreak.png", "🦩 flamingo.png"]
    for seed, name in enumerate(names):
        draw(name, seed=seed)

    assert [item.work.name for item in _reads(_collect(folder))] == names


def test_broken_bytes_anywhere_never_stop_the_others(draw: Draw, folder: Path) -> None:
    random = np.random.default_rng(7)
    for name in ("a.png", "b.jpg", "c.webp", "d.tif", "e.gif", "f.avif"):
        data = bytearray(draw(name).read_bytes())
        for number in range(12):
            for place in random.integers(0, len(data), 4):
                data[place] = int(random.integers(256))
            (folder / f"{number}-{name}").write_bytes(data)

    items = _collect(folder)

    assert len(items) == 6 + 72
    assert len(_reads(items)) >= 6
