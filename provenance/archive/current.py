"""What is known of an artwork by its audits: of each check what it said when it was last put to the artwork.

An audit may have asked one check alone. What the others said before still stands then. One that compared with the
works of one dataset alone replaces nothing that was found among all works: it only adds works that were not named.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.one_dataset import COMPARING, dataset_of
from provenance.audit.finding import Finding
from provenance.schema import Node
from provenance.words import Severity

_Question: TypeAlias = tuple[int, str, str | None]
"""An artwork's row, a check's name, and the uid of the dataset that it was asked about alone; None for all works."""
_Latest: TypeAlias = dict[_Question, int]
"""The row of the latest audit that asked it."""


def latest_audits(
    session: Session, artworks: Sequence[int], *, dataset: str | None = None
) -> dict[tuple[int, str], int]:
    """Give the row of the latest audit that put each check to artworks, by row of the artwork and name of the check.

    Of checks that compare with works those audits count that did so with all of them; with the uid of a `dataset`,
    those that compared with its works alone.
    """
    return {
        (artwork, check): audit
        for (audit, check), (artwork, about) in _asked(session, artworks).items()
        if about == (dataset if check in COMPARING else None)
    }


def current_rows(session: Session, artworks: Sequence[int], *, dataset: str | None = None) -> Sequence[Any]:
    """Give rows of a finding (`Finding`) with the uid and kind of the other picture, the earliest audit first.

    With the uid of a `dataset`, what the checks that compare with works found when they were asked about it alone,
    and what the other checks said.
    """
    asked, finding = _asked(session, artworks), schema.Finding
    query = select(finding, Node.uid, Node.kind).outerjoin(Node, Node.id == finding.other_id)
    rows = session.execute(query.where(finding.artwork_id.in_(artworks)).order_by(finding.id)).all()
    questions = [_question(row.Finding, asked) for row in rows]
    latest: _Latest = {(artwork, check, about): audit for (audit, check), (artwork, about) in asked.items()}
    for row, question in zip(rows, questions, strict=True):  # of a check that its audit does not list
        latest[question] = max(row.Finding.audit_id, latest.get(question, 0))
    pairs = zip(rows, questions, strict=True)
    standing = [(row, question) for row, question in pairs if row.Finding.audit_id == latest[question]]
    if dataset is None:
        return _of_all(standing, latest)
    return [row for row, (_, check, about) in standing if about == (dataset if check in COMPARING else None)]


def finding_of(row: schema.Finding, other: str | None) -> Finding:
    """Give a finding as its check gave it; `other` is the uid of the other picture."""
    return Finding(
        check=row.check,
        check_version=row.check_version,
        severity=Severity(row.severity),
        sentence=row.sentence,
        evidence=row.evidence,
        other=other,
    )


def _question(finding: schema.Finding, asked: Mapping[tuple[int, str], tuple[int, str | None]]) -> _Question:
    _, about = asked.get((finding.audit_id, finding.check), (0, None))
    return finding.artwork_id, finding.check, about


def _of_all(standing: Sequence[tuple[Any, _Question]], latest: _Latest) -> list[Any]:
    """Choose what was found among all works, and what was found later among those of one dataset beyond that."""
    whole = [row for row, (_, _, about) in standing if about is None]
    named = {_pair(row.Finding): row.Finding.audit_id for row in whole}
    narrow = [(row, question) for row, question in standing if question[2] is not None]
    for row, (artwork, check, _) in sorted(narrow, key=lambda each: -each[0].Finding.audit_id):
        found = row.Finding
        before = latest.get((artwork, check, None))
        adds = before is None or (found.audit_id > before and found.severity != Severity.NOTE.value)
        if adds and named.setdefault(_pair(found), found.audit_id) == found.audit_id:
            whole.append(row)
    return sorted(whole, key=lambda row: row.Finding.id)


def _pair(finding: schema.Finding) -> tuple[int, str, int | None]:
    return finding.artwork_id, finding.check, finding.other_id


def _asked(session: Session, artworks: Sequence[int]) -> dict[tuple[int, str], tuple[int, str | None]]:
    """Tell what each audit asked: its row and a check's name; the artwork's row, and which dataset alone, if one."""
    audit = schema.Audit
    query = select(audit.id, audit.artwork_id, audit.checks).where(audit.artwork_id.in_(artworks)).order_by(audit.id)
    return {
        (row, check): (artwork, dataset_of(settings))
        for row, artwork, checks in session.execute(query)
        for check, settings in checks.items()
    }
