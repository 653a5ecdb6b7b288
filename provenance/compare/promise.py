"""Which proposals are worth measuring: a quick judgement, by what the searches and the points say.

Measuring costs more than all that comes before it. What the quick judgement gives up, the slow one would not have
flagged: of copies that are flagged at one false flag in a hundred it loses one in four hundred
(`benchmarks/detection/fit_judge.py`).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Final, Self

from provenance.errors import DamagedArchiveError

_FILE: Final = "promise_v5.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The weight of each quick measurement, and the least sum that is worth measuring."""

    weights: Mapping[str, float]
    offset: float
    least: float

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """Give the weights that were fitted with the judge's."""
        return cls.from_text(resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read weights from their file. Raises DamagedArchiveError if one is missing or no number."""
        try:
            held = json.loads(text)
            weights = {name: float(held["weights"][name]) for name in NAMES}
            return cls(weights=weights, offset=float(held["offset"]), least=float(held["least"]))
        except (ValueError, KeyError, TypeError) as cause:
            message = f"The weights of the quick judgement cannot be read: {cause!r}. Install prov again."
            raise DamagedArchiveError(message) from cause

    def of_all(self) -> Self:
        """Give the same that gives nothing up: for people who ask for the nearest, copies or not."""
        return replace(self, least=-math.inf)

    def score(self, values: Mapping[str, float]) -> float:
        """Score what `quick` gave: log-odds as in the fitting."""
        return self.offset + math.fsum(self.weights[name] * value for name, value in values.items())


def quick(
    *,
    places: int,
    pairs: int,
    votes: float,
    cosine: float,
    ahead: float,
    outline: float,
    shape: float,
    shape_ahead: float,
) -> dict[str, float]:
    """Give what is known before anything is measured, by name: each 0 to about 1, logarithms to 4.

    The arguments are those of `Candidate`.
    """
    return {
        "places": math.log1p(min(places, 60)),
        "few places": min(places, 8) / 8,
        "places of pairs": min(places, 60) / max(8, pairs),
        "votes": min(votes, 3.0),
        "cosine": max(0.0, cosine),
        "cosine beyond": max(0.0, max(0.0, cosine) - 0.4) ** 2,
        "cosine ahead": max(0.0, ahead),
        "outline": abs(outline),
        "shape": max(0.0, shape),
        "shape beyond": max(0.0, shape - 0.6) ** 2,
        "shape ahead": max(0.0, shape_ahead),
    }


NAMES: Final = tuple(
    quick(places=0, pairs=0, votes=0.0, cosine=0.0, ahead=0.0, outline=0.0, shape=0.0, shape_ahead=0.0)
)
"""What the quick judgement weighs."""
