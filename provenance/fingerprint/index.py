"""The codes of one method, and which of them are nearest to a picture: exact, in memory, append-only.

The database is the truth; an index is made from its rows, and a snapshot only saves the reading.
A row takes the bytes of its code, 32 for its uid and 8 to find the uid again: 72 MB per million codes of 256 bits
(48 MB of 64 bits), and up to twice that while it grows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.known import UID_BYTES, KnownUids
from provenance.fingerprint.method import ORIENTATIONS
from provenance.fingerprint.scan import Found, nearest_rows, rows_within
from provenance.fingerprint.snapshot import Snapshot, read_snapshot, write_snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A stored picture that was found near."""

    uid: str
    distance: int
    """Bits that differ."""
    orientation: int
    """Which turn of the query was nearest, a place in `ORIENTATIONS`; of equals the first."""


class Index:
    """Codes of one method with the uids of their pictures. Threads may search while another adds."""

    def __init__(self, method: str, size: int, *, threads: int = 1) -> None:
        """Start empty, for codes of `size` bytes, a multiple of 8. A search uses `threads` processor cores."""
        if size < 8 or size % 8:
            raise ValueError(f"Codes of {size} bytes cannot be indexed: a multiple of 8 is needed.")
        self.method = method
        self.size = size
        self.threads = threads
        self._lock = Lock()
        self._count = 0
        self._codes = np.empty((0, size), dtype=np.uint8)
        self._uids = np.empty((0, UID_BYTES), dtype=np.uint8)
        self._known = KnownUids()

    def __len__(self) -> int:
        return self._count

    def add(self, uids: Sequence[str], codes: NDArray[np.uint8]) -> int:
        """Append `codes` (n, size), the pictures as they lie, under their `uids`, 64 hex digits each.

        A uid that is there already keeps its code. Returns how many were new. Raises ValueError.
        """
        names = _names(uids)
        if codes.dtype != np.uint8 or codes.shape != (len(names), self.size):
            message = f"{len(names)} uids need uint8 codes of shape ({len(names)}, {self.size}), not {codes.shape}."
            raise ValueError(message)
        with self._lock:
            fresh = self._known.fresh(self._uids[: self._count], names)
            if not len(fresh):
                return 0  # what a snapshot was mapped from cannot be written, not even with nothing
            end = self._count + len(fresh)
            self._reserve(end)
            self._codes[self._count : end] = codes[fresh]
            self._uids[self._count : end] = names[fresh]
            self._count = end
        return len(fresh)

    def nearest(self, query: NDArray[np.uint8], k: int) -> list[list[Hit]]:
        """Find the `k` nearest to each picture of `query`, (q, 8, size) or (8, size), best over orientations.

        Each uid comes once; order is by distance, then uid. Fewer than `k` come from a smaller index.
        """
        codes, uids = self._view()
        found = nearest_rows(codes, self._queries(query), k, threads=self.threads)
        return [_hits(answer, uids, max(k, 0)) for answer in found]

    def within(self, query: NDArray[np.uint8], radius: int) -> list[list[Hit]]:
        """Find all at `radius` bits or fewer from each picture of `query`, (q, 8, size) or (8, size), as `nearest`."""
        codes, uids = self._view()
        found = rows_within(codes, self._queries(query), radius, threads=self.threads)
        return [_hits(answer, uids) for answer in found]

    def measure(self, query: NDArray[np.uint8], uid: str) -> Hit | None:
        """Measure how far the picture `uid` is from `query`, (8, size); None if it is not in the index."""
        codes, uids = self._view()
        name = _names([uid])[0]
        rows = np.flatnonzero(uids[:, :8].copy().view(np.uint64).ravel() == name[:8].view(np.uint64)[0])
        rows = rows[(uids[rows] == name).all(axis=1)]
        found = rows_within(codes[rows], self._queries(query), 8 * self.size, threads=self.threads)[0]
        return next(iter(_hits(found, uids[rows])), None)

    def save(self, path: Path, last_id: int) -> None:
        """Write the index as it is now, with `last_id`, the database row up to which it goes. Raises OSError."""
        codes, uids = self._view()
        write_snapshot(path, Snapshot(method=self.method, last_id=last_id, codes=codes, uids=uids))

    @classmethod
    def load(cls, path: Path, method: str | None = None, *, threads: int = 1) -> tuple[Self, int]:
        """Map what `save` wrote, and give its last id too; `method` is refused if the file is of another.

        Raises SnapshotError, which is a DamagedArchiveError and a ValueError: make the index anew then.
        """
        snapshot = read_snapshot(path, method=method)
        index = cls(snapshot.method, snapshot.codes.shape[1], threads=threads)
        index._codes, index._uids, index._count = snapshot.codes, snapshot.uids, len(snapshot.codes)
        return index, snapshot.last_id

    def _view(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Rows that no later `add` touches: it writes behind them, or into new arrays."""
        with self._lock:
            return self._codes[: self._count], self._uids[: self._count]

    def _reserve(self, rows: int) -> None:
        if rows <= len(self._codes):
            return
        capacity = max(rows, 2 * len(self._codes), 1024)
        for name, width in (("_codes", self.size), ("_uids", UID_BYTES)):
            larger = np.empty((capacity, width), dtype=np.uint8)
            larger[: self._count] = getattr(self, name)[: self._count]
            setattr(self, name, larger)

    def _queries(self, query: NDArray[np.uint8]) -> NDArray[np.uint8]:
        queries = query[None] if query.ndim == 2 else query
        if queries.dtype != np.uint8 or queries.shape[1:] != (len(ORIENTATIONS), self.size):
            wanted = f"(pictures, {len(ORIENTATIONS)}, {self.size})"
            raise ValueError(f"A query of {self.method} is uint8 of shape {wanted}, not {query.shape}.")
        return queries


def _names(uids: Sequence[str]) -> NDArray[np.uint8]:
    if any(len(uid) != 2 * UID_BYTES for uid in uids):
        raise ValueError("A uid is 64 hex digits.")
    return np.frombuffer(bytes.fromhex("".join(uids)), dtype=np.uint8).reshape(-1, UID_BYTES)


def _hits(found: Found, uids: NDArray[np.uint8], k: int | None = None) -> list[Hit]:
    names = uids[found.rows]
    words = np.ascontiguousarray(names).view(">u8").T
    order = np.lexsort((*words[::-1], found.distances))[:k]
    return [
        Hit(
            uid=names[place].tobytes().hex(),
            distance=int(found.distances[place]),
            orientation=int(found.orientations[place]),
        )
        for place in order
    ]
