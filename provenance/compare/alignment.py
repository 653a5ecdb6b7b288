"""How one picture lies in another: points that look alike, and the one way to lay them over each other.

Each pair of points says by itself how far to move, turn and scale; the way that most pairs agree with wins (Lowe 2004,
section 7.4, with every pair as a hypothesis instead of a Hough transform), and is then fitted to all pairs that agree,
as an affine transformation where there are enough. From there a perspective one is tried, which takes more pairs in
where a picture was seen from a side.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.plane import Matrix, is_sound, moved, square, steps
from provenance.fingerprint.local import LocalFeatures

_RATIO: Final = 0.92
"""A pair counts if the next best point elsewhere is that much farther away (Lowe 2004, section 7.1, who takes 0.8)."""
_ALIKE: Final = 0.75
"""The least cosine of a pair."""
_ELSEWHERE: Final = 8.0  # pixels
_NEXT: Final = 3
"""Points after the nearest that are looked at for one elsewhere."""
_MOST: Final = 120  # pairs, the clearest
_TOLERANCE: Final = 8.0  # pixels
_EXACT: Final = 2.5  # pixels
_OCTAVES: Final = 0.8  # by which the scales of pairs that agree may differ
_TURN: Final = 0.6  # radians
_CELL: Final = 10.0  # pixels: points nearer to each other count once
_TRIED: Final = 3
_AFFINE: Final = 5  # pairs from which on an affine transformation is fitted
_PERSPECTIVE: Final = 6  # places from which on a perspective transformation is tried
_GAIN: Final = 1.2  # times the places, and exact ones, that it has to have for what it may bend
_GROWING: Final = (2.0, 1.5, 1.0, 1.0)  # tolerances of its fits, in `_TOLERANCE`
_ROUND: Final = 2 * np.pi
_ROW: Final = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreeing:
    """How many points agree on one way to lay pictures over each other, and how well; by default there is none."""

    places: int = 0
    """How many places agree, at least `_CELL` apart in both pictures."""
    pairs: int = 0
    """How many pairs of points there were to agree."""
    exact: int = 0
    """How many of the places agree to `_EXACT` pixels: lookalikes agree roughly."""
    alike: float = 0.0
    """The mean cosine of the pairs that agree, from `_ALIKE` to 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """A way to lay a picture over another one."""

    matrix: Matrix
    """Takes points of the changed picture to points of the other."""
    change: int
    """What was done to the picture before, a place in `CHANGES`."""
    affine: Matrix
    """The best that keeps parallels parallel; mostly the same."""
    agreeing: Agreeing


def align(
    picture: LocalFeatures, descriptors: NDArray[np.float32], other: LocalFeatures, change: int
) -> Alignment | None:
    """Find how `picture` after `change` lies in `other`; None where fewer than three places agree.

    `descriptors` are those of the changed picture, float32 (n, 128), of length 1.
    """
    if len(picture) < 3 or len(other) < 3:
        return None
    here, there, alike = _pairs(descriptors, other)
    if len(here) < 3:
        return None
    return _agreed(picture.changed_points(change)[here], other.points[there], alike, change)


def unit(descriptors: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Give descriptors as float32 of length 1."""
    values = descriptors.astype(np.float32)
    lengths = np.sqrt((values * values).sum(axis=-1, keepdims=True))
    values /= np.maximum(lengths, 1)
    return values


def _pairs(
    descriptors: NDArray[np.float32], other: LocalFeatures
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """Pair each point with the one that looks most like it, if none elsewhere does nearly as much; and how much."""
    alike = descriptors @ unit(other.descriptors).T
    nearest = alike.argmax(axis=1)
    best = alike[np.arange(len(alike)), nearest]
    here = np.flatnonzero(best > _ALIKE)
    best, nearest = best[here], nearest[here]
    second = _elsewhere(alike[here], nearest, other.points[:, :2])
    share = np.sqrt(np.maximum(1 - best, 0)) / np.sqrt(np.maximum(1 - second, 1e-6))
    clear = np.flatnonzero(share < _RATIO)
    clear = clear[np.argsort(share[clear], kind="stable")][:_MOST]
    return here[clear], nearest[clear], best[clear]


def _elsewhere(
    alike: NDArray[np.float32], nearest: NDArray[np.intp], points: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Say how alike the best point is that lies elsewhere than the nearest, of the next three; -1 if none does.

    `alike` is written over.
    """
    second = np.full(len(alike), -1, np.float32)
    rows, last = np.arange(len(alike)), nearest
    for _ in range(_NEXT):
        alike[rows, last] = -1
        rest = alike if len(rows) == len(alike) else alike[rows]
        last = rest.argmax(axis=1)
        apart = ((points[last] - points[nearest[rows]]) ** 2).sum(axis=1) > _ELSEWHERE**2
        second[rows[apart]] = alike[rows[apart], last[apart]]
        rows, last = rows[~apart], last[~apart]
        if not len(rows):
            break
    return second


def _agreed(
    here: NDArray[np.float32], there: NDArray[np.float32], alike: NDArray[np.float32], change: int
) -> Alignment | None:
    """Choose the way that most pairs agree with."""
    similar = _similar(here, there)
    agree = similar & _close(here, there)
    counts = np.count_nonzero(agree, axis=1)
    fits = _Fits(here, there)
    best: _Fit | None = None
    for number in np.argsort(-counts, kind="stable")[:_TRIED]:
        found = fits.found(agree[number], similar[number])
        if found is not None and found.places >= 3 and (best is None or found.places > best.places):
            best = found
    if best is None:
        return None
    affine = best.matrix
    best = fits.seen_from_a_side(best) or best
    return Alignment(
        matrix=best.matrix,
        affine=affine,
        change=change,
        agreeing=Agreeing(
            places=best.places, pairs=len(here), exact=fits.exact(best), alike=float(alike[best.inside].mean())
        ),
    )


def _similar(here: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which pairs scale and turn much as each other does: (n, n)."""
    scales = np.log2(there[:, 2] / here[:, 2])
    turns = (there[:, 3] - here[:, 3]) % _ROUND
    apart = np.abs(turns[:, None] - turns)
    same: NDArray[np.bool_] = np.abs(scales[:, None] - scales) < _OCTAVES
    return same & ((apart < _TURN) | (apart > _ROUND - _TURN))


def _close(here: NDArray[np.float32], there: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell which pairs each pair by itself takes near where they are: (n, n).

    As complex numbers: there = turn * here + shift.
    """
    turns = there[:, 2] / here[:, 2] * np.exp(1j * (there[:, 3] - here[:, 3]))
    starts, ends = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    off = turns[:, None] * starts
    off += (ends - turns * starts)[:, None]
    off -= ends
    near: NDArray[np.bool_] = off.real**2 + off.imag**2 < (2.5 * _TOLERANCE) ** 2
    return near


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    matrix: Matrix
    inside: NDArray[np.bool_]
    places: int


class _Fits:
    """Ways to lay points over those that they are paired with; what was fitted once to the same pairs is kept."""

    def __init__(self, here: NDArray[np.float32], there: NDArray[np.float32]) -> None:
        """Take the points of n pairs, float32 (n, 4) each, as `LocalFeatures` has them."""
        self._here, self._there = here[:, :2], there[:, :2]
        self._turns = there[:, 2] / here[:, 2] * np.exp(1j * (there[:, 3] - here[:, 3]))
        self._rows = np.ones((len(here), 3))
        self._rows[:, :2] = self._here
        self._ends = self._there.astype(np.float64)
        self._known: dict[bytes, NDArray[np.float64]] = {}

    def found(self, agree: NDArray[np.bool_], similar: NDArray[np.bool_]) -> _Fit | None:
        """Fit to the pairs that agree, three times: each fit finds more of them, or fewer.

        None where fewer than three pairs agree.
        """
        inside = agree
        if np.count_nonzero(inside) < 3:
            return None
        matrix = _similarity(self._rows[inside, :2], self._ends[inside])
        for tolerance in (1.5 * _TOLERANCE, _TOLERANCE, _TOLERANCE):
            off = self._rows @ matrix.T - self._ends
            inside = ((off * off).sum(axis=1) < tolerance**2) & similar
            if np.count_nonzero(inside) < 3:
                return None
            matrix = self._fitted(inside)
        return _Fit(square(matrix), inside, self._places(inside))

    def seen_from_a_side(self, fit: _Fit) -> _Fit | None:
        """Fit a perspective transformation, starting from the pairs of an affine one; None if it wins too little."""
        if fit.places < _PERSPECTIVE or len(fit.inside) <= fit.places:
            return None
        matrix, inside = fit.matrix, fit.inside
        here, there = (tuple(each.max(axis=0).tolist()) for each in (self._here, self._there))
        for tolerance in _GROWING:
            found = _perspective(self._rows[inside, :2], self._ends[inside])
            if found is None or not is_sound(found, here, there):
                return None
            matrix, inside = found, self._near(found, tolerance * _TOLERANCE) & self._steps_agree(found)
            if np.count_nonzero(inside) < _PERSPECTIVE:
                return None
        best = _Fit(matrix, inside, self._places(inside))
        wins = best.places + self.exact(best) >= _GAIN * (fit.places + self.exact(fit))
        return best if wins and best.places >= fit.places else None

    def exact(self, fit: _Fit) -> int:
        """Count the places of a fit that agree to `_EXACT` pixels."""
        return self._places(self._near(fit.matrix, _EXACT) & fit.inside)

    def _near(self, matrix: Matrix, tolerance: float) -> NDArray[np.bool_]:
        """Tell which pairs are brought near each other, in pixels."""
        off = moved(self._rows[:, :2], matrix) - self._ends
        near: NDArray[np.bool_] = (off * off).sum(axis=1) < tolerance**2
        return near

    def _steps_agree(self, matrix: Matrix) -> NDArray[np.bool_]:
        """Tell which pairs scale and turn as the transformation does where they are."""
        derived = steps(self._rows[:, :2], matrix)
        size = np.sqrt(np.abs(np.linalg.det(derived)))
        turn = derived[:, 0, 0] + derived[:, 1, 1] + 1j * (derived[:, 1, 0] - derived[:, 0, 1])
        scales: NDArray[np.bool_] = np.abs(np.log2(np.abs(self._turns) / size)) < _OCTAVES
        turns: NDArray[np.bool_] = np.abs(np.angle(self._turns / turn)) < _TURN
        return scales & turns

    def _places(self, inside: NDArray[np.bool_]) -> int:
        return min(_places(self._here[inside]), _places(self._there[inside]))

    def _fitted(self, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
        key = inside.tobytes()
        if key not in self._known:
            rows, ends = self._rows[inside], self._ends[inside]
            affine = _affine(rows, ends) if len(rows) >= _AFFINE else None
            if affine is None or not is_sound(square(affine)):
                affine = _similarity(rows[:, :2], ends)
            self._known[key] = affine
        return self._known[key]


def _similarity(here: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fit a turn, scale and shift by least squares (Umeyama 1991, in the plane)."""
    start, end = here[:, 0] + 1j * here[:, 1], there[:, 0] + 1j * there[:, 1]
    middle, target = start.sum() / len(start), end.sum() / len(end)
    start -= middle
    turn = np.vdot(start, end - target) / max(np.vdot(start, start).real, 1e-9)
    shift = target - turn * middle
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def _affine(rows: NDArray[np.float64], there: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.lstsq(rows, there, rcond=None)[0].T, np.float64)


def _perspective(here: NDArray[np.float64], there: NDArray[np.float64]) -> Matrix | None:
    """Fit a perspective transformation by least squares (Hartley and Zisserman 2004, section 4.1, refined)."""
    import cv2

    found = cv2.findHomography(here, there, 0)[0]
    return None if found is None or not np.isfinite(found).all() else np.asarray(found, np.float64)


def _places(points: NDArray[np.float32]) -> int:
    """Count the cells that points lie in, by one number a cell: no picture is `_ROW` cells wide."""
    return len(set((points // _CELL @ (1.0, _ROW)).tolist()))
