"""How pictures are laid over each other, step by step and with nothing saved: the quick way must find the same."""

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.local import LocalFeatures

Found = tuple[NDArray[np.float64], int, int]
"""The matrix, how many places agree, and how many pairs there were."""


def plainly_aligned(
    picture: LocalFeatures, descriptors: NDArray[np.float32], other: LocalFeatures, change: int
) -> Found | None:
    """Do what `align` does."""
    if len(picture) < 3 or len(other) < 3:
        return None
    here, there = _pairs(descriptors, other)
    if len(here) < 3:
        return None
    return _agreed(picture.changed_points(change)[here], other.points[there])


def _pairs(descriptors: NDArray[np.float32], other: LocalFeatures) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    values = other.descriptors.astype(np.float32)
    alike = descriptors @ (values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1)).T
    rows, nearest = np.arange(len(alike)), alike.argmax(axis=1)
    best = alike[rows, nearest]
    few = np.argpartition(-alike, min(3, alike.shape[1] - 1), axis=1)[:, :4]
    apart = other.points[few, :2] - other.points[nearest, None, :2]
    second = np.where((apart**2).sum(axis=2) > 64, alike[rows[:, None], few], -1).max(axis=1)
    share = np.sqrt(np.maximum(1 - best, 0)) / np.sqrt(np.maximum(1 - second, 1e-6))
    chosen = np.flatnonzero((share < 0.92) & (best > 0.75))
    chosen = chosen[np.argsort(share[chosen], kind="stable")][:120]
    return chosen, nearest[chosen]


def _agreed(here: NDArray[np.float32], there: NDArray[np.float32]) -> Found | None:
    turns = there[:, 2] / here[:, 2] * np.exp(1j * (there[:, 3] - here[:, 3]))
    starts, ends = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    off = np.abs(turns[:, None] * starts + (ends - turns * starts)[:, None] - ends)
    between = turns[:, None] / turns[None]
    similar = (np.abs(np.log2(np.abs(between))) < 0.8) & (np.abs(np.angle(between)) < 0.6)
    agree = similar & (off < 20)
    best: Found | None = None
    for number in np.argsort(-agree.sum(axis=1), kind="stable")[:3]:
        found = _fitted(here[:, :2], there[:, :2], agree[number], similar[number])
        if found is not None and found[1] >= 3 and (best is None or found[1] > best[1]):
            best = found
    return best


def _fitted(
    here: NDArray[np.float32], there: NDArray[np.float32], agree: NDArray[np.bool_], similar: NDArray[np.bool_]
) -> Found | None:
    inside = agree
    if inside.sum() < 3:
        return None
    matrix = _similarity(here[inside], there[inside])
    for tolerance in (12, 8, 8):
        off = np.linalg.norm(here @ matrix[:, :2].T + matrix[:, 2] - there, axis=1)
        inside = (off < tolerance) & similar
        if inside.sum() < 3:
            return None
        matrix = _similarity(here[inside], there[inside])
        if inside.sum() >= 5:
            rows = np.column_stack([here[inside], np.ones(inside.sum())]).astype(np.float64)
            affine = np.linalg.lstsq(rows, there[inside].astype(np.float64), rcond=None)[0].T
            large, small = np.linalg.svd(affine[:, :2], compute_uv=False)
            matrix = affine if large < 3 * small and large < 12 and small > 1 / 12 else matrix
    return matrix, min(_places(here[inside]), _places(there[inside])), len(here)


def _similarity(here: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.float64]:
    middle, target = here.mean(axis=0, dtype=np.float64), there.mean(axis=0, dtype=np.float64)
    start, end = (here - middle) @ (1, 1j), (there - target) @ (1, 1j)
    turn = (np.conj(start) * end).sum() / max((np.abs(start) ** 2).sum(), 1e-9)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, target - linear @ middle])


def _places(points: NDArray[np.float32]) -> int:
    return len(np.unique((points // 10).astype(np.int64), axis=0))
