"""A picture laid on white paper, with bounded memory beside its pixels, however large it is."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.picture import Picture

_BAND = 1 << 20
"""Pixels that are laid down at once."""


def pixels_on_white(picture: Picture) -> NDArray[np.uint8]:
    """Give `picture` as uint8 (height, width, 3), row-major; where it has no alpha, its own pixels, not a copy."""
    if picture.pixels.shape[2] == 3:
        return np.ascontiguousarray(picture.pixels)
    white = np.empty((picture.height, picture.width, 3), np.uint8)
    for top, band in _bands(picture):
        white[top : top + band.height] = np.asarray(band)
    return white


def grey_on_white(picture: Picture) -> NDArray[np.uint8]:
    """Give the luma of `picture` as Pillow rounds it, uint8 (height, width)."""
    grey = np.empty((picture.height, picture.width), np.uint8)
    for top, band in _bands(picture):
        grey[top : top + band.height] = np.asarray(band.convert("L"))
    return grey


def _bands(picture: Picture) -> Iterator[tuple[int, Image.Image]]:
    height = max(1, _BAND // picture.width)
    for top in range(0, picture.height, height):
        yield top, Picture(picture.pixels[top : top + height]).on_white()
