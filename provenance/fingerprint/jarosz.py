"""PDQ's way down to 64 by 64 values of luma: of a picture, and of it mirrored, flipped and turned by 180 degrees.

The reference blurs the whole picture twice by a box along each axis and then takes one value of each cell
(facebook/ThreatExchange, pdq/cpp/downscaling/downscaling.cpp: `box1DFloat`, `jaroszFilterFloat`, `decimateFloat`).
Here only those values are summed up, a small part of the work, and in 64-bit floats where the reference has running
sums in 32. Its boxes and places are not symmetric, so that a mirrored picture has values of its own.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

SIDE = 64

_LUMA = np.array([[299, 587, 114]], np.float32)
"""Thousandths, as pdqhash weighs channels: sums of them are whole, so that no processor rounds them otherwise."""


def cell_values(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Reduce uint8 (height, width, 3) to (4, 64, 64), 0 to 255: as it lies, mirrored, flipped, and both."""
    import cv2

    luma = np.asarray(cv2.transform(pixels.astype(np.float32), _LUMA), np.float32)
    rows = _along_columns(luma.reshape(pixels.shape[:2]))
    both = [_along_columns(np.ascontiguousarray(each.T)).transpose(0, 2, 1) for each in rows]
    return np.concatenate(both) / 1000


def _along_columns(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Reduce (length, n) to (2, 64, n): as it lies, and flipped."""
    length = len(values)
    places, weights = _taps(length)
    found = np.zeros((2, SIDE, values.shape[1]))
    for place, weight in zip(places.T, weights.T, strict=True):
        found[0] += weight[:, None] * values[place]
        found[1] += weight[:, None] * values[length - 1 - place]
    return found


@lru_cache(maxsize=64)
def _taps(length: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Tell which values make each of the 64, and how much each counts: (64, reach) both."""
    window = -(-length // (2 * SIDE))
    ahead = (window + 2) // 2 - 1
    behind = window - ahead - 1
    centres = ((np.arange(SIDE) + 0.5) * length / SIDE).astype(np.intp)
    places = centres[:, None] + np.arange(-2 * behind, 2 * ahead + 1)
    weights = np.zeros(places.shape)
    for middle in (centres + step for step in range(-behind, ahead + 1)):
        low, high = np.maximum(middle - behind, 0), np.minimum(middle + ahead, length - 1)
        there = (middle >= 0) & (middle < length)  # at the edges boxes are smaller
        within = there[:, None] & (places >= low[:, None]) & (places <= high[:, None])
        weights += within / np.maximum(high - low + 1, 1)[:, None]
    weights /= (np.minimum(centres + ahead, length - 1) - np.maximum(centres - behind, 0) + 1)[:, None]
    return np.clip(places, 0, length - 1), weights
