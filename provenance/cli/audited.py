"""What came of an audit, for people and as JSON."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from provenance.cli.console import next_steps, say, sign, some, talk
from provenance.cli.judged import finding_sign, said_of
from provenance.words import PersonDecision, Severity, Sign, count

if TYPE_CHECKING:
    from provenance.archive.audit import Audited, AuditOutcome
    from provenance.archive.detail import Detail, FindingRow

_GRAVE = frozenset({Severity.WARNING.value, Severity.DECIDE.value})


def grave(outcome: "AuditOutcome") -> "list[Audited]":
    """Give the artworks that somebody should look at."""
    return [each for each in outcome.artworks if each.severity in _GRAVE]


def document(outcome: "AuditOutcome", details: "Sequence[Detail]") -> dict[str, Any]:
    """Give all of it for `--json`; of the artworks without `details` the findings are only counted."""
    findings = {detail.uid: detail.findings for detail in details}
    return {
        "artworks": [
            {
                "uid": each.uid,
                "severity": each.severity,
                "findings": findings.get(each.uid, []),
                "found": each.findings,
                "again": each.again,
            }
            for each in outcome.artworks
        ],
        "works": outcome.works,
        "line": dict(outcome.line),
        "left_out": dict(outcome.left_out),
        "notice": outcome.notice,
        "checks": outcome.checks,
        "dataset": None if outcome.dataset is None else outcome.dataset.record(),
    }


def say_outcome(outcome: "AuditOutcome", details: "Sequence[Detail]", *, given: int) -> None:
    """Say the verdict first, then what was found; `given` of the works are no training works."""
    if not outcome.artworks and not outcome.left_out:
        say("There is no such artwork to audit yet.")
        next_steps("prov generate")
        return
    _say_verdict(outcome, given)
    alone = len(outcome.artworks) == 1
    for detail in details:
        for finding in detail.findings:
            if alone or _asks(finding):  # of many only what should be looked at; the rest is in `prov show`
                say(sign(finding_sign(finding)), f" {detail.uid[:12]}: ", said_of(finding))
    _say_limits(outcome)
    if details:
        next_steps(f"prov show {details[0].uid[:12]}")


def _say_limits(outcome: "AuditOutcome") -> None:
    """Say what the verdict is not about."""
    if outcome.dataset is not None:
        say("This is about that dataset alone. `prov show` has what was found among all works, too.")
    if outcome.notice:
        say(outcome.notice, console=talk)
    if outcome.left_out:
        lost = list(outcome.left_out.values())
        more = f" And {count(len(lost) - 1)} more." if len(lost) > 1 else ""
        say(sign(Sign.ATTENTION), f" {some(len(lost), 'picture')} could not be looked at. {lost[0]}{more}")


def _say_verdict(outcome: "AuditOutcome", given: int) -> None:
    found = grave(outcome)
    verdict = f"{count(len(found))} to look at" if found else "nothing found that somebody should look at"
    if not outcome.whole:
        verdict += ", by all that is known of them" if len(outcome.artworks) > 1 else ", by all that is known of it"
    before = sum(not each.again for each in outcome.artworks)
    known = "" if not before else f" {count(before)} had been audited in the same way before."
    mark = sign(Sign.ATTENTION if found else Sign.CHECKED)
    say(mark, f" {some(len(outcome.artworks), 'artwork')} {_with_what(outcome, given)}: {verdict}.{known}")
    if outcome.line and outcome.works:
        _say_line(outcome)


def _with_what(outcome: "AuditOutcome", given: int) -> str:
    if not outcome.compared:
        return f"put to the check{'s' * (len(outcome.checks) > 1)} {', '.join(outcome.checks)}"
    works = some(outcome.works, "work")
    if outcome.dataset is not None:
        return f"held against {works} of {outcome.dataset}"
    return f"held against {works}" + (f" ({count(given)} of them only given as pictures)" if given else "")


def _asks(finding: "FindingRow") -> bool:
    return finding.severity != Severity.NOTE.value and finding.decision is not PersonDecision.DISMISSED


def _say_line(outcome: "AuditOutcome") -> None:
    line = outcome.line
    say(
        f"A score of {line['flagged_at']} or more is flagged: with it {line['false_flags']:,} of "
        f"{line['pictures']:,} pictures by other people were flagged wrongly ({line['source']})."
    )
