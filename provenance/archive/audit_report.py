"""The report of an audit, filled from what is on record: `prov audit --report FILE`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenance import schema
from provenance.archive.audit import Audited, AuditOutcome
from provenance.archive.current import current_rows
from provenance.archive.detail import Detail, show
from provenance.archive.features import kept
from provenance.archive.judgements import Judgement, judgements
from provenance.archive.nodes import node_id
from provenance.archive.one_dataset import OneDataset
from provenance.archive.refingerprint import picture_of
from provenance.archive.standing import Known, given_only, standings
from provenance.audit import copies
from provenance.audit.copies import Relation
from provenance.audit.proportion import interval
from provenance.compare.look import GREY, line_points, unpack_grey
from provenance.database import utc_now
from provenance.errors import DamagedArchiveError, UsageError
from provenance.export.audit_report import (
    AuditReport,
    ErrorRate,
    Matrix,
    Measure,
    Point,
    ReportedArtwork,
    ReportedCheck,
    ReportedJudgement,
    ReportedMatch,
)
from provenance.export.audit_report_page import SHOWN, audit_page
from provenance.export.audit_report_points import shared_points
from provenance.export.audit_report_regions import recorded_matrix
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.picture import Picture
from provenance.schema import Kind, Node
from provenance.settings import write_file
from provenance.words import Severity

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_POINTS: Final = 4
"""Places in common from which on those of edges and lines are not asked for."""


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
    """Gather what a page says."""
    given = given_only(archive)
    return AuditReport(
        archive=archive.folder.name,
        audited_at=utc_now(),
        artworks=tuple(_artwork(archive, each, outcome.dataset, given) for each in outcome.artworks),
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


def _artwork(archive: "Archive", audited: Audited, dataset: OneDataset | None, given: int) -> ReportedArtwork:
    about = None if dataset is None else dataset.uid
    detail = show(archive, audited.uid, dataset=about)
    with archive.database.read() as session:
        row = node_id(session, audited.uid)
        found = current_rows(session, [row], dataset=about)
        alike = [each.Finding.other_id for each in found if each.Finding.check == copies.NAME]
        known = standings(session, row, alike)
        said = judgements(session, row)
        works = {other: session.get_one(schema.Work, other) for other in alike}
        shown = [row, *alike[:SHOWN]] if alike else []
        points, greys = dict(kept(session, shown, POINTS)), dict(kept(session, shown, GREY))
        session.expunge_all()
    opened = _Opened(archive=archive, row=row, detail=detail, known=known, said=said, points=points, greys=greys)
    return ReportedArtwork(
        uid=detail.uid,
        title=detail.title or detail.label,
        caption=f"{detail.width} x {detail.height} pixels, {detail.made_at:%Y-%m-%d %H:%M} UTC",
        picture=opened.picture(Kind.ARTWORK, row, detail.uid),
        matches=tuple(
            opened.match(each.Finding, each.uid, works[each.Finding.other_id])
            for each in found
            if each.Finding.check == copies.NAME
        ),
        checks=tuple(
            ReportedCheck(
                name=each.Finding.check,
                version=each.Finding.check_version,
                severity=Severity(each.Finding.severity),
                sentence=each.Finding.sentence,
            )
            for each in found
            if each.Finding.check != copies.NAME
        ),
        compared=detail.works_compared,
        of=detail.works_known,
        given=given if dataset is None else 0,
        dataset=None if dataset is None else str(dataset),
        decided=None if audited.severity is None else Severity(audited.severity),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """An artwork whose findings are written down, with what is known of the works that they name."""

    archive: "Archive"
    row: int
    detail: Detail
    known: Mapping[int, Known]
    said: Sequence[Judgement]
    points: Mapping[int, bytes]
    """What is kept of the points of the artwork and of the works that are shown, by row."""
    greys: Mapping[int, bytes]
    """Their small grey copies."""

    def picture(self, kind: Kind, row: int, uid: str) -> Callable[[], Picture]:
        """Give what opens a picture: only one is in memory at a time."""
        return lambda: picture_of(self.archive, Node(id=row, uid=uid, kind=kind.value))

    def match(self, finding: schema.Finding, uid: str, work: schema.Work) -> ReportedMatch:
        """Tell of one work what was measured."""
        evidence = finding.evidence
        standing = self.known.get(work.id)
        size = (self.detail.width, self.detail.height)
        matrix = recorded_matrix(evidence, artwork=size, other=(work.width, work.height))
        inverted = "inverted" in evidence["change"]
        lines = [evidence["line"]] if "line" in evidence else []  # equal pixels need none
        return ReportedMatch(
            uid=uid,
            title=work.title or work.name,
            relation=Relation(evidence["relation"]),
            severity=Severity(finding.severity),
            standing=None if standing is None else standing[0],
            creator=work.creator,
            licence=work.licence,
            picture=self.picture(Kind.WORK, work.id, uid),
            matrix=matrix,
            inverted=inverted,
            points=() if matrix is None else self._shared(work.id, matrix, inverted=inverted),
            method=", ".join([f"{finding.check} {finding.check_version}", *(line["judge"] for line in lines)]),
            measures=_measures(evidence, lines),
            rates=tuple(map(_rate, lines)),
            judgements=tuple(
                ReportedJudgement(decision=each.decision, reason=each.reason, by=each.by, at=each.at)
                for each in sorted(self.said, key=lambda each: each.number)
                if each.other == uid
            ),
        )

    def _shared(self, work: int, matrix: Matrix, *, inverted: bool) -> tuple[tuple[Point, Point], ...]:
        """Find the places that both have, or else those where edges and lines of both meet or bend.

        None where nothing is kept of one, or cannot be read any more.
        """
        if not {self.row, work} <= self.points.keys() & self.greys.keys():
            return ()
        try:
            here, there = (LocalFeatures.from_bytes(self.points[row]) for row in (self.row, work))
            found = shared_points(here, there, matrix, inverted=inverted)
            if len(found) >= _POINTS:
                return found
            drawn_here, drawn_there = (line_points(unpack_grey(self.greys[row])) for row in (self.row, work))
        except DamagedArchiveError:
            return ()
        return max(found, shared_points(drawn_here, drawn_there, matrix, inverted=False), key=len)


def _measures(evidence: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> tuple[Measure, ...]:
    return (
        *(
            Measure(
                name="Score",
                value=evidence["score"],
                line=line["flagged_at"],
                lowest=-10,
                highest=30,
                method=line["judge"],
            )
            for line in lines
        ),
        _share("Of the work found in the artwork", evidence["work_contained"]),
        _share("Of the artwork found in the work", evidence["artwork_explained"]),
        _share("Agreeing where both overlap", evidence["agreeing"]),
        *(_share("Edges and lines agreeing there", evidence[name]) for name in ("lines_agreeing",) if name in evidence),
    )


def _share(name: str, value: float) -> Measure:
    return Measure(name=name, value=round(100 * value), highest=100, unit="%")


def _rate(line: Mapping[str, Any]) -> ErrorRate:
    flagged, pictures = int(line["false_flags"]), int(line["pictures"])
    low, high = interval(flagged, pictures)
    return ErrorRate(
        reached=f"the line of {line['flagged_at']:.1f}",
        found=flagged,
        of=pictures,
        low=low,
        high=high,
        measured_on=f"The line is {line['source']}.",
    )
