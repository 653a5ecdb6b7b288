"""Which pictures is this one like, or does it hold a part of: two searches propose, geometry decides.

Points vote for pictures that hold the same parts in one consistent way; the embedding names those that look alike as
a whole. Each proposal is then laid over the picture, by its points or by its outline, and measured place by place.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import SIDE, Agreement, agreement
from provenance.compare.alignment import Alignment, align, unit
from provenance.compare.boxes import best_turn, fitted
from provenance.compare.colour import SIDE as COLOUR_SIDE
from provenance.compare.colour import Colours, colours
from provenance.compare.gallery import Gallery
from provenance.compare.look import Look
from provenance.compare.promise import Promise, quick
from provenance.fingerprint import local
from provenance.fingerprint.local import changed_descriptors

_VOTED: Final = 15
_RESEMBLING: Final = 15
_MEASURED: Final = 16
_OUTLINE: Final = 0.45
"""The correlation of small squares from which on pictures are laid over each other by their outline."""
_SETTLED: Final = 0.8
_OTHERS: Final = 3
_MANY: Final = 1000
"""Pictures from which on a gallery has, for everything, some that look as much like it as strangers do."""
_USUAL: Final = 0.37
"""How much they do: the median over innocent pictures among 3,367 works. Among few, none counts as less alike."""

_FEW: Final = 25
"""Places up to which what the points found is fitted to the pixels, if it holds at all: `_HOLDS`."""
_HOLDS: Final = 0.25

_NOTHING: Final = Agreement()
_LOCAL_TO_GREY: Final = SIDE / local.SIDE
_GREY_TO_COLOUR: Final = COLOUR_SIDE / SIDE


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
    ahead: float = 0.0

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
        )


def candidates(
    look: Look,
    gallery: Gallery,
    *,
    without: Collection[int] = (),
    also: Collection[int] = (),
    promise: Promise | None = None,
) -> list[Candidate]:
    """Find the pictures of `gallery` that may be like `look`, and measure them; the most promising first.

    `also` are places that something else proposes. `promise` says which proposals are worth it; None takes the
    shipped one.
    """
    return measured(look, gallery, promising(look, gallery, without=without, also=also, promise=promise))


def promising(
    look: Look,
    gallery: Gallery,
    *,
    without: Collection[int] = (),
    also: Collection[int] = (),
    promise: Promise | None = None,
) -> list[Proposal]:
    """Have both searches propose, and choose what is worth measuring; of most innocent pictures that is little.

    `also` are places that something else proposes.
    """
    promise = promise or Promise.shipped()
    found = list(_proposed(look, gallery, without, also))
    nearest = sorted(((each.cosine, each.place) for each in found), reverse=True)[: _OTHERS + 1]
    usual = _USUAL if len(gallery) < _MANY else -1.0
    proposals = [replace(each, ahead=_ahead(each, nearest, usual)) for each in found]
    scored = sorted(((promise.score(each.known), each) for each in proposals), key=lambda each: -each[0])
    return [each for score, each in scored[:_MEASURED] if score >= promise.least]


def measured(look: Look, gallery: Gallery, proposals: Sequence[Proposal]) -> list[Candidate]:
    """Lay each of `proposals` over the picture, and measure how they agree."""
    return [_measured(look, gallery.look(each.place), each) for each in proposals]


def _ahead(proposal: Proposal, nearest: Sequence[tuple[float, int]], usual: float) -> float:
    others = [max(usual, cosine) for cosine, place in nearest if place != proposal.place][:_OTHERS]
    others += [max(usual, 0.0)] * (_OTHERS - len(others))
    return proposal.cosine - 0.5 * sum(others) / _OTHERS


def _proposed(look: Look, gallery: Gallery, without: Collection[int], also: Collection[int]) -> Iterator[Proposal]:
    descriptors = changed_descriptors(look.local.descriptors)
    votes = {vote.place: vote for vote in gallery.vote(descriptors, look.local, _VOTED, without)}
    alike = gallery.resembling(look.embedding, _RESEMBLING, without)
    units, turned = unit(descriptors), look.boxes.turned()
    others = [place for place in also if place not in without]
    for place in dict.fromkeys((*votes, *alike, *others)):
        vote, other = votes.get(place), gallery.look(place)
        changes = (vote.change,) if vote is not None else (0, 1)
        found = [align(look.local, units[change], other.local, change) for change in changes]
        outline, matrix = best_turn(turned, look.boxes, other.boxes)
        yield Proposal(
            place=place,
            cosine=gallery.cosine(look.embedding, place),
            votes=0.0 if vote is None else vote.weight,
            alignment=max((each for each in found if each is not None), key=lambda each: each.places, default=None),
            outline=outline,
            outline_matrix=matrix,
        )


def _measured(look: Look, other: Look, proposal: Proposal) -> Candidate:
    found = proposal.alignment
    laid = _Laid() if found is None else _by_points(look, other, found)
    if abs(proposal.outline) > _OUTLINE and laid.agreement.followed.correlation < _SETTLED:
        by_outline = _by_outline(look, other, proposal)
        laid = max(laid, by_outline, key=lambda each: each.agreement.strength)
    return Candidate(
        place=proposal.place,
        cosine=proposal.cosine,
        ahead=proposal.ahead,
        votes=proposal.votes,
        places=0 if found is None else found.places,
        pairs=0 if found is None else found.pairs,
        outline=proposal.outline,
        change=laid.change,
        matrix=laid.matrix,
        agreement=laid.agreement,
        colours=_colours(look, other, laid),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Laid:
    """A way to lay the pictures over each other, and how well they agree then."""

    agreement: Agreement = _NOTHING
    matrix: NDArray[np.float64] | None = None
    change: int = 0


def _by_points(look: Look, other: Look, found: Alignment) -> _Laid:
    matrix = found.matrix.copy()
    matrix[:, 2] *= _LOCAL_TO_GREY
    levels = changed_levels(look.levels, found.change)
    rough = _Laid(agreement=agreement(levels, other.levels, matrix), matrix=matrix, change=found.change)
    if found.places >= _FEW or rough.agreement.strength <= _HOLDS:
        return rough
    finer = fitted(levels, other.levels, matrix)
    fine = _Laid(agreement=agreement(levels, other.levels, finer), matrix=finer, change=found.change)
    return max(rough, fine, key=lambda each: each.agreement.plain_strength)


def _by_outline(look: Look, other: Look, proposal: Proposal) -> _Laid:
    inverted = 2 if proposal.outline < 0 else 0
    levels = changed_levels(look.levels, inverted)
    matrix = fitted(levels, other.levels, proposal.outline_matrix)
    return _Laid(agreement=agreement(levels, other.levels, matrix), matrix=matrix, change=inverted)


def _colours(look: Look, other: Look, laid: _Laid) -> Colours | None:
    if laid.matrix is None:
        return None
    matrix = laid.matrix.copy()
    matrix[:, 2] *= _GREY_TO_COLOUR
    return colours(look.colour, other.colour, matrix, mirrored=bool(laid.change & 1))


def changed_levels(levels: NDArray[np.float32], change: int) -> NDArray[np.float32]:
    """Give a grey picture, 0 to 255, after the change of that place in `CHANGES`."""
    if change & 1:
        levels = levels[:, ::-1]
    return np.ascontiguousarray(255 - levels if change & 2 else levels)
