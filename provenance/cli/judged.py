"""What people decided about findings, for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provenance.cli.console import say, visible
from provenance.words import NOT_RECORDED, PersonDecision, Severity, Sign, minute

if TYPE_CHECKING:
    from provenance.archive.detail import FindingRow
    from provenance.archive.judgements import Judgement


def finding_sign(finding: "FindingRow") -> Sign:
    """Give the sign of a finding; one that a person dismissed asks for nothing any more."""
    dismissed = finding.decision is PersonDecision.DISMISSED
    return Sign.of_severity(Severity.NOTE if dismissed else Severity(finding.severity))


def said_of(finding: "FindingRow") -> str:
    """Say a finding, with what a person decided about it."""
    return finding.sentence if finding.decision is None else f"{finding.sentence} {finding.decision.sentence}"


def say_judgements(judgements: "Sequence[Judgement]") -> None:
    """List decisions, the latest first: what, about which picture, by whom, when and why."""
    if not judgements:
        return
    say("  what people decided")
    for each in reversed(judgements):
        later = "" if each.holds else ", which a later decision replaced"
        say(f"{each.decision.value}: {_about(each)}{later}", indent=4, hang=6)
        by = f"{each.by} (claimed)" if each.by else NOT_RECORDED
        say(f"{visible(by)}, {minute(each.at)}: {visible(' '.join(each.reason.split()))}", indent=6, hang=6)


def _about(judged: "Judgement") -> str:
    if judged.other is None:
        return f"what the check {judged.check} found in this artwork alone"
    return f"the {judged.other_kind} {judged.other[:12]} (found by the check {judged.check})"
