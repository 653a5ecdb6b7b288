"""`prov show`: what people decided stands beside what was found."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import picture

Prov = Callable[..., Any]


@pytest.fixture
def pair(prov: Prov, filled: Path, here: Path) -> tuple[str, str]:
    """An artwork that looks like a work of the dataset, and that work."""
    picture(1).image().save(here / "copy.png")
    prov("import", here / "copy.png")
    artwork = json.loads(prov("list", "--json").out)["artworks"][0]["uid"]
    findings = json.loads(prov("show", artwork, "--json").out)["artwork"]["findings"]
    (other,) = {finding["other"] for finding in findings if finding["check"] == "similarity"}
    return artwork, other


def decide(prov: Prov, pair: tuple[str, str], how: str, reason: str, by: str = "Ada Lind") -> None:
    artwork, other = pair
    assert prov("audit", "decide", artwork[:12], other[:12], how, "--reason", reason, "--by", by).code == 0


def test_decisions_are_listed_with_picture_person_time_and_reason(prov: Prov, pair: tuple[str, str]) -> None:
    decide(prov, pair, "--dispute", "I drew both")
    decide(prov, pair, "--dismiss", "Both show the\nsame street", by="Bo")

    shown = prov("show", pair[0]).out

    assert "what people decided" in shown
    assert f"dismissed: the work {pair[1][:12]} (found by the check similarity)" in shown
    assert f"disputed: the work {pair[1][:12]} (found by the check similarity), which a later decision" in shown
    assert re.search(r"Bo \(claimed\), \d+ \w+ 20\d\d, \d\d:\d\d", " ".join(shown.split()))
    assert "Both show the same street" in shown
    assert shown.index("Both show") < shown.index("I drew both")
    assert "A person looked and dismissed the finding" in " ".join(shown.split())


def test_json_has_the_decisions_and_which_one_holds(prov: Prov, pair: tuple[str, str]) -> None:
    decide(prov, pair, "--accept", "It is")
    decide(prov, pair, "--dismiss", "It is not")

    artwork = json.loads(prov("show", pair[0], "--json").out)["artwork"]

    told = [(each["decision"], each["reason"], each["by"], each["holds"]) for each in artwork["judgements"]]
    assert told == [("accepted", "It is", "Ada Lind", False), ("dismissed", "It is not", "Ada Lind", True)]
    assert {each["other"] for each in artwork["judgements"]} == {pair[1]}
    assert [each["decision"] for each in artwork["findings"] if each["other"] == pair[1]] == ["dismissed"]


def test_a_finding_about_the_artwork_alone_is_decided_too(prov: Prov, artwork: str) -> None:
    prov("audit", artwork, "--check", "completeness")
    prov("audit", "decide", artwork, "--check", "completeness", "--accept", "--reason", "We know", "--by", "Ada")

    shown = prov("show", artwork).out

    assert "accepted: what the check completeness found in this artwork alone" in shown


def test_where_nobody_decided_nothing_is_said(prov: Prov, artwork: str) -> None:
    assert "decided" not in prov("show", artwork).out
