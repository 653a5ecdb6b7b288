"""What hashes of small grey grids have in common; what they make of a grid is each method's own."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.grid import Grids, grey_grids
from provenance.fingerprint.method import Fingerprint
from provenance.picture import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class GridHash(ABC):
    """A `Method` that reads a picture's grey grids of one shape alone."""

    name: str
    summary: str
    side: int
    """Rows of bits, and columns."""
    flagged_at: int
    reliable_at: float

    @property
    def bits(self) -> int:
        """Bits of one code."""
        return self.side * self.side

    @property
    def size(self) -> int:
        """Bytes of one code."""
        return self.bits // 8

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grey grids that it is made from."""

    @abstractmethod
    def of_grids(self, grids: Grids) -> Fingerprint:
        """Reduce a picture's `grids` of `shape` to its codes and their quality."""

    def codes(self, picture: Picture) -> NDArray[np.uint8]:
        """Reduce `picture` to uint8 of shape (8, size), rows in the order of `ORIENTATIONS`."""
        return self.fingerprint(picture).matrix

    def fingerprint(self, picture: Picture) -> Fingerprint:
        """Reduce `picture` to its codes and their quality."""
        return self.of_grids(grey_grids(picture, [self.shape])[self.shape])
