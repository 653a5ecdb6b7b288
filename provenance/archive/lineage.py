"""Lineage both ways: what an artwork comes from, and what a work, model or person has touched.

Both walk the edges level by level, each node once. The version before a dataset is not walked to: what a
picture comes from is the version that was used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive import nodes
from provenance.archive.labels import labels
from provenance.schema import Edge, Kind, Node, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

LIMIT = 2_000
"""Nodes that one answer holds at most."""

_PART = 500
"""Ids in one query: SQLite and PostgreSQL both take many more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """One node of a lineage."""

    uid: str
    kind: str
    label: str
    depth: int
    """Steps from the node that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One edge of a lineage."""

    child: str
    role: str
    parent: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A node with its relatives, nearest first."""

    subject: Relative
    relatives: tuple[Relative, ...]
    steps: tuple[Step, ...]
    complete: bool
    """False when there is more than `limit`."""


def lineage(archive: "Archive", typed: str, *, limit: int = LIMIT) -> Lineage:
    """Find what `typed` (the beginning of an id) comes from. Raises NotFoundError, UsageError."""
    with archive.database.read() as session:
        return _walk(session, nodes.find(session, typed), limit, upwards=True)


def impact(archive: "Archive", typed: str, *, limit: int = LIMIT) -> Lineage:
    """Find every model, run, artwork and export that has `typed` in its lineage. Raises NotFoundError, UsageError."""
    with archive.database.read() as session:
        return _walk(session, nodes.find(session, typed), limit, upwards=False)


def _walk(session: Session, start: Node, limit: int, *, upwards: bool) -> Lineage:
    depths = _reach(session, start, limit + 1, upwards=upwards)
    complete = len(depths) <= limit + 1
    chosen = dict(sorted(depths.items(), key=lambda item: (item[1], item[0]))[: limit + 1])
    named = _named(session, list(chosen))
    relatives = [
        Relative(uid=named[row][0], kind=named[row][1], label=named[row][2], depth=depth)
        for row, depth in chosen.items()
    ]
    steps = [
        Step(child=named[child][0], role=role, parent=named[parent][0], truth=truth)
        for child, role, parent, truth in _edges_among(session, list(chosen))
    ]
    return Lineage(subject=relatives[0], relatives=tuple(relatives[1:]), steps=tuple(steps), complete=complete)


def _reach(session: Session, start: Node, limit: int, *, upwards: bool) -> dict[int, int]:
    depths, level, depth = {start.id: 0}, [start.id], 0
    while level and len(depths) <= limit:
        depth += 1
        level = [row for row in _neighbours(session, level, limit, upwards=upwards) if row not in depths]
        depths |= dict.fromkeys(level, depth)
    return depths


def _neighbours(session: Session, level: Sequence[int], limit: int, *, upwards: bool) -> list[int]:
    here, there = (Edge.child_id, Edge.parent_id) if upwards else (Edge.parent_id, Edge.child_id)
    found: list[int] = []
    for begin in range(0, len(level), _PART):
        query = select(there).distinct().where(here.in_(level[begin : begin + _PART]), Edge.role != Role.PREVIOUS.value)
        found += session.scalars(query.order_by(there).limit(limit + 1))
    return list(dict.fromkeys(found))


def _named(session: Session, rows: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    found: dict[int, tuple[str, str, str]] = {}
    for begin in range(0, len(rows), _PART):
        part = rows[begin : begin + _PART]
        kinds = session.execute(select(Node.id, Node.uid, Node.kind).where(Node.id.in_(part))).all()
        texts = labels(session, {row.id: Kind(row.kind) for row in kinds})
        found |= {row.id: (row.uid, row.kind, texts[row.id]) for row in kinds}
    return found


def _edges_among(session: Session, rows: Sequence[int]) -> list[tuple[int, str, int, str]]:
    wanted = set(rows)
    found: list[tuple[int, str, int, str]] = []
    for begin in range(0, len(rows), _PART):
        query = select(Edge.child_id, Edge.role, Edge.parent_id, Edge.truth)
        part = session.execute(query.where(Edge.child_id.in_(rows[begin : begin + _PART])))
        found += [row for row in part if row[2] in wanted]
    return found
