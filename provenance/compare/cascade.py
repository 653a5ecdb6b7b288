"""Which pictures is this one like, or does it hold a part of: two searches propose, geometry decides.

Points vote for pictures that hold the same parts in one consistent way; the embedding names those that look alike as
a whole. Each proposal is then laid over the picture, by its points or by its outline, and measured place by place.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import SIDE, Agreement, agreement
from provenance.compare.alignment import Alignment, align, unit
from provenance.compare.boxes import best_turn, fitted
from provenance.compare.gallery import Gallery
from provenance.compare.look import Look
from provenance.fingerprint import local
from provenance.fingerprint.local import changed_descriptors

_VOTED: Final = 15
_RESEMBLING: Final = 15
_MEASURED: Final = 12
_BY_OUTLINE: Final = 4
_OUTLINE: Final = 0.45
"""The correlation of small squares from which on pictures are laid over each other by their outline."""
_SETTLED: Final = 0.8
_OTHERS: Final = 3

_LOCAL_TO_GREY: Final = SIDE / local.SIDE


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Proposal:
    place: int
    cosine: float
    votes: float
    alignment: Alignment | None
    outline: float
    outline_matrix: NDArray[np.float64]

    @property
    def promise(self) -> float:
        return (self.alignment.places if self.alignment is not None else 0) + 2 * self.votes


def candidates(look: Look, gallery: Gallery, *, without: Collection[int] = ()) -> list[Candidate]:
    """Find the pictures of `gallery` that may be like `look`, and measure them; in no order."""
    proposals = list(_proposed(look, gallery, without))
    by_points = sorted(proposals, key=lambda each: -each.promise)[:_MEASURED]
    rest = [each for each in proposals if each not in by_points]
    by_outline = sorted(rest, key=lambda each: -abs(each.outline))[:_BY_OUTLINE]
    nearest = sorted(((each.cosine, each.place) for each in proposals), reverse=True)[: _OTHERS + 1]
    return [
        _measured(look, gallery.look(each.place), each, _ahead(each, nearest)) for each in (*by_points, *by_outline)
    ]


def _ahead(proposal: _Proposal, nearest: Sequence[tuple[float, int]]) -> float:
    others = [cosine for cosine, place in nearest if place != proposal.place][:_OTHERS]
    return proposal.cosine - (0.5 * sum(others) / len(others) if others else 0.0)


def _proposed(look: Look, gallery: Gallery, without: Collection[int]) -> Iterator[_Proposal]:
    descriptors = changed_descriptors(look.local.descriptors)
    votes = {vote.place: vote for vote in gallery.vote(descriptors, look.local, _VOTED, without)}
    alike = gallery.resembling(look.embedding, _RESEMBLING, without)
    units, turned = unit(descriptors), look.boxes.turned()
    for place in dict.fromkeys((*votes, *alike)):
        vote, other = votes.get(place), gallery.look(place)
        changes = (vote.change,) if vote is not None else (0, 1)
        found = [align(look.local, units[change], other.local, change) for change in changes]
        outline, matrix = best_turn(turned, look.boxes, other.boxes)
        yield _Proposal(
            place=place,
            cosine=gallery.cosine(look.embedding, place),
            votes=0.0 if vote is None else vote.weight,
            alignment=max((each for each in found if each is not None), key=lambda each: each.places, default=None),
            outline=outline,
            outline_matrix=matrix,
        )


def _measured(look: Look, other: Look, proposal: _Proposal, ahead: float) -> Candidate:
    best, matrix, change = Agreement(), None, 0
    found = proposal.alignment
    if found is not None:
        matrix, change = found.matrix.copy(), found.change
        matrix[:, 2] *= _LOCAL_TO_GREY
        best = agreement(changed_levels(look.levels, change), other.levels, matrix)
    if abs(proposal.outline) > _OUTLINE and best.followed.correlation < _SETTLED:
        inverted = 2 if proposal.outline < 0 else 0
        levels = changed_levels(look.levels, inverted)
        laid = fitted(levels, other.levels, proposal.outline_matrix)
        again = agreement(levels, other.levels, laid)
        if again.strength > best.strength:
            best, matrix, change = again, laid, inverted
    return Candidate(
        place=proposal.place,
        cosine=proposal.cosine,
        ahead=ahead,
        votes=proposal.votes,
        places=0 if found is None else found.places,
        pairs=0 if found is None else found.pairs,
        outline=proposal.outline,
        change=change,
        matrix=matrix,
        agreement=best,
    )


def changed_levels(levels: NDArray[np.float32], change: int) -> NDArray[np.float32]:
    """Give a grey picture, 0 to 255, after the change of that place in `CHANGES`."""
    if change & 1:
        levels = levels[:, ::-1]
    return np.ascontiguousarray(255 - levels if change & 2 else levels)
