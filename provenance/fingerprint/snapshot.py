"""An index as one file: written at once or not at all, and refused if a single byte is wrong.

The file is a header of 128 bytes, the codes row by row, then the uids row by row; integers are little-endian.
The header: `PROVIDX1`, the method's name (32 bytes), bytes of a code (u32), zero (u32), rows (u64), the caller's
last id (i64), SHA-256 of header and rest with this field zero (32 bytes), zeros.
"""

import hashlib
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident

import numpy as np
from numpy.typing import NDArray

from provenance.errors import DamagedArchiveError
from provenance.fingerprint.known import UID_BYTES

_HEADER = struct.Struct("<8s32sIIQq32s32s")
_CHECKSUM_AT, _CHECKSUM_BYTES = 64, 32
_MAGIC = b"PROVIDX1"


class SnapshotError(DamagedArchiveError, ValueError):
    """The file is missing, cut off, changed or not ours: make the index anew from the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What an index was at one moment."""

    method: str
    last_id: int
    """The caller's mark: up to which of its rows the codes are in."""
    codes: NDArray[np.uint8]
    uids: NDArray[np.uint8]


def write_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write `snapshot` beside `path`, then move it there. Raises OSError; what was there before is kept then."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.partial")
    blank = _header(snapshot, bytes(_CHECKSUM_BYTES))
    try:
        with temporary.open("wb") as file:
            file.write(_header(snapshot, _checksum(blank, snapshot)))
            file.write(snapshot.codes.data)
            file.write(snapshot.uids.data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_snapshot(path: Path, *, method: str | None = None) -> Snapshot:
    """Map the file at `path` into memory, after every byte of it was checked.

    Raises SnapshotError if it is missing, cut off, changed, or of another method than `method`.
    """
    try:
        data = np.memmap(path, dtype=np.uint8, mode="r")
    except (OSError, ValueError) as cause:  # numpy cannot map an empty file
        raise _refusal(path, "it is missing or empty") from cause
    if len(data) < _HEADER.size:
        raise _refusal(path, "it breaks off in its header")
    header = data[: _HEADER.size].tobytes()
    magic, name, size, _, rows, last_id, checksum, _ = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise _refusal(path, "it is no index of ours")
    found = name.rstrip(b"\0").decode(errors="replace")
    if method not in (None, found):
        raise _refusal(path, f"it holds codes of {found}, not of {method}")
    if len(data) != _HEADER.size + rows * (size + UID_BYTES):
        raise _refusal(path, f"its length does not fit its {rows:,} rows")
    codes, uids = np.split(np.asarray(data[_HEADER.size :]), [rows * size])
    snapshot = Snapshot(
        method=found, last_id=last_id, codes=codes.reshape(rows, size), uids=uids.reshape(rows, UID_BYTES)
    )
    blank = header[:_CHECKSUM_AT] + bytes(_CHECKSUM_BYTES) + header[_CHECKSUM_AT + _CHECKSUM_BYTES :]
    if _checksum(blank, snapshot) != checksum:
        raise _refusal(path, "its checksum is wrong")
    return snapshot


def _header(snapshot: Snapshot, checksum: bytes) -> bytes:
    rows, size = snapshot.codes.shape
    return _HEADER.pack(_MAGIC, snapshot.method.encode(), size, 0, rows, snapshot.last_id, checksum, b"")


def _checksum(blank: bytes, snapshot: Snapshot) -> bytes:
    hasher = hashlib.sha256(blank)
    hasher.update(snapshot.codes.data)
    hasher.update(snapshot.uids.data)
    return hasher.digest()


def _refusal(path: Path, reason: str) -> SnapshotError:
    return SnapshotError(f"The index {path} cannot be used: {reason}. Rebuild it from the database.")
