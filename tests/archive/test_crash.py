"""Whatever moment a process is killed at: no picture without a record, no record without its bytes."""

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
import writers
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive, open_archive
from provenance.archive.integrity import check
from provenance.digest import Digest
from provenance.errors import HalfMadeArchiveError, NotAnArchiveError, UsageError
from provenance.settings import FILE_NAME
from provenance.sign.read import read

SEED = 20260822
SHARES = 4
"""The moments are shared out, so that a failure names a part of them and a test stays short."""


def test_processes_killed_at_any_moment_leave_a_whole_archive(archive: Archive) -> None:
    random_source = random.Random(SEED)
    archive.close()
    for round_number in range(3):
        children = [
            _start(writers.record_until_killed, archive.folder, 1000 * (4 * round_number + n)) for n in range(4)
        ]
        children[0][0].kill()  # while it starts
        for _, report in children[1:]:
            assert report.recv() == "open"
        for process, _ in children[1:]:
            time.sleep(random_source.uniform(0, 0.25))
            process.kill()
        for process, report in children:
            process.join()
            report.close()

        _assert_whole(archive.folder, kills=4 * (round_number + 1))


@pytest.mark.parametrize("share", range(SHARES))
def test_a_run_killed_before_each_of_its_changes_is_interrupted_and_whole(
    make_archive: Callable[..., Archive], tmp_path: Path, share: int
) -> None:
    make_archive("pattern").close()
    shutil.copytree(tmp_path / "pattern", tmp_path / "whole")
    changes = _live(writers.record_two, tmp_path / "whole")

    def kill_at(moment: int) -> set[str]:
        folder = tmp_path / f"killed-{moment}"
        shutil.copytree(tmp_path / "pattern", folder)
        _die(moment, writers.record_two, folder)
        return _assert_whole(folder, kills=1)

    outcomes = _each(range(1 + share, changes + 1, SHARES), kill_at)
    assert changes > 30
    seen = set().union(*outcomes)
    assert "interrupted" in seen  # a kill that nobody met would prove nothing
    assert seen <= {"finished", "interrupted"}


def test_a_run_on_postgresql_killed_before_each_commit_is_interrupted_and_whole(
    make_archive: Callable[..., Archive], postgres_url: str
) -> None:
    folder = make_archive(database=postgres_url).folder
    changes = _live(writers.record_two, folder)

    for kills, moment in enumerate(range(1, changes + 1, 3), 1):
        _die(moment, writers.record_two, folder)
        _assert_whole(folder, kills=kills)


@pytest.mark.parametrize("share", range(SHARES))
def test_an_archive_whose_making_was_killed_is_finished_by_making_it_again(tmp_path: Path, share: int) -> None:
    changes = _live(writers.make, tmp_path / "whole", "")

    def kill_at(moment: int) -> None:
        folder = tmp_path / f"killed-{moment}"
        _die(moment, writers.make, folder, "")
        _assert_can_be_made(folder, "")

    _each(range(1 + share, changes + 1, SHARES), kill_at)
    assert changes > 15


def test_an_archive_on_postgresql_whose_making_was_killed_again_and_again_is_finished_too(
    tmp_path: Path, postgres_url: str
) -> None:
    folder = tmp_path / "archive"
    for moment in range(4, 40, 5):
        if not (folder / FILE_NAME).exists():
            _die(moment, writers.make, folder, postgres_url)

    _assert_can_be_made(folder, postgres_url)


def test_a_living_run_is_left_alone_by_others_who_open_the_archive(archive: Archive) -> None:
    with archive.run("my-model") as run:
        run.add(picture(1)).result()
        with Archive(archive.folder, passphrase=lambda: None) as other:
            assert _outcomes(other) == []
        run.add(picture(2))

    assert _outcomes(archive) == ["finished"]


def _start(body: Callable[..., None], folder: Path, *arguments: object) -> tuple[Any, Connection]:
    ours, theirs = writers.context.Pipe()
    process = writers.context.Process(target=body, args=(folder, theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _die(moment: int, body: Callable[..., None], *arguments: object) -> int | None:
    """Do `body` in a process that is killed before its change number `moment`; how many it made if it lived."""
    ours, theirs = writers.context.Pipe()
    process = writers.context.Process(target=writers.die_at, args=(moment, theirs, body, *arguments), daemon=True)
    process.start()
    theirs.close()
    process.join()
    with ours:
        return ours.recv() if process.exitcode == 0 and ours.poll() else None


def _live(body: Callable[..., None], *arguments: object) -> int:
    changes = _die(0, body, *arguments)
    assert changes is not None
    return changes


def _each(moments: range, kill_at: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(4) as together:
        return list(together.map(kill_at, moments))


def _assert_can_be_made(folder: Path, database: str) -> None:
    if (folder / FILE_NAME).exists():
        with pytest.raises(UsageError, match="archive already"):
            Archive.make(folder, database=database)
    else:
        made = folder.is_dir() and any(folder.iterdir())
        with pytest.raises(HalfMadeArchiveError if made else NotAnArchiveError):
            open_archive(folder, create=False)
        Archive.make(folder, database=database).close()
    with open_archive(folder, create=False) as archive, archive.run("my-model") as run:
        run.add(picture(5, 24, 16))
    _assert_whole(folder, kills=0)


def _assert_whole(folder: Path, *, kills: int) -> set[str]:
    """Open the archive and hold all of it against each other; gives how its runs ended."""
    journalled = set(_journalled(folder))
    with open_archive(folder, create=False) as archive:
        found = check(archive)
        with archive.database.read() as session:
            runs = set(session.scalars(select(schema.Run.id)))
            ends = {row.run_id: row.outcome for row in session.scalars(select(schema.RunEnd))}
            works = session.execute(
                select(schema.Node.uid, schema.Artwork.file_digest).join(
                    schema.Artwork, schema.Artwork.id == schema.Node.id
                )
            ).all()
        for _, digest in works:
            assert read(archive.store.read(Digest(digest)), anchors=archive.anchors).intact

    assert found.problems == ()
    assert found.unused <= kills * writers.WORKERS
    assert runs == ends.keys()
    assert journalled <= {uid for uid, _ in works}
    assert list((folder / "runs").glob("*.journal")) == []
    return set(ends.values())


def _journalled(folder: Path) -> Iterator[str]:
    for journal in (folder / "runs").glob("*.journal"):
        for line in journal.read_text(encoding="utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)["uid"]


def _outcomes(archive: Archive) -> list[str]:
    with archive.database.read() as session:
        return list(session.scalars(select(schema.RunEnd.outcome)))
