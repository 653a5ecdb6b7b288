"""The policy on findings: which of them hold an artwork back as it is recorded or as it leaves, which warn or inform.

It is `audit.toml` in the archive, read by `policy_file.py`; without it the shipped one holds. The first rule that fits
a finding decides. What a person dismissed for the same pair of pictures is taken out before anything is weighed. Every
decision names the policy by its digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from provenance.audit.finding import Finding
from provenance.digest import Digest, Json
from provenance.words import PersonDecision, Severity

AS_FOUND: Final = "as-found"
"""The effect that is the finding's own severity."""
EFFECTS: Final = (*(severity.value for severity in reversed(Severity)), AS_FOUND)
"""What a rule may say of signing and of export: block, warn, inform, or as the check found it."""
STANDS: Final = "stands"
"""A decision that leaves the rule's effect as it is."""

RELATIONS: Final[Mapping[str, str]] = {
    "near-copy": "near copy of",
    "recoloured": "same design in other colours as",
    "redrawn": "same lines, drawn otherwise, as",
    "contains": "contains all of",
    "part": "contains a part of",
    "style": "similar style only: not a match",
}
"""What a rule may call a relation, and what the check of copies writes as its evidence."""

LIKENESS: Final = frozenset({"similarity", "copies"})
"""Checks that ask whether two pictures look alike: a person who compared the two has answered them all."""

_WEIGHT: Final = {severity: weight for weight, severity in enumerate(Severity)}


class Gate(StrEnum):
    """Where a policy is asked."""

    SIGN = "sign"
    EXPORT = "export"

    @property
    def word(self) -> str:
        """What is done there, for people."""
        return {Gate.SIGN: "signing", Gate.EXPORT: "export"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSaid:
    """What a person decided about the pair of pictures that a finding speaks of, or about a finding on one alone."""

    check: str
    other: str | None
    """The uid of the other picture; None for a finding that has none."""
    decision: PersonDecision
    sentence: str
    """Of the finding that was decided."""

    def is_about(self, finding: Finding) -> bool:
        """Tell whether it holds for `finding`: of a pair for any wording of it, else for the very same sentence."""
        if self.other != finding.other or topic(self.check) != topic(finding.check):
            return False
        return self.other is not None or self.sentence == finding.sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: what it is about, and what follows. A condition that is empty fits everything."""

    name: str
    checks: tuple[str, ...] = ()
    """Names of checks, in which `*` stands for any text."""
    relations: tuple[str, ...] = ()
    """Keys of `RELATIONS`."""
    of: tuple[str, ...] = ()
    """What the other picture is: work, artwork."""
    severities: tuple[Severity, ...] = ()
    score_from: float | None = None
    """The least score in the evidence; a finding without a score does not fit."""
    score_below: float | None = None
    evidence: tuple[tuple[str, str | bool | int], ...] = ()
    """Other entries of the evidence that have to be so."""
    sign: str
    export: str

    def fits(self, finding: Finding) -> bool:
        """Tell whether the rule is about `finding`."""
        told = finding.evidence
        wanted = tuple(RELATIONS[relation] for relation in self.relations)
        return (
            (not self.checks or any(fnmatchcase(finding.check, pattern) for pattern in self.checks))
            and (not wanted or told.get("relation") in wanted)
            and (not self.of or told.get("kind") in self.of)
            and (not self.severities or finding.severity in self.severities)
            and self._in_band(told.get("score"))
            and all(told.get(key) == value for key, value in self.evidence)
        )

    def effect(self, finding: Finding, gate: Gate) -> Severity:
        """Say what follows of `finding` at `gate`."""
        said = self.sign if gate is Gate.SIGN else self.export
        return finding.severity if said == AS_FOUND else Severity(said)

    def _in_band(self, score: Json) -> bool:
        if self.score_from is None and self.score_below is None:
            return True
        if not isinstance(score, int | float):
            return False
        return (self.score_from is None or score >= self.score_from) and (
            self.score_below is None or score < self.score_below
        )

    def record(self) -> dict[str, Json]:
        """Write it as JSON; numbers as texts, so that their digest is everywhere the same."""
        return {
            "name": self.name,
            "checks": list(self.checks),
            "relations": list(self.relations),
            "of": list(self.of),
            "severities": [severity.value for severity in self.severities],
            "score": [None if edge is None else repr(float(edge)) for edge in (self.score_from, self.score_below)],
            "evidence": [[key, value] for key, value in self.evidence],
            "sign": self.sign,
            "export": self.export,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One finding, what follows of it, and why."""

    finding: Finding
    effect: Severity
    rule: str
    """The name of the rule that decided."""
    said: PersonDecision | None = None
    """What a person said of it before; never that it was dismissed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a policy makes of the findings of an artwork."""

    effect: Severity
    """The heaviest of all reasons: `block`, `warn` or `inform`; `inform` where there is none."""
    gate: Gate
    reasons: tuple[Reason, ...]
    """The heaviest first."""
    dismissed: tuple[Finding, ...] = ()
    """Findings that a person dismissed: they weigh nothing."""
    policy: Digest

    def of(self, effect: Severity) -> tuple[Reason, ...]:
        """Give the reasons of one weight."""
        return tuple(reason for reason in self.reasons if reason.effect is effect)

    def record(self) -> dict[str, Json]:
        """Write what follows by which policy, and the rule that decided where that is to hold the picture back."""
        blocking = self.of(Severity.DECIDE)
        told: dict[str, Json] = {"digest": str(self.policy), self.gate.value: self.effect.value}
        return told | ({"rule": blocking[0].rule} if blocking else {})


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the archive's owner decided about findings."""

    preset: str
    """The shipped policy that it is based on."""
    rules: tuple[Rule, ...]
    """In the order in which they are asked; the last one fits every finding."""
    accepted: str = STANDS
    """What becomes of a finding that a person agreed with: `stands`, or at most `warn` or `inform`."""
    disputed: str = STANDS
    """The same for one that a person disputes."""

    def __post_init__(self) -> None:
        """Refuse a policy that has no answer for some findings. Raises ValueError."""
        last = self.rules[-1] if self.rules else None
        if last is None or Rule(name=last.name, sign=last.sign, export=last.export) != last:
            message = "A policy needs a last rule without conditions, for findings that no other rule is about."
            raise ValueError(message)

    @cached_property
    def digest(self) -> Digest:
        """Digest what the policy says; comments and spaces in the file do not change it, nor how it was put."""
        decided: Json = {"accepted": self.accepted, "disputed": self.disputed}
        return Digest.of_json({"audit_policy": {"rules": [rule.record() for rule in self.rules], "decided": decided}})

    def judge(
        self, findings: Sequence[Finding], judgements: Sequence[PersonSaid] = (), *, gate: Gate = Gate.EXPORT
    ) -> Ruling:
        """Weigh `findings` at `gate`; of `judgements` about the same pair, the last one holds."""
        reasons: list[Reason] = []
        dismissed: list[Finding] = []
        for finding in findings:
            said = next((each.decision for each in reversed(judgements) if each.is_about(finding)), None)
            if said is PersonDecision.DISMISSED:
                dismissed.append(finding)
            else:
                reasons.append(self._reason(finding, said, gate))
        reasons.sort(key=lambda reason: -_WEIGHT[reason.effect])
        return Ruling(
            effect=reasons[0].effect if reasons else Severity.NOTE,
            gate=gate,
            reasons=tuple(reasons),
            dismissed=tuple(dismissed),
            policy=self.digest,
        )

    @cached_property
    def _most(self) -> Mapping[PersonDecision, str]:
        return {PersonDecision.ACCEPTED: self.accepted, PersonDecision.DISPUTED: self.disputed}

    def _reason(self, finding: Finding, said: PersonDecision | None, gate: Gate) -> Reason:
        rule = next(rule for rule in self.rules if rule.fits(finding))
        effect = rule.effect(finding, gate)
        most = STANDS if said is None else self._most[said]
        if most != STANDS:
            effect = min(effect, Severity(most), key=_WEIGHT.__getitem__)
        return Reason(finding=finding, effect=effect, rule=rule.name, said=said)


def blocked_by(reason: Reason, findings: int, gate: Gate) -> str:
    """Say which rule of the policy blocks, and that there is more than one finding, if so."""
    more = (
        ""
        if findings == 1
        else f" {findings - 1} more {'finding blocks' if findings == 2 else 'findings block'} it too."
    )
    return f"The rule {reason.rule} of the policy on findings blocks {gate.word}.{more}"


def topic(check: str) -> str:
    """Name the question that a check asks: those of likeness ask the same one."""
    return "likeness" if check in LIKENESS else check
