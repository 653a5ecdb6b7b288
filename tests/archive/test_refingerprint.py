"""An old archive is given the codes of methods that came later."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import delete, func, select

from provenance.archive.archive import Archive, open_archive
from provenance.archive.audit import audit
from provenance.archive.collect import add_dataset
from provenance.archive.detail import show
from provenance.archive.refingerprint import refingerprint
from provenance.schema import Fingerprint, Judgement, Node
from provenance.settings import FILE_NAME, Settings, file_text

OLD = sorted((Path(__file__).parents[1] / "databases").glob("*.sql"))


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
    assert (9, 3) == (_count(old), refingerprint(old).pictures)
    assert 12 == _count(old)

    with old.run("my-model") as run:
        run.add(picture(1))
    assert any(finding.severity == "warn" for finding in show(old, run.artworks[0]).findings)


def test_without_codes_nothing_is_said_to_be_compared(old: Archive) -> None:
    with old.run("my-model") as run:
        run.add(picture(1))

    assert show(old, run.artworks[0]).works_compared == 0


def test_an_archive_from_before_two_methods_is_compared_by_what_it_has(old: Archive) -> None:
    refingerprint(old)
    with old.database.write() as session:
        session.execute(delete(Fingerprint).where(Fingerprint.method.in_(["dhash16_v1", "pdq_v1"])))
    old.indexes.forget()

    with old.run("my-model") as run:
        run.add(picture(1))
        run.add(picture(7))
    copy, other = (show(old, uid) for uid in run.artworks)
    outcome = audit(old, everything=True, checks=["similarity", "integrity"])

    assert (2, 2) == (copy.works_compared, other.works_compared)
    [finding] = copy.findings
    assert "It is near by 2 of 2 methods." in finding.sentence
    assert {match.method for match in copy.matches} == {"phash8_v1", "phash16_v1"}
    assert ["inform", "warn", None] == [each.severity for each in outcome.artworks]
    refingerprint(old)
    audit(old, everything=True, checks=["similarity", "integrity"])
    [finding] = [each for each in show(old, run.artworks[0]).findings if each.check == "similarity"]
    assert "It is near by 4 of 4 methods." in finding.sentence


def test_a_second_call_has_nothing_to_do(old: Archive) -> None:
    refingerprint(old)

    assert 0 == refingerprint(old).pictures


def test_a_work_that_is_gone_is_named_and_the_rest_goes_on(old: Archive, tmp_path: Path) -> None:
    (tmp_path / "0.png").unlink()
    result = refingerprint(old)

    assert (2, 1) == (result.pictures, len(result.problems))
    assert "not there any more" in result.problems[0]


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_archives_of_every_released_schema_are_audited_by_the_methods_that_they_have(
    tmp_path: Path, path: Path
) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "archive.sqlite")) as database:
        database.executescript(path.read_text(encoding="utf-8"))
        (uid,) = database.execute("SELECT uid FROM archive").fetchone()
    (folder / FILE_NAME).write_text(file_text(Settings(), uid), encoding="utf-8")
    with open_archive(folder, create=False) as archive:
        result = refingerprint(archive)
        undecided = select(Node.uid).where(Node.kind == "artwork", Node.id.not_in(select(Judgement.artwork_id)))
        with archive.database.read() as session:
            uids = list(session.scalars(undecided))  # what was decided was signed, and that is not kept either
        audit(archive, uids, checks=["similarity", "integrity"], again=True)
        details = [show(archive, uid) for uid in uids]

    assert result.pictures == 0  # the SQL is kept without the pictures
    assert all(" is not " in problem or "cannot" in problem for problem in result.problems)
    assert {detail.works_compared for detail in details} == {3}
    assert {match.method for detail in details for match in detail.matches} == {"phash8_v1", "phash16_v1"}
    told = [finding.sentence for detail in details for finding in detail.findings]
    assert any("It is near by 2 of 2 methods." in sentence for sentence in told)
    later = [sentence for sentence in told if "before pictures were compared by dhash16_v1 and pdq_v1" in sentence]
    assert len(later) == len(details)
