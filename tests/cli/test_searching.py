"""`prov search`: a list that says what was found, and for a picture what can be said of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import picture

Prov = Callable[..., Any]
Refused = Callable[..., str]


def test_records_are_listed_with_what_to_do_next(prov: Prov, artwork: str) -> None:
    outcome = prov("search", "ada", "lind")

    assert outcome.code == 0
    assert artwork[:12] in outcome.out
    assert "0.png, Ada Lind, CC0-1.0" in outcome.out
    assert "by Ada Lind" in outcome.out
    assert f"next: prov show {artwork[:12]}" in outcome.err


def test_the_next_page_is_one_call_away(prov: Prov, filled: Path) -> None:
    first = prov("search", "--creator", "Ada Lind", "--kind", "work", "-n", 2)
    command = first.err.splitlines()[-1].split()
    second = prov("search", "--creator", "Ada Lind", "--kind", "work", command[-2], command[-1])

    assert "2 records, and there are more." in first.out
    assert " ".join(command[:-1]) == "prov search --kind work --creator 'Ada Lind' --before"
    assert "1 record." in second.out


def test_an_answer_for_programs_is_one_document(prov: Prov, artwork: str) -> None:
    document = json.loads(prov("search", "--model", "cppn", "--kind", "artwork", "--json").out)

    (record,) = document["records"]
    assert (record["uid"], record["kind"], record["model"], document["next"]) == (artwork, "artwork", "cppn", None)


def test_a_day_is_meant_whole(prov: Prov, artwork: str) -> None:
    today = json.loads(prov("search", "cppn", "--json").out)["records"][0]["recorded_at"][:10]

    assert json.loads(prov("search", "cppn", "--since", today, "--until", today, "--json").out)["records"]
    assert prov("search", "cppn", "--until", "2020-01-01").out == "Nothing in this archive fits.\n"


def test_a_picture_finds_itself(prov: Prov, filled: Path, here: Path) -> None:
    picture(1).image().save(here / "asked.png")

    said = prov("search", "--image", "asked.png", "--kind", "work")
    document = json.loads(prov("search", "--image", "asked.png", "--json").out)

    assert "asked.png looks like one picture of this archive." in said.out
    assert "same picture as" in said.out
    assert document["alike"][0]["label"] == "1.png, Ada Lind, CC0-1.0"
    assert document["of"] == {"work": 3, "artwork": 1}


def test_what_was_not_compared_in_parts_is_said(prov: Prov, filled: Path, here: Path) -> None:
    picture(77).image().save(here / "asked.png")

    said = prov("search", "--image", "asked.png").out

    assert "1 artwork was compared by fingerprints only" in said
    assert "as far as it was compared" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Nothing was asked for"),
        (("--since", "yesterday"), "--since takes a day such as 2026-11-04"),
        (("--until", "9999-12-31"), "--until takes a day"),
        (("x", "-n", "0"), "at least 1"),
        (("x", "-n", "5000"), "1 to 1,000 are possible"),
        (("x", "--kind", "person"), "person"),
        (("--image", "asked.png", "boat"), "goes with --kind and --count, not with TEXT"),
        (("--image", "asked.png", "--licence", "CC0-1.0"), "not with --licence"),
        (("--image", "asked.png", "--kind", "model"), "Only works and artworks have a picture"),
    ],
)
def test_what_cannot_be_searched_is_refused(
    refused: Refused, filled: Path, here: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    assert filled.exists()
    picture(1).image().save(here / "asked.png")

    assert sentence in refused("search", *arguments, code=2)


@pytest.mark.parametrize("data", [b"", b"no picture"])
def test_a_file_that_is_no_picture_is_refused(refused: Refused, filled: Path, here: Path, data: bytes) -> None:
    assert filled.exists()
    (here / "asked.png").write_bytes(data)

    assert "asked.png" in refused("search", "--image", "asked.png", code=3)
