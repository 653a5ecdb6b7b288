"""The rows of audits that were made again: added, never changed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.audit import Answer
from provenance.database import utc_now

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


def write_audits(archive: "Archive", answered: Sequence[tuple[int, Answer]]) -> None:
    """Write audits with their matches and findings, in one transaction."""
    if not answered:
        return
    with archive.database.write() as session:
        others = {match.uid for _, answer in answered for match in answer.matches}
        others |= {finding.other for _, answer in answered for finding in answer.findings if finding.other}
        named = nodes.node_ids(session, others)
        for row, answer in answered:
            _write_one(session, row, answer, named)


def _write_one(session: Session, row: int, answer: Answer, named: Mapping[str, int]) -> None:
    made = schema.Audit(
        artwork_id=row,
        checks=dict(answer.settings),
        works_compared=answer.works_compared,
        artworks_compared=answer.artworks_compared,
        audited_at=utc_now(),
    )
    session.add(made)
    session.flush()
    head: dict[str, Any] = {"audit_id": made.id, "artwork_id": row}
    copied = ("method", "distance", "bits", "orientation", "flagged")
    matches = [
        head | {name: getattr(match, name) for name in copied} | {"other_id": named[match.uid]}
        for match in answer.matches
        if match.uid in named
    ]
    findings = [
        head
        | {
            "check": finding.check,
            "check_version": finding.check_version,
            "severity": finding.severity.value,
            "sentence": finding.sentence,
            "evidence": dict(finding.evidence),
            "other_id": named.get(finding.other or ""),
        }
        for finding in answer.findings
    ]
    if matches:
        session.execute(insert(schema.Match), matches)
    if findings:
        session.execute(insert(schema.Finding), findings)
