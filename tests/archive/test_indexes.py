"""The index is a copy of the database: whatever happened to either, the database is right."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import delete, func, select

from provenance import schema
from provenance.archive import indexes
from provenance.archive.archive import Archive, open_archive
from provenance.archive.detail import show
from provenance.fingerprint import METHODS


@pytest.fixture
def folder(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a closed archive with two artworks and snapshots of its indexes."""
    monkeypatch.setattr(indexes, "_WORTH_SAVING", 1)
    with archive.run("my-model") as run:
        run.add(picture(1))
        run.add(picture(2))
    archive.indexes.refresh()
    archive.close()
    assert len(list((archive.folder / "index").glob("*.codes"))) == 2 * len(METHODS)
    return archive.folder


def test_a_snapshot_and_the_rows_behind_it_make_the_whole_index(folder: Path) -> None:
    with open_archive(folder) as first, first.run("my-model") as run:
        run.add(picture(3))

    with open_archive(folder) as second:
        assert {len(index) for index in second.indexes.artworks().values()} == {3}


@pytest.mark.parametrize("spoil", [lambda p: p.write_bytes(b"noise"), lambda p: p.unlink()], ids=["damaged", "gone"])
def test_a_snapshot_that_cannot_be_used_is_made_anew(folder: Path, spoil: Callable[[Path], None]) -> None:
    for path in (folder / "index").glob("*.codes"):
        spoil(path)

    with open_archive(folder) as archive:
        assert {len(index) for index in archive.indexes.artworks().values()} == {2}


def test_a_snapshot_that_is_newer_than_a_restored_backup_is_made_anew(folder: Path) -> None:
    with open_archive(folder) as archive, archive.database.write() as session:
        newest = select(func.max(schema.Fingerprint.node_id)).scalar_subquery()
        session.execute(delete(schema.Fingerprint).where(schema.Fingerprint.node_id == newest))

    with open_archive(folder) as archive:
        assert {len(index) for index in archive.indexes.artworks().values()} == {1}
        with archive.run("my-model") as run:
            run.add(picture(1))
            run.add(picture(2))
        assert [len(show(archive, uid).findings) for uid in run.artworks] == [1, 0]


def test_what_never_reached_the_database_is_forgotten(plain_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("no more rows")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="no more rows"):
        broken.setattr("provenance.archive.record.write", refuse)
        with plain_archive.run("my-model") as run:
            run.add(picture(1))
    with plain_archive.run("my-model") as again:
        again.add(picture(1))

    assert [] == list(show(plain_archive, again.artworks[0]).findings)


def test_what_another_program_made_meanwhile_is_compared_with(archive: Archive) -> None:
    with Archive(archive.folder, passphrase=lambda: None) as other, archive.run("my-model") as run:
        with other.run("my-model") as theirs:
            theirs.add(picture(1))
        run.add(picture(2)).result()
        _until(lambda: len(archive.indexes.artworks()["phash16_v1"]) == 2)
        run.add(picture(1))

    finding = show(archive, run.artworks[1]).findings[0]
    assert finding.other == theirs.artworks[0]


def _until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + 20
    while not done() and time.monotonic() < limit:
        time.sleep(0.02)
    time.sleep(0.05)
