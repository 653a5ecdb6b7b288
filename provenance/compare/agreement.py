"""How far two pictures agree once one is laid over the other, place by place.

In a window around each pixel the pictures are correlated, so that brightness and contrast do not matter; places
without structure say nothing. It is measured twice: as the pictures lie, and after what still moves has been followed
for a small distance (optical flow, Kroeger et al. 2016), which forgives bent, elastic and perspective copies.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.plane import Matrix, is_affine, middle, steps
from provenance.compare.plane import laid as drawn_where

SIDE: Final = 160
"""Pixels of the longest side of the grey pictures that are compared."""

_WINDOW: Final = 11  # pixels
_CLOSE: Final = 5
_NOISE: Final = 4.0  # grey levels, squared: differences below say nothing
_STRUCTURE: Final = 5.0  # standard deviation in grey levels from which a place says something
_STRONGEST: Final = 40.0
_AGREES: Final = 0.6
_FOLLOWED: Final = 0.06  # of the longest side: how far flow may move a pixel
_SMOOTH: Final = 15  # pixels
_LEAST: Final = 60  # pixels in common
_ENLARGED: Final = 2.0

Grey = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Agreement where the pictures overlap; shares from 0 to 1, `correlation` from -1."""

    correlation: float = 0.0
    """The mean over places, by their structure."""
    close: float = 0.0
    """The same in windows of half the side: what is alike but not the same agrees less there. Only of the best way."""
    agreeing: float = 0.0
    """The share of places with structure, in either picture, that agree."""
    explained: float = 0.0
    """The share of all structure of the first picture that lies in places that agree."""
    contained: float = 0.0
    """The same of the second picture."""
    evidence: int = 0
    """How many places agree, in pixels: much of it cannot be an accident, however small its share."""

    @property
    def strength(self) -> float:
        """One number, 0 to 1: how well they correlate, and how much of one lies in the other."""
        return self.correlation * math.sqrt(max(self.contained, self.explained))


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What two pictures have in common, one laid over the other."""

    plain: Measured = Measured()
    followed: Measured = Measured()
    """After small movements were followed."""
    moved: float = 9.0
    """How far they were, in percent of the longest side."""
    overlap: float = 0.0
    """The share of the first picture that the second covers."""
    covered: float = 0.0
    """The share of the second picture that is covered."""

    @property
    def strength(self) -> float:
        """One number, 0 to 1, for how much of one picture lies in the other."""
        return max(self.plain.strength, self.followed.strength)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlaid:
    """One picture laid over another, measured as they lie: enough for choosing among ways, and half the time."""

    scene: "_Scene"
    laid: Grey
    """The second picture as it lies over the first, which is itself where the second is not."""
    covered: float
    """The share of the second picture that is covered."""
    plain: Measured

    def agreement(self) -> Agreement:
        """Follow what still moves, and measure that too."""
        first, common = self.scene.first, self.scene.common
        followed, moved = _follow(first, self.laid)
        return Agreement(
            plain=replace(self.plain, close=self.scene.close(self.laid)),
            followed=replace(self.scene.measure(followed), close=self.scene.close(followed)),
            moved=float((moved * common).sum() / common.sum() / max(first.shape) * 100),
            overlap=float(common.mean()),
            covered=self.covered,
        )


def overlaid(first: Grey, second: Grey, matrix: Matrix) -> Overlaid | None:
    """Lay `second` over `first`; both grey, 0 to 255; `matrix` takes points of first to second.

    None where they have next to nothing in common.
    """
    import cv2

    height, width = first.shape
    laid = drawn_where(second, matrix, width, height, -1e4)
    inside = cv2.erode((laid > -1).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1)
    if int(inside.sum()) < _LEAST:
        return None
    common = inside.astype(np.float32)
    laid = np.where(inside > 0, laid, first)
    shrunk = _shrunk(matrix, height, width)
    usual = float(abs(np.linalg.det(middle(matrix, (width, height)))))
    scene = _Scene(
        first=first,
        common=common,
        structure=_structure(first),
        other_structure=_structure_at(second, usual),
        weight=shrunk / usual,
    )
    covered = min(1.0, float((common * shrunk).sum()) / second.size)
    return Overlaid(scene=scene, laid=laid, covered=covered, plain=scene.measure(laid))


def agreement(first: Grey, second: Grey, matrix: Matrix) -> Agreement:
    """Lay `second` over `first`, as `overlaid` does, and measure all; nothing agrees where they hardly meet."""
    found = overlaid(first, second, matrix)
    return Agreement() if found is None else found.agreement()


def _shrunk(matrix: Matrix, height: int, width: int) -> float | Grey:
    if is_affine(matrix):
        return float(abs(np.linalg.det(matrix[:2, :2])))
    columns, rows = _places(height, width)
    points = np.column_stack([columns.ravel(), rows.ravel()])
    sizes = np.abs(np.linalg.det(steps(points, matrix))).reshape(height, width)
    return np.asarray(sizes, np.float32)


def _structure(picture: Grey) -> float:
    import cv2

    window = (_WINDOW, _WINDOW)
    mean = cv2.blur(picture, window)
    spread = np.sqrt(np.maximum(cv2.blur(picture * picture, window) - mean * mean, 0))
    return float(np.minimum(spread, _STRONGEST).sum()) + 1e-6


def _structure_at(picture: Grey, shrunk: float) -> float:
    """Say how much structure there is in a picture once it is so much smaller, by area: windows see more of it then."""
    import cv2

    factor = min(1 / math.sqrt(shrunk), _ENLARGED)
    size = tuple(max(1, round(side * factor)) for side in picture.shape[::-1])
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    resized = np.asarray(cv2.resize(picture, size, interpolation=way), np.float32)
    return _structure(resized) / (shrunk * factor**2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scene:
    first: Grey
    common: Grey
    structure: float
    other_structure: float
    weight: float | Grey
    """How much of the second picture a pixel is, everywhere or at each; 1 in the middle."""

    def measure(self, laid: Grey) -> Measured:
        correlation, first, second = self._correlate(laid, _WINDOW)
        strong_first = np.minimum(first, _STRONGEST) * self.common
        strong_second = np.minimum(second, _STRONGEST) * self.common
        weight = np.maximum(strong_first, strong_second)
        told = (np.maximum(first, second) > _STRUCTURE) & (self.common > 0)
        agrees = (correlation > _AGREES) & (np.minimum(first, second) > _STRUCTURE) & (self.common > 0)
        return Measured(
            correlation=float((correlation * weight).sum() / (weight.sum() + 1e-6)),
            agreeing=float(agrees.sum() / max(1, told.sum())),
            explained=min(1.0, float((strong_first * agrees).sum() / self.structure)),
            contained=min(1.0, float((strong_second * agrees * self.weight).sum()) / self.other_structure),
            evidence=int(agrees.sum()),
        )

    def close(self, laid: Grey) -> float:
        """Correlate in small windows."""
        correlation, first, second = self._correlate(laid, _CLOSE)
        weight = np.minimum(np.maximum(first, second), _STRONGEST) * self.common
        return float((correlation * weight).sum() / (weight.sum() + 1e-6))

    def _correlate(self, laid: Grey, side: int) -> tuple[Grey, Grey, Grey]:
        """Correlate in each window what is common; give the spread in each picture, too."""
        import cv2

        window = (side, side)
        share = cv2.blur(self.common, window) + 1e-6

        def mean(values: Grey) -> Grey:
            return np.asarray(cv2.blur(values * self.common, window) / share, np.float32)

        first, second = mean(self.first), mean(laid)
        spread_first = np.sqrt(np.maximum(mean(self.first * self.first) - first * first, 0))
        spread_second = np.sqrt(np.maximum(mean(laid * laid) - second * second, 0))
        together = mean(self.first * laid) - first * second
        correlation = together / (spread_first * spread_second + _NOISE)
        return correlation.astype(np.float32), spread_first, spread_second


def _follow(first: Grey, laid: Grey) -> tuple[Grey, Grey]:
    """Move each pixel of `laid` a little to where it fits better; give the result and how far, in pixels."""
    import cv2

    height, width = first.shape
    if min(height, width) < 16:  # flow needs patches of 8 pixels at half the size
        return laid, np.zeros_like(first)
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(1)
    flow = search.calc(_bytes(first), _bytes(laid), np.zeros((height, width, 2), np.float32))
    flow = cv2.blur(flow, (_SMOOTH, _SMOOTH))
    length = np.asarray(cv2.magnitude(flow[..., 0], flow[..., 1]), np.float32)
    flow *= np.minimum(1, _FOLLOWED * max(height, width) / (length + 1e-6))[..., None]
    columns, rows = _places(height, width)
    moved = cv2.remap(
        laid, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32), length


@lru_cache(maxsize=64)
def _places(height: int, width: int) -> tuple[Grey, Grey]:
    """Give the column and the row of each pixel: (height, width) both."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    return columns, rows


def _bytes(picture: Grey) -> NDArray[np.uint8]:
    return picture.clip(0, 255).astype(np.uint8)
