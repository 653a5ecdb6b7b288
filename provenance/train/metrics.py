"""How near a generator came to the works it learnt from, as figures that stand beside what the works reach themselves.

No figure means much alone: each is measured in the same way, with the same numbers of pictures, between two halves of
the works. What a generator reaches beside this floor is told apart from it, or it is not.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.digest import Json
from provenance.errors import UsageError
from provenance.train.distances import (
    DENSITY_NEIGHBOURS,
    LEVEL,
    PERMUTATIONS,
    PRECISION_NEIGHBOURS,
    Nearest,
    density_coverage,
    kid,
    nearest_works,
    precision_recall,
    told_apart,
)
from provenance.words import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD: Final = "measures_v1"
"""Names how `measure` measures; another way of doing it gets another name."""

SPLITS: Final = 20
"""How often the works are split into halves."""

LARGEST: Final = 4000
"""Works and samples that are looked at, each at most; more are drawn from by the seed."""

_NAMES: Final = ("kid", "precision", "recall", "density", "coverage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measure over all splits: of samples against half the works, and of the other half against the same."""

    value: float
    """The mean over the splits."""
    low: float
    """The least over the splits; they share pictures, so that this is a spread and no confidence interval."""
    high: float
    floor: float
    """The mean for works instead of samples: what cannot be got better than, but by chance."""
    floor_low: float
    floor_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All figures of a generator."""

    seed: int
    works: int
    """Works that were looked at."""
    samples: int
    compared: int
    """Pictures on each side of every comparison in `figures`: half the works, or fewer if there are fewer samples."""
    figures: Mapping[str, Figure | None]
    """By name: kid (>= 0 but for chance, less is nearer), precision, recall, coverage (0 to 1), density (>= 0)."""
    nearest: Nearest
    probability: float | None
    """How often chance alone tells two sets of such sizes apart at least so well; None where it cannot be said."""
    cannot_tell: tuple[str, ...]
    """What these numbers of pictures do not allow to say."""

    def record(self) -> dict[str, Json]:
        """Write everything but the list of nearest works as JSON values; what cannot be said is null."""
        names = ("value", "low", "high", "floor", "floor_low", "floor_high")
        figures: dict[str, Json] = {
            name: None if figure is None else {each: round(getattr(figure, each), 6) for each in names}
            for name, figure in self.figures.items()
        }
        nearest: dict[str, Json] = {
            "median": round(self.nearest.median, 6),
            "highest": round(self.nearest.highest, 6),
            "works_p95": None if self.nearest.works_p95 is None else round(self.nearest.works_p95, 6),
            "above": self.nearest.above,
        }
        told: dict[str, Json] = {"probability": self.probability, "permutations": PERMUTATIONS, "level": LEVEL}
        return {
            "method": METHOD,
            "seed": str(self.seed),
            "works": self.works,
            "samples": self.samples,
            "compared": self.compared,
            "splits": SPLITS,
            **figures,
            "nearest": nearest,
            "told_apart": told,
            "cannot_tell": list(self.cannot_tell),
        }


def measure(
    works: "NDArray[np.float32]",
    samples: "NDArray[np.float32]",
    *,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
) -> Measured:
    """Measure `samples` against `works`: features of shape (pictures, length), of one extractor.

    The same arrays and `seed` give the same figures. `progress` hears the finished share, 0 to 1. Raises UsageError
    for no works, no samples, features of another shape, or features that are no finite numbers.
    """
    _check(works, samples)
    random = np.random.default_rng(seed)
    real, made = (_drawn(each, random) for each in (works, samples))
    compared = min(len(real) // 2, len(made))
    rows: list[tuple[dict[str, float], dict[str, float]]] = []
    for split in range(SPLITS):
        order, chosen = random.permutation(len(real)), random.permutation(len(made))[:compared]
        half, rest = real[order[:compared]], real[order[compared : 2 * compared]]
        rows.append((compare(half, made[chosen]), compare(half, rest)))
        progress((split + 1) / (SPLITS + 1))
    figures = {name: _figure([(row[name], floor[name]) for row, floor in rows if name in row]) for name in _NAMES}
    probability = told_apart(real, made, seed=seed)
    progress(1)
    return Measured(
        seed=seed,
        works=len(real),
        samples=len(made),
        compared=compared,
        figures=figures,
        nearest=nearest_works(works, samples),
        probability=probability,
        cannot_tell=tuple(_doubts(len(real), len(made), compared, probability)),
    )


def compare(real: "NDArray[np.float64]", made: "NDArray[np.float64]") -> dict[str, float]:
    """Give those of the five figures that so many pictures allow."""
    figures: dict[str, float] = {}
    fewest = min(len(real), len(made))
    if fewest >= 2:
        figures["kid"] = kid(real, made)
    if fewest > PRECISION_NEIGHBOURS:
        figures["precision"], figures["recall"] = precision_recall(real, made)
    if fewest > DENSITY_NEIGHBOURS:
        figures["density"], figures["coverage"] = density_coverage(real, made)
    return figures


def _figure(pairs: list[tuple[float, float]]) -> Figure | None:
    if not pairs:
        return None
    values, floors = np.asarray(pairs).T
    spread = [float(f(each)) for each in (values, floors) for f in (np.mean, np.min, np.max)]
    return Figure(
        value=spread[0], low=spread[1], high=spread[2], floor=spread[3], floor_low=spread[4], floor_high=spread[5]
    )


def _doubts(works: int, samples: int, compared: int, probability: float | None) -> Iterator[str]:
    sizes = f"{works:,} works and {samples:,} samples"
    needed = {"precision and recall": PRECISION_NEIGHBOURS, "density and coverage": DENSITY_NEIGHBOURS}
    for name, neighbours in needed.items():
        if compared <= neighbours:
            yield (
                f"With {sizes}, {name} cannot be said: more than {neighbours} samples and "
                f"more than {2 * neighbours + 1} works are needed."
            )
    if compared < 2:
        yield f"With {sizes}, KID cannot be said: 2 samples and 4 works are needed."
    if probability is None:
        yield f"With {sizes}, nothing can tell them apart: 4 of each are needed."
    elif probability > LEVEL:
        yield (
            f"With {sizes}, KID does not tell them apart: chance alone does as much in {percent(probability)} of all "
            "mixtures. More of both may, or may not."
        )
    if 1 < compared < 50:
        yield f"Shares among {compared} pictures move in steps of {percent(1 / compared)}: read them as rough."


def _drawn(features: "NDArray[np.float32]", random: np.random.Generator) -> "NDArray[np.float64]":
    if len(features) > LARGEST:
        features = features[np.sort(random.permutation(len(features))[:LARGEST])]
    return features.astype(np.float64)


def _check(works: "NDArray[np.float32]", samples: "NDArray[np.float32]") -> None:
    for what, features in (("works", works), ("samples", samples)):
        if features.ndim != 2 or 0 in features.shape:
            raise UsageError(
                f"The features of the {what} have the shape {features.shape}: (pictures, length) is needed."
            )
        if not np.isfinite(features).all():
            raise UsageError(f"The features of the {what} are not all finite numbers. Extract them again.")
    if works.shape[1] != samples.shape[1]:
        message = f"Works have {works.shape[1]} features and samples {samples.shape[1]}. Take one extractor for both."
        raise UsageError(message)
