"""The published formulas by which two sets of pictures are compared, on their features.

All of them take arrays of shape (pictures, length), float64, and work through them in blocks of rows, so that memory
grows with the number of pictures and not with its square; `told_apart` alone holds a square, of bounded size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERMUTATIONS: Final = 499
"""How often samples and works are mixed in the test that tells them apart."""

LEVEL: Final = 0.05
"""Samples and works are told apart where chance alone does as much no more often than this."""

PRECISION_NEIGHBOURS: Final = 3
"""What the paper on precision and recall advises (section 2)."""

DENSITY_NEIGHBOURS: Final = 5
"""What the paper on density and coverage advises (section 3)."""

_BLOCK: Final = 1024
_MIXED: Final = 1000
_ALONE: Final = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """For each sample the work most like it, by the cosine of their features. A hint at what was learnt by heart."""

    indices: tuple[int, ...]
    """Which work, for each sample."""
    cosines: tuple[float, ...]
    """How like, for each sample, -1 to 1."""
    median: float
    highest: float
    works_p95: float | None
    """95 % of the works are less like the nearest other work than this; None for a single work."""
    above: int
    """Samples that are more like a work than that."""


def kid(real: "NDArray[np.float64]", made: "NDArray[np.float64]") -> float:
    """Estimate the squared maximum mean discrepancy, without bias, with the kernel (x.y / length + 1)^3.

    Binkowski, Sutherland, Arbel, Gretton 2018 (arXiv 1801.01401), section 4: the kernel inception distance, here of
    other features than Inception's. It needs two pictures on each side.
    """
    within = sum(_kernel_sum(each, each, diagonal=False) / (len(each) * (len(each) - 1)) for each in (real, made))
    return within - 2 * _kernel_sum(real, made, diagonal=True) / (len(real) * len(made))


def precision_recall(
    real: "NDArray[np.float64]", made: "NDArray[np.float64]", *, neighbours: int = PRECISION_NEIGHBOURS
) -> tuple[float, float]:
    """Give the shares of `made` within reach of `real`, and of `real` within reach of `made`.

    A picture reaches as far as the nearest but `neighbours` - 1 of its own side. Kynkaanniemi, Karras, Laine,
    Lehtinen, Aila 2019 (arXiv 1904.06991), section 2, equations 1 and 2. More pictures than `neighbours` are needed.
    """
    near, far = reach(real, neighbours), reach(made, neighbours)
    within_real, within_made = np.zeros(len(made), bool), np.zeros(len(real), bool)
    for rows, distances in _distances(real, made):
        within_real |= (distances <= near[rows, None]).any(axis=0)
        within_made[rows] = (distances <= far[None, :]).any(axis=1)
    return float(within_real.mean()), float(within_made.mean())


def density_coverage(
    real: "NDArray[np.float64]", made: "NDArray[np.float64]", *, neighbours: int = DENSITY_NEIGHBOURS
) -> tuple[float, float]:
    """Give how many reaches of `real` hold a picture of `made` (1 expected), and the share of `real` that hold one.

    Naeem, Oh, Uh, Choi, Yoo 2020 (arXiv 2002.09797), section 3. More pictures than `neighbours` are needed.
    """
    near = reach(real, neighbours)
    held, covered = 0, np.zeros(len(real), bool)
    for rows, distances in _distances(real, made):
        inside = distances <= near[rows, None]
        held += int(inside.sum())
        covered[rows] = inside.any(axis=1)
    return held / (neighbours * len(made)), float(covered.mean())


def reach(features: "NDArray[np.float64]", neighbours: int) -> "NDArray[np.float64]":
    """Give the squared distance of each picture to the `neighbours`-th nearest other of the same set."""
    radii = np.zeros(len(features))
    for rows, distances in _distances(features, features):
        distances[np.arange(len(distances)), rows] = -1  # itself comes first, whatever twins it has
        radii[rows] = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return radii


def nearest_works(works: "NDArray[np.float32]", samples: "NDArray[np.float32]") -> Nearest:
    """Find the work most like each sample, and how like works are to each other, each without itself.

    Likeness is the cosine of the features, float32; a picture without any feature is like nothing (0). Every work
    is looked at; `works_p95` is taken over at most 4,000 of them, evenly spread, each against all.
    """
    works, samples = _unit(works), _unit(samples)
    indices, cosines = np.zeros(len(samples), np.int64), np.zeros(len(samples), np.float32)
    for rows in _parts(len(samples)):
        alike = samples[rows] @ works.T
        indices[rows] = alike.argmax(axis=1)
        cosines[rows] = alike.max(axis=1)
    cosines = cosines.clip(-1, 1)
    works_p95 = float(np.quantile(_without_itself(works), 0.95)) if len(works) > 1 else None
    return Nearest(
        indices=tuple(map(int, indices)),
        cosines=tuple(map(float, cosines)),
        median=float(np.median(cosines)),
        highest=float(cosines.max()),
        works_p95=works_p95,
        above=0 if works_p95 is None else int((cosines > works_p95).sum()),
    )


def told_apart(real: "NDArray[np.float64]", made: "NDArray[np.float64]", *, seed: int) -> float | None:
    """Say how often chance alone separates two sets of such sizes as well as these, by their KID.

    The permutation test: Gretton, Borgwardt, Rasch, Schoelkopf, Smola 2012 (JMLR 13), section 8, on at most 1,000
    pictures of each side. None where there are too few to reach `LEVEL` by any mixing.
    """
    random = np.random.default_rng([seed, 1])
    real, made = (each[random.permutation(len(each))[:_MIXED]] for each in (real, made))
    if min(len(real), len(made)) < 4:
        return None
    both = np.concatenate([real, made])
    kernel = (both @ both.T / both.shape[1] + 1) ** 3
    np.fill_diagonal(kernel, 0)
    first = np.zeros((len(both), PERMUTATIONS + 1))
    first[: len(real), 0] = 1
    for column in range(1, PERMUTATIONS + 1):
        first[random.permutation(len(both))[: len(real)], column] = 1
    values = _split_kids(kernel, first)
    return float((values >= values[0] - 1e-12 * abs(values[0])).mean())


def _split_kids(kernel: "NDArray[np.float64]", first: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Give the KID of each way to divide the pictures, a column of `first` each: 1 on one side, 0 on the other."""
    sums = kernel @ first
    within = (first * sums).sum(axis=0)
    across = sums.sum(axis=0) - within
    rest = kernel.sum() - within - 2 * across
    n, m = first[:, 0].sum(), len(first) - first[:, 0].sum()
    values: NDArray[np.float64] = within / (n * (n - 1)) + rest / (m * (m - 1)) - 2 * across / (n * m)
    return values


def _kernel_sum(one: "NDArray[np.float64]", other: "NDArray[np.float64]", *, diagonal: bool) -> float:
    total = 0.0
    for rows in _parts(len(one)):
        kernel = (one[rows] @ other.T / one.shape[1] + 1) ** 3
        if not diagonal:
            kernel[np.arange(len(kernel)), rows] = 0
        total += float(kernel.sum())
    return total


def _distances(
    one: "NDArray[np.float64]", other: "NDArray[np.float64]"
) -> "Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]":
    """Give squared distances between the rows of `one`, some at a time, and all rows of `other`."""
    lengths = (other**2).sum(axis=1)
    for rows in _parts(len(one)):
        both = (one[rows] ** 2).sum(axis=1)[:, None] + lengths
        squares = both - 2 * one[rows] @ other.T
        squares[squares < 1e-11 * both] = 0  # the same picture: what is left of the subtraction is rounding
        yield rows, squares


def _without_itself(works: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Give the cosine of works with the nearest other one."""
    asked = np.unique(np.linspace(0, len(works) - 1, min(len(works), _ALONE)).astype(np.int64))
    best = np.zeros(len(asked), np.float32)
    for rows in _parts(len(asked)):
        alike = works[asked[rows]] @ works.T
        alike[np.arange(len(alike)), asked[rows]] = -1
        best[rows] = alike.max(axis=1)
    return best.clip(-1, 1)


def _parts(count: int) -> "Iterator[NDArray[np.int64]]":
    for start in range(0, count, _BLOCK):
        yield np.arange(start, min(start + _BLOCK, count))


def _unit(features: "NDArray[np.float32]") -> "NDArray[np.float32]":
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (features / np.where(lengths == 0, 1, lengths)).astype(np.float32)
    return unit
