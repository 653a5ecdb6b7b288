"""Which pictures have a shape like one of some: the signs of shapes propose, as 256 bits each, and products decide.

Signs of whitened components keep most of the angle between vectors (Charikar 2002, section 3), and are counted thirty
times as quickly as products are made; so all codes are looked at, and few vectors.
"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.shape import LENGTH
from provenance.fingerprint.scan import nearest_rows

BOXES: Final = 2
"""Shapes that are kept of a picture: one that is its own thing has the same one twice."""

CODE: Final = LENGTH // 8
"""Bytes of a code."""

_CODED: Final = 64  # pictures whose products are made


def packed_shapes(shapes: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Pack the shapes of pictures, one or two each: codes, uint8 (n, 2, 32), and vectors, float16 (n, 2, 256)."""
    vectors = np.stack([np.stack([each[0], each[-1]]) for each in shapes]) if shapes else np.zeros((0, BOXES, LENGTH))
    return codes_of(vectors), vectors.astype(np.float16)


def codes_of(vectors: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Give the signs of vectors (..., 256): uint8 (..., 32)."""
    return np.packbits(vectors > 0, axis=-1)


def nearest_shapes(
    asked: NDArray[np.float32],
    codes: NDArray[np.uint8],
    vectors: NDArray[np.float16],
    most: int,
    without: Collection[int],
) -> list[int]:
    """Name the pictures with the highest product of a shape with one of `asked`, float32 (m, 256), best first."""
    if not len(codes):
        return []
    left_out = np.fromiter(without, np.int64, len(without))
    count = BOXES * (_CODED + len(left_out))
    (found,) = nearest_rows(codes.reshape(-1, CODE), codes_of(asked)[None], count, threads=1)
    places = np.setdiff1d(found.rows // BOXES, left_out)
    alike = vectors[places].reshape(-1, LENGTH).astype(np.float32) @ asked.T
    best = alike.reshape(len(places), -1).max(axis=1, initial=-1)
    return [int(place) for place in places[np.argsort(-best, kind="stable")][:most]]
