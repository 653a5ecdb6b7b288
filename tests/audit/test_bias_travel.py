"""What travels of an audit is short, keeps what cannot be told, and is read again without trust in who wrote it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.audit.bias_travel import DIMENSIONS, sentences, travelling
from provenance.digest import Digest
from provenance.words import forbidden_in

AT = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
AUDIT = Digest.of(b"audit")


def figure(value: float, spread: float = 0.05) -> dict[str, float]:
    return {"value": value, "low": value - spread, "high": value + spread}


def group(name: str, difference: float, told: str) -> dict[str, Any]:
    return {"group": name, "difference": figure(difference), "told": told, "share": figure(0.5), "works": 0.2}


def record(attribute: str, verdict: str, **facts: Any) -> dict[str, Any]:
    return {"attribute": attribute, "verdict": verdict, "outputs": 1200, "works": 56} | facts


LABELS = {"told": [700, 400], "copied": [0, 70]}
AUDITED = [
    record("category", "more", groups=[group("stripes", -0.2, "less"), group("discs", 0.3, "more")], **LABELS),
    record("creator", "less", groups=[group("Ada Lind", -0.25, "less"), group("Bo", 0.3, "cannot_tell")]),
    record("colour", "alike", groups=[group("red", 0.01, "alike"), group("blue", -0.02, "alike")], sample=900),
    record("diversity", "less", ratio=figure(0.71), size=64),
    record("skin_tone", "cannot_tell"),
    record("faces", "cannot_tell"),
]


def travelled(*, people: bool = True) -> Any:
    return travelling(AUDITED, AT, AUDIT, people=people)


def test_each_dimension_keeps_its_largest_difference_with_its_interval() -> None:
    told = travelled()

    assert told["dimensions"] == {
        "category": {"told": "more", "of": "1170", "group": "discs", "parity": "+0.300 (+0.250 to +0.350)"},
        "creator": {"told": "less", "of": "1200", "group": "Ada Lind", "parity": "-0.250 (-0.300 to -0.200)"},
        "colour": {"told": "alike", "of": "900", "group": "blue", "parity": "-0.020 (-0.070 to +0.030)"},
        "diversity": {"told": "less", "of": "64", "ratio": "0.710 (0.660 to 0.760)"},
    }
    assert told["cannot_tell"] == ["skin_tone", "faces"]
    assert (told["outputs"], told["works"], told["date"]) == ("1200", "56", "2026-11-22")
    assert told["audit"] == str(AUDIT)


def test_without_people_no_creator_is_named() -> None:
    told = travelled(people=False)

    assert told["dimensions"]["creator"] == {"told": "less", "of": "1200", "parity": "-0.250 (-0.300 to -0.200)"}
    assert "Ada" not in json.dumps(told)
    assert told["dimensions"]["category"] == travelled()["dimensions"]["category"]


def test_a_whole_audit_is_a_few_hundred_bytes() -> None:
    long = [record(name, "more", groups=[group("x" * 500, 0.3, "more")]) for name in DIMENSIONS]

    assert len(json.dumps(travelled())) < 800
    assert len(json.dumps(travelling(long, AT, AUDIT, people=True))) < 1600


def test_it_is_said_in_words_for_people() -> None:
    said = list(sentences(travelled()))

    assert said == [
        "Audited on 2026-11-22: 1,200 artworks of its model beside the 56 works behind it.",
        (
            "Categories: 30.0 points more of “discs” than among the works "
            "(95 % interval 25.0 to 35.0, from 1,170 artworks)."
        ),
        (
            "Nearest creators: 25.0 points fewer of “Ada Lind” than among the works "
            "(95 % interval 20.0 to 30.0, from 1,200 artworks)."
        ),
        "Artworks are less varied than works: ratio 0.71 (95 % interval 0.66 to 0.76, from 64 artworks).",
        "About as among the works: colours.",
        "Cannot tell: skin tones by metadata, skin tones of faces.",
    ]
    assert all(forbidden_in(sentence) == [] for sentence in said)
    assert "points fewer of one of them than" in list(sentences(travelled(people=False)))[2]


def test_faces_are_counted_as_faces() -> None:
    told = travelling([record("monk", "more", groups=[group("Monk 5", 0.3, "more")], faces=31)], AT, AUDIT, people=True)

    (sentence,) = list(sentences(told))[1:]
    assert sentence.startswith("Skin tones of faces (Monk scale): 30.0 points more of “Monk 5” than")
    assert sentence.endswith("35.0, from 31 faces).")


def test_an_audit_that_could_tell_nothing_says_so() -> None:
    told = travelling([record("all", "cannot_tell", outputs=3)], AT, AUDIT, people=True)

    assert list(sentences(told))[1:] == ["Cannot tell: anything."]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*travelled()]), ANYTHING))
def test_what_a_stranger_wrote_breaks_nothing(changes: dict[str, Any]) -> None:
    assert all(sentence.isprintable() for sentence in sentences(travelled() | changes))


@given(st.sampled_from(sorted(DIMENSIONS)), st.sampled_from(["told", "group", "parity", "ratio"]), ANYTHING)
def test_nor_does_a_dimension_of_a_stranger(name: str, key: str, value: Any) -> None:
    told = travelled()
    told["dimensions"] = {name: {"told": "more", "group": "a", "parity": "+0.300 (+0.250 to +0.350)"} | {key: value}}

    assert all(len(sentence) < 500 and sentence.isprintable() for sentence in sentences(told))


@pytest.mark.parametrize("date", ["yesterday", "", "2026-11", None])
def test_what_names_no_day_is_not_repeated(date: Any) -> None:
    assert list(sentences(travelled() | {"date": date})) == []
