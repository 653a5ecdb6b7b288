"""A picture as small grey grids, the same to the last bit as Pillow's `convert("L").resize((columns, rows), LANCZOS)`.

Two grids a shape: of the picture as it lies, and of the picture transposed. They are not each other's transpose,
since Pillow resizes along one axis first and rounds before it resizes along the other. Mirrored and rotated
pictures need no grids of their own: the filter is symmetric, so theirs are these two, mirrored and rotated.

Which axis comes first is Pillow's own choice up to 12, and another in 13 (python-pillow/Pillow#9549). Stored codes
must not change with it, so each axis is resized by itself here, in the order that Pillow 13 would choose.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.picture import Picture

BAND = 1 << 20
"""Pixels that are turned grey at once: it bounds the memory beside the one grey copy of the picture."""

_LANES = 4
_CONFLICT = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """Grey grids of a picture, uint8 (rows, columns)."""

    lying: NDArray[np.uint8]
    """The picture as it lies."""
    standing: NDArray[np.uint8]
    """The picture transposed."""


def grey_grids(
    picture: Picture, shapes: Sequence[tuple[int, int]], *, band: int = BAND
) -> dict[tuple[int, int], Grids]:
    """Reduce `picture`, on white, to grids for each of `shapes`, (rows, columns).

    The memory taken is one byte a pixel, and some 30 bytes for each pixel of a `band`.
    """
    height, width = picture.height, picture.width
    wanted = [_Ways.of(rows, columns, height, width) for rows, columns in shapes]
    grey = np.zeros((height, _stride(width)), dtype=np.uint8)
    narrow = {count: np.empty((count, height), np.uint8) for ways in wanted for count in ways.narrow}
    for top, rows in _bands(picture, band):
        bottom = top + len(rows)
        grey[top:bottom, :width] = rows
        turned = _turned(rows) if narrow else rows
        for count, columns in narrow.items():
            columns[:, top:bottom] = _shrink_columns(turned, count)[:, : len(rows)]
    low = {count: _shrink_columns(grey, count)[:, :width] for count in {count for ways in wanted for count in ways.low}}
    return {ways.shape: ways.finish(narrow, low) for ways in wanted}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Along which axis a picture, and it transposed, are resized first on the way to a shape."""

    shape: tuple[int, int]
    lying_is_tall: bool
    standing_is_tall: bool

    @classmethod
    def of(cls, rows: int, columns: int, height: int, width: int) -> "_Ways":
        return cls(
            shape=(rows, columns),
            lying_is_tall=_is_tall(height, width, rows, columns),
            standing_is_tall=_is_tall(width, height, rows, columns),
        )

    @property
    def narrow(self) -> set[int]:
        """Numbers of columns to which the picture's width is reduced first."""
        rows, columns = self.shape
        return ({rows} if self.standing_is_tall else set()) | (set() if self.lying_is_tall else {columns})

    @property
    def low(self) -> set[int]:
        """Numbers of rows to which its height is reduced first."""
        rows, columns = self.shape
        return ({rows} if self.lying_is_tall else set()) | (set() if self.standing_is_tall else {columns})

    def finish(self, narrow: dict[int, NDArray[np.uint8]], low: dict[int, NDArray[np.uint8]]) -> Grids:
        """Resize along the other axis: `narrow` holds (columns, height), `low` (rows, width)."""
        rows, columns = self.shape
        lying = _across(low[rows], columns).T if self.lying_is_tall else _across(narrow[columns], rows)
        standing = _across(narrow[rows], columns).T if self.standing_is_tall else _across(low[columns], rows)
        return Grids(lying=lying, standing=standing)


def _is_tall(height: int, width: int, rows: int, columns: int) -> bool:
    """Tell whether Pillow 13 resizes along the height first: where that loses over twice as many lines."""
    return height > rows and height - rows > 2 * (width - columns)


def _across(lines: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Resize (n, length) along its lines, and give (count, n)."""
    return _shrink_columns(_turned(lines), count)[:, : len(lines)]


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


def _shrink_columns(rows: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Resize (height, width) to (count, width).

    Pillow takes four neighbours for the channels of one pixel, and so does four columns in one go; each
    channel gets the very sums that a grey picture gets. `width` is a multiple of 4 and `rows` is contiguous.
    """
    height, width = rows.shape
    image = Image.frombuffer("CMYK", (width // _LANES, height), rows, "raw", "CMYK", 0, 1)
    small = image.resize((width // _LANES, count), Image.Resampling.LANCZOS)
    return np.asarray(small).reshape(count, width)
