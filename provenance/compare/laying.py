"""Laying one picture over another in every way that is worth it, and choosing the one in which they agree most.

By points that both have, fitted to the pixels where those are few; by the outline of the thing; by the points of edges
and lines; by the shape. How well they agree is measured in grey and in lines.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import SIDE, Agreement, agreement
from provenance.compare.alignment import Alignment
from provenance.compare.boxes import fitted
from provenance.compare.candidate import Proposal
from provenance.compare.look import Look
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

_LOCAL_TO_GREY: Final = SIDE / local.SIDE
_NOTHING: Final = Agreement()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laid:
    """A way to lay the pictures over each other, and how well they agree then."""

    agreement: Agreement = _NOTHING
    """In grey."""
    drawn: Agreement = _NOTHING
    """In lines."""
    matrix: NDArray[np.float64] | None = None
    """As in `Candidate`, and so is `change`; None where there is no way."""
    change: int = 0

    @property
    def strength(self) -> float:
        """One number for choosing the better of two ways, by grey or by lines."""
        return max(self.agreement.strength, self.drawn.strength)


def best_laid(look: Look, other: Look, proposal: Proposal, of_lines: Alignment | None) -> Laid:
    """Lay `other` over `look` in all ways that are worth it, and give the best.

    `of_lines` is how points of edges and lines align, if they do.
    """
    laid = Laid() if proposal.alignment is None else _by_points(look, other, proposal.alignment)
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


def _by_points(look: Look, other: Look, found: Alignment) -> Laid:
    matrix = found.matrix.copy()
    matrix[:, 2] *= _LOCAL_TO_GREY
    levels = changed_levels(look.levels, found.change)
    rough = Laid(agreement=agreement(levels, other.levels, matrix), matrix=matrix, change=found.change)
    if found.places >= _FEW or rough.agreement.strength <= _HOLDS:
        return rough
    finer = fitted(levels, other.levels, matrix)
    fine = Laid(agreement=agreement(levels, other.levels, finer), matrix=finer, change=found.change)
    return max(rough, fine, key=lambda each: each.agreement.plain_strength)


def _by_outline(look: Look, other: Look, proposal: Proposal) -> Laid:
    inverted = 2 if proposal.outline < 0 else 0
    levels = changed_levels(look.levels, inverted)
    matrix = fitted(levels, other.levels, proposal.outline_matrix)
    return Laid(agreement=agreement(levels, other.levels, matrix), matrix=matrix, change=inverted)


def _by_lines(look: Look, other: Look, matrix: NDArray[np.float64], change: int) -> Laid:
    levels = changed_levels(look.levels, change)
    return _with_lines(
        look, other, Laid(agreement=agreement(levels, other.levels, matrix), matrix=matrix, change=change)
    )


def _with_lines(look: Look, other: Look, laid: Laid) -> Laid:
    if laid.matrix is None:
        return laid
    lines = changed_levels(look.drawn, laid.change & 1)  # exchanging light and dark leaves them as they are
    return replace(laid, drawn=agreement(lines, other.drawn, laid.matrix))


def changed_levels(levels: NDArray[np.float32], change: int) -> NDArray[np.float32]:
    """Give a grey picture, 0 to 255, after the change of that place in `CHANGES`."""
    if change & 1:
        levels = levels[:, ::-1]
    return np.ascontiguousarray(255 - levels if change & 2 else levels)
