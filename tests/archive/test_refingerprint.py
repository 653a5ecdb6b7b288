"""An old archive is given the codes of methods that came later."""

from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import delete, func, select

from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.detail import show
from provenance.archive.refingerprint import refingerprint
from provenance.schema import Fingerprint


@pytest.fixture
def old(archive: Archive, tmp_path: Path) -> Archive:
    """An archive from before phash16_v1: two works and an artwork have no codes of it."""
    for number in range(2):
        picture(number).image().save(tmp_path / f"{number}.png")
        add_dataset(archive, "works", tmp_path / f"{number}.png")
    with archive.run("my-model") as run:
        run.add(picture(5))
    with archive.database.write() as session:
        session.execute(delete(Fingerprint).where(Fingerprint.method == "phash16_v1"))
    archive.indexes.forget()
    return archive


def _count(archive: Archive) -> int:
    with archive.database.read() as session:
        return session.scalar(select(func.count()).select_from(Fingerprint)) or 0


def test_missing_codes_are_filled_in_and_compared_with(old: Archive) -> None:
    assert (3, 3) == (_count(old), refingerprint(old).pictures)
    assert 6 == _count(old)

    with old.run("my-model") as run:
        run.add(picture(1))
    assert any(finding.severity == "warn" for finding in show(old, run.artworks[0]).findings)


def test_without_codes_nothing_is_said_to_be_compared(old: Archive) -> None:
    with old.run("my-model") as run:
        run.add(picture(1))

    assert show(old, run.artworks[0]).works_compared == 0


def test_a_second_call_has_nothing_to_do(old: Archive) -> None:
    refingerprint(old)

    assert 0 == refingerprint(old).pictures


def test_a_work_that_is_gone_is_named_and_the_rest_goes_on(old: Archive, tmp_path: Path) -> None:
    (tmp_path / "0.png").unlink()
    result = refingerprint(old)

    assert (2, 1) == (result.pictures, len(result.problems))
    assert "not there any more" in result.problems[0]
