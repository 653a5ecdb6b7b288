"""Laying one picture over another in every way that is worth it, and choosing the one in which they agree most.

By points that both have, fitted to the pixels where those are few; by the outline of the thing; by the points of edges
and lines; by the shape. How well they agree is measured in grey and in lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import SIDE, Agreement, Overlaid, overlaid
from provenance.compare.alignment import Alignment
from provenance.compare.boxes import fitted
from provenance.compare.candidate import Proposal
from provenance.compare.look import Look
from provenance.compare.plane import Matrix, scaled
from provenance.fingerprint import local

_OUTLINE: Final = 0.45
"""The correlation of small squares from which on pictures are laid over each other by their outline."""
_SHAPE: Final = 0.3
"""The cosine of shapes from which on pictures are laid over each other by them."""
_SETTLED: Final = 0.8
"""How well pictures agree that need not be laid otherwise."""

_FEW: Final = 25
"""Places up to which what the points found is fitted to the pixels, if it holds at all: `_HOLDS`."""
_HOLDS: Final = 0.25
_BETTER: Final = 0.01
_WELL: Final = 0.97
"""How well pictures agree that cannot be laid any better."""

_LOCAL_TO_GREY: Final = SIDE / local.SIDE
_NOTHING: Final = Agreement()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """A way to lay the pictures over each other, and how well they agree then."""

    agreement: Agreement = _NOTHING
    """In grey."""
    drawn: Agreement = _NOTHING
    """In lines."""
    matrix: Matrix | None = None
    """As in `Candidate`, and so is `change`; None where there is no way."""
    change: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Way:
    """A way that was tried, measured as the pictures lie."""

    grey: Overlaid | None
    lines: Overlaid | None
    matrix: Matrix
    change: int

    @property
    def strength(self) -> float:
        """One number for choosing the better of two ways, by grey or by lines."""
        return max((each.plain.strength for each in (self.grey, self.lines) if each is not None), default=0.0)


def best_laid(look: Look, other: Look, proposal: Proposal, of_lines: Alignment | None) -> Laid:
    """Lay `other` over `look` in all ways that are worth it, and give the best.

    `of_lines` is how points of edges and lines align, if they do. Ways are compared as the pictures lie, and what
    moves is followed for the best alone.
    """
    best: _Way | None = None
    for way in _ways(look, other, proposal, of_lines):
        best = way if best is None or way.strength > best.strength else best
        if best.strength >= _SETTLED:
            break
    if best is None:
        return Laid()
    best = _from_a_side(look, other, best)
    return Laid(
        agreement=_NOTHING if best.grey is None else best.grey.agreement(),
        drawn=_NOTHING if best.lines is None else best.lines.agreement(),
        matrix=best.matrix,
        change=best.change,
    )


def _ways(look: Look, other: Look, proposal: Proposal, of_lines: Alignment | None) -> Iterator[_Way]:
    """Try ways, the surest first."""
    points = proposal.alignment
    if points is not None:
        rough = _way(look, other, scaled(points.matrix, _LOCAL_TO_GREY), points.change)
        yield rough
        affine = scaled(points.affine, _LOCAL_TO_GREY)
        if points.affine is not points.matrix:
            yield _way(look, other, affine, points.change)
        if points.agreeing.places < _FEW and rough.strength > _HOLDS:
            yield _way(look, other, _fine(look, other, affine, points.change), points.change)
    if abs(proposal.outline) > _OUTLINE:
        inverted = 2 if proposal.outline < 0 else 0
        yield _way(look, other, _fine(look, other, proposal.outline_matrix, inverted), inverted)
    if of_lines is not None:
        yield _way(look, other, of_lines.matrix, of_lines.change)
    if proposal.shape > _SHAPE:
        yield _way(look, other, fitted(look.drawn, other.drawn, proposal.shape_matrix), 0)


def _fine(look: Look, other: Look, matrix: Matrix, change: int, *, from_a_side: bool = False) -> Matrix:
    return fitted(changed_levels(look.levels, change), other.levels, matrix, from_a_side=from_a_side)


def _from_a_side(look: Look, other: Look, best: _Way) -> _Way:
    """Fit the best way once more, as a picture that was seen from a side; it stays what it was if that is no better."""
    if not _HOLDS < best.strength < _WELL:
        return best
    found = _way(look, other, _fine(look, other, best.matrix, best.change, from_a_side=True), best.change)
    return found if found.strength > best.strength + _BETTER else best


def _way(look: Look, other: Look, matrix: Matrix, change: int) -> _Way:
    levels = changed_levels(look.levels, change)
    lines = changed_levels(look.drawn, change & 1)  # exchanging light and dark leaves them as they are
    return _Way(
        grey=overlaid(levels, other.levels, matrix),
        lines=overlaid(lines, other.drawn, matrix),
        matrix=matrix,
        change=change,
    )


def changed_levels(levels: NDArray[np.float32], change: int) -> NDArray[np.float32]:
    """Give a grey picture, 0 to 255, after the change of that place in `CHANGES`."""
    if change & 1:
        levels = levels[:, ::-1]
    return np.ascontiguousarray(255 - levels if change & 2 else levels)
