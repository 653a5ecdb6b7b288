"""Bits of grey squares by the cosine transform, the same to the last bit as `imagehash.phash`.

imagehash transforms with scipy and sets a bit where a low coefficient lies above their median. A product
of matrices is quicker and differs in rounding only, and mirroring a square merely changes signs in its
transform: so one product serves four orientations. Wherever a coefficient lies so near the median that
rounding could decide the bit, as in flat or symmetric pictures, scipy is asked after all.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

_MARGIN = 1e-9
"""Of the largest coefficient. Both ways err by less than 1e-13 of it: 2 x 64 sums, each rounded to 53 bits."""

_FIRM = 3.0
"""Grey levels, as the standard deviation of noise in the square, that a firm bit withstands."""


def cosine_bits(squares: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Reduce (2, side, side), a square and its picture's transposed one, to bits (8, side / 4, side / 4)."""
    low = _spectrum(squares)
    signs = 1.0 - 2.0 * (np.arange(low.shape[-1]) % 2)
    mirrored, flipped = low * signs, low * signs[:, None]
    both = mirrored * signs[:, None]
    # Of the transposed picture the flip is the picture rotated by 90 degrees, the mirrored one by 270.
    turned = np.stack([low[0], mirrored[0], flipped[0], both[0], low[1], flipped[1], mirrored[1], both[1]])
    above = turned - _medians(turned)
    bits = above > 0
    doubtful = np.abs(above).min(axis=(1, 2)) <= _MARGIN * low.max()
    for row in np.flatnonzero(doubtful):
        bits[row] = _exact(_turn(squares, int(row)))
    return bits


def firm_share(squares: NDArray[np.uint8]) -> float:
    """Tell which share of the bits, 0 to 1, stays as it is under small noise in the square."""
    low = _spectrum(squares[:1])
    # white noise of deviation s in the square has deviation 4 x s x side / 2 in a coefficient
    noise = _FIRM * 2 * squares.shape[-1]
    return float((np.abs(low - _medians(low)) > noise).mean())


def _spectrum(squares: NDArray[np.uint8]) -> NDArray[np.float64]:
    waves = _waves(squares.shape[-1])
    return np.asarray(waves @ squares.astype(np.float64) @ waves.T)


@cache
def _waves(side: int) -> NDArray[np.float64]:
    """Give the lowest quarter of the DCT-II basis, (side / 4, side), scaled as scipy.fftpack does."""
    frequencies, places = np.arange(side // 4)[:, None], np.arange(side)
    return np.asarray(2.0 * np.cos(np.pi * frequencies * (2 * places + 1) / (2 * side)))


def _medians(spectra: NDArray[np.float64]) -> NDArray[np.float64]:
    flat = spectra.reshape(len(spectra), -1)
    middle = flat.shape[1] // 2
    ordered = np.partition(flat, (middle - 1, middle), axis=1)
    return np.asarray(ordered[:, middle - 1 : middle + 1].mean(axis=1))[:, None, None]


def _turn(squares: NDArray[np.uint8], row: int) -> NDArray[np.uint8]:
    """Give the square of the orientation `row`; see `ORIENTATIONS`."""
    half, turn = divmod(row, 4)
    mirror = turn in ((1, 3), (2, 3))[half]
    flip = turn in ((2, 3), (1, 3))[half]
    square = squares[half]
    square = square[:, ::-1] if mirror else square
    return np.ascontiguousarray(square[::-1] if flip else square)


def _exact(square: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Do what imagehash 4.3 does, in its order."""
    from scipy.fftpack import dct

    low = dct(dct(square, axis=0), axis=1)[: len(square) // 4, : len(square) // 4]
    return np.asarray(low > np.median(low))
