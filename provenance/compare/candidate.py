"""What is known of a picture that a search named, and of one that was measured."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import Agreement
from provenance.compare.alignment import Alignment
from provenance.compare.colour import Colours
from provenance.compare.promise import quick

_NOTHING: Final = Agreement()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A picture of the gallery, and all that was measured between it and the one that was asked about."""

    place: int
    cosine: float
    ahead: float
    """How much more alike it looks than the nearest others do: the cosine less half the mean of their three highest
    (score normalisation as for SSCD, Pizzi et al. 2022, section 3.4)."""
    votes: float
    places: int
    """Points at different places that agree on one way to lay the pictures over each other."""
    pairs: int
    outline: float
    """The correlation of the outlines, -1 to 1; below 0 where light and dark are exchanged."""
    change: int
    """What the picture went through, a place in `CHANGES`; what the outline found is in the matrix."""
    matrix: NDArray[np.float64] | None
    """Shape (2, 3): takes points of the picture, mirrored if `change` says so, to points of this one; in pixels of
    small grey copies."""
    agreement: Agreement
    shape: float = 0.0
    """How alike the edges and lines of both lie, -1 to 1, however the picture is turned."""
    shape_ahead: float = 0.0
    """How much more than those of the nearest others, as `ahead` is."""
    drawn: Agreement = _NOTHING
    """How their edges and lines agree, whatever they are drawn with."""
    line_places: int = 0
    """Points of edges and lines that agree on one way, at different places."""
    line_pairs: int = 0
    exact: int = 0
    """Of the `places`, those that agree to a few pixels; and of `line_places`."""
    line_exact: int = 0
    alike: float = 0.0
    """How alike the points look that agree, up to 1; and those of edges and lines."""
    line_alike: float = 0.0
    thing: float = 1.0
    """The larger of the shares that the things in both take: specks are much alike."""
    colours: Colours | None = None
    """None where the pictures hardly overlap."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposal:
    """A picture of the gallery that a search named, not measured yet."""

    place: int
    cosine: float
    votes: float
    alignment: Alignment | None
    outline: float
    outline_matrix: NDArray[np.float64]
    shape: float
    shape_matrix: NDArray[np.float64]
    ahead: float = 0.0
    shape_ahead: float = 0.0

    @property
    def known(self) -> dict[str, float]:
        """What the quick judge weighs."""
        found = self.alignment
        return quick(
            places=0 if found is None else found.places,
            pairs=0 if found is None else found.pairs,
            votes=self.votes,
            cosine=self.cosine,
            ahead=self.ahead,
            outline=self.outline,
            shape=self.shape,
            shape_ahead=self.shape_ahead,
        )
