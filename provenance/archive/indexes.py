"""The index that the archive's fingerprints are searched with, kept level with the database.

The database is the truth. A snapshot beside it saves reading everything at each opening; a damaged or
missing one is made anew.
"""

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import func, select

from provenance.database import Database
from provenance.errors import DamagedArchiveError
from provenance.fingerprint import METHODS
from provenance.schema import Fingerprint, Kind, Node

if TYPE_CHECKING:
    from provenance.fingerprint.index import Index

_PAGE = 50_000
_WORTH_SAVING = 5_000
"""Rows that may lie behind the snapshot before it is written again."""


class Indexes:
    """For each method one index of works and one of artworks."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Read nothing yet."""
        self._database = database
        self._folder = folder
        self.turn = threading.Lock()
        """Held from searching the artworks until the new one is among them."""
        self.unwritten: set[str] = set()
        """Artworks of all runs of this program that are in the indexes, or will be, and have no rows yet."""
        self._lock = threading.RLock()
        self._indexes: dict[tuple[Kind, str], Index] = {}
        self._seen: dict[str, int] = {}
        self._saved: dict[str, int] = {}

    def works(self) -> "Mapping[str, Index]":
        """Indexes of all works, by method."""
        return self._all(Kind.WORK)

    def artworks(self) -> "Mapping[str, Index]":
        """Indexes of all artworks, by method; those of a run that is still going are in it too."""
        return self._all(Kind.ARTWORK)

    def refresh(self) -> None:
        """Take up what was written since, by this program or another one."""
        with self._lock:
            for method in METHODS:
                if method.name not in self._seen:
                    self._load(method.name)
                self._catch_up(method.name)

    def forget(self) -> None:
        """Drop everything, to be read again: something is held that never reached the database."""
        with self._lock:
            for held in (self._indexes, self._seen, self._saved):
                held.clear()

    def save(self) -> None:
        """Write snapshots where they save time."""
        with self._lock:
            for name, seen in self._seen.items():
                if seen - self._saved[name] >= _WORTH_SAVING:
                    for kind in (Kind.WORK, Kind.ARTWORK):
                        with contextlib.suppress(OSError):  # a snapshot only saves time
                            self._indexes[kind, name].save(self._path(kind, name), last_id=seen)
                    self._saved[name] = seen

    def _all(self, kind: Kind) -> "Mapping[str, Index]":
        with self._lock:
            if len(self._seen) < len(METHODS):
                self.refresh()
            return {method.name: self._indexes[kind, method.name] for method in METHODS}

    def _path(self, kind: Kind, name: str) -> Path:
        return self._folder / f"{kind}-{name}.codes"

    def _load(self, name: str) -> None:
        from provenance.fingerprint.index import Index

        size = next(method.size for method in METHODS if method.name == name)
        marks = set()
        for kind in (Kind.WORK, Kind.ARTWORK):
            try:
                self._indexes[kind, name], last = Index.load(self._path(kind, name), name)
            except (OSError, DamagedArchiveError):
                self._indexes[kind, name], last = Index(name, size), 0
            marks.add(last)
        if max(marks) > self._newest(name):  # a backup was restored: the snapshots know what it does not
            self._indexes |= {(kind, name): Index(name, size) for kind in (Kind.WORK, Kind.ARTWORK)}
            marks = {0}
        # Two snapshots of different age: what is read again is ignored by the younger one.
        self._seen[name] = self._saved[name] = min(marks)

    def _newest(self, name: str) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.max(Fingerprint.id)).where(Fingerprint.method == name)) or 0

    def _catch_up(self, name: str) -> None:
        while True:
            with self._database.read() as session:
                query = (
                    select(Fingerprint.id, Node.uid, Node.kind, Fingerprint.codes)
                    .join(Node, Node.id == Fingerprint.node_id)
                    .where(Fingerprint.method == name, Fingerprint.id > self._seen[name])
                    .order_by(Fingerprint.id)
                    .limit(_PAGE)
                )
                rows = session.execute(query).all()
            for kind in (Kind.WORK, Kind.ARTWORK):
                chosen = [row for row in rows if row.kind == kind]
                if chosen:
                    self._add(kind, name, [row.uid for row in chosen], b"".join(self._first(name, r) for r in chosen))
            if rows:
                self._seen[name] = rows[-1].id
            if len(rows) < _PAGE:
                return

    def _first(self, name: str, row: "object") -> bytes:
        codes: bytes = row.codes  # type: ignore[attr-defined]
        size = next(method.size for method in METHODS if method.name == name)
        if len(codes) != 8 * size:
            message = f"The fingerprint {name} in row {row.id} has {len(codes)} bytes; {8 * size} are right."  # type: ignore[attr-defined]
            raise DamagedArchiveError(message)
        return codes[:size]

    def _add(self, kind: Kind, name: str, uids: list[str], codes: bytes) -> None:
        self._indexes[kind, name].add(uids, np.frombuffer(codes, np.uint8).reshape(len(uids), -1))
