"""What checks give back: matches, which are measurements, and findings, which are sentences for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from provenance.digest import Json
from provenance.words import Severity

Kind: TypeAlias = Literal["work", "artwork"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A picture that is near to the subject, or merely the nearest there is."""

    uid: str
    kind: Kind
    method: str
    distance: int
    """Bits that differ, of `bits`."""
    bits: int
    orientation: int
    """Which turn of the subject was nearest, a place in `ORIENTATIONS`."""
    flagged: bool
    """Whether it is near enough, by a fingerprint that can be relied on, to be shown to a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One answer of one check."""

    check: str
    check_version: str
    severity: Severity
    sentence: str
    evidence: Mapping[str, Json]
    other: str | None = None
    """The uid of the work or artwork that the finding is about, beside the subject."""
