"""Which pictures is this one like, or does it hold a part of: three searches propose, geometry decides.

Points vote for pictures that hold the same parts in one consistent way; the embedding names those that look alike as
a whole, and the shape those whose edges and lines lie alike. Each proposal is then laid over the picture, by points,
by its outline or its shape, and measured place by place: in grey, in lines, and in colour.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import SIDE
from provenance.compare.alignment import Agreeing, Alignment, align, unit
from provenance.compare.boxes import best_turn
from provenance.compare.candidate import Candidate, Proposal, known
from provenance.compare.colour import SIDE as COLOUR_SIDE
from provenance.compare.colour import Colours, colours
from provenance.compare.gallery import Gallery
from provenance.compare.laying import Laid, best_laid
from provenance.compare.look import Look
from provenance.compare.plane import scaled
from provenance.compare.promise import Promise
from provenance.compare.shape import LENGTH, best_shape, turned_shapes
from provenance.fingerprint.local import LocalFeatures, changed_descriptors

_VOTED: Final = 15
_RESEMBLING: Final = 15
_SHAPED: Final = 15
_MEASURED: Final = 20
_OTHERS: Final = 3
_MANY: Final = 1000
"""Pictures from which on a gallery has, for everything, some that look as much like it as strangers do."""
_USUAL: Final = 0.37
"""How much they do: the median over innocent pictures among 3,367 works. Among few, none counts as less alike."""
_USUAL_SHAPE: Final = 0.34
"""The same of shapes."""
_GREY_TO_COLOUR: Final = COLOUR_SIDE / SIDE


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
    scored = sorted(((promise.score(known(each)), each) for each in proposals), key=lambda each: -each[0])
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
    return max((each for each in found if each is not None), key=lambda each: each.agreeing.places, default=None)


def _measured(look: Look, other: Look, proposal: Proposal, lines: NDArray[np.float32]) -> Candidate:
    of_lines = _best(look.line_points, lines, other.line_points, (0, 1))
    laid = best_laid(look, other, proposal, of_lines)
    return Candidate(
        place=proposal.place,
        cosine=proposal.cosine,
        ahead=proposal.ahead,
        votes=proposal.votes,
        points=proposal.points,
        outline=proposal.outline,
        shape=proposal.shape,
        shape_ahead=proposal.shape_ahead,
        change=laid.change,
        matrix=laid.matrix,
        agreement=laid.agreement,
        drawn=laid.drawn,
        line_points=Agreeing() if of_lines is None else of_lines.agreeing,
        thing=max(look.boxes.thing, other.boxes.thing),
        colours=_colours(look, other, laid),
    )


def _colours(look: Look, other: Look, laid: Laid) -> Colours | None:
    if laid.matrix is None:
        return None
    matrix = scaled(laid.matrix, _GREY_TO_COLOUR)
    return colours(look.colour, other.colour, matrix, mirrored=bool(laid.change & 1))
