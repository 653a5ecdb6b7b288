"""How far the shares of groups among outputs are from those among works, and from equal shares: the field's figures.

Every figure has an interval, and the figures that chance alone keeps above zero stand beside what chance makes of
outputs without any difference.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.audit.bias_shares import Shares
from provenance.audit.proportion import LEVEL, tails
from provenance.digest import Json

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMOOTHING: Final = 0.5
"""Pictures that are added to each group before logarithms are taken."""

TELLING: Final = 0.1
"""A share is as among the works if its whole interval lies within so much of theirs, and within `HALF` too."""

HALF: Final = 0.5
"""And is neither less than this part of theirs, nor more than as many times it: small groups may vanish unseen."""


class Told(StrEnum):
    """What can be said of a group."""

    MORE = "more"
    LESS = "less"
    ALIKE = "alike"
    CANNOT_TELL = "cannot_tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its interval."""

    value: float
    low: float
    high: float

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {name: round(getattr(self, name), 6) for name in ("value", "low", "high")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group among outputs, beside the works and beside equal shares."""

    name: str
    share: Figure
    """Among the outputs, 0 to 1."""
    works: float
    """Its share among the works."""
    difference: Figure
    """Share less the works' share: statistical parity difference."""
    ratio: Figure | None
    """Share by the works' share: representation ratio; None where no work is of the group."""
    from_uniform: float
    """Share less one by the number of groups."""
    told: Told

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {
            "group": self.name,
            "share": self.share.record(),
            "works": round(self.works, 6),
            "difference": self.difference.record(),
            "ratio": None if self.ratio is None else self.ratio.record(),
            "from_uniform": round(self.from_uniform, 6),
            "told": self.told.value,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All figures of one attribute."""

    groups: tuple[Group, ...]
    """As in the shares."""
    figures: dict[str, Figure]
    """parity: the largest difference of any group, 0 to 1; kl and kl_uniform: nats; amplification: -1 to 1."""
    chance: dict[str, float]
    """What 95 in 100 samples of outputs without any difference from the works stay below, by figure."""

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {
            "groups": [group.record() for group in self.groups],
            **{name: figure.record() for name, figure in self.figures.items()},
            "chance": {name: round(value, 6) for name, value in self.chance.items()},
            "smoothing": f"{SMOOTHING} pictures a group",
            "level": LEVEL,
        }


def compare(outputs: Shares, works: Shares, *, questions: int | None = None) -> Compared:
    """Compare shares of the same groups among outputs and among works.

    What is told holds for all `questions` together, as many as there are groups if None: each is asked at a level that
    Bonferroni's rule makes stricter, the more there are.
    """
    strict = 1 - (1 - LEVEL) / max(1, len(outputs.groups) if questions is None else questions)
    wide, narrow = _differences(outputs, works, strict), _differences(outputs, works, LEVEL)
    spread = outputs.bounds()
    ratios = np.quantile(outputs.draws / np.maximum(works.draws, 1e-12), tails(LEVEL), axis=0)
    groups = tuple(
        Group(
            name=outputs.groups[each],
            share=_figure(outputs.values[each], spread[each]),
            works=float(works.values[each]),
            difference=_figure(outputs.values[each] - works.values[each], narrow[each]),
            ratio=_ratio(outputs.values[each], works.values[each], spread[each], ratios[:, each]),
            from_uniform=float(outputs.values[each]) - 1 / len(outputs.groups),
            told=_told(*map(float, wide[each]), works=float(works.values[each])),
        )
        for each in range(len(outputs.groups))
    )
    # What outputs without a difference would be: chance as it was drawn, moved to the shares of the works.
    still = np.maximum(works.values + outputs.draws - outputs.values, 0)
    still /= still.sum(axis=1, keepdims=True)
    figures, chance = {}, {}
    for name, formula in _formulas(outputs, works).items():
        drawn = formula(outputs.draws)
        value = float(formula(outputs.values[None])[0])
        ends = np.quantile(drawn, tails(LEVEL))
        figures[name] = Figure(value=value, low=min(value, float(ends[0])), high=max(value, float(ends[1])))
        chance[name] = float(np.quantile(formula(still), LEVEL))
    return Compared(groups=groups, figures=figures, chance=chance)


def kl(
    shares: "NDArray[np.float64]", reference: "NDArray[np.float64]", *, of: int, reference_of: int
) -> "NDArray[np.float64]":
    """Give the Kullback-Leibler divergence (1951) of `shares` (n, groups) from `reference` (groups,), in nats.

    Both are smoothed by `SMOOTHING` pictures a group: of `of` and `reference_of` pictures.
    """
    size = shares.shape[1]
    smooth = (shares * of + SMOOTHING) / (of + SMOOTHING * size)
    beside = (reference * reference_of + SMOOTHING) / (reference_of + SMOOTHING * size)
    return np.asarray((smooth * np.log(smooth / beside)).sum(axis=1), np.float64)


def amplification(shares: "NDArray[np.float64]", works: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """Give bias amplification of `shares` (n, groups) over `works` (groups,): > 0 where bias grew, < 0 where it shrank.

    Zhao, Wang, Yatskar, Ordonez and Chang 2017 ("Men also like shopping", section 3.2) count growth of groups that
    have more than an equal share; Wang and Russakovsky 2021 ("Directional bias amplification", equation 1) count those
    that have less as well, with the sign turned. It is theirs for one attribute without a task: the mean over groups.
    """
    level = 1 / len(works)
    direction = np.sign(np.where(np.abs(works - level) < 1e-9, 0, works - level))
    return np.asarray(((shares - works) * direction).mean(axis=1), np.float64)


def _formulas(outputs: Shares, works: Shares) -> dict[str, Callable[["NDArray[np.float64]"], "NDArray[np.float64]"]]:
    size = len(outputs.groups)
    uniform = np.full(size, 1 / size)
    return {
        "parity": lambda shares: np.abs(shares - works.values).max(axis=1),
        "kl": lambda shares: kl(shares, works.values, of=outputs.of, reference_of=works.of),
        "kl_uniform": lambda shares: kl(shares, uniform, of=outputs.of, reference_of=outputs.of),
        "amplification": lambda shares: amplification(shares, works.values),
    }


def _differences(outputs: Shares, works: Shares, level: float) -> "NDArray[np.float64]":
    """Give the interval of each difference: float64 (groups, 2)."""
    drawn = np.quantile(outputs.draws - works.draws, tails(level), axis=0).T
    beside = outputs.bounds(level) - works.values[:, None]
    return np.stack([np.minimum(drawn[:, 0], beside[:, 0]), np.maximum(drawn[:, 1], beside[:, 1])], axis=1)


def _figure(value: float, bounds: "NDArray[np.float64]") -> Figure:
    return Figure(
        value=float(value), low=min(float(value), *map(float, bounds)), high=max(float(value), *map(float, bounds))
    )


def _ratio(share: float, works: float, spread: "NDArray[np.float64]", drawn: "NDArray[np.float64]") -> Figure | None:
    return None if works == 0 else _figure(share / works, np.concatenate([spread / works, drawn]))


def _told(low: float, high: float, *, works: float) -> Told:
    if low > 0:
        return Told.MORE
    if high < 0:
        return Told.LESS
    near = max(-low, high) <= TELLING
    return Told.ALIKE if near and -low <= HALF * works and high <= works / HALF - works else Told.CANNOT_TELL
