"""What other processes do in the tests of crashes and of several writers.

They are forked from a server that has imported everything already, so that a test can afford many of them.
"""

import itertools
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pictures import picture

WORKERS = 2
"""Threads that prepare pictures in each process; as many files may lie in the store before they are journalled."""

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["writers", "provenance.archive.record", "provenance.sign.embed", "sqlalchemy.orm"])

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = frozenset({"os.link", "os.rename", "os.remove", "os.mkdir", "os.chmod", "fcntl.flock"})


def record(folder: Path, report: Connection, name: str, runs: int, pictures: int) -> None:
    """Open the archive, say so, wait for a word, record, and send the ids; `pictures` are the same in all processes."""
    from provenance.archive.archive import Archive

    try:
        with Archive(folder, passphrase=lambda: None) as archive:
            report.send("open")
            report.recv()
            made: list[str] = []
            for number in range(runs):
                with archive.run(name, seed=number) as run:
                    for seed in range(pictures):
                        run.add(picture(100 * number + seed))
                made += run.artworks
        report.send(made)
    except Exception as error:  # noqa: BLE001  (for the parent to show)
        report.send(f"{type(error).__name__}: {error}")


def record_until_killed(folder: Path, report: Connection, first: int) -> None:
    """Open the archive, say so, and record run after run."""
    from provenance.archive.archive import Archive

    os.environ["PROV_RECORDER_WORKERS"] = str(WORKERS)
    with Archive(folder, passphrase=lambda: None) as archive:
        report.send("open")
        for seed in itertools.count(first, 5):
            with archive.run("my-model", seed=seed) as run:
                for number in range(5):
                    run.add(picture(seed + number, 24, 16))


def die_at(moment: int, report: Connection, body: Callable[..., None], *arguments: Any) -> None:
    """Do `body` and be killed just before its change number `moment` to files or to the database.

    Sends how many changes there were, if it lived.
    """
    from sqlalchemy import Engine, event

    count = itertools.count(1)

    def change(*_: object) -> None:
        if next(count) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(name: str, facts: tuple[Any, ...]) -> None:
        if (name == "open" and facts[2] & _WRITES and not str(facts[0]).startswith("/dev")) or name in _CHANGES:
            change()

    event.listen(Engine, "begin", change)
    event.listen(Engine, "commit", change)
    sys.addaudithook(heard)
    body(*arguments)
    report.send(next(count) - 1)


def make(folder: Path, database: str) -> None:
    """Make an archive."""
    from provenance.archive.archive import Archive

    Archive.make(folder, database=database).close()


def record_two(folder: Path) -> None:
    """Record a run of two pictures."""
    from provenance.archive.archive import Archive

    os.environ["PROV_RECORDER_WORKERS"] = "1"
    with Archive(folder, passphrase=lambda: None) as archive, archive.run("my-model", seed=7) as run:
        run.add(picture(1, 24, 16))
        run.add(picture(2, 24, 16))
