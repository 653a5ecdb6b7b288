"""What a check is given, what it answers, and how the answers of several become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from provenance.audit.finding import Finding, Match
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.fingerprint.index import Index
from provenance.fingerprint.method import Fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An artwork and all that checks may want to know. A new check that needs more adds a field with a default."""

    fingerprints: Mapping[str, Fingerprint]
    """By method name."""
    works: Mapping[str, Index] = field(default_factory=dict)
    """The works that its model learnt from, by method name."""
    artworks: Mapping[str, Index] = field(default_factory=dict)
    """The other artworks of the archive, by method name."""
    uid: str | None = None
    """Its own uid if it is among `artworks` already; it is never matched with itself."""
    related: frozenset[str] = frozenset()
    """The uids of artworks that it was made from: that it looks like those is no finding."""
    thresholds: Mapping[str, int] = field(default_factory=dict)
    """Distances at which to flag, by method name, in place of the methods' own."""
    keep: int = 3
    """How many of the nearest works each method keeps as matches, however far they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one check, or several, have to say of a subject."""

    findings: Sequence[Finding] = ()
    matches: Sequence[Match] = ()
    works_compared: int = 0
    artworks_compared: int = 0
    settings: Mapping[str, Json] = field(default_factory=dict)
    """Whatever has to be known to judge the answer later: methods, thresholds. For several checks, by name."""


class Check(Protocol):
    """A question about an artwork. Its version is raised whenever the same subject could get another answer."""

    @property
    def name(self) -> str:
        """The name people type: lower case, no spaces."""
        ...

    @property
    def version(self) -> str:
        """A whole number, as text."""
        ...

    @property
    def summary(self) -> str:
        """One sentence for lists."""
        ...

    def examine(self, subject: Subject) -> Answer:
        """Answer for `subject`. Bad news is a finding, never an exception."""
        ...


def ask(subject: Subject, checks: Sequence[Check]) -> Answer:
    """Put all `checks` to `subject` and join their answers. Raises UsageError if there is no check."""
    if not checks:
        raise UsageError("An audit without a check says nothing: name at least one.")
    answers = {check: check.examine(subject) for check in checks}
    return Answer(
        findings=[finding for answer in answers.values() for finding in answer.findings],
        matches=[match for answer in answers.values() for match in answer.matches],
        works_compared=max(answer.works_compared for answer in answers.values()),
        artworks_compared=max(answer.artworks_compared for answer in answers.values()),
        settings={check.name: {"version": check.version, **answer.settings} for check, answer in answers.items()},
    )
