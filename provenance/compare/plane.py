"""Perspective transformations of the plane: square matrices of homogeneous coordinates, of which affine ones are some.

A matrix (3, 3) takes a point (x, y, 1) to (u, v, w), which lies at (u / w, v / w) (Hartley and Zisserman 2004,
section 2.3). The last row of an affine one is (0, 0, 1).
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
"""Shape (3, 3)."""

Size = tuple[float, float]
"""Width and height."""

_STRETCH: Final = 3.0
_SCALE: Final = 12.0
_FLAT: Final = 1e-9
_LEVEL: Final = 0.15  # of the weight in the middle: how little a corner may have, seen from a side


def square(affine: NDArray[np.floating]) -> Matrix:
    """Write an affine transformation of shape (2, 3) with its last row."""
    return np.vstack([np.asarray(affine, np.float64), (0.0, 0.0, 1.0)])


def rows(matrix: Matrix) -> list[list[float]]:
    """Write it down: two rows, or three where it is not affine."""
    held = matrix[:2] if is_affine(matrix) else matrix
    return [[float(value) for value in row] for row in held]


def is_affine(matrix: Matrix) -> bool:
    """Tell whether parallels stay parallel."""
    return not matrix[2, :2].any()


def scaled(matrix: Matrix, factor: float) -> Matrix:
    """Give the same between pictures that are both `factor` times as large."""
    found = matrix.copy()
    found[:2, 2] *= factor
    found[2, :2] /= factor
    return found


def moved(points: NDArray[np.floating], matrix: Matrix) -> NDArray[np.float64]:
    """Take points, (n, 2), to where they come to lie."""
    found = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(found[:, :2] / found[:, 2:], np.float64)


def middle(matrix: Matrix, size: Size) -> NDArray[np.float64]:
    """Give the derivative in the middle of a picture: (2, 2)."""
    return np.asarray(steps(np.array([size]) / 2, matrix)[0], np.float64)


def is_level(matrix: Matrix, size: Size, other: Size) -> bool:
    """Tell whether no horizon lies in either picture, nor near it: else a corner would be taken to nowhere."""
    if not np.isfinite(matrix).all() or abs(float(np.linalg.det(matrix))) < _FLAT:
        return False
    return _is_level(matrix, size) and _is_level(np.asarray(np.linalg.inv(matrix), np.float64), other)


def foreshortened(matrix: Matrix, size: Size) -> float:
    """Say how many times as large the nearest corner of a picture is seen as the farthest; 1 if affine."""
    weights = _weights(matrix, size)
    return float(weights.max() / weights.min())


def _weights(matrix: Matrix, size: Size) -> NDArray[np.float64]:
    width, height = size
    corners = np.array([(0, 0, 1), (width, 0, 1), (width, height, 1), (0, height, 1)])
    return np.asarray(corners @ matrix[2], np.float64)


def _is_level(matrix: Matrix, size: Size) -> bool:
    weights = _weights(matrix, size)
    there = float(weights.mean())  # it is linear, so this is the middle's
    return bool(there) and bool((weights / there > _LEVEL).all())


def steps(points: NDArray[np.floating], matrix: Matrix) -> NDArray[np.float64]:
    """Give the derivative of a transformation at each of some points: (n, 2, 2)."""
    found = points @ matrix[:, :2].T + matrix[:, 2]
    ends = found[:, :2] / found[:, 2:]
    return np.asarray((matrix[None, :2, :2] - ends[:, :, None] * matrix[2, :2]) / found[:, 2, None, None], np.float64)


def laid(picture: NDArray[np.float32], matrix: Matrix, width: int, height: int, outside: float) -> NDArray[np.float32]:
    """Draw `picture` where `matrix`, from points of the drawing to points of it, says; float32 (height, width, ...).

    Outside it is `outside`; of a picture of several channels the first.
    """
    import cv2

    way, border = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (outside, 0.0, 0.0)
    if is_affine(matrix):
        found = cv2.warpAffine(picture, matrix[:2], (width, height), flags=way, borderValue=border)
    else:
        found = cv2.warpPerspective(picture, matrix, (width, height), flags=way, borderValue=border)
    return np.asarray(found, np.float32)


def is_sound(matrix: Matrix, size: Size = (1, 1), other: Size = (1, 1)) -> bool:
    """Tell whether a transformation is one that people make of pictures: no needle, no speck, no horizon within.

    `size` is the width and height of the picture that it starts from, `other` of the one that it leads to; an affine
    one does everywhere the same.
    """
    if not is_affine(matrix) and not is_level(matrix, size, other):
        return False
    (first, second), (third, fourth) = middle(matrix, size).tolist()
    kept = math.hypot(first + fourth, third - second) / 2  # both singular values, of 2 x 2 in closed form
    flipped = math.hypot(first - fourth, third + second) / 2
    large, small = kept + flipped, abs(kept - flipped)
    return large < _STRETCH * small and large < _SCALE and small > 1 / _SCALE
