"""How far two fingerprints are from each other, for pairs; many are compared by an `Index`."""

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.method import ORIENTATIONS


def orientation_distances(one: bytes, other: bytes) -> NDArray[np.int64]:
    """Count the bits in which each of the eight codes of `one` differs from the first code of `other`.

    Both are the `codes` of fingerprints by one method. Gives shape (8,), in the order of `ORIENTATIONS`.
    Raises ValueError if they are of different length.
    """
    if len(one) != len(other) or len(one) % len(ORIENTATIONS):
        raise ValueError(f"Codes of {len(one)} and {len(other)} bytes are not by one method.")
    turned = np.frombuffer(one, dtype=np.uint8).reshape(len(ORIENTATIONS), -1)
    lying = np.frombuffer(other, dtype=np.uint8)[: turned.shape[1]]
    return np.asarray(np.bitwise_count(turned ^ lying).sum(axis=1, dtype=np.int64))


def nearest_orientation(one: bytes, other: bytes) -> int:
    """Give the least distance in bits, over the eight orientations of `one`, to `other` as it lies."""
    return int(orientation_distances(one, other).min())
