"""How surely a candidate is a copy, as one number: a logistic regression over what was measured, alone and in pairs.

It was fitted to works of the development split and attacks on them, against pictures of other people, by
`benchmarks/detection/fit_judge.py`; the file beside this one says on what. The number is a score, not a probability:
what it means in false flags per picture is measured on other pictures still (`docs/detection.md`), or on an archive's
own works (`prov audit calibrate`).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import combinations_with_replacement
from typing import Final, Self

from provenance.compare.agreement import Agreement, Measured
from provenance.compare.alignment import Agreeing
from provenance.compare.candidate import Candidate, known
from provenance.compare.colour import COLOURLESS, Colours
from provenance.digest import Json
from provenance.errors import DamagedArchiveError

VERSION: Final = "judge_v5"
WANTED: Final = 0.001
"""False flags a picture that the shipped line was drawn for: one in a thousand."""

_FILE: Final = "judge_v5.json"
_NO_SPECK: Final = 0.4
"""The side of a thing, of that of the picture, from which on it is large enough to be told from others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """From which score on a picture is flagged, and what is known of how often that is wrong."""

    score: float
    judge: str
    wanted: float
    """False flags a picture that were wanted: 0.001 is one in a thousand."""
    flagged: int
    """False flags that were measured with it."""
    pictures: int
    """Of so many pictures by other people."""
    source: str
    """Where it was measured: shipped, or an archive's own calibration."""

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {
            "flagged_at": self.score,
            "judge": self.judge,
            "wanted": self.wanted,
            "false_flags": self.flagged,
            "pictures": self.pictures,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The weight of each measurement."""

    weights: Mapping[str, float]
    offset: float
    line: Line
    version: str = VERSION

    @classmethod
    def shipped(cls) -> Self:
        """Give the judge that was fitted and measured before this version was released."""
        return cls.from_text(resources.files(__package__).joinpath(_FILE).read_text(encoding="utf-8"))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read a judge from its file. Raises DamagedArchiveError if a weight is missing or no number."""
        try:
            held = json.loads(text)
            weights = {name: float(held["weights"][name]) for name in NAMES}
            line = Line(
                score=float(held["lines"]["at"][str(WANTED)]),
                judge=str(held["version"]),
                wanted=WANTED,
                flagged=int(held["reported"]["flagged"]),
                pictures=int(held["reported"]["innocents"]),
                source="shipped: measured on works of other people and sources than those that it was fitted to",
            )
            return cls(weights=weights, offset=float(held["offset"]), line=line, version=str(held["version"]))
        except (ValueError, KeyError, TypeError) as cause:
            raise DamagedArchiveError(f"The judge's weights cannot be read: {cause!r}. Install prov again.") from cause

    def score(self, candidate: Candidate) -> float:
        """Score a candidate: log-odds as in the fitting, higher is surer."""
        values = measurements(candidate)
        return self.offset + math.fsum(self.weights[name] * value for name, value in values.items())

    def best(self, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
        """Score all, the surest first."""
        return sorted(((self.score(each), each) for each in candidates), key=lambda pair: -pair[0])


PAIRED: Final = (
    "few places",
    "exact places",
    "places of pairs",
    "votes",
    "cosine",
    "cosine ahead",
    "shape",
    "shape ahead",
    "outline",
    "correlation",
    "close after",
    "agreeing after",
    "contained after",
    "explained after",
    "both shares",
    "evidence after",
    "moved",
    "colours together",
    "colours the same",
    "light together",
    "colourless",
    "lines of share",
    "lines in both",
    "few line places",
    "exact places of lines",
    "speck",
)
"""Measurements of which each two say more together: what the judge weighs holds their products and squares."""
_PRODUCTS: Final = tuple((f"{one} * {other}", one, other) for one, other in combinations_with_replacement(PAIRED, 2))


def measurements(candidate: Candidate) -> dict[str, float]:
    """Give what the judge weighs, by name: each about 1 at most, logarithms to 4, and products of those."""
    agreement = candidate.agreement
    plain, followed = agreement.plain, agreement.followed
    quickly = known(candidate)
    places = quickly["places"]
    speck = 1 - min(math.sqrt(candidate.thing) / _NO_SPECK, 1.0)
    contained = math.sqrt(max(followed.contained, followed.explained))
    correlation, after = max(0.0, plain.correlation), max(0.0, followed.correlation)
    evidence, evidence_after = _amount(plain), _amount(followed)
    found = {
        **quickly,
        "correlation": correlation,
        "agreeing": plain.agreeing,
        "explained": plain.explained,
        "contained": plain.contained,
        "correlation after": after,
        "agreeing after": followed.agreeing,
        "explained after": followed.explained,
        "contained after": followed.contained,
        "moved": min(agreement.moved, 9.0) / 9,
        "correlation of share": after * contained,
        "evidence": evidence,
        "evidence after": evidence_after,
        "evidence by correlation": evidence * correlation,
        "evidence by correlation after": evidence_after * after,
        "places by correlation after": places * after,
        "places by agreeing after": places * followed.agreeing,
        "both shares": math.sqrt(followed.contained * followed.explained),
        "evidence by agreeing": evidence_after * followed.agreeing**2,
        "evidence by places": evidence_after * places * plain.agreeing,
        "close": plain.close,
        "close after": followed.close,
        **_of_points(candidate),
        **_of_colours(candidate.colours),
        **_of_lines(candidate),
        "speck": speck,
        "speck by shape ahead": speck * max(0.0, candidate.shape_ahead),
        "speck by share": speck * after * contained,
    }
    return found | {name: found[one] * found[other] for name, one, other in _PRODUCTS}


def _of_colours(found: Colours | None) -> dict[str, float]:
    held = found or Colours(distance=0.0)
    return {
        "colours apart": min(held.apart, 60.0) / 60,
        "colours the same": held.same,
        "colours together": held.together,
        "light apart": min(held.light_apart, 50.0) / 50,
        "light together": held.light_together,
        "colours here": min(held.here, 40.0) / 40,
        "colours there": min(held.there, 40.0) / 40,
    }


def _of_points(candidate: Candidate) -> dict[str, float]:
    """Tell how exactly points agree: those of lookalikes do roughly."""
    found: dict[str, float] = {}
    for name, points in (("", candidate.points), (" of lines", candidate.line_points)):
        alike = max(0.0, points.alike - 0.75) * 4
        found |= {
            f"exact places{name}": math.log1p(min(points.exact, 60)),
            f"exact of places{name}": points.exact / max(points.places, 4),
            f"points alike{name}": alike,
            f"places by points alike{name}": math.log1p(min(points.places, 60)) * alike,
        }
    return found


def _of_lines(candidate: Candidate) -> dict[str, float]:
    plain, followed = candidate.drawn.plain, candidate.drawn.followed
    correlation, after = max(0.0, plain.correlation), max(0.0, followed.correlation)
    evidence, evidence_after = _amount(plain), _amount(followed)
    points = candidate.line_points
    places = math.log1p(min(points.places, 60))
    share = after * math.sqrt(max(followed.contained, followed.explained))
    held = candidate.colours or Colours(distance=0.0)
    colourless = 1 - min(held.here / COLOURLESS, 1.0)  # a drawing in ink says nothing of colours
    return {
        "lines together": correlation,
        "lines agreeing": plain.agreeing,
        "lines explained": plain.explained,
        "lines contained": plain.contained,
        "lines together after": after,
        "lines agreeing after": followed.agreeing,
        "lines explained after": followed.explained,
        "lines contained after": followed.contained,
        "lines in both": math.sqrt(followed.contained * followed.explained),
        "lines of share": share,
        "lines as evidence": evidence * correlation,
        "lines as evidence after": evidence_after * after,
        "lines close": plain.close,
        "lines close after": followed.close,
        "lines by shape": after * max(0.0, candidate.shape),
        "line places": places,
        "few line places": min(points.places, 12) / 12,
        "line places of pairs": min(points.places, 60) / max(8, points.pairs),
        "line places by agreement": places * after,
        "line places by shape": places * max(0.0, candidate.shape),
        "line places by share": min(points.places, 12) / 12 * share,
        "colourless": colourless,
        "colourless by line places": colourless * places,
        "colourless by share of lines": colourless * share,
        "colourless by lines in both": colourless * math.sqrt(followed.contained * followed.explained),
        "colourless by light together": colourless * held.light_together,
        "colourless by shape ahead": colourless * max(0.0, candidate.shape_ahead),
    }


def _amount(measured: Measured) -> float:
    return math.log1p(measured.evidence) / 8


NAMES: Final = tuple(
    measurements(
        Candidate(
            place=0,
            cosine=0.0,
            ahead=0.0,
            votes=0.0,
            points=Agreeing(),
            outline=0.0,
            change=0,
            matrix=None,
            agreement=Agreement(),
        )
    )
)
"""What the judge weighs."""
