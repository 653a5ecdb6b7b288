"""Which pictures is this one like, or does it hold a part of: three searches propose, geometry decides.

Points vote for pictures that hold the same parts in one consistent way; the embedding names those that look alike as
a whole, and the shape those whose edges and lines lie alike. Each proposal is then laid over the picture, by points,
by its outline or its shape, and measured place by place: in grey, in lines, and in colour.
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
from provenance.compare.shape import LENGTH, best_shape, turned_shapes
from provenance.fingerprint import local
from provenance.fingerprint.local import LocalFeatures, changed_descriptors

_VOTED: Final = 15
_RESEMBLING: Final = 15
_SHAPED: Final = 15
_MEASURED: Final = 20
_OUTLINE: Final = 0.45
"""The correlation of small squares from which on pictures are laid over each other by their outline."""
_SHAPE: Final = 0.3
"""The cosine of shapes from which on pictures are laid over each other by them."""
_SETTLED: Final = 0.8
_OTHERS: Final = 3
_MANY: Final = 1000
"""Pictures from which on a gallery has, for everything, some that look as much like it as strangers do."""
_USUAL: Final = 0.37
"""How much they do: the median over innocent pictures among 3,367 works. Among few, none counts as less alike."""
_USUAL_SHAPE: Final = 0.34
"""The same of shapes."""

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
    shape: float = 0.0
    """How alike the edges and lines of both lie, -1 to 1, however the picture is turned."""
    shape_ahead: float = 0.0
    """How much more than those of the nearest others, as `ahead` is."""
    drawn: Agreement = _NOTHING
    """How their edges and lines agree, whatever they are drawn with."""
    line_places: int = 0
    """Points of edges and lines that agree on one way, at different places."""
    line_pairs: int = 0
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
    """Have the searches propose, and choose what is worth measuring; of most innocent pictures that is little.

    `also` are places that something else proposes.
    """
    promise = promise or Promise.shipped()
    found = list(_proposed(look, gallery, without, also))
    few = len(gallery) < _MANY
    ahead = _ahead([each.cosine for each in found], _USUAL if few else -1.0)
    shape_ahead = _ahead([each.shape for each in found], _USUAL_SHAPE if few else -1.0)
    proposals = [
        replace(each, ahead=one, shape_ahead=other) for each, one, other in zip(found, ahead, shape_ahead, strict=True)
    ]
    scored = sorted(((promise.score(each.known), each) for each in proposals), key=lambda each: -each[0])
    return [each for score, each in scored[:_MEASURED] if score >= promise.least]


def measured(look: Look, gallery: Gallery, proposals: Sequence[Proposal]) -> list[Candidate]:
    """Lay each of `proposals` over the picture, and measure how they agree."""
    if not proposals:
        return []
    lines = unit(changed_descriptors(look.line_points.descriptors))
    return [_measured(look, gallery.look(each.place), each, lines) for each in proposals]


def _ahead(alike: Sequence[float], usual: float) -> list[float]:
    """Say of each how far it is ahead of half the mean of the three highest others, none of them below `usual`."""
    least = max(usual, 0.0)
    highest = sorted(alike, reverse=True)[: _OTHERS + 1]
    found = []
    for each in alike:
        others = [*highest]
        if each in others:
            others.remove(each)
        others = [max(usual, other) for other in others[:_OTHERS]]
        others += [least] * (_OTHERS - len(others))
        found.append(each - 0.5 * sum(others) / _OTHERS)
    return found


def _proposed(look: Look, gallery: Gallery, without: Collection[int], also: Collection[int]) -> Iterator[Proposal]:
    descriptors = changed_descriptors(look.local.descriptors)
    votes = {vote.place: vote for vote in gallery.vote(descriptors, look.local, _VOTED, without)}
    alike = gallery.resembling(look.embedding, _RESEMBLING, without)
    units, turned = unit(descriptors), look.boxes.turned()
    shapes = turned_shapes(look.colour, look.boxes)
    shaped = gallery.shaped(shapes.reshape(-1, LENGTH), _SHAPED, without)
    others = [place for place in also if place not in without]
    for place in dict.fromkeys((*votes, *alike, *shaped, *others)):
        vote, other = votes.get(place), gallery.look(place)
        changes = (vote.change,) if vote is not None else (0, 1)
        outline, matrix = best_turn(turned, look.boxes, other.boxes)
        shape, shape_matrix = best_shape(shapes, look.boxes, other.shapes)
        yield Proposal(
            place=place,
            cosine=gallery.cosine(look.embedding, place),
            votes=0.0 if vote is None else vote.weight,
            alignment=_best(look.local, units, other.local, changes),
            outline=outline,
            outline_matrix=matrix,
            shape=shape,
            shape_matrix=shape_matrix,
        )


def _best(
    points: LocalFeatures, units: NDArray[np.float32], others: LocalFeatures, changes: Sequence[int]
) -> Alignment | None:
    """Align points, of which `units` are the descriptors after each of `CHANGES`, in the best of some changes."""
    found = [align(points, units[change], others, change) for change in changes]
    return max((each for each in found if each is not None), key=lambda each: each.places, default=None)


def _measured(look: Look, other: Look, proposal: Proposal, lines: NDArray[np.float32]) -> Candidate:
    found, of_lines = proposal.alignment, _best(look.line_points, lines, other.line_points, (0, 1))
    laid = _best_laid(look, other, proposal, of_lines)
    return Candidate(
        place=proposal.place,
        cosine=proposal.cosine,
        ahead=proposal.ahead,
        votes=proposal.votes,
        places=0 if found is None else found.places,
        pairs=0 if found is None else found.pairs,
        outline=proposal.outline,
        shape=proposal.shape,
        shape_ahead=proposal.shape_ahead,
        change=laid.change,
        matrix=laid.matrix,
        agreement=laid.agreement,
        drawn=laid.drawn,
        line_places=0 if of_lines is None else of_lines.places,
        line_pairs=0 if of_lines is None else of_lines.pairs,
        thing=max(look.boxes.thing, other.boxes.thing),
        colours=_colours(look, other, laid),
    )


def _best_laid(look: Look, other: Look, proposal: Proposal, of_lines: Alignment | None) -> "_Laid":
    """Lay the pictures over each other in all ways that are worth it, and give the best."""
    laid = _Laid() if proposal.alignment is None else _by_points(look, other, proposal.alignment)
    if abs(proposal.outline) > _OUTLINE and laid.agreement.followed.correlation < _SETTLED:
        by_outline = _by_outline(look, other, proposal)
        laid = max(laid, by_outline, key=lambda each: each.agreement.strength)
    laid = _with_lines(look, other, laid)
    if of_lines is not None and laid.strength < _SETTLED:
        by_lines = _by_lines(look, other, of_lines.matrix, of_lines.change)
        laid = max(laid, by_lines, key=lambda each: each.strength)
    if proposal.shape > _SHAPE and laid.strength < _SETTLED:
        matrix = fitted(look.drawn, other.drawn, proposal.shape_matrix)
        laid = max(laid, _by_lines(look, other, matrix, 0), key=lambda each: each.strength)
    return laid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Laid:
    """A way to lay the pictures over each other, and how well they agree then."""

    agreement: Agreement = _NOTHING
    drawn: Agreement = _NOTHING
    matrix: NDArray[np.float64] | None = None
    change: int = 0

    @property
    def strength(self) -> float:
        """One number for choosing the better of two ways, by grey or by lines."""
        return max(self.agreement.strength, self.drawn.strength)


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


def _by_lines(look: Look, other: Look, matrix: NDArray[np.float64], change: int) -> _Laid:
    levels = changed_levels(look.levels, change)
    return _with_lines(
        look, other, _Laid(agreement=agreement(levels, other.levels, matrix), matrix=matrix, change=change)
    )


def _with_lines(look: Look, other: Look, laid: _Laid) -> _Laid:
    if laid.matrix is None:
        return laid
    lines = changed_levels(look.drawn, laid.change & 1)  # exchanging light and dark leaves them as they are
    return replace(laid, drawn=agreement(lines, other.drawn, laid.matrix))


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
