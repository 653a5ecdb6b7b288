"""Whole pictures laid over each other, for those with hardly any points: content box on content box, in eight turns.

A drawing on plain ground has an outline that survives what its few points do not. Its box is found against the colour
of the border; both whole pictures and both boxes are reduced to small squares, and correlated in the eight
orientations. The best is then fitted finely (Evangelidis and Psarakis 2008, enhanced correlation coefficient).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.plane import Matrix, is_sound, scaled, square
from provenance.fingerprint.method import ORIENTATIONS

Grey = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom, in pixels."""

_SIDE: Final = 40  # pixels of the small squares
_FLAT: Final = 20.0  # added to the length of a square: flat ones correlate with nothing
_GROUND: Final = 14.0  # grey levels from the ground that a thing stands out by
_PLAIN: Final = 0.6  # share of the border that is ground where there is one
_THING: Final = 30  # pixels of a thing at least
_FINE: Final = 0.6  # of the grey pictures' size, for fitting
_STEPS: Final = 25

_TURNS: Final = {
    "identity": ((1, 0), (0, 1)),
    "mirror": ((-1, 0), (0, 1)),
    "flip": ((1, 0), (0, -1)),
    "rotate_180": ((-1, 0), (0, -1)),
    "transpose": ((0, 1), (1, 0)),
    "rotate_90": ((0, -1), (1, 0)),
    "rotate_270": ((0, 1), (-1, 0)),
    "transverse": ((0, -1), (-1, 0)),
}
"""Where a point of the turned square lies in the square as it was, both from -1 to 1, x to the right and y down."""

_BACK: Final = tuple(np.array(_TURNS[name], float).T for name in ORIENTATIONS)
"""The ways back, in the order of `ORIENTATIONS`: what turns and mirrors is undone by its transpose."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Boxes:
    """The squares of a picture: of all of it, and of its thing if it has one on plain ground."""

    squares: NDArray[np.float32]
    """Shape (n, 40, 40), of mean 0 and length up to 1."""
    boxes: tuple[Box, ...]
    """The first is the whole picture."""

    @property
    def shares(self) -> tuple[tuple[float, float, float, float], ...]:
        """The boxes as shares of the sides."""
        _, _, width, height = self.boxes[0]
        return tuple(
            (left / width, top / height, right / width, bottom / height) for left, top, right, bottom in self.boxes
        )

    @property
    def thing(self) -> float:
        """The share of the picture that its thing's box takes; 1 where it has none."""
        left, top, right, bottom = self.shares[-1]
        return (right - left) * (bottom - top)

    def turned(self) -> NDArray[np.float32]:
        """Give the squares in the eight `ORIENTATIONS`: (8, n, 1600)."""
        squares = self.squares
        across = squares.swapaxes(1, 2)
        turns = {
            "identity": squares,
            "mirror": squares[..., ::-1],
            "flip": squares[:, ::-1],
            "rotate_180": squares[:, ::-1, ::-1],
            "transpose": across,
            "rotate_90": across[:, ::-1],
            "rotate_270": across[..., ::-1],
            "transverse": across[:, ::-1, ::-1],
        }
        return np.stack([turns[name].reshape(len(squares), -1) for name in ORIENTATIONS])


def boxes_of(picture: Grey) -> Boxes:
    """Reduce a grey picture, 0 to 255, to its squares."""
    import cv2

    height, width = picture.shape
    found = tuple(dict.fromkeys(((0, 0, width, height), _thing(picture))))
    squares = [
        cv2.resize(picture[top:bottom, left:right], (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        for left, top, right, bottom in found
    ]
    values = np.stack(squares).astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True)
    values /= np.linalg.norm(values, axis=(1, 2), keepdims=True) + _FLAT
    return Boxes(squares=values, boxes=found)


def best_turn(turned: NDArray[np.float32], here: Boxes, there: Boxes) -> tuple[float, Matrix]:
    """Find the turn and boxes that correlate best, or least where light and dark were exchanged.

    `turned` is `here.turned()`. Gives the correlation, -1 to 1, and the matrix from points of here to there.
    """
    alike = turned @ there.squares.reshape(len(there.squares), -1).T
    turn, own, other = np.unravel_index(np.abs(alike).argmax(), alike.shape)
    return float(alike[turn, own, other]), laid(here.boxes[own], there.boxes[other], int(turn))


def fitted(first: Grey, second: Grey, matrix: Matrix, *, from_a_side: bool = False) -> Matrix:
    """Fit `matrix`, which takes points of `first` to `second`, finely; it comes back as it was if that fails.

    Parallels stay parallel unless it may be seen `from_a_side` (Evangelidis and Psarakis 2008).
    """
    import cv2

    small = [cv2.resize(each, None, fx=_FINE, fy=_FINE, interpolation=cv2.INTER_AREA) for each in (first, second)]
    start = scaled(matrix, _FINE).astype(np.float32)[: 3 if from_a_side else 2]
    motion = cv2.MOTION_HOMOGRAPHY if from_a_side else cv2.MOTION_AFFINE
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, _STEPS, 1e-4)
    everywhere = np.full(small[0].shape, 255, np.uint8)
    try:
        found = np.asarray(cv2.findTransformECC(small[0], small[1], start, motion, criteria, everywhere, 3)[1], float)
    except cv2.error:  # it has no gradient to follow, or ran out of the picture
        return matrix
    result = scaled(found if from_a_side else square(found), 1 / _FINE)
    sizes = first.shape[::-1], second.shape[::-1]
    return result if np.isfinite(result).all() and is_sound(result, *sizes) else matrix


def _thing(picture: Grey) -> Box:
    """Find the box of what stands on plain ground; the whole picture where there is no such thing."""
    import cv2

    height, width = picture.shape
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    ground = float(np.median(border))
    stands = np.abs(cv2.GaussianBlur(picture, (0, 0), 1) - ground) > _GROUND
    if (np.abs(border - ground) < _GROUND).mean() < _PLAIN or stands.sum() < _THING:
        return 0, 0, width, height
    rows, columns = np.flatnonzero(stands.any(axis=1)), np.flatnonzero(stands.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def laid(box: Box, other: Box, turn: int) -> Matrix:
    """Give the matrix from points of a box to those of another; `turn` is a place in `ORIENTATIONS`."""
    half, middle = _halves(box)
    other_half, other_middle = _halves(other)
    matrix = np.eye(3)
    matrix[:2, :2] = other_half[:, None] * _BACK[turn] / half
    matrix[:2, 2] = other_middle - matrix[:2, :2] @ middle
    return matrix


def _halves(box: Box) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give half the width and height of a box, and its middle."""
    left, top, right, bottom = box
    return np.array([right - left, bottom - top]) / 2, np.array([left + right, top + bottom]) / 2
