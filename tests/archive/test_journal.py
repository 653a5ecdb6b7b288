"""The journal: whole lines, left to the next opening, which finishes them."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.journal import Journal
from provenance.archive.search import artworks
from provenance.errors import StoreError

RUN = "ab" * 32


@pytest.fixture
def a_small_disk() -> Iterator[None]:
    """No file may grow over 100 bytes: writing stops in the middle, as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_record_that_does_not_fit_is_told_and_leaves_no_half_a_line(tmp_path: Path, a_small_disk: None) -> None:
    journal = Journal.begin(tmp_path, RUN)
    journal.write({"uid": "first"})
    with pytest.raises(StoreError, match="cannot be written: File too large"):
        journal.write({"uid": "x" * 200})
    journal.write({"uid": "third"})
    journal.leave()

    lines = (tmp_path / f"{RUN}.journal").read_text().splitlines()
    assert lines == ['{"uid":"first"}', '{"uid":"third"}']


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file in its place")

    with pytest.raises(StoreError, match="cannot be written down"):
        Journal.begin(tmp_path / "runs", RUN)


def test_pictures_whose_rows_never_came_are_recorded_at_the_next_opening(archive: Archive) -> None:
    _crash(archive, pictures=3)

    with Archive(archive.folder, passphrase=lambda: None) as later:
        assert len(artworks(later)) == 3
        with later.database.read() as session:
            end = session.scalars(select(schema.RunEnd)).one()
    assert (end.outcome, end.message) == (
        "interrupted",
        "The program ended without a word; what it had stored was kept.",
    )


def test_a_torn_last_line_is_left_out(archive: Archive) -> None:
    journal = _crash(archive, pictures=2)
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(lines[0] + lines[1][: len(lines[1]) // 2])

    with Archive(archive.folder, passphrase=lambda: None) as later:
        assert len(artworks(later)) == 1


def test_a_line_of_zeros_after_a_power_cut_is_left_out(plain_archive: Archive) -> None:
    journal = _crash(plain_archive, pictures=1)
    journal.write_bytes(journal.read_bytes() + bytes(512))

    with Archive(plain_archive.folder, passphrase=lambda: None) as later:
        assert len(artworks(later)) == 1


def test_a_picture_whose_bytes_are_gone_gets_no_record(plain_archive: Archive) -> None:
    _crash(plain_archive, pictures=2)
    digest = next(iter(plain_archive.store.digests()))
    plain_archive.store.delete(digest)

    with Archive(plain_archive.folder, passphrase=lambda: None) as later:
        assert len(artworks(later)) == 1


def test_finishing_twice_changes_nothing(archive: Archive) -> None:
    journal = _crash(archive, pictures=2)
    copy = journal.read_bytes()
    Archive(archive.folder, passphrase=lambda: None).close()
    journal.write_bytes(copy)

    with Archive(archive.folder, passphrase=lambda: None) as later:
        assert len(artworks(later)) == 2


def test_an_old_beginning_of_a_journal_is_swept_away_and_a_new_one_is_not(plain_archive: Archive) -> None:
    old, new = (plain_archive.folder / "runs" / f"{name * 32}.part" for name in ("aa", "bb"))
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 100_000,) * 2)
    Archive(plain_archive.folder, passphrase=lambda: None).close()

    assert (old.exists(), new.exists()) == (False, True)


def _crash(archive: Archive, *, pictures: int) -> Path:
    """Leave what a crash leaves: a run's row, bytes, and a journal whose rows were never written."""
    from provenance.archive import rows
    from provenance.archive.record import Run

    run: Run = archive.run("my-model", seed=3)
    kept = [run.add(picture(seed)).result().to_json() for seed in range(pictures)]
    run.close()
    _forget(archive)
    journal = Journal.begin(archive.folder / "runs", run.uid)
    for record in kept:
        assert rows.from_json(record).uid == record["uid"]
        journal.write(record)
    journal.leave()
    return archive.folder / "runs" / f"{run.uid}.journal"


def _forget(archive: Archive) -> None:
    """Take back all rows but those that were committed before the first picture."""
    from sqlalchemy import delete

    with archive.database.write() as session:
        for table in (schema.Finding, schema.Match, schema.Audit, schema.Manifest, schema.Fingerprint, schema.RunEnd):
            session.execute(delete(table))
        session.execute(delete(schema.Edge).where(schema.Edge.role == "run"))
        session.execute(delete(schema.Artwork))
        session.execute(delete(schema.Blob))
        session.execute(delete(schema.Node).where(schema.Node.kind == "artwork"))
