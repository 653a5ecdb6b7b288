"""What points are brought to before they are compared, learnt once from a sample: few numbers, and cells for them."""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from provenance.compare.alignment import unit
from provenance.compare.cells import Cells
from provenance.errors import DamagedArchiveError
from provenance.fingerprint.local import LENGTH, LocalFeatures

_COMPONENTS: Final = 64
_LEARNT_FROM: Final = 60_000  # descriptors at least, drawn at random
_A_CELL: Final = 30  # descriptors at least
_POINTS_A_CELL: Final = 300
_CELLS: Final = (1, 262_144)
_PROBED: Final = 6
_PART: Final = 60_000
_DRAWN_FROM: Final = 4_000_000
"""Points from which the sample is drawn; of more, those of some pictures are taken."""

_FINE: Final = 64.0  # steps to a pixel
_TURN: Final = 65536 / (2 * np.pi)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vocabulary:
    """The mean and main directions of descriptors, and cells of what they come to."""

    mean: NDArray[np.float32]
    """Shape (128,)."""
    components: NDArray[np.float32]
    """Shape (128, 64)."""
    cells: Cells

    @classmethod
    def learn(cls, sample: NDArray[np.uint8], points: int) -> Self:
        """Learn from descriptors, uint8 (n, 128), drawn from as many `points` as will be kept."""
        values = unit(sample[:_LEARNT_FROM])
        mean = values.mean(axis=0)
        spread, directions = np.linalg.eigh(np.cov((values - mean).T) if len(values) > 1 else np.eye(LENGTH))
        components = np.ascontiguousarray(directions[:, np.argsort(-spread)[:_COMPONENTS]], np.float32)
        reduced = _reduced(sample, mean, components)
        learnt_cells = Cells.learn(reduced, min(cells(points), len(sample)), probed=_PROBED)
        return cls(mean=mean, components=components, cells=learnt_cells)

    def reduced(self, descriptors: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Bring descriptors, uint8 (..., 128), to float32 (n, 64)."""
        return _reduced(descriptors.reshape(-1, LENGTH), self.mean, self.components)

    def to_bytes(self) -> bytes:
        """Pack it as numpy's archive of three arrays."""
        file = io.BytesIO()
        np.savez(file, mean=self.mean, components=self.components, cells=self.cells.to_bytes())
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Unpack what `to_bytes` packed. Raises DamagedArchiveError."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as held:
                cells = Cells.from_bytes(held["cells"], probed=_PROBED)
                return cls(mean=held["mean"], components=held["components"], cells=cells)
        except (ValueError, KeyError, OSError, RuntimeError, EOFError, BadZipFile) as cause:
            raise DamagedArchiveError(f"A vocabulary of {len(data)} bytes cannot be unpacked: {cause}.") from cause


def cells(points: int) -> int:
    """Say into how many cells so many points go."""
    return int(np.clip(points // _POINTS_A_CELL, *_CELLS))


def learnt(
    sizes: NDArray[np.int64], read: Callable[[NDArray[np.int64]], Iterable[LocalFeatures]], *, seed: int = 0
) -> Vocabulary:
    """Learn a vocabulary for pictures of so many points each, `sizes`; `read` gives those of places, in their order.

    Only the sample is held: 128 bytes a point, the points of one picture, and what k-means takes.
    """
    dice = np.random.default_rng(seed)
    places = _chosen(sizes, dice)
    held = sizes[places]
    wanted = max(_LEARNT_FROM, _A_CELL * cells(int(sizes.sum())))
    positions = dice.permutation(int(held.sum()))[:wanted]
    order = np.argsort(positions)
    ends = np.cumsum(held)
    bounds = np.searchsorted(positions[order], np.concatenate([[0], ends]))
    sample = np.empty((len(positions), LENGTH), np.uint8)
    for number, features in enumerate(read(places)):
        of_it = order[bounds[number] : bounds[number + 1]]
        sample[of_it] = features.descriptors[positions[of_it] - (ends[number] - held[number])]
    return Vocabulary.learn(sample, int(sizes.sum()))


def packed(places: NDArray[np.int64], points: NDArray[np.float32]) -> NDArray[np.int64]:
    """Pack whose each point is, its size and its direction as one id: 31, 16 and 16 bits, as `LocalFeatures` keeps."""
    size = np.rint(points[:, 2] * _FINE).clip(0, 65535).astype(np.int64)
    angle = np.rint(points[:, 3] * _TURN).astype(np.int64) % 65536
    return np.asarray(places << 32 | size << 16 | angle, np.int64)


def unpacked(
    ids: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Unpack places, sizes in pixels and directions in radians."""
    size = ((ids >> 16 & 65535) / _FINE).astype(np.float32)
    return ids >> 32, size, ((ids & 65535) / _TURN).astype(np.float32)


def _reduced(
    descriptors: NDArray[np.uint8], mean: NDArray[np.float32], components: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Bring descriptors, uint8 (n, 128), to float32 (n, 64); a part at a time, as they are four times as large then."""
    found = np.empty((len(descriptors), components.shape[1]), np.float32)
    for start in range(0, len(descriptors), _PART):
        found[start : start + _PART] = (unit(descriptors[start : start + _PART]) - mean) @ components
    return found


def _chosen(sizes: NDArray[np.int64], dice: np.random.Generator) -> NDArray[np.int64]:
    """Choose the pictures that the sample is drawn from: all, or as many as have enough points."""
    if int(sizes.sum()) <= _DRAWN_FROM:
        return np.arange(len(sizes))
    order = dice.permutation(len(sizes))
    enough = max(_DRAWN_FROM, 2 * _A_CELL * cells(int(sizes.sum())))
    return np.sort(order[: int(np.searchsorted(np.cumsum(sizes[order]), enough)) + 1])
