"""The journal of a run: what its pictures are, written after the bytes are stored and before the rows commit.

A process that dies leaves its journal behind, no longer locked. Whoever opens the archive next writes the
rows that are missing and marks the run as interrupted. So there is never a picture without a record.
"""

import contextlib
import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from sqlalchemy import exists, select

from provenance.archive import rows
from provenance.archive.nodes import node_id
from provenance.database import utc_now
from provenance.digest import Digest, Json, canonical_json
from provenance.errors import StoreError
from provenance.schema import Node, Outcome, RunEnd

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_ENDING, _PART = ".journal", ".part"
_DAY = 86_400


class Journal:
    """One file of JSON lines, locked while its process lives."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        """Wrap a file that is open and locked already."""
        self._path = path
        self._file = file
        self._turn = threading.Lock()

    @classmethod
    def begin(cls, folder: Path, run_uid: str) -> Self:
        """Make and lock the journal of a run. Raises StoreError."""
        # Locked under another name first: what ends in .journal without a lock belongs to the dead.
        part, path = folder / f"{run_uid}{_PART}", folder / f"{run_uid}{_ENDING}"
        try:
            folder.mkdir(exist_ok=True)
            file = part.open("xb", buffering=0)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.rename(path)
        except OSError as cause:
            message = f"The run cannot be written down in {folder}: {cause.strerror}. Make room or check permissions."
            raise StoreError(message) from cause
        return cls(path, file)

    def write(self, record: Json) -> None:
        """Append one record, whole or not at all. Raises StoreError; safe on any thread.

        It survives the end of the process, though perhaps not of the machine.
        """
        line = canonical_json(record).encode() + b"\n"
        with self._turn:
            start = self._file.tell()
            try:
                written = 0
                while written < len(line):  # a disk that fills up takes a part first and complains at the next
                    written += self._file.write(line[written:])
            except OSError as cause:
                self._file.truncate(start)  # else the next record would go on in the middle of this line
                self._file.seek(start)
                message = f"The journal {self._path} cannot be written: {cause.strerror}. Make room, then call again."
                raise StoreError(message) from cause

    def end(self) -> None:
        """Remove the journal: all that it holds is in the database."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def leave(self) -> None:
        """Unlock the journal and leave it for the next opening, which writes what is missing."""
        self._file.close()


def recover(archive: "Archive") -> int:
    """Finish what dead processes left: write missing rows, mark their runs. Returns how many runs there were."""
    _sweep(archive.folder / "runs")
    recovered = 0
    for path in sorted((archive.folder / "runs").glob(f"*{_ENDING}")):
        with _locked(path) as file:
            if file is not None:
                _finish(archive, path.name.removesuffix(_ENDING), list(_records(file)))
                path.unlink(missing_ok=True)
                recovered += 1
    return recovered


def _finish(archive: "Archive", run_uid: str, records: list[dict[str, Any]]) -> None:
    with archive.database.write() as session:
        run = session.scalar(select(Node.id).where(Node.uid == run_uid))
        if run is None:
            return  # it died before the run was written down
        missing = [
            draft
            for draft in map(rows.from_json, records)
            if not session.scalar(select(exists().where(Node.uid == draft.uid)))
            and archive.store.has(Digest(draft.file_digest))
        ]
        rows.write(session, missing)
        if session.get(RunEnd, node_id(session, run_uid)) is None:
            message = "The program ended without a word; what it had stored was kept."
            session.add(RunEnd(run_id=run, outcome=Outcome.INTERRUPTED, message=message, ended_at=utc_now()))


def _sweep(folder: Path) -> None:
    """Remove the beginnings of journals that were never locked: their processes died at once."""
    for part in folder.glob(f"*{_PART}"):
        with contextlib.suppress(FileNotFoundError):  # it has just become a journal
            if time.time() - part.stat().st_mtime > _DAY:
                part.unlink()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[BinaryIO | None]:
    """Open the journal if its process is dead, else give None."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alive = os.fstat(file.fileno()).st_nlink == 0  # another program has just finished it
        except BlockingIOError:
            alive = True
        yield None if alive else file


def _records(file: BinaryIO) -> Iterator[dict[str, Any]]:
    for line in file:
        with contextlib.suppress(ValueError):  # a line may be torn where the process or the disk ended
            yield json.loads(line)
