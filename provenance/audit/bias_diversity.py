"""How varied pictures are: how many entirely different ones would be as varied."""

from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.audit.bias_figures import Figure
from provenance.audit.proportion import LEVEL, tails

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPLITS: Final = 60
"""Halves that are drawn."""

MOST: Final = 200
"""Pictures in a half: larger ones say hardly more."""


def vendi(vectors: "NDArray[np.float32]") -> float:
    """Give the Vendi score of pictures: 1 if all are the same, their number if none is like another.

    `vectors` (pictures, length) have length 1, and their products are likenesses. Friedman and Dieng 2023 ("The Vendi
    score", definition 3.1): the exponential of the entropy of the eigenvalues of the likenesses by their number.
    """
    count, length = vectors.shape
    exact = vectors.astype(np.float64)
    square = exact @ exact.T if count <= length else exact.T @ exact  # both have the same eigenvalues but zeros
    values = np.linalg.eigvalsh(square / count)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def diversity(
    outputs: "NDArray[np.float32]", works: "NDArray[np.float32]", random: np.random.Generator
) -> tuple[int, dict[str, Figure]]:
    """Compare the Vendi scores of outputs and of as many works: `outputs`, `works` and their `ratio`.

    The score grows with the number of pictures, so halves of one size are drawn, without putting back; the spread of
    halves is that of the whole (Shao and Wu 1989, "A general theory for jackknife variance estimation"). Gives that
    size as well. Both must have two vectors at least.
    """
    size = min(len(outputs) // 2, len(works) // 2, MOST)
    rows = []
    for _ in range(SPLITS):
        made, learnt = (vendi(each[random.permutation(len(each))[:size]]) for each in (outputs, works))
        rows.append((made, learnt, made / learnt))
    table = np.asarray(rows)
    low, high = np.quantile(table, tails(LEVEL), axis=0)
    middle = table.mean(axis=0)
    names = ("outputs", "works", "ratio")
    figures = {
        name: Figure(value=float(middle[at]), low=float(low[at]), high=float(high[at])) for at, name in enumerate(names)
    }
    return size, figures
