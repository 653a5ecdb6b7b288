"""A picture as small grey squares, the same to the last bit as Pillow's `convert("L").resize((side, side), LANCZOS)`.

Two squares a side: of the picture as it lies, and of the picture transposed. They are not each other's transpose,
since Pillow resizes along one axis first and rounds before it resizes along the other. Mirrored and rotated
pictures need no squares of their own: the filter is symmetric, so theirs are these two, mirrored and rotated.

Which axis comes first is Pillow's own choice up to 12, and another in 13 (python-pillow/Pillow#9549). Stored codes
must not change with it, so each axis is resized by itself here, in the order that Pillow 13 would choose.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.picture import Picture

BAND = 1 << 20
"""Pixels that are turned grey at once: it bounds the memory beside the one grey copy of the picture."""

_LANES = 4
_CONFLICT = 512


def grey_squares(picture: Picture, sides: Sequence[int], *, band: int = BAND) -> dict[int, NDArray[np.uint8]]:
    """Reduce `picture`, on white, to uint8 of shape (2, side, side) for each of `sides`, multiples of 4.

    Index 0 is the picture as it lies, index 1 the picture transposed.
    The memory taken is one byte a pixel, and some 30 bytes for each pixel of a `band`.
    """
    height, width = picture.height, picture.width
    grey = np.zeros((height, _stride(width)), dtype=np.uint8)
    narrow = {side: np.empty((side, height), dtype=np.uint8) for side in sides if not _is_tall(height, width, side)}
    for top, rows in _bands(picture, band):
        bottom = top + len(rows)
        grey[top:bottom, :width] = rows
        if narrow:
            turned = _turned(rows)
        for side, columns in narrow.items():
            columns[:, top:bottom] = _shrink_columns(turned, side)[:, : len(rows)]
    low = {side: _shrink_columns(grey, side)[:, :width] for side in sides if not _is_tall(width, height, side)}
    return {side: _both(narrow.get(side), low.get(side), side) for side in sides}


def _is_tall(height: int, width: int, side: int) -> bool:
    """Tell whether Pillow 13 resizes along the height first: where that loses over twice as many lines."""
    return height > side and height - side > 2 * (width - side)


def _both(narrow: NDArray[np.uint8] | None, low: NDArray[np.uint8] | None, side: int) -> NDArray[np.uint8]:
    """Resize along the other axis: `narrow` is (side columns, height), `low` is (side rows, width).

    One of them is missing where both the picture and its transposed one are resized along the same axis first.
    """
    lying = None if narrow is None else _shrink_columns(np.ascontiguousarray(narrow.T), side)
    turned = None if low is None else _shrink_columns(np.ascontiguousarray(low.T), side)
    if lying is None:
        assert turned is not None  # a picture cannot be both tall and wide
        lying = turned.T
    return np.stack([lying, lying.T if turned is None else turned])


def _bands(picture: Picture, band: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    height = max(1, band // picture.width)
    for top in range(0, picture.height, height):
        rows = Picture(picture.pixels[top : top + height])
        yield top, np.asarray(rows.on_white().convert("L"))


def _turned(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = rows.shape
    turned = np.zeros((width, _stride(height)), dtype=np.uint8)
    turned[:, :height] = rows.T
    return turned


def _stride(length: int) -> int:
    """Round up to whole lanes, and off the powers of two, where a column would share a few cache lines."""
    stride = -(-length // _LANES) * _LANES
    return stride + 64 if stride % _CONFLICT == 0 else stride


def _shrink_columns(rows: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Resize (height, width) to (side, width).

    Pillow takes four neighbours for the channels of one pixel, and so does four columns in one go; each
    channel gets the very sums that a grey picture gets. `width` is a multiple of 4 and `rows` is contiguous.
    """
    height, width = rows.shape
    image = Image.frombuffer("CMYK", (width // _LANES, height), rows, "raw", "CMYK", 0, 1)
    small = image.resize((width // _LANES, side), Image.Resampling.LANCZOS)
    return np.asarray(small).reshape(side, width)
