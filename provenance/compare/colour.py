"""Whether two pictures that lie over each other have the same colours: a design may be taken and painted anew.

Ground in common says nothing, so what is held against each other is what stands out from it.
"""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.plane import Matrix
from provenance.compare.plane import laid as drawn_where
from provenance.errors import DamagedArchiveError

if TYPE_CHECKING:
    from provenance.picture import Picture

NAME: Final = "colour64_v1"
"""Names the small colour copy: RGB on white, its longest side 64 pixels."""

SIDE: Final = 64
RECOLOURED: Final = 18.0
"""The mean distance in CIELAB from which on colours are others: several times what is just seen (about 2.3)."""
COLOURLESS: Final = 8.0
"""How much chroma varies, in CIELAB, in pictures that have colours at all."""

_LEAST: Final = 12  # pixels in common
_CONTENT: Final = 8  # pixels that stand out
_STANDS_OUT: Final = 10.0  # in CIELAB, from the ground
_SAME: Final = 14.0  # in CIELAB
_FAINT: Final = 25.0  # squared: colours that vary less say nothing
_FAINT_LIGHT: Final = 9.0

_Lab = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """How far colours agree where two pictures overlap; distances are means in CIELAB (CIE 1976)."""

    distance: float
    """Over all of the overlap, ground included."""
    apart: float = 0.0
    """Over what stands out from the ground of either."""
    same: float = 0.0
    """The share of it that differs by less than one would call another colour."""
    together: float = 0.0
    """The correlation of the chroma, -1 to 1."""
    light_apart: float = 0.0
    """The mean distance in lightness."""
    light_together: float = 0.0
    """The correlation of the lightness, -1 to 1."""
    here: float = 0.0
    """How much the chroma of the first picture varies: the standard deviation of a* and b* together."""
    there: float = 0.0
    """The same of the second."""


def small_colour(picture: "Picture") -> NDArray[np.uint8]:
    """Reduce `picture`, on white, to RGB, its longest side 64 pixels: uint8 (height, width, 3)."""
    longest = max(picture.width, picture.height)
    size = (max(1, round(picture.width * SIDE / longest)), max(1, round(picture.height * SIDE / longest)))
    return np.asarray(picture.on_white().resize(size, resample=5), np.uint8)  # Pillow's HAMMING: by area, smoothly


def pack_colour(pixels: NDArray[np.uint8]) -> bytes:
    """Pack a small colour copy: height and width (a byte each), then its rows by zlib."""
    height, width = pixels.shape[:2]
    return bytes((height, width)) + zlib.compress(pixels.tobytes(), 6)


def unpack_colour(data: bytes) -> NDArray[np.uint8]:
    """Unpack what `pack_colour` packed. Raises DamagedArchiveError."""
    size = 3 * data[0] * data[1] if len(data) > 2 else 0
    unpacked = zlib.decompressobj()
    try:
        rows = unpacked.decompress(data[2:], size + 1)
    except zlib.error as cause:
        raise DamagedArchiveError(f"A small colour copy of {len(data)} bytes cannot be unpacked: {cause}.") from cause
    if not size or len(rows) != size:
        raise DamagedArchiveError(f"{len(data)} bytes are no small colour copy.")
    return np.frombuffer(rows, np.uint8).reshape(data[0], data[1], 3)


def colours(first: NDArray[np.uint8], second: NDArray[np.uint8], matrix: Matrix, *, mirrored: bool) -> Colours | None:
    """Compare colours where the pictures overlap; None where they hardly do.

    `matrix` takes points of `first`, `mirrored` first if so, to points of `second`; both in pixels of these
    small copies.
    """
    height, width = first.shape[:2]
    here = _lab(np.ascontiguousarray(first[:, ::-1]) if mirrored else first)
    there = _lab(second)
    laid = drawn_where(there, matrix, width, height, -1e4)
    common = laid[..., 0] > -1
    if int(common.sum()) < _LEAST:
        return None
    ground = _ground(there)
    stands_out = np.maximum(_apart(here, ground), _apart(laid, ground)) > _STANDS_OUT
    content = common & stands_out
    if int(content.sum()) < _CONTENT:
        content = common
    return _compared(here[content], laid[content], float(_apart(here, laid)[common].mean()))


def _compared(here: _Lab, there: _Lab, distance: float) -> Colours:
    apart = _apart(here, there)
    light, chroma = here[:, :1], here[:, 1:]
    other_light, other_chroma = there[:, :1], there[:, 1:]
    return Colours(
        distance=distance,
        apart=float(apart.mean()),
        same=float((apart < _SAME).mean()),
        together=_correlation(chroma, other_chroma, _FAINT),
        light_apart=float(np.abs(light - other_light).mean()),
        light_together=_correlation(light, other_light, _FAINT_LIGHT),
        here=_spread(chroma),
        there=_spread(other_chroma),
    )


def _correlation(first: _Lab, second: _Lab, faint: float) -> float:
    together = ((first - first.mean(axis=0)) * (second - second.mean(axis=0))).sum(axis=1).mean()
    return float(together / (_spread(first) * _spread(second) + faint))


def _spread(values: _Lab) -> float:
    return float(np.sqrt(values.var(axis=0).sum()))


def _ground(picture: _Lab) -> _Lab:
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return np.asarray(np.median(border, axis=0), np.float32)


def _apart(first: _Lab, second: _Lab) -> _Lab:
    return np.asarray(np.linalg.norm(first - second, axis=-1), np.float32)


def _lab(pixels: NDArray[np.uint8]) -> _Lab:
    import cv2

    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
