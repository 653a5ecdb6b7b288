"""What is known of an artwork by its audits: of each check what it said when it was last put to the artwork.

An audit may have asked one check alone. What the others said before still stands then.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.schema import Node


def latest_audits(session: Session, artworks: Sequence[int]) -> dict[tuple[int, str], int]:
    """Give the row of the latest audit that put each check to artworks, by row of the artwork and name of the check."""
    audit = schema.Audit
    query = select(audit.id, audit.artwork_id, audit.checks).where(audit.artwork_id.in_(artworks)).order_by(audit.id)
    return {(artwork, check): row for row, artwork, checks in session.execute(query) for check in checks}


def current_rows(session: Session, artworks: Sequence[int]) -> Sequence[Any]:
    """Give rows of a finding (`Finding`) with the uid and kind of the other picture, the earliest audit first."""
    latest = latest_audits(session, artworks)
    finding = schema.Finding
    query = select(finding, Node.uid, Node.kind).outerjoin(Node, Node.id == finding.other_id)
    rows = session.execute(query.where(finding.artwork_id.in_(artworks)).order_by(finding.id)).all()
    for row in rows:  # of a check that its audit does not list
        asked = (row.Finding.artwork_id, row.Finding.check)
        latest[asked] = max(row.Finding.audit_id, latest.get(asked, 0))
    return [row for row in rows if row.Finding.audit_id == latest[row.Finding.artwork_id, row.Finding.check]]
