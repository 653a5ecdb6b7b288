"""Whether two pictures that lie over each other have the same colours: a design may be taken and painted anew."""

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from provenance.errors import DamagedArchiveError

if TYPE_CHECKING:
    from provenance.picture import Picture

NAME: Final = "colour24_v1"
"""Names the small colour copy: RGB on white, its longest side 24 pixels."""

SIDE: Final = 24
RECOLOURED: Final = 18.0
"""The mean distance in CIELAB from which on colours are others: several times what is just seen (about 2.3)."""

_LEAST: Final = 12  # pixels in common


def small_colour(picture: "Picture") -> NDArray[np.uint8]:
    """Reduce `picture`, on white, to RGB, its longest side 24 pixels: uint8 (height, width, 3)."""
    longest = max(picture.width, picture.height)
    size = (max(1, round(picture.width * SIDE / longest)), max(1, round(picture.height * SIDE / longest)))
    return np.asarray(picture.on_white().resize(size, resample=5), np.uint8)  # Pillow's HAMMING: by area, smoothly


def pack_colour(pixels: NDArray[np.uint8]) -> bytes:
    """Pack a small colour copy: height, width, and its rows."""
    height, width = pixels.shape[:2]
    return bytes((height, width)) + pixels.tobytes()


def unpack_colour(data: bytes) -> NDArray[np.uint8]:
    """Unpack what `pack_colour` packed. Raises DamagedArchiveError."""
    if len(data) < 5 or len(data) != 2 + 3 * data[0] * data[1]:
        raise DamagedArchiveError(f"{len(data)} bytes are no small colour copy.")
    return np.frombuffer(data, np.uint8, offset=2).reshape(data[0], data[1], 3)


def colour_distance(
    first: NDArray[np.uint8], second: NDArray[np.uint8], matrix: NDArray[np.float64], *, mirrored: bool
) -> float | None:
    """Measure how far apart the colours are where the pictures overlap; None where they hardly do.

    The mean distance in CIELAB (CIE 1976). `matrix` (2, 3) takes points of `first`, `mirrored` first if so, to points
    of `second`; both in pixels of these small copies.
    """
    import cv2

    height, width = first.shape[:2]
    here = _lab(np.ascontiguousarray(first[:, ::-1]) if mirrored else first)
    there = _lab(second)
    way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(there, matrix, (width, height), flags=way, borderValue=(-1e4, 0, 0))
    common = np.asarray(laid)[..., 0] > -1
    if int(common.sum()) < _LEAST:
        return None
    return float(np.linalg.norm(here - laid, axis=2)[common].mean())


def _lab(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)
