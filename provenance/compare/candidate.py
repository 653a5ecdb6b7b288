"""What is known of a picture that a search named, and of one that was measured."""

from dataclasses import dataclass
from typing import Final

from provenance.compare.agreement import Agreement
from provenance.compare.alignment import Agreeing, Alignment
from provenance.compare.colour import Colours
from provenance.compare.plane import Matrix
from provenance.compare.promise import quick

_NOTHING: Final = Agreement()
_NO_POINTS: Final = Agreeing()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A picture of the gallery, and all that was measured between it and the one that was asked about."""

    place: int
    cosine: float
    ahead: float
    """How much more alike it looks than the nearest others do: the cosine less half the mean of their three highest
    (score normalisation as for SSCD, Pizzi et al. 2022, section 3.4)."""
    votes: float
    points: Agreeing
    outline: float
    """The correlation of the outlines, -1 to 1; below 0 where light and dark are exchanged."""
    change: int
    """What the picture went through, a place in `CHANGES`; what the outline found is in the matrix."""
    matrix: Matrix | None
    """Takes points of the picture, mirrored if `change` says so, to points of this one; in pixels of
    small grey copies."""
    agreement: Agreement
    shape: float = 0.0
    """How alike the edges and lines of both lie, -1 to 1, however the picture is turned."""
    shape_ahead: float = 0.0
    """How much more than those of the nearest others, as `ahead` is."""
    drawn: Agreement = _NOTHING
    """How their edges and lines agree, whatever they are drawn with."""
    line_points: Agreeing = _NO_POINTS
    """The same of points of edges and lines."""
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
    outline_matrix: Matrix
    shape: float
    shape_matrix: Matrix
    ahead: float = 0.0
    shape_ahead: float = 0.0

    @property
    def points(self) -> Agreeing:
        """What of the points agrees."""
        return _NO_POINTS if self.alignment is None else self.alignment.agreeing


def known(found: Candidate | Proposal) -> dict[str, float]:
    """Give what the quick judge weighs."""
    return quick(
        places=found.points.places,
        pairs=found.points.pairs,
        votes=found.votes,
        cosine=found.cosine,
        ahead=found.ahead,
        outline=found.outline,
        shape=found.shape,
        shape_ahead=found.shape_ahead,
    )
