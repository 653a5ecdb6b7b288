from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.digest import Json
from provenance.export.disclosure import OPEN, TELLS, disclose
from provenance.export.encode import FORMATS, encode
from provenance.export.metadata import xmp_packet
from provenance.export.record import export_record, record_bytes, record_metadata
from provenance.picture import Picture
from provenance.words import Disclosure

MINIMAL, PUBLIC, FULL = Disclosure.MINIMAL, Disclosure.PUBLIC, Disclosure.FULL
AT = datetime(2026, 11, 5, 9, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "export-record.md"
LISTS = {"people", "edits", "checks", "lineage.parents", "lineage.datasets", "lineage.works"}
SECRETS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=12, max_size=16).map("SECRET".__add__)


def record_with(values: Mapping[str, Json]) -> dict[str, Any]:
    """Build a record from dotted paths, with one entry in each list."""
    record: dict[str, Any] = {}
    for path, value in values.items():
        place, walked = record, ""
        *sections, key = path.split(".")
        for section in sections:
            walked = f"{walked}.{section}" if walked else section
            place = place.setdefault(section, [{}])[0] if walked in LISTS else place.setdefault(section, {})
        place[key] = value
    return record


def bytes_of(record: Mapping[str, Json], level: Disclosure) -> bytes:
    """Give all bytes that leave: JSON, XMP and a file of every format."""
    told = export_record(record, level, exported_at=AT)
    packet = xmp_packet(record_metadata(told))
    picture = Picture(np.zeros((4, 4, 3), np.uint8))
    return record_bytes(told) + packet + b"".join(encode(picture, kind, xmp=packet) for kind in FORMATS)


def sensitive(level: Disclosure) -> list[str]:
    return [path for path, needed in TELLS.items() if needed > level]


def smuggled(secret: str) -> st.SearchStrategy[Json]:
    """Values that hide a secret: plain, in a fact, in a nest, in a list, as a key."""
    return st.sampled_from(
        [
            secret,
            [secret],
            {"value": secret, "truth": "claimed"},
            {"value": "x", "truth": secret, "by": secret, "at": secret, "evidence": secret},
            {"value": {"deep": secret}},
            {"value": [[secret]]},
            {secret: {"value": secret}},
            [{"value": secret}, {"name": secret}],
            {"deeper": {"id": secret, "name": secret, "by": secret}},
        ]
    )


@settings(deadline=None, max_examples=60)
@given(st.data(), SECRETS, st.sampled_from([MINIMAL, PUBLIC]))
def test_no_byte_that_leaves_holds_what_its_level_keeps(data: st.DataObject, secret: str, level: Disclosure) -> None:
    paths = st.sampled_from(sensitive(level))
    values: dict[str, Json] = data.draw(st.dictionaries(paths, smuggled(secret), min_size=1))
    values["artwork.source_type"] = "trainedAlgorithmicMedia"

    assert b"SECRET" not in bytes_of(record_with(values), level)


@settings(deadline=None)
@given(st.data(), SECRETS, st.sampled_from(Disclosure))
def test_what_nobody_listed_never_leaves(data: st.DataObject, secret: str, level: Disclosure) -> None:
    sections = ["", "artwork.", "run.", "run.engine.", "people.", "edits.", "lineage.", "lineage.parents.", "checks."]
    section = data.draw(st.sampled_from(sections))
    record = record_with({f"{section}unheard_of": data.draw(smuggled(secret)), "artwork.id": "7f3a91"})

    assert b"SECRET" not in bytes_of(record, level)


@settings(deadline=None)
@given(SECRETS, st.sampled_from(sorted(set(TELLS) - OPEN)), st.sampled_from([MINIMAL, PUBLIC]))
def test_a_fact_tells_who_said_it_and_where_the_evidence_lies_only_in_full(
    secret: str, path: str, level: Disclosure
) -> None:
    record = record_with({path: {"value": "v", "truth": "claimed", "by": secret, "evidence": secret, "more": secret}})

    assert b"SECRET" not in bytes_of(record, level)


@pytest.mark.parametrize("path", TELLS)
def test_a_part_is_told_from_its_level_on_and_not_below(path: str) -> None:
    person: dict[str, Json] = {"people.name": "Ada Lind", "people.role": "creator", "people.credited": True}
    value: dict[str, Json] = {path: "value"}
    record = record_with(value | person if path.startswith("people.") else value)

    for level in Disclosure:
        assert holds(disclose(record, level), path) == (level >= TELLS[path])


def holds(place: Any, path: str) -> bool:
    for key in path.split("."):
        place = place[0] if isinstance(place, list) else place
        if key not in place:
            return False
        place = place[key]
    return True


def test_an_empty_place_does_not_tell_how_many_there_were() -> None:
    record = record_with({"edits.by": "Ada", "people.name": "Ada", "lineage.parents.name": "Dune", "artwork.id": "7f"})

    assert disclose(record, MINIMAL) == {"artwork": {"id": "7f"}}


@given(st.sampled_from(Disclosure))
def test_disclosing_twice_tells_the_same(level: Disclosure) -> None:
    told = disclose(record_with(dict.fromkeys(TELLS, "value")), level)

    assert disclose(told, level) == told


def test_a_higher_level_tells_at_least_as_much() -> None:
    record = record_with(dict.fromkeys(TELLS, "value"))
    sizes = [len(record_bytes(disclose(record, level))) for level in sorted(Disclosure)]

    assert sizes == sorted(sizes)
    assert len(set(sizes)) == 3


def test_the_public_hears_of_no_person_but_the_credited_creator() -> None:
    people: list[Json] = [
        {"name": "Ada Lind", "role": "creator", "credited": True, "id": "p1"},
        {"name": "Tomas Ruiz", "role": "creator", "credited": False},
        {"name": "Mo Bakr", "role": "curator", "credited": True},
        {"name": "Lu", "role": "creator", "credited": "yes"},
    ]

    assert disclose({"people": people}, PUBLIC) == {
        "people": [{"name": "Ada Lind", "role": "creator", "credited": True}]
    }


@pytest.mark.parametrize("level", Disclosure)
def test_a_plain_part_carries_nothing_nested(level: Disclosure) -> None:
    for nested in ({"value": {"deep": "x"}}, {"deep": "x"}, [["x"]], [{"value": "x"}]):
        assert disclose({"artwork": {"id": nested, "width": 512}}, level) == {"artwork": {"width": 512}}


def test_full_tells_all_that_is_listed() -> None:
    record = record_with(dict.fromkeys(TELLS, "value") | {path: {"any": [{"thing": 1}]} for path in OPEN})

    assert disclose(record, FULL) == record


def test_the_record_itself_stays_as_it_is() -> None:
    record = record_with(dict.fromkeys(TELLS, "value"))
    before = record_bytes(record)
    disclose(record, MINIMAL)

    assert record_bytes(record) == before


@pytest.mark.parametrize("path", TELLS)
def test_the_page_on_records_lists_every_part_with_its_level(path: str) -> None:
    anything = " (anything)" if path in OPEN else ""

    assert f"| `{path}`{anything} | {TELLS[path]} |" in PAGE.read_text(encoding="utf-8")


def test_the_page_on_records_lists_no_part_that_is_never_told() -> None:
    rows = [
        line
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `") and "." in line.split("`")[1]
    ]

    assert len(rows) == len(TELLS) + len(["text.making", "text.disclosed"])
