"""Whether outputs lie nearer to training works than works do that were not learnt from: tests with their sample sizes.

The idea is the three-sample test of Meehan, Chaudhuri and Dasgupta 2020, "A Non-Parametric Test to Detect Data-Copying
in Generative Models" (arXiv 2004.05675, section 3): if a model has learnt how works look, and none by heart, its
outputs are no nearer to what it learnt from than works that it has not seen.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.audit.proportion import interval
from provenance.digest import Json

OUTPUTS_NEEDED: Final = 50
"""With fewer outputs nothing is said of the model as a whole."""

WORKS_NEEDED: Final = 20
"""And with fewer works to compare them with, neither."""

LEVEL: Final = 0.001
"""How often chance alone may do as much, in each test."""

CLEARLY: Final = 0.75
"""How often an output must be nearer than a work, of all pairs, before that alone tells: half by chance."""

_USUAL: Final = 0.95


class Told(StrEnum):
    """What can be said."""

    NEARER = "nearer"
    NOT_NEARER = "not_nearer"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many of so many, with the interval that `proportion` gives."""

    found: int
    of: int
    low: float
    high: float

    @classmethod
    def measured(cls, found: int, of: int) -> "Rate":
        """Take a count."""
        low, high = interval(found, of)
        return cls(found=found, of=of, low=low, high=high)

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {"found": self.found, "of": self.of, "low": round(self.low, 6), "high": round(self.high, 6)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Outputs beside works that were not learnt from, by how near their nearest training work is. More is nearer."""

    outputs: tuple[float, ...]
    """Quantiles 0.05, 0.25, 0.5, 0.75, 0.95 and the highest."""
    works: tuple[float, ...]
    beyond: Rate
    """Outputs that are nearer than 95 of 100 of the works."""
    beyond_by_chance: float
    """How often so many are, if outputs are to works as works are to each other."""
    beyond_works: Rate
    """Works that are: about 5 of 100."""
    beyond_all: int
    """Outputs that are nearer than every one of the works."""
    beyond_all_by_chance: float
    """How often so many are, as before."""
    effect: float
    """How often an output is nearer than a work, of all pairs; ties count half."""
    probability: float
    """Of the Mann-Whitney U test, one-sided."""
    told: Told

    @property
    def line(self) -> float:
        """Of the works, 95 of 100 are less near than this."""
        return self.works[4]

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {
            "outputs": [round(each, 6) for each in self.outputs],
            "works": [round(each, 6) for each in self.works],
            "quantiles": "0.05 0.25 0.5 0.75 0.95 1",
            "beyond_p95": self.beyond.record(),
            "beyond_p95_by_chance": self.beyond_by_chance,
            "works_beyond_p95": self.beyond_works.record(),
            "beyond_all": self.beyond_all,
            "beyond_all_by_chance": self.beyond_all_by_chance,
            "effect": round(self.effect, 6),
            "mann_whitney_u_probability": self.probability,
            "level": LEVEL,
            "told": self.told.value,
        }


def compare(outputs: NDArray[np.float64], works: NDArray[np.float64]) -> Compared | None:
    """Compare how near outputs and unseen works are to their nearest training works; more is nearer.

    None where one side is empty.
    """
    if not len(outputs) or not len(works):
        return None
    from scipy.stats import mannwhitneyu

    test = mannwhitneyu(outputs, works, alternative="greater")
    effect = float(test.statistic) / (len(outputs) * len(works))
    line = float(np.quantile(works, _USUAL))
    beyond, beyond_works = int((outputs > line).sum()), int((works > line).sum())
    beyond_all = int((outputs > works.max()).sum())
    usual = by_chance(beyond, len(outputs), beyond_works, len(works))
    chance = by_chance(beyond_all, len(outputs), 0, len(works))
    clearly = effect >= CLEARLY and float(test.pvalue) < LEVEL
    return Compared(
        outputs=_quantiles(outputs),
        works=_quantiles(works),
        beyond=Rate.measured(beyond, len(outputs)),
        beyond_by_chance=usual,
        beyond_works=Rate.measured(beyond_works, len(works)),
        beyond_all=beyond_all,
        beyond_all_by_chance=chance,
        effect=effect,
        probability=float(test.pvalue),
        told=_told(len(outputs), len(works), nearer=clearly or min(usual, chance) < LEVEL),
    )


def _told(outputs: int, works: int, *, nearer: bool) -> Told:
    if outputs < OUTPUTS_NEEDED or works < WORKS_NEEDED:
        return Told.CANNOT_TELL
    return Told.NEARER if nearer else Told.NOT_NEARER


def by_chance(found: int, of: int, works: int, of_works: int) -> float:
    """Say how often chance alone puts `found` or more of the outputs beyond a line that `works` works are beyond.

    Fisher's exact test, one-sided. It holds for a line that was drawn at a place among the works, too: then it is the
    distribution of exceedances (Gumbel and von Schelling 1950), of which `works` = 0 is that for the highest work.
    """
    from scipy.stats import hypergeom

    return float(hypergeom.cdf(works, of + of_works, of_works, found + works))


def _quantiles(values: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(float(each) for each in np.quantile(values, (0.05, 0.25, 0.5, 0.75, _USUAL, 1)))
