"""`prov dataset check`, `withdraw` and `policy`, and what `add` and `show` say of rights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from packets import mining, save, with_xmp
from pictures import picture

from provenance.words import forbidden_in

Prov = Callable[..., Any]


@pytest.fixture
def mixed(prov: Prov, here: Path) -> Path:
    """A dataset of three works: one says no, one has no licence."""
    works = here / "works"
    save(works / "0.png", with_xmp(picture(0).image(), "PNG", mining("DMI-PROHIBITED")))
    for number in (1, 2):
        picture(number).image().save(works / f"{number}.png")
    (works / "works.csv").write_text("file,licence\n1.png,CC-BY-4.0\n", encoding="utf-8")
    assert prov("dataset", "add", "mixed", works, "--metadata", works / "works.csv").code == 0
    return works


def test_add_says_how_many_may_be_learnt_from(prov: Prov, mixed: Path) -> None:
    again = prov("dataset", "add", "mixed", mixed, "--metadata", mixed / "works.csv")

    assert "learning     allowed 1, refused 1, unclear 1" in again.out
    assert "XMP in the file says no" in again.out
    assert "prov dataset check mixed" in again.err
    document = json.loads(prov("dataset", "add", "mixed", mixed, "--json").out)
    assert document["decisions"] == {"allowed": 1, "refused": 1, "unclear": 1}
    assert document["rules"] == {"signals.xmp": 1, "training.unclear": 1}


def test_check_names_works_rules_and_evidence(prov: Prov, mixed: Path) -> None:
    said = prov("dataset", "check", "mixed")

    assert said.code == 0
    assert "models may learn from 1 of 3 works." in said.out
    assert "plus:DataMining: http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED (XMP in the file)" in said.out
    assert "Licences of works that models may learn from ask for: attribution 1." in said.out
    assert forbidden_in(said.out) == []


def test_check_as_json_holds_every_signal(prov: Prov, mixed: Path) -> None:
    document = json.loads(prov("dataset", "check", "mixed", "--json").out)

    refused, allowed, unclear = document["works"]
    assert [work["allowed"] for work in (refused, allowed, unclear)] == [False, True, False]
    assert refused["text"] == "It is kept out of training."
    assert [signal["says"] for signal in refused["signals"]] == ["no"]
    assert allowed["obligations"] == ["attribution"]


def test_show_tells_decisions_too(prov: Prov, mixed: Path) -> None:
    assert "learning     allowed 1, refused 1, unclear 1" in prov("dataset", "show", "mixed").out
    assert json.loads(prov("dataset", "show", "mixed", "--json").out)["decisions"]["refused"] == 1


def test_withdraw_says_what_stays_learnt(prov: Prov, mixed: Path) -> None:
    said = prov("dataset", "withdraw", "mixed", "1.png", "--reason", "asked by letter", "--by", "Ada Lind")

    assert said.code == 0
    assert "1 work withdrawn. Withdrawn on" in said.out
    assert "What a model has learnt stays learnt until it is trained again." in said.out
    assert "was withdrawn before" in prov("dataset", "withdraw", "mixed", "1.png", "--reason", "again").out
    assert "Withdrawn on" in prov("dataset", "check", "mixed").out
    document = json.loads(prov("dataset", "withdraw", "mixed", "2.png", "--reason", "x", "--json").out)
    assert [work["name"] for work in document["works"]] == ["2.png"]


def test_the_policy_is_printed_and_written_to_be_edited(prov: Prov, mixed: Path, here: Path) -> None:
    assert 'unclear = "refuse"' in prov("dataset", "policy").out
    assert prov("dataset", "policy", "--write").code == 0
    path = here / "prov-archive" / "rights.toml"
    path.write_text(path.read_text().replace('unclear = "refuse"', 'unclear = "allow"'))

    assert "models may learn from 2 of 3 works." in prov("dataset", "check", "mixed").out
    assert 'unclear = "allow"' in prov("dataset", "policy").out
    assert prov("dataset", "policy", "--write").code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("check", "none"), 3, "There is no dataset 'none'"),
        (("withdraw", "shapes", "0.png"), 2, "needs a reason"),
        (("withdraw", "shapes", "--reason", "x"), 2, "Nothing says what is to be withdrawn"),
        (("withdraw", "shapes", "9.png", "--reason", "x"), 3, "has no work '9.png'"),
        (("withdraw", "shapes", "--creator", "Nobody", "--reason", "x"), 3, "no works by 'Nobody'"),
        (("withdraw", "shapes", "0.png", "--reason", "a\0b"), 2, "without control characters"),
        (("withdraw", "shapes", "a\0b", "--reason", "x"), 3, "has no work"),
    ],
)
def test_a_wrong_call_gets_one_sentence(
    filled: Path, refused: Callable[..., str], arguments: tuple[str, ...], code: int, said: str
) -> None:
    assert said in refused("dataset", *arguments, code=code)


def test_a_wrong_policy_stops_before_anything_is_read(filled: Path, refused: Callable[..., str], here: Path) -> None:
    (filled / "rights.toml").write_text("[training]\nunclear = 1\n")
    picture(7).image().save(here / "new.png")

    assert "training.unclear is 1; it must be one of: refuse, allow" in refused(
        "dataset", "add", "shapes", "new.png", code=2
    )
