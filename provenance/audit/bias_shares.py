"""The share of each group among pictures, with what chance would have made of it.

Where labels may be wrong the shares are adjusted: counts of labels are the true shares seen through the labeller's
error, and that is undone. It is Forman's adjusted count ("Quantifying counts and costs via classification", 2008,
section 2.2) for many groups: the matrix of Saerens, Latinne and Decaestecker ("Adjusting the outputs of a classifier
to new a priori probabilities", 2002, section 2.3.1), solved by least squares within shares that sum to one
(Hopkins and King, "A method of automated nonparametric content analysis for social science", 2010).
Chance is drawn as in Rubin's Bayesian bootstrap (1981): outputs and the labeller's error, each from a Dirichlet
distribution with one count more than was seen, spread over the groups.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.audit.bias_labels import Labelled
from provenance.audit.proportion import LEVEL, interval, tails

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS: Final = 2000
"""How often chance is asked."""

_TRIALS: Final = 300
_SUM: Final = 100.0  # how much more the sum of the shares weighs than any count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Shares of groups among `of` pictures."""

    groups: tuple[str, ...]
    values: "NDArray[np.float64]"
    """Shape (groups,), 0 to 1; they sum to 1."""
    draws: "NDArray[np.float64]"
    """Shape (DRAWS, groups): what the values might have been."""
    of: int
    counted: bool
    """Whether each picture is of one group, so that no interval may be narrower than that of a plain count."""

    def bounds(self, level: float = LEVEL) -> "NDArray[np.float64]":
        """Give the interval of each share at `level`: float64 (groups, 2).

        It is never narrower than Clopper and Pearson's for as many pictures whose labels were certain.
        """
        low, high = np.quantile(self.draws, tails(level), axis=0)
        if self.counted:
            plain = [interval(round(value * self.of), self.of, level) for value in self.values]
            low, high = np.minimum(low, [each[0] for each in plain]), np.maximum(high, [each[1] for each in plain])
        return np.stack([np.minimum(low, self.values), np.maximum(high, self.values)], axis=1)


def known(groups: Sequence[str], counts: "NDArray[np.int64]") -> Shares:
    """Give shares without chance: `counts`, int64 (groups,), are of all there is."""
    values = counts / max(1, counts.sum())
    draws = np.broadcast_to(values, (DRAWS, len(values)))
    return Shares(groups=tuple(groups), values=values, draws=draws, of=int(counts.sum()), counted=False)


def seen(groups: Sequence[str], counts: "NDArray[np.int64]", random: np.random.Generator) -> Shares:
    """Give shares of a sample whose labels are certain: `counts`, int64 (groups,)."""
    values = counts / max(1, counts.sum())
    return Shares(
        groups=tuple(groups), values=values, draws=_dirichlet(counts, random), of=int(counts.sum()), counted=True
    )


def averaged(groups: Sequence[str], parts: "NDArray[np.float64]", random: np.random.Generator) -> Shares:
    """Give mean shares of pictures that have a part of each group: `parts`, float64 (pictures, groups)."""
    weights = random.standard_exponential((DRAWS, len(parts)), np.float32)
    draws = (weights @ parts.astype(np.float32)) / weights.sum(axis=1, keepdims=True)
    values = parts.mean(axis=0)
    return Shares(groups=tuple(groups), values=values, draws=draws.astype(float), of=len(parts), counted=False)


def adjusted(labelled: Labelled, random: np.random.Generator) -> Shares:
    """Give the shares of outputs with the labeller's error taken out.

    Copies have certain labels and stand beside the adjusted ones, each by its number.
    """
    size = len(labelled.groups)
    cells = np.concatenate([labelled.copied, labelled.told])
    chosen = _dirichlet(cells, random)
    errors = np.stack([_dirichlet(row, random) for row in labelled.weighted], axis=1)
    draws = _undone(errors, chosen, size)
    values = _undone(_rates(labelled.weighted)[None], cells[None] / max(1, cells.sum()), size)[0]
    return Shares(groups=labelled.groups, values=values, draws=draws, of=labelled.outputs, counted=True)


def misfit(labelled: Labelled, random: np.random.Generator) -> tuple[float, float]:
    """Say how far labels are from all that the labeller's error can explain, and how far chance alone takes them.

    Both are half the sum of absolute differences, 0 to 1; 99 in 100 samples that it explains stay below the second.
    """
    number = int(labelled.told.sum())
    if number == 0:
        return 0.0, 0.0
    error, told = _rates(labelled.weighted)[None], labelled.told[None] / number
    shares = undo(error, told)[0]
    drawn = np.stack([_dirichlet(row, random)[:_TRIALS] for row in labelled.weighted], axis=1)
    trials = np.stack([random.multinomial(number, _whole(shares @ each)) / number for each in drawn])
    by_chance = _unexplained(np.repeat(error, len(trials), axis=0), trials)
    return float(_unexplained(error, told)[0]), float(np.quantile(by_chance, 0.99))


def undo(error: "NDArray[np.float64]", told: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Find the shares that, seen through `error`, are nearest to `told`, for `n` cases at once.

    `error`, float64 (n, groups, groups), has the chance of each label (column) for each group (row); `told`, float64
    (n, groups), has the shares of labels. Gives float64 (n, groups).
    """
    size = told.shape[1]
    turned = np.swapaxes(error, 1, 2)
    even = turned + 1e-12 * np.eye(size)  # so that no matrix is singular
    shares = np.linalg.solve(even, told[..., None])[..., 0]
    for case in np.flatnonzero((shares < 0).any(axis=1)):
        shares[case] = _nearest(turned[case], told[case])
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float64)


def _nearest(turned: "NDArray[np.float64]", told: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Find the nearest shares where an exact answer would have some below zero."""
    from scipy.optimize import nnls

    left = np.vstack([turned, np.full((1, len(told)), _SUM)])
    return np.asarray(nnls(left, np.append(told, _SUM))[0], np.float64)


def _rates(counts: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return np.asarray(counts / counts.sum(axis=1, keepdims=True), np.float64)


def _whole(shares: "NDArray[np.float64]") -> "NDArray[np.float64]":
    return np.asarray(shares / shares.sum(), np.float64)  # rounding may leave a little over one


def _unexplained(error: "NDArray[np.float64]", told: "NDArray[np.float64]") -> "NDArray[np.float64]":
    seen_through = np.einsum("nij,ni->nj", error, undo(error, told))
    return np.asarray(np.abs(seen_through - told).sum(axis=1) / 2, np.float64)


def _undone(error: "NDArray[np.float64]", cells: "NDArray[np.float64]", size: int) -> "NDArray[np.float64]":
    """Take out the error of labels that were told, and let those of copies stand; cells are (n, 2 * groups)."""
    copied, told = cells[:, :size], cells[:, size:]
    share = told.sum(axis=1, keepdims=True)
    if not share.any():
        return np.asarray(copied, np.float64)
    return np.asarray(copied + share * undo(error, told / np.maximum(share, 1e-12)), np.float64)


def _dirichlet(counts: "NDArray[np.int64] | NDArray[np.float64]", random: np.random.Generator) -> "NDArray[np.float64]":
    return np.asarray(random.dirichlet(counts + 1 / len(counts), DRAWS), np.float64)
