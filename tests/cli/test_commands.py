"""What commands show when all is well: to people, and as JSON."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import picture
from PIL import Image

from provenance.words import forbidden_in

Prov = Callable[..., Any]

TINY = ("generate", "cppn", "--style", "facet", "--size", "32x24")


def _json(prov: Prov, *arguments: object) -> Any:
    outcome = prov(*arguments, "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_the_first_artwork_needs_one_command(prov: Prov, here: Path) -> None:
    outcome = prov(*TINY)

    assert outcome.code == 0
    assert outcome.out.startswith("✓ 1 artwork recorded, checked and signed (run ")
    assert f"Made a new archive in {here / 'prov-archive'}." in outcome.err
    assert "next: prov show " in outcome.err
    (file,) = (line.removeprefix("file: ") for line in outcome.err.splitlines() if line.startswith("file: "))
    assert Path(file).is_file()


def test_every_option_of_generate_is_recorded(prov: Prov, filled: Path) -> None:
    arguments = (
        *("generate", "flow", "--style", "reed", "-n", "2", "--seed", "0x10", "--size", "40x30"),
        *(
            "--param",
            "grain=0",
            "--param",
            "palette=moss",
            "--device",
            "cpu",
            "--by",
            "Ada Lind",
            "--title",
            "Nine winds",
        ),
    )
    made = _json(prov, *arguments)

    assert ["16", "17"] == [artwork["seed"] for artwork in made["artworks"]]
    first = made["artworks"][0]
    assert ("Nine winds", "Ada Lind", 40, 30) == (first["title"], first["by"], first["width"], first["height"])
    assert ("reed", "moss") == (first["parameters"]["style"], first["parameters"]["palette_name"])
    assert all(Path(file).is_file() for file in made["files"].values())
    shown = prov("show", first["uid"][:12])
    assert shown.out.startswith("Nine winds\n  Made by a formula, without a trained model.\n")


def test_colours_of_a_dataset_and_of_a_work_join_the_lineage(prov: Prov, filled: Path) -> None:
    work = _json(prov, "dataset", "show", "shapes")["works"][0]["uid"]
    made = [_json(prov, *TINY, "--palette-from", name)["artworks"][0]["uid"] for name in ("shapes", work)]

    counts = [sum(r["kind"] == "work" for r in _json(prov, "lineage", uid)["relatives"]) for uid in made]
    assert counts == [3, 1]
    touched = {relative["uid"] for relative in _json(prov, "impact", work)["relatives"]}
    assert set(made) <= touched
    said = prov("impact", work)
    assert said.out.startswith("○ The work ") or said.out.startswith("✓ The work ")
    assert " went into " in said.out


def test_a_dataset_may_be_called_like_an_id(prov: Prov, filled: Path, here: Path) -> None:
    works = here / "more"
    works.mkdir()
    picture(8).image().save(works / "a.png")

    assert prov("dataset", "add", "deadbeef", works).code == 0
    assert prov("dataset", "show", "deadbeef").code == 0
    assert prov(*TINY, "--palette-from", "deadbeef").code == 0


def test_adding_again_is_no_news_and_adding_more_is_a_version(prov: Prov, filled: Path, here: Path) -> None:
    works = here / "more"
    works.mkdir()
    picture(8).image().save(works / "a.png")
    first = prov("dataset", "add", "more", works)
    again = prov("dataset", "add", "more", works)
    picture(9).image().save(works / "b.png")
    grown = prov("dataset", "add", "more", works)

    assert first.out.startswith("✓ more version 1: 1 work, 1 of them new.\n")
    assert again.out.startswith("✓ Nothing new: version 1 of more has all 1 work.\n")
    assert grown.out.startswith("✓ more version 2: 2 works, 1 of them new.\n")
    assert 2 == len([each for each in _json(prov, "dataset", "list")["datasets"] if each["name"] == "more"])


@pytest.mark.parametrize("typed", [lambda uid: uid, lambda uid: uid[:4], lambda uid: uid[:12].upper()])
def test_ids_may_be_shortened_and_in_capitals(prov: Prov, artwork: str, typed: Callable[[str], str]) -> None:
    assert _json(prov, "show", typed(artwork))["artwork"]["uid"] == artwork


def test_an_artwork_is_made_again_bit_for_bit(prov: Prov, artwork: str) -> None:
    outcome = prov("reproduce", artwork)

    assert outcome.code == 0
    assert outcome.out == "◎ Reproduced: the same bit for bit.\n"
    assert "made again  Reproduced: the same bit for bit." in prov("show", artwork).out


@pytest.mark.parametrize("disclose", ["full", "public", "minimal"])
@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff", "avif"])
def test_every_export_is_verified_intact_by_its_own_archive(prov: Prov, artwork: str, form: str, disclose: str) -> None:
    path = _json(prov, "export", artwork, "--format", form, "--disclose", disclose)["exports"][0]["path"]
    outcome = prov("verify", path)

    assert outcome.code == 0
    assert outcome.out.startswith("○ Intact. Signer not publicly known: this archive's trial identity.\n")
    for question in ("Is it intact? Intact", "Who signed, and who says so? ", "Where was it found? Found in the file"):
        assert question in outcome.out
    assert "next: prov lineage " in outcome.err


def test_a_batch_tells_which_exports_failed_and_does_the_others(prov: Prov, artwork: str) -> None:
    outcome = prov("export", "fffffff", artwork)

    assert outcome.code == 3
    assert "1 artwork exported and signed" in outcome.out
    assert "1 artwork could not be exported:\n  fffffff: This archive has no artwork fffffff." in outcome.err

    told = prov("export", artwork, "fffffff", "--json")
    document = json.loads(told.out)
    assert (told.code, document["exports"]) == (3, [])
    assert [each["artwork"] for each in document["failed"]] == [artwork, "fffffff"]
    assert "is there already" in document["failed"][0]["text"]
    assert prov("export", artwork).code == 2


def test_verify_finds_a_stripped_picture_again_and_names_who_signed_it(
    prov: Prov, artwork: str, stored: Path, here: Path
) -> None:
    with Image.open(stored) as image:
        Image.fromarray(np.array(image)).save(here / "stripped.png")

    outcome = prov("verify", "stripped.png")

    assert outcome.code == 1
    assert outcome.out.startswith("? Nothing in the file, but found again by its pixels.\n")
    assert "Signed by prov trial signer" in outcome.out
    assert "is not recorded" not in outcome.out
    assert f"next: prov show {artwork[:12]}" in outcome.err


def test_verify_knows_a_training_work_and_says_that_nobody_signed_it(prov: Prov, filled: Path, template: Path) -> None:
    outcome = prov("verify", template / "works" / "0.png")

    assert outcome.code == 1
    assert "Who signed, and who says so? Nobody\n    There is no signature.\n" in outcome.out
    assert "trial identity" not in outcome.out
    assert "next: prov impact " in outcome.err


def test_verify_needs_no_archive(prov: Prov, stored: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    file = elsewhere / "picture.png"
    file.write_bytes(stored.read_bytes())
    (here / "prov-archive").rename(here / "away")
    monkeypatch.chdir(elsewhere)

    outcome = prov("verify", "picture.png")

    assert outcome.code == 0
    assert outcome.out.startswith("○ Intact. Signer not publicly known.\n")
    assert [path.name for path in elsewhere.iterdir()] == ["picture.png"]


def test_an_edit_of_an_edit_names_both(prov: Prov, artwork: str, stored: Path, here: Path) -> None:
    with Image.open(stored) as image:
        pixels = np.array(image.convert("RGB"))
    parent = artwork
    for step in range(2):
        pixels[4 + step : 8, 8:12] = 255 * step
        Image.fromarray(pixels).save(here / f"{step}.png")
        edit = ("edit", parent, f"{step}.png", "--by", "Ada Lind", "--action", "drawn", "--tool", "GIMP 3.0")
        parent = _json(prov, *edit)["uid"]

    ancestors = {relative["uid"] for relative in _json(prov, "lineage", parent)["relatives"]}
    assert artwork in ancestors
    shown = prov("show", parent)
    assert "then partly changed by a person." in shown.out
    assert "  actions    drawn (claimed)\n" in shown.out
    assert "prov reproduce" not in shown.err
    assert prov("reproduce", parent).code == 2


def test_lists_go_on_where_they_stopped(prov: Prov, filled: Path) -> None:
    assert prov(*TINY, "-n", "4", "--by", "Bo").code == 0
    first = _json(prov, "list", "-n", "2")
    rest = _json(prov, "list", "--before", first["artworks"][-1]["uid"][:12])

    assert (2, 3, 5) == (len(first["artworks"]), len(rest["artworks"]), first["total"])
    assert 4 == len(_json(prov, "list", "--by", "Bo")["artworks"])
    assert prov("list", "--by", "Nobody").out == "There is no such artwork.\n"


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("list",), {"artworks", "total"}),
        (("engines",), {"engines", "problems"}),
        (("settings",), {"file", "settings"}),
        (("db", "check"), {"blobs", "artworks", "problems", "unused"}),
        (("dataset", "list"), {"datasets"}),
        (
            ("dataset", "show", "shapes"),
            {"version", "licences", "consent", "creators", "creator_count", "works", "skipped", "decisions", "rules"},
        ),
        (("identity", "list"), {"identities"}),
        (("verify", "prov-archive/prov.toml"), {"files"}),
    ],
)
def test_json_is_one_document_with_the_documented_keys(
    prov: Prov, filled: Path, words: tuple[str, ...], keys: set[str]
) -> None:
    outcome = prov(*words, "--json")

    assert keys == set(json.loads(outcome.out))
    assert outcome.err == ""


def test_nothing_that_is_shown_claims_too_much(prov: Prov, artwork: str, stored: Path) -> None:
    commands = (
        *(("show", artwork), ("lineage", artwork), ("reproduce", artwork), ("export", artwork), ("list",)),
        *(("verify", stored), ("dataset", "show", "shapes"), ("identity", "list"), ("settings",), ("engines",)),
    )
    for command in commands:
        outcome = prov(*command)
        assert [] == [said for line in outcome.out.splitlines() for said in forbidden_in(line)], command


def test_settings_and_upgrade_say_where_things_are(prov: Prov, filled: Path) -> None:
    assert prov("settings").out.startswith("Settings of prov-archive/prov.toml;")
    assert "the newest that prov knows" in prov("db", "upgrade").out


def test_init_says_how_to_go_on_with_the_archive_that_it_made(prov: Prov, here: Path) -> None:
    assert "next: prov generate\n" in prov("init").err
    assert "next: prov --archive second generate\n" in prov("init", "second").err
    assert prov("--archive", "second", "list").code == 0


def test_the_archive_is_the_named_one_then_that_of_the_environment_then_the_nearest(
    prov: Prov, filled: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = here / "deep" / "down"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert 1 == _json(prov, "list")["total"]

    prov("init", "other")
    monkeypatch.setenv("PROV_ARCHIVE", "other")
    assert 0 == _json(prov, "list")["total"]
    assert 1 == json.loads(prov("--archive", filled, "list", "--json").out)["total"]


def test_records_beside_their_pictures_are_not_verified_as_pictures(prov: Prov, here: Path) -> None:
    prov(*TINY)
    uid = _json(prov, "list")["artworks"][0]["uid"]
    prov("export", uid, "--to", "out")
    outcome = prov("verify", *sorted((here / "out").iterdir()))

    assert outcome.code == 0
    assert ".json" not in outcome.out
    assert "passed over" in outcome.err
