"""The report of an audit, filled from what is on record: `prov audit --report FILE`."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.audit import AuditOutcome
from provenance.archive.detail import Detail, show
from provenance.archive.judgements import Judgement, judgements
from provenance.archive.nodes import SHORT, node_id
from provenance.archive.refingerprint import picture_of
from provenance.archive.standing import Known, given_only, standings
from provenance.audit import copies
from provenance.audit.copies import Relation
from provenance.database import utc_now
from provenance.errors import UsageError
from provenance.export.audit_report import (
    AuditReport,
    ErrorRate,
    Measure,
    ReportedArtwork,
    ReportedCheck,
    ReportedJudgement,
    ReportedMatch,
)
from provenance.export.audit_report_page import audit_page
from provenance.export.audit_report_regions import unit_matrix
from provenance.fingerprint.local import CHANGES
from provenance.picture import Picture
from provenance.schema import Kind, Node
from provenance.settings import write_file
from provenance.words import Severity, Standing

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_MOST: Final = 500
"""Artworks on a page."""


def write_report(archive: "Archive", outcome: AuditOutcome, path: Path, *, command: str) -> None:
    """Write the page for what was audited. Raises UsageError where the file is there or cannot be written."""
    check_target(path)
    page = audit_page(report(archive, outcome, command=command))
    try:
        write_file(path, page)
    except OSError as cause:
        raise UsageError(f"The report {path} cannot be written: {cause.strerror}. Name another file.") from cause


def check_target(path: Path) -> None:
    """Raise UsageError where a report cannot be written."""
    if path.exists():
        raise UsageError(f"{path} is there already. Name another file for the report, or move it away first.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent} for the report. Make it, or name another file.")


def report(archive: "Archive", outcome: AuditOutcome, *, command: str) -> AuditReport:
    """Gather what a page says: artworks with findings first, 500 at most."""
    ordered = sorted(outcome.artworks, key=lambda each: (each.findings == 0, each.uid))[:_MOST]
    given = given_only(archive)
    return AuditReport(
        archive=archive.folder.name,
        audited_at=utc_now(),
        artworks=tuple(_artwork(archive, each.uid, given) for each in ordered),
        methods=_methods(outcome),
        program=f"prov {version('provenance-archive')}",
        command=command,
    )


def _methods(outcome: AuditOutcome) -> tuple[tuple[str, str], ...]:
    line = outcome.line
    if not line:
        return ()
    said = f"{line['judge']}, flagged from {line['flagged_at']} on; {line['source']}"
    return ((f"{copies.NAME} {copies.VERSION}", said),)


def _artwork(archive: "Archive", uid: str, given: int) -> ReportedArtwork:
    detail = show(archive, uid)
    with archive.database.read() as session:
        row = node_id(session, uid)
        found = _found(session, row)
        works = {each.other_id for each, _ in found if each.other_id is not None}
        known = standings(session, row, works)
        people = judgements(session, row)
        session.expunge_all()
    matches = tuple(
        _match(archive, detail, finding, node, known=known.get(node.id), people=people)
        for finding, node in found
        if node is not None and finding.check == copies.NAME
    )
    others = tuple(
        ReportedCheck(
            name=finding.check,
            version=finding.check_version,
            severity=Severity(finding.severity),
            sentence=finding.sentence,
        )
        for finding, node in found
        if finding.check != copies.NAME
    )
    return ReportedArtwork(
        uid=uid,
        title=detail.title or detail.label,
        caption=f"{detail.width} x {detail.height} pixels, {detail.made_at:%Y-%m-%d %H:%M} UTC",
        picture=_opener(archive, Kind.ARTWORK, row, uid),
        matches=matches,
        checks=others,
        compared=detail.works_compared,
        of=detail.works_known,
        given=given,
    )


def _found(session: Session, row: int) -> list[tuple[schema.Finding, Node | None]]:
    latest = select(schema.Audit.id).where(schema.Audit.artwork_id == row).order_by(schema.Audit.id.desc()).limit(1)
    finding = schema.Finding
    query = select(finding, Node).outerjoin(Node, Node.id == finding.other_id)
    rows = session.execute(query.where(finding.audit_id == latest.scalar_subquery()).order_by(finding.id)).all()
    return [(each, node) for each, node in rows]


def _opener(archive: "Archive", kind: Kind, row: int, uid: str) -> Callable[[], Picture]:
    return lambda: picture_of(archive, Node(id=row, uid=uid, kind=kind.value))


def _match(
    archive: "Archive",
    detail: Detail,
    finding: schema.Finding,
    node: Node,
    *,
    known: Known | None,
    people: Sequence[Judgement],
) -> ReportedMatch:
    evidence = finding.evidence
    with archive.database.read() as session:
        work = session.get(schema.Work, node.id)
        facts = None if work is None else (work.title, work.name, work.creator, work.licence, work.width, work.height)
    title, name, creator, licence, width, height = facts or (None, node.uid[:SHORT], None, None, 1, 1)
    change = CHANGES.index(evidence["change"])
    said = sorted((each for each in people if each.other == node.uid), key=lambda each: each.number)
    standing: Standing | None = None if known is None else known[0]
    return ReportedMatch(
        uid=node.uid,
        title=title or name,
        relation=Relation(evidence["relation"]),
        severity=Severity(finding.severity),
        standing=standing,
        creator=creator,
        licence=licence,
        picture=_opener(archive, Kind.WORK, node.id, node.uid),
        matrix=unit_matrix(
            evidence["matrix"],
            artwork=(detail.width, detail.height),
            other=(width, height),
            side=evidence["matrix_side"],
            mirrored=bool(change & 1),
        )
        if evidence["matrix"]
        else None,
        inverted=bool(change & 2),
        method=f"{finding.check} {finding.check_version}, {evidence['line']['judge']}",
        measures=_measures(evidence),
        rates=(_rate(evidence["line"]),),
        judgements=tuple(
            ReportedJudgement(decision=each.decision, reason=each.reason, by=each.by, at=each.at) for each in said
        ),
    )


def _measures(evidence: Mapping[str, Any]) -> tuple[Measure, ...]:
    line = evidence["line"]
    return (
        Measure(
            name="Score",
            value=evidence["score"],
            line=line["flagged_at"],
            lowest=-10,
            highest=30,
            method=line["judge"],
        ),
        _share("Of the work found in the artwork", evidence["work_contained"]),
        _share("Of the artwork found in the work", evidence["artwork_explained"]),
        _share("Agreeing where both overlap", evidence["agreeing"]),
    )


def _share(name: str, value: float) -> Measure:
    return Measure(name=name, value=round(100 * value), highest=100, unit="%")


def _rate(line: Mapping[str, Any]) -> ErrorRate:
    from scipy.stats import beta

    flagged, pictures = int(line["false_flags"]), int(line["pictures"])
    low = float(beta.ppf(0.025, flagged, pictures - flagged + 1)) if flagged else 0.0
    return ErrorRate(
        reached=f"the line of {line['flagged_at']:.1f}",
        found=flagged,
        of=pictures,
        low=low,
        high=float(beta.ppf(0.975, flagged + 1, max(1, pictures - flagged))),
        measured_on=f"The line is {line['source']}.",
    )
