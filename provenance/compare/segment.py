"""Inverted lists of faiss as files that are never changed: written once, mapped into memory, merged into larger ones.

A file is what faiss writes of lists (`write_InvertedLists`): its head, how many entries the lists have, then list by
list the packed vectors and their ids, 8 bytes each.
"""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from provenance.errors import DamagedArchiveError

_HEAD: Final = struct.Struct("<4sQQ4sQ")
_ID: Final = 8


def write_lists(path: Path, filled: Any) -> None:  # noqa: ANN401  (wrapped C++)
    """Write the lists of an index, as `Cells.filled` gives it, to a new file. Raises OSError."""
    import faiss

    try:
        writer = faiss.FileIOWriter(str(path))
        faiss.write_InvertedLists(filled.invlists, writer)
        del writer  # which closes the file
    except RuntimeError as cause:
        raise OSError(None, "faiss could not write", str(path)) from cause
    _keep(path)


def read_lists(path: Path) -> Any:  # noqa: ANN401  (wrapped C++)
    """Map the lists in a file; little is read until they are searched. Raises DamagedArchiveError.

    They are to be handed to `Cells.over`, which frees them.
    """
    import faiss

    try:
        reader = faiss.FileIOReader(str(path))
        return faiss.downcast_InvertedLists(faiss.read_InvertedLists(reader, faiss.IO_FLAG_MMAP))
    except RuntimeError as cause:
        raise _unreadable(path) from cause


def merge_lists(path: Path, parts: Sequence[Path]) -> None:
    """Write the lists of some files, those of the first one first, to a new file; little of them is held in memory.

    Raises OSError, DamagedArchiveError.
    """
    layouts = [_Layout.read(part) for part in parts]
    sizes = np.stack([each.sizes for each in layouts]).sum(axis=0)
    with path.open("xb", buffering=1 << 20) as file:
        file.write(_head(sizes, layouts[0].code))
        for place in np.flatnonzero(sizes).tolist():
            held = [each for each in layouts if each.sizes[place]]
            for each in held:
                file.write(each.codes(place))
            for each in held:
                file.write(each.ids(place))
    _keep(path)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Layout:
    """Where in a file each list is."""

    data: NDArray[np.uint8]
    code: int
    sizes: NDArray[np.uint64]
    starts: NDArray[np.uint64]

    @classmethod
    def read(cls, path: Path) -> Self:
        data = np.memmap(path, np.uint8, "r")
        try:
            magic, count, code, kind, length = _HEAD.unpack(data[: _HEAD.size].tobytes())
            numbers = np.frombuffer(data, np.uint64, length, _HEAD.size)
        except (struct.error, ValueError) as cause:
            raise _unreadable(path) from cause
        if magic != b"ilar" or kind not in (b"full", b"sprs"):
            raise _unreadable(path)
        sizes = np.zeros(count, np.uint64)
        if kind == b"full":
            sizes[:] = numbers
        else:
            sizes[numbers[::2]] = numbers[1::2]
        taken = sizes * np.uint64(code + _ID)
        starts = np.cumsum(taken) - taken + np.uint64(_HEAD.size + 8 * length)
        return cls(data=data, code=code, sizes=sizes, starts=starts)

    def codes(self, place: int) -> memoryview:
        start = int(self.starts[place])
        return self.data[start : start + int(self.sizes[place]) * self.code].data

    def ids(self, place: int) -> memoryview:
        start = int(self.starts[place]) + int(self.sizes[place]) * self.code
        return self.data[start : start + int(self.sizes[place]) * _ID].data


def _head(sizes: NDArray[np.uint64], code: int) -> bytes:
    """Write the head as faiss does: of few lists with entries only those are named."""
    filled = np.flatnonzero(sizes)
    if len(filled) > len(sizes) // 2:
        return _HEAD.pack(b"ilar", len(sizes), code, b"full", len(sizes)) + sizes.astype("<u8").tobytes()
    named = np.stack([filled.astype("<u8"), sizes[filled].astype("<u8")], axis=1)
    return _HEAD.pack(b"ilar", len(sizes), code, b"sprs", named.size) + named.tobytes()


def _keep(path: Path) -> None:
    """Have the file on the disk before anything names it."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _unreadable(path: Path) -> DamagedArchiveError:
    return DamagedArchiveError(f"The index file {path} cannot be read. It is made anew from the database.")
