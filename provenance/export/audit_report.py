"""What a report of an audit says, as plain values: whoever audits fills them, `audit_report_page` writes them down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from provenance.audit.copies import Relation
from provenance.picture import Picture
from provenance.words import PersonDecision, Severity, Standing, Truth

Point: TypeAlias = tuple[float, float]
"""A place in a picture: across and down, each 0 to 1."""

Outline: TypeAlias = tuple[Point, ...]
"""The corners of a region, in order."""

Matrix: TypeAlias = tuple[tuple[float, float, float], ...]
"""Takes points of one picture to points of another, both 0 to 1; a mirror is in it.

Two rows, or three where one was seen from a side (`compare.plane`).
"""

Shown: TypeAlias = Picture | Callable[[], Picture]
"""A picture, or what opens it when the page is written: a page may show many. An error of ours in it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number with the line at which we flag and the ends of its scale."""

    name: str
    value: float
    line: float | None = None
    """None where nothing is flagged by it."""
    lowest: float = 0.0
    highest: float = 1.0
    unit: str = ""
    """What follows the number: `of 64 bits differ`."""
    nearer_below: bool = False
    """Whether a small number means near, as with distances."""
    method: str = ""
    """The versioned name of what measured it."""

    @property
    def over(self) -> bool:
        """Whether it is at the line or beyond."""
        if self.line is None:
            return False
        return self.value <= self.line if self.nearer_below else self.value >= self.line


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How often pictures that have nothing to do with the works were flagged all the same."""

    reached: str
    """What they reached, for a sentence: `the line of 4.0`, `the score of this match, 9.7`."""
    found: int
    of: int
    """Pictures that were tried, each against the whole set."""
    low: float
    """The ends of the 95 % interval, 0 to 1."""
    high: float
    compared: int | None = None
    """Works that each was compared with; None if that is not known."""
    measured_on: str = ""
    """Where the figures come from, as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFact:
    """A fact with how well it is known."""

    name: str
    text: str
    truth: Truth | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedJudgement:
    """What a person decided about a match."""

    decision: PersonDecision
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMatch:
    """A work, or another artwork, that an artwork is near to, with the evidence."""

    uid: str
    title: str
    relation: Relation
    severity: Severity
    standing: Standing | None = None
    """What it is to the artwork; None for another artwork of the archive."""
    creator: str | None = None
    licence: str | None = None
    licence_truth: Truth = Truth.CLAIMED
    picture: Shown | None = None
    withheld: str | None = None
    """Why the picture is not shown, as a sentence; outline and numbers stay."""
    alt: str | None = None
    """What a person wrote that the picture shows."""
    matrix: Matrix | None = None
    """How the artwork lies in it; `audit_report_regions.recorded_matrix` reads it from a finding."""
    inverted: bool = False
    """Whether light and dark are exchanged."""
    in_artwork: tuple[Outline, ...] = ()
    """Where it lies in the artwork; if there are none, they follow from `matrix`."""
    in_other: tuple[Outline, ...] = ()
    """The same regions, in it."""
    points: tuple[tuple[Point, Point], ...] = ()
    """Places that fit: in the artwork and in it."""
    method: str = ""
    """What found it, with its version."""
    measures: tuple[Measure, ...] = ()
    rates: tuple[ErrorRate, ...] = ()
    facts: tuple[ReportedFact, ...] = ()
    """What else is to be said: whether the model learnt from it, what its licence asks, who else is near to it."""
    judgements: tuple[ReportedJudgement, ...] = ()
    """What people decided, the latest last: that one holds."""

    @property
    def dismissed(self) -> bool:
        """Whether a person looked and said that it is none."""
        return bool(self.judgements) and self.judgements[-1].decision is PersonDecision.DISMISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCheck:
    """What another check said: licence, completeness, integrity, ..."""

    name: str
    version: str
    severity: Severity | None
    """None where it found nothing."""
    sentence: str
    details: tuple[str, ...] = ()
    """Lines beneath it: attribution lines, questions without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedNearest:
    """A work or creator that an artwork is nearest to, which says nothing about where it comes from."""

    label: str
    text: str
    """How near, with its scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedArtwork:
    """An artwork with everything that was found."""

    uid: str
    title: str
    caption: str = ""
    """When and how it was made."""
    picture: Shown | None = None
    withheld: str | None = None
    alt: str | None = None
    matches: tuple[ReportedMatch, ...] = ()
    checks: tuple[ReportedCheck, ...] = ()
    nearest: tuple[ReportedNearest, ...] = ()
    compared: int = 0
    """Works that it was compared with, by the same methods."""
    of: int = 0
    """Works that there are."""
    given: int = 0
    """Those of them that no dataset has."""
    dataset: str | None = None
    """The dataset whose works alone were meant, for a sentence; None for all works."""
    decided: Severity | None = None
    """The verdict of the policy; None if there is none: then the heaviest finding is the verdict."""

    @property
    def severity(self) -> Severity | None:
        """The verdict: None if nothing was found that a person did not dismiss."""
        if self.decided is not None:
            return self.decided
        found = [match.severity for match in self.matches if not match.dismissed]
        found += [check.severity for check in self.checks if check.severity is not None]
        return max(found, key=list(Severity).index, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPair:
    """Two pictures that stand side by side, with what is said of them."""

    left: Shown
    right: Shown
    left_label: str
    right_label: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFinding:
    """What a check found of a model as a whole: memorisation, bias."""

    check: str
    version: str
    severity: Severity
    sentence: str
    figures: tuple[tuple[str, str], ...] = ()
    """Names with values; `audit_report_figures.figures` makes them from a record."""
    pairs: tuple[ReportedPair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedModel:
    """A model with what was found of it."""

    uid: str
    name: str
    findings: tuple[ReportedFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """One audit: artworks, and models if any were asked about."""

    archive: str
    """What the archive is called."""
    audited_at: datetime
    artworks: tuple[ReportedArtwork, ...]
    models: tuple[ReportedModel, ...] = ()
    methods: tuple[tuple[str, str], ...] = ()
    """Checks and methods with their versions and lines, for whoever judges later."""
    policy: str = ""
    """Which policy decided, with its digest."""
    program: str = ""
    """The program with its version."""
    command: str = ""
    """What to type to make this page again."""
