"""How one picture lies in another: points that look alike, and the one way to lay them over each other.

Each pair of points says by itself how far to move, turn and scale; the way that most pairs agree with wins (Lowe 2004,
section 7.4, with every pair as a hypothesis instead of a Hough transform), and is then fitted to all pairs that agree,
as an affine transformation where there are enough.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.local import LocalFeatures

_RATIO: Final = 0.92
"""A pair counts if the next best point elsewhere is that much farther away (Lowe 2004, section 7.1, who takes 0.8)."""
_ALIKE: Final = 0.75
"""The least cosine of a pair."""
_ELSEWHERE: Final = 8.0  # pixels
_MOST: Final = 120  # pairs, the clearest
_TOLERANCE: Final = 8.0  # pixels
_OCTAVES: Final = 0.8  # by which the scales of pairs that agree may differ
_TURN: Final = 0.6  # radians
_CELL: Final = 10.0  # pixels: points nearer to each other count once
_TRIED: Final = 3
_AFFINE: Final = 5  # pairs from which on an affine transformation is fitted
_STRETCH: Final = 3.0
_SCALE: Final = 12.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """A way to lay a picture over another one."""

    matrix: NDArray[np.float64]
    """Shape (2, 3): takes points of the changed picture to points of the other."""
    change: int
    """What was done to the picture before, a place in `CHANGES`."""
    places: int
    """How many places agree, at least `_CELL` apart in both pictures."""
    pairs: int
    """How many pairs of points there were to agree."""


def align(
    picture: LocalFeatures, descriptors: NDArray[np.float32], other: LocalFeatures, change: int
) -> Alignment | None:
    """Find how `picture` after `change` lies in `other`; None where fewer than three places agree.

    `descriptors` are those of the changed picture, float32 (n, 128), of length 1.
    """
    if len(picture) < 3 or len(other) < 3:
        return None
    here, there = _pairs(descriptors, other)
    if len(here) < 3:
        return None
    return _agreed(picture.changed_points(change)[here], other.points[there], change)


def unit(descriptors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give descriptors as float32 of length 1."""
    values = descriptors.astype(np.float32)
    lengths = np.linalg.norm(values, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = values / np.maximum(lengths, 1)
    return scaled


def _pairs(descriptors: NDArray[np.float32], other: LocalFeatures) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair each point with the one that looks most like it, if none elsewhere does nearly as much."""
    alike = descriptors @ unit(other.descriptors).T
    rows = np.arange(len(alike))
    nearest = alike.argmax(axis=1)
    best = alike[rows, nearest]
    few = np.argpartition(-alike, min(3, alike.shape[1] - 1), axis=1)[:, :4]
    apart = other.points[few, :2] - other.points[nearest, None, :2]
    elsewhere = (apart**2).sum(axis=2) > _ELSEWHERE**2
    second = np.where(elsewhere, alike[rows[:, None], few], -1).max(axis=1)
    share = np.sqrt(np.maximum(1 - best, 0)) / np.sqrt(np.maximum(1 - second, 1e-6))
    chosen = np.flatnonzero((share < _RATIO) & (best > _ALIKE))
    chosen = chosen[np.argsort(share[chosen], kind="stable")][:_MOST]
    return chosen, nearest[chosen]


def _agreed(here: NDArray[np.float32], there: NDArray[np.float32], change: int) -> Alignment | None:
    """Choose the way that most pairs agree with. As complex numbers: there = turn * here + shift."""
    turns = there[:, 2] / here[:, 2] * np.exp(1j * (there[:, 3] - here[:, 3]))
    starts, ends = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    shifts = ends - turns * starts
    off = np.abs(turns[:, None] * starts + shifts[:, None] - ends)
    between = turns[:, None] / turns[None]
    similar = (np.abs(np.log2(np.abs(between))) < _OCTAVES) & (np.abs(np.angle(between)) < _TURN)
    agree = similar & (off < 2.5 * _TOLERANCE)
    best: Alignment | None = None
    for number in np.argsort(-agree.sum(axis=1), kind="stable")[:_TRIED]:
        fitted = _fitted(here[:, :2], there[:, :2], agree[number], similar[number])
        if fitted is None:
            continue
        matrix, inside = fitted
        places = min(_places(here[inside, :2]), _places(there[inside, :2]))
        if places >= 3 and (best is None or places > best.places):
            best = Alignment(matrix=matrix, change=change, places=places, pairs=len(here))
    return best


def _fitted(
    here: NDArray[np.float32], there: NDArray[np.float32], agree: NDArray[np.bool_], similar: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """Fit to the pairs that agree, three times: each fit finds more of them, or fewer."""
    inside = agree
    if inside.sum() < 3:
        return None
    matrix: NDArray[np.float64] = _similarity(here[inside], there[inside])
    for tolerance in (1.5 * _TOLERANCE, _TOLERANCE, _TOLERANCE):
        off = np.linalg.norm(here @ matrix[:, :2].T + matrix[:, 2] - there, axis=1)
        inside = (off < tolerance) & similar
        if inside.sum() < 3:
            return None
        matrix = _similarity(here[inside], there[inside])
        if inside.sum() >= _AFFINE:
            affine = _affine(here[inside], there[inside])
            matrix = affine if is_sound(affine) else matrix
    return matrix, inside


def is_sound(matrix: NDArray[np.float64]) -> bool:
    """Tell whether a transformation is one that people make of pictures: no needle, no speck."""
    large, small = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(large < _STRETCH * small and large < _SCALE and small > 1 / _SCALE)


def _similarity(here: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.float64]:
    """Fit a turn, scale and shift by least squares (Umeyama 1991, in the plane)."""
    middle, target = here.mean(axis=0, dtype=np.float64), there.mean(axis=0, dtype=np.float64)
    start, end = (here - middle) @ (1, 1j), (there - target) @ (1, 1j)
    turn = (np.conj(start) * end).sum() / max((np.abs(start) ** 2).sum(), 1e-9)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, target - linear @ middle])


def _affine(here: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.float64]:
    rows = np.column_stack([here, np.ones(len(here))]).astype(np.float64)
    return np.asarray(np.linalg.lstsq(rows, there.astype(np.float64), rcond=None)[0].T, np.float64)


def _places(points: NDArray[np.float32]) -> int:
    return len(np.unique((points // _CELL).astype(np.int64), axis=0))
