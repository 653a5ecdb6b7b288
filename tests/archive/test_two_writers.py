"""Several programs write into one archive at the same time."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import writers
from pictures import picture
from sqlalchemy import func, select

from provenance import schema
from provenance.archive import artwork
from provenance.archive.archive import Archive
from provenance.archive.detail import show
from provenance.archive.integrity import check
from provenance.archive.search import artworks
from provenance.audit import Answer, Check, Subject, ask
from provenance.database import Database
from provenance.errors import LockedArchiveError


@pytest.mark.parametrize("processes", [2, 4])
def test_what_several_processes_record_at_once_is_all_there(archive: Archive, processes: int) -> None:
    answers = _together(archive, processes, runs=2, pictures=4)

    assert not [answer for answer in answers if isinstance(answer, str)]
    made = [uid for answer in answers for uid in answer]
    assert len(made) == processes * 8
    assert {artwork.uid for artwork in artworks(archive, count=1000)} == set(made)
    assert check(archive).problems == ()
    with archive.database.read() as session:
        assert set(session.scalars(select(schema.RunEnd.outcome))) == {"finished"}
        assert session.scalar(select(func.count()).select_from(schema.Fingerprint)) == 4 * len(made)


def test_what_two_processes_both_made_is_found_alike_by_a_later_run(archive: Archive) -> None:
    first, second = _together(archive, 2, runs=1, pictures=2)
    with archive.run("later") as run:
        run.add(picture(0))

    others = {finding.other for finding in show(archive, run.artworks[0]).findings}
    assert others == {first[0], second[0]}


def test_alike_pictures_of_one_run_are_matched_however_many_threads_prepare_them(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROV_RECORDER_WORKERS", "4")
    monkeypatch.setenv("PROV_RECORDER_BATCH", "1")
    monkeypatch.setattr(artwork, "ask", _slowly)
    with Archive(archive.folder, passphrase=lambda: None) as other, other.run("my-model") as run:
        for _ in range(12):
            run.add(picture(1))

    findings = [show(archive, uid).findings for uid in run.artworks]
    alike = [finding.other for each in findings for finding in each]
    assert [len(each) for each in findings].count(0) == 1
    assert None not in alike
    assert set(alike) <= set(run.artworks)
    with archive.database.read() as session:
        matched = {match.artwork_id for match in session.scalars(select(schema.Match)) if match.flagged}
    assert len(matched) == 11


def test_two_runs_of_one_program_go_on_side_by_side(archive: Archive) -> None:
    with archive.run("one") as one, archive.run("two") as two:
        for seed in range(4):
            one.add(picture(seed))
            two.add(picture(seed + 100))

    assert len(set(one.artworks) | set(two.artworks)) == 8
    assert {artwork.uid for artwork in artworks(archive)} == set(one.artworks) | set(two.artworks)


def test_a_writer_that_waits_too_long_is_told_so(archive: Archive, tmp_path: Path) -> None:
    url = archive.settings.url or f"sqlite:///{archive.folder / 'archive.sqlite'}"
    hasty = Database.open(url, busy_seconds=0.05)
    try:
        with (
            archive.database.write(),
            pytest.raises(LockedArchiveError, match=r"more than 0\.05 seconds.*call again; nothing was written"),
            hasty.write(),
        ):
            pytest.fail("two writers at once")
        with hasty.write() as session:
            assert session.scalar(select(schema.Archive.uid)) == archive.uid
    finally:
        hasty.close()


def test_a_run_that_cannot_begin_leaves_no_open_run(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    _ = archive.signer
    url = archive.settings.url or f"sqlite:///{archive.folder / 'archive.sqlite'}"
    hasty = Database.open(url, busy_seconds=0.05)
    monkeypatch.setattr(archive, "database", hasty)
    holder = Database.open(url)
    with holder.write(), pytest.raises(LockedArchiveError):
        archive.run("my-model")
    holder.close()
    hasty.close()

    with Archive(archive.folder, passphrase=lambda: None) as later, later.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Run)) == 0
    assert list((archive.folder / "runs").iterdir()) == []


def test_readers_see_whole_batches_only(archive: Archive) -> None:
    seen: list[tuple[int, int]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            with archive.database.read() as session:
                counts = (
                    session.scalar(select(func.count()).select_from(table)) for table in (schema.Artwork, schema.Audit)
                )
                artworks_there, audits_there = counts
                seen.append((artworks_there or 0, audits_there or 0))

    reader = threading.Thread(target=look)
    reader.start()
    with archive.run("my-model") as run:
        for seed in range(8):
            run.add(picture(seed, 16, 12))
    done.set()
    reader.join()

    assert all(left == right for left, right in seen)


def _slowly(subject: Subject, checks: tuple[Check, ...]) -> Answer:
    answer = ask(subject, checks)
    time.sleep(0.02)  # long enough for another thread to ask the same
    return answer


def _together(archive: Archive, processes: int, *, runs: int, pictures: int) -> list[Any]:
    children: list[tuple[Any, Any]] = []
    body: Callable[..., None] = writers.record
    for number in range(processes):
        ours, theirs = writers.context.Pipe()
        child = writers.context.Process(
            target=body, args=(archive.folder, theirs, f"model-{number}", runs, pictures), daemon=True
        )
        child.start()
        theirs.close()
        children.append((child, ours))
    assert {report.recv() for _, report in children} == {"open"}
    for _, report in children:
        report.send("go")
    answers = [report.recv() for _, report in children]
    for child, report in children:
        child.join()
        report.close()
    return answers
