"""What a fingerprint is, and what a method must offer that makes one."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from provenance.picture import Picture

ORIENTATIONS = (
    "identity",
    "mirror",
    "flip",
    "rotate_180",
    "transpose",
    "rotate_90",
    "rotate_270",
    "transverse",
)
"""The eight ways to lay a picture down, in the order of a fingerprint's rows.

`mirror` swaps left and right, `flip` top and bottom; rotations are counter-clockwise, as in Pillow;
`transpose` swaps rows and columns, `transverse` does so along the other diagonal.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is stored of a picture for one method: its codes in eight orientations, and their worth."""

    method: str
    """The versioned name of the method, such as `phash8_v1`."""
    codes: bytes
    """Eight codes one after the other, in the order of `ORIENTATIONS`; the first is the picture as it is."""
    quality: float
    """0 to 1: the share of the bits that small disturbances of the picture would leave as they are."""

    @property
    def matrix(self) -> NDArray[np.uint8]:
        """The codes as uint8 of shape (8, bytes of one code); read-only."""
        return np.frombuffer(self.codes, dtype=np.uint8).reshape(len(ORIENTATIONS), -1)


class Method(Protocol):
    """A way to reduce a picture to bits, so that pictures that look alike differ in few of them.

    A method whose codes have been stored is never changed: a better one gets another name.
    """

    @property
    def name(self) -> str:
        """The versioned name, such as `phash8_v1`."""
        ...

    @property
    def summary(self) -> str:
        """One sentence for lists."""
        ...

    @property
    def bits(self) -> int:
        """Bits of one code."""
        ...

    @property
    def size(self) -> int:
        """Bytes of one code: an eighth of `bits`."""
        ...

    @property
    def flagged_at(self) -> int:
        """The distance in bits at or below which two pictures are near enough to be shown to a person."""
        ...

    @property
    def reliable_at(self) -> float:
        """The quality at or above which a small distance says something."""
        ...

    def codes(self, picture: Picture) -> NDArray[np.uint8]:
        """Reduce `picture` to uint8 of shape (8, size), rows in the order of `ORIENTATIONS`."""
        ...

    def fingerprint(self, picture: Picture) -> Fingerprint:
        """Reduce `picture` to its codes and their quality."""
        ...
