"""Finding artworks: lists, newest first, that go on where they ended."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.current import current_rows
from provenance.archive.labels import labels
from provenance.schema import Kind, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One artwork in a list."""

    uid: str
    label: str
    model: str | None
    seed: str | None
    width: int
    height: int
    making: str
    by: str | None
    findings: int
    made_at: datetime


def artworks(
    archive: "Archive", *, count: int = PAGE, model: str | None = None, by: str | None = None, before: str | None = None
) -> list[Row]:
    """List artworks, newest first; `before` continues after the artwork with that id."""
    artwork, run, the_model = schema.Artwork, schema.Run, schema.Model
    query = (
        select(artwork, schema.Node.uid, the_model.name)
        .join(schema.Node, schema.Node.id == artwork.id)
        .outerjoin(run, run.id == artwork.run_id)
        .outerjoin(the_model, the_model.id == run.model_id)
        .order_by(artwork.id.desc())
        .limit(count)
    )
    with archive.database.read() as session:
        if model is not None:
            query = query.where(the_model.name == model)
        if by is not None:
            uid = nodes.contributor_uid(by)
            person = select(schema.Node.id).where(schema.Node.uid == uid).scalar_subquery()
            edge = schema.Edge
            made = select(edge.child_id).where(edge.parent_id == person, edge.role == Role.BY.value)
            query = query.where(artwork.id.in_(made))
        if before is not None:
            query = query.where(artwork.id < nodes.find(session, before, kinds=[Kind.ARTWORK]).id)
        rows = session.execute(query).all()
        ids = [row.Artwork.id for row in rows]
        people = makers(session, ids)
        found = Counter(row.Finding.artwork_id for row in current_rows(session, ids))
        texts = labels(session, dict.fromkeys(ids, Kind.ARTWORK))
    return [
        Row(
            uid=uid,
            label=texts[item.id],
            model=name,
            seed=item.seed,
            width=item.width,
            height=item.height,
            making=item.making,
            by=people.get(item.id),
            findings=found.get(item.id, 0),
            made_at=item.made_at,
        )
        for item, uid, name in rows
    ]


def artwork_count(archive: "Archive") -> int:
    """Count the artworks."""
    with archive.database.read() as session:
        return session.scalar(select(func.count()).select_from(schema.Artwork)) or 0


def makers(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Name who made artworks or runs, by row id."""
    edge = schema.Edge
    query = select(edge.child_id, schema.Contributor.name).join(
        schema.Contributor, schema.Contributor.id == edge.parent_id
    )
    rows = session.execute(query.where(edge.child_id.in_(ids), edge.role == Role.BY.value))
    return {row.child_id: row.name for row in rows}
