"""`prov lineage` and `prov impact`: a tree that reads on one screen, and three documents."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from graphs import Past, learnt, plant

from provenance.archive import Archive
from provenance.cli import console, tracing
from provenance.cli.console import Voice
from provenance.cli.tracing_file import write_new
from provenance.errors import UsageError
from provenance.schema import Kind, Role
from provenance.words import Truth

Prov = Callable[..., Any]
Refused = Callable[..., str]


@pytest.fixture
def past(here: Path) -> Past:
    with Archive.make(here / "prov-archive") as archive:
        return learnt(archive, works=172, withheld=8, artworks=24, name="smileys")


@pytest.fixture(params=[80, 120])
def terminal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    voice = Voice(width=request.param, highlight=False, markup=False, emoji=False)
    monkeypatch.setattr(console, "out", voice)
    monkeypatch.setattr(tracing, "out", voice)
    return int(request.param)


def test_the_lineage_of_a_learnt_picture_reads_on_one_screen(prov: Prov, past: Past, terminal: int) -> None:
    said = prov("lineage", past.artworks[0])

    lines = said.out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= terminal
    assert "172 works; 3 creators; licence: CC-BY-SA-4.0" in said.out
    order = ["artwork", "run", "model", "training", "trained on", "172 works", "by", "selected from"]
    places = [next(at for at, line in enumerate(lines[2:]) if f" {word}" in line) for word in order]
    assert sorted(places[:-2]) == places[:-2]
    assert "○ claimed  ✓ checked" in said.err


def test_every_line_has_the_sign_of_its_step_and_of_a_weaker_way(prov: Prov, past: Past) -> None:
    up = prov("lineage", past.artworks[0]).out
    assert any("○ by " in line and past.people[1][:12] in line and "57 times" in line for line in up.splitlines())
    assert any(f"✓ {past.run[:12]}" in line for line in up.splitlines())

    down = prov("impact", "smileys person 0")
    assert any(f"✓ (○) {past.model[:12]}" in line for line in down.out.splitlines())
    assert "in brackets: the whole way from the top" in down.err


def test_a_work_that_was_kept_out_touched_the_dataset_only(prov: Prov, past: Past) -> None:
    said = prov("impact", past.withheld[0]).out

    assert "went into 1 dataset." in said
    assert past.training[:12] not in said


def test_a_name_begins_a_walk_and_an_ambiguous_one_says_how_to_go_on(prov: Prov, refused: Refused, past: Past) -> None:
    assert "24 artworks" in prov("impact", "dataset:smileys@1").out
    assert "model: or person: before the name" in refused("impact", "smileys", code=2)


def test_pages_follow_each_other(prov: Prov, past: Past) -> None:
    first = prov("lineage", past.artworks[0], "--limit", "20")
    assert "20 of 180 shown" in first.out
    assert "at least 15 works" in first.out
    following = first.err.split("--after ")[1].split()[0]

    rest = json.loads(prov("lineage", past.artworks[0], "--after", following, "--json").out)
    assert (160, True) == (len(rest["relatives"]), rest["complete"])
    assert "of an earlier page" in prov("lineage", past.artworks[0], "--limit", "5", "--after", following).out


def test_depth_is_said(prov: Prov, past: Past) -> None:
    said = prov("lineage", past.artworks[0], "--depth", "2").out

    assert "Only 2 steps far." in said
    assert past.training[:12] not in said


@pytest.mark.parametrize("form", ["json", "dot", "prov-json"])
def test_a_document_is_the_same_on_stdout_and_in_a_file(
    prov: Prov, refused: Refused, past: Past, here: Path, form: str
) -> None:
    out = prov("lineage", past.artworks[0], "--format", form).out
    said = prov("lineage", past.artworks[0], "--format", form, "--to", "answer")
    written = (here / "answer").read_text(encoding="utf-8")

    assert "Written to answer." in said.out
    assert out == written if form == "dot" else json.loads(out) == json.loads(written)
    assert "there already" in refused("lineage", past.artworks[0], "--format", form, "--to", "answer", code=2)
    assert ["answer", "prov-archive"] == sorted(path.name for path in here.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--to", "tree"], 2, "A tree is for the terminal"),
        (["--json", "--to", "nowhere/file"], 3, "cannot be written"),
        (["--json", "--to", "x" * 300], 3, "cannot be written"),
        (["--json", "--to", "a\0b"], 2, "--to"),
        (["--limit", "0"], 2, "at least 1"),
        (["--depth", "none"], 2, "at least 1"),
        (["--format", "svg"], 2, "--format"),
        (["--after", "ffffffff"], 3, "ffffffff"),
        (["--after", "nobody"], 3, "is not an id"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(
    refused: Refused, past: Past, here: Path, arguments: list[str], code: int, said: str
) -> None:
    assert said in refused("lineage", past.artworks[0], *arguments, code=code)
    assert ["prov-archive"] == [path.name for path in here.iterdir()]


def test_a_file_that_is_there_is_never_replaced(refused: Refused, past: Past, here: Path) -> None:
    (here / "mine").write_text("mine")

    assert "there already" in refused("lineage", "ffffffff", "--json", "--to", "mine", code=2)
    with pytest.raises(UsageError, match="there already"):
        write_new(here / "mine", "theirs")  # as if it came while we looked
    assert (["mine", "prov-archive"], "mine") == (
        sorted(each.name for each in here.iterdir()),
        (here / "mine").read_text(),
    )


def test_a_circle_is_drawn_once_and_named(prov: Prov, here: Path) -> None:
    with Archive.make(here / "prov-archive") as archive:
        uids = plant(
            archive, [Kind.ARTWORK] * 2, [(0, Role.PARENT, 1, Truth.CLAIMED), (1, Role.PARENT, 0, Truth.CLAIMED)]
        )
    said = prov("lineage", uids[0]).out

    assert "2 things in a circle" in said
    assert said.count(f"edited from {uids[0][:12]}") == 1


def test_a_history_of_a_thousand_edits_is_cut_in_the_tree_and_whole_in_json(prov: Prov, here: Path) -> None:
    with Archive.make(here / "prov-archive") as archive:
        edges = [(place, Role.PARENT, place + 1, Truth.CHECKED) for place in range(1_000)]
        uids = plant(archive, [Kind.ARTWORK] * 1_001, edges)

    said = prov("lineage", uids[0]).out
    assert f"and more behind it: prov lineage {uids[16][:12]}" in said
    assert len(said.splitlines()) < 24
    assert 1_000 == len(json.loads(prov("lineage", uids[0], "--json").out)["relatives"])
    assert "of an earlier page" in prov("lineage", uids[0], "--after", uids[500]).out


def test_what_comes_from_nothing_says_so(prov: Prov, here: Path) -> None:
    with Archive.make(here / "prov-archive") as archive:
        (uid,) = plant(archive, [Kind.WORK], [])

    assert "Nothing is recorded that the work" in prov("lineage", uid).out
    assert uid == json.loads(prov("impact", uid, "--json").out)["subject"]["uid"]
    assert ["prov-archive"] == [path.name for path in here.iterdir()]
