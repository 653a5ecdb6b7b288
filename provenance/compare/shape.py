"""What edges and lines a picture has and where, whatever they are drawn with: the search that finds drawings.

A filled surface has an edge where its outline has a line. The energy of a pair of filters in quadrature, which answers
to both alike, is measured in six directions (Freeman and Adelson 1991, "The Design and Use of Steerable Filters",
section V, with the filters G2 and H2 of its appendix) on lightness and both colours, set against the energy around,
and averaged in 8 x 8 cells (as Oliva and Torralba 2001 do for scenes). Cells of pictures are much alike, so they are
whitened: brought to principal components of equal spread (Jégou and Chum 2012, section 2), of which the square roots
are kept with their signs, so that a few large ones do not decide (Perronnin, Sánchez and Mensink 2010, section 3.1).
No copy was looked at for it: the components are those of works of the development split
(`benchmarks/detection/fit_shape.py`).

A picture that is turned or mirrored has the same cells and directions in another order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.boxes import Boxes, laid
from provenance.compare.plane import Matrix
from provenance.digest import Digest
from provenance.errors import EngineError

WHITENING: Final = "shape256_v1"
"""Names the shipped centre and matrix; others get another name."""

WHITENING_FILE: Final = Path(__file__).with_name(f"{WHITENING}.safetensors")
WHITENING_DIGEST: Final = Digest("a84f186b94c18216c82b86025dc8224e9910235eb746d2a9115ff03fe34506b7")
"""The digest of that file, which is checked before it is used."""

LENGTH: Final = 256
"""Numbers of a vector."""

DIRECTIONS: Final = 6
CELLS: Final = 8
"""To a side."""
NUMBERS: Final = DIRECTIONS * CELLS * CELLS
"""Of what is not whitened yet."""

_STEP: Final = 0.4  # of the filters' unit: waves of 8 pixels answer most
_REACH: Final = 8  # taps to a side
_AROUND: Final = 17 / 64  # of the longest side
_FAINT: Final = 8.0  # in CIELAB: less energy is not brought up to what others have
_BRIGHT: Final = 80.0
_BLANK: Final = 1e-3

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """The shapes of a picture: of all of it, and of its thing if it has one on plain ground (`Boxes`)."""

    boxes: Boxes
    vectors: Values
    """Shape (n, 256), of length 1; a blank picture's are no shape at all: zero."""


def shapes_of(pixels: NDArray[np.uint8], boxes: Boxes) -> Shapes:
    """Reduce RGB pixels, uint8 (height, width, 3), longest side 64; `boxes` are those of the same picture.

    Raises EngineError where the whitening is missing.
    """
    return Shapes(boxes=boxes, vectors=whitened(cells(energies(pixels), boxes.shares)))


def turned_shapes(pixels: NDArray[np.uint8], boxes: Boxes) -> Values:
    """Give the vectors of the picture in each of the eight `ORIENTATIONS`: (8, n, 256)."""
    return whitened(turned(cells(energies(pixels), boxes.shares)))


def best_shape(asked: Values, here: Boxes, there: Shapes) -> tuple[float, Matrix]:
    """Find the turn and boxes whose shapes are most alike; `asked` is what `turned_shapes` gives of `here`.

    Gives the cosine, -1 to 1, and the matrix from points of here to there, as `best_turn` does.
    """
    alike = asked @ there.vectors.T
    turn, own, other = np.unravel_index(alike.argmax(), alike.shape)
    matrix = laid(here.boxes[own], there.boxes.boxes[other], int(turn))
    return float(alike[turn, own, other]), matrix


def drawn(levels: Values) -> Values:
    """Draw a grey picture's edges and lines, bright on black: float32 (height, width), 0 to 255 of 0 to 255."""
    energy = _energy(np.multiply(levels, 100 / 255, dtype=np.float32).reshape(*levels.shape, 1))
    lines = _set_against(energy).sum(axis=0)
    return np.asarray((lines * _BRIGHT).clip(0, 255), np.float32)


def energies(pixels: NDArray[np.uint8]) -> Values:
    """Measure edges and lines in RGB pixels, uint8 (height, width, 3): float32 (6, height, width), 0 to about 1.

    Direction k is that of an edge whose normal is turned by k / 6 of half a turn.
    """
    import cv2

    lab = cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return _set_against(_energy(np.asarray(lab, np.float32)))


def cells(energy: Values, boxes: Sequence[tuple[float, float, float, float]]) -> Values:
    """Average what `energies` gave over the cells of boxes: float32 (n, 6, 8, 8).

    A box is left, top, right and bottom as shares of the sides.
    """
    import cv2

    height, width = energy.shape[1:]
    found = np.zeros((len(boxes), DIRECTIONS, CELLS, CELLS), np.float32)
    for number, (left, top, right, bottom) in enumerate(boxes):
        x, y = min(int(left * width), width - 1), min(int(top * height), height - 1)
        ends = max(y + 1, round(bottom * height)), max(x + 1, round(right * width))
        for direction, values in enumerate(energy[:, y : ends[0], x : ends[1]]):
            found[number, direction] = cv2.resize(values, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return found


def turned(held: Values) -> Values:
    """Give cells, float32 (..., 6, 8, 8), of the picture in each of the eight `ORIENTATIONS`: (8, ..., 6, 8, 8)."""
    mirrored = -np.arange(DIRECTIONS) % DIRECTIONS
    across = (DIRECTIONS // 2 - np.arange(DIRECTIONS)) % DIRECTIONS
    quarter = (np.arange(DIRECTIONS) + DIRECTIONS // 2) % DIRECTIONS
    swapped = held.swapaxes(-1, -2)
    return np.stack(
        [
            held,
            held[..., mirrored, :, ::-1],
            held[..., mirrored, ::-1, :],
            held[..., ::-1, ::-1],
            swapped[..., across, :, :],
            swapped[..., quarter, ::-1, :],
            swapped[..., quarter, :, ::-1],
            swapped[..., across, ::-1, ::-1],
        ]
    )


def whitened(held: Values) -> Values:
    """Take cells, float32 (..., 6, 8, 8), to vectors (..., 256) of length 1 whose products are cosines."""
    centre, matrix = _shipped()
    components = (held.reshape(*held.shape[:-3], NUMBERS) - centre) @ matrix
    vectors = np.sign(components) * np.sqrt(np.abs(components))
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    something = held.reshape(*held.shape[:-3], NUMBERS).max(axis=-1, keepdims=True) > _BLANK
    return np.asarray(np.where(something, vectors / np.maximum(length, 1e-12), 0), np.float32)


def _set_against(energy: Values) -> Values:
    """Divide energies, float32 (n, height, width), by what is around."""
    import cv2

    total = energy.sum(axis=0)
    window = round(_AROUND * max(total.shape)) | 1
    around = np.sqrt(np.maximum(cv2.blur(total * total, (window, window)), 0))
    return np.asarray(energy / (around + _FAINT), np.float32)


def _energy(channels: Values) -> Values:
    """Give the amplitude of G2 and H2 together in six directions, of (height, width, n): (6, height, width)."""
    import cv2

    taps = _taps()

    def answer(across: str, down: str) -> Values:
        found = cv2.sepFilter2D(channels, cv2.CV_32F, taps[across], taps[down], borderType=cv2.BORDER_REPLICATE)
        return np.asarray(found, np.float32)

    even = np.stack([answer("g2", "g"), answer("xy", "x"), answer("g", "g2")])
    odd = np.stack([answer("h3", "g"), answer("h2", "x"), answer("x", "h2"), answer("g", "h3")])
    steer_even, steer_odd = _steering()
    energy = (steer_even @ even.reshape(3, -1)) ** 2 + (steer_odd @ odd.reshape(4, -1)) ** 2
    height, width = channels.shape[:2]
    return np.asarray(np.sqrt(energy.reshape(DIRECTIONS, height, width, -1).sum(axis=-1)), np.float32)


@cache
def _taps() -> dict[str, Values]:
    """Give the separable parts of G2 (table III) and H2 (table V): odd ones have no mean, nor may the even one."""
    x = np.arange(-_REACH, _REACH + 1) * _STEP
    bell = np.exp(-x * x)
    second = 0.9213 * (2 * x * x - 1) * bell
    parts = {
        "g": bell,
        "x": x * bell,
        "xy": 1.843 * x * bell,
        "g2": second - second.mean(),
        "h2": 0.9780 * (-0.7515 + x * x) * bell,
        "h3": 0.9780 * (-2.254 * x + x**3) * bell,
    }
    return {name: (values * _STEP).astype(np.float32) for name, values in parts.items()}


@cache
def _steering() -> tuple[Values, Values]:
    """Give the weights that turn both filters in the six directions: (6, 3) and (6, 4)."""
    angles = np.arange(DIRECTIONS) * np.pi / DIRECTIONS
    c, s = np.cos(angles), np.sin(angles)
    even = np.stack([c * c, -2 * c * s, s * s], axis=1)
    odd = np.stack([c**3, -3 * c * c * s, 3 * c * s * s, -(s**3)], axis=1)
    return even.astype(np.float32), odd.astype(np.float32)


@cache
def _shipped() -> tuple[Values, Values]:
    from safetensors.numpy import load

    try:
        data = WHITENING_FILE.read_bytes()
    except OSError as cause:
        message = f"The components of shapes, {WHITENING_FILE}, cannot be read: {cause.strerror}. Install prov again."
        raise EngineError(message) from cause
    if Digest.of(data) != WHITENING_DIGEST:
        raise EngineError(
            f"The components of shapes, {WHITENING_FILE}, are not those of this version. Install prov again."
        )
    tensors = load(data)
    return tensors["centre"].astype(np.float32), tensors["matrix"].astype(np.float32)
