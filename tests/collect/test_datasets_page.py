"""The page on datasets says what the code does."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from provenance.collect.item import NOTES, REASONS
from provenance.collect.table import COLUMNS
from provenance.collect.work import Consent, Work
from provenance.digest import Digest

PAGE = (Path(__file__).parents[2] / "docs" / "datasets.md").read_text(encoding="utf-8")


def _table(heading: str) -> dict[str, str]:
    lines = PAGE[PAGE.index(f"| {heading} | meaning |") :].split("\n\n")[0].splitlines()[2:]
    cells = [line.strip("| ").split(" | ") for line in lines]
    return {name.strip("`"): meaning for name, meaning in cells}


@pytest.mark.parametrize(("heading", "known"), [("column", COLUMNS), ("reason", REASONS), ("note", NOTES)])
def test_the_tables_of_the_page_are_those_of_the_code(heading: str, known: Mapping[str, str]) -> None:
    assert _table(heading) == known


def test_every_state_of_consent_is_explained() -> None:
    assert list(_table("state")) == list(Consent)


def test_every_key_of_a_record_is_named() -> None:
    digest = Digest.of(b"")
    work = Work(
        file_digest=digest,
        pixels_digest=digest,
        file_size=1,
        media_type="image/png",
        width=1,
        height=1,
        name="a.png",
    )

    assert [key for key in work.record() if f"`{key}`" not in PAGE] == []
