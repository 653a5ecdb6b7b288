"""Lineage both ways: what an artwork comes from, and what a work, model or person has touched.

Both are one walk over the same edges (`graph.py` says where it may go), so they agree: b is in the lineage of a
exactly when a is in the impact of b.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.graph import Walk
from provenance.archive.graph_subject import subject
from provenance.archive.graph_ways import circles, truths
from provenance.archive.labels import labels
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

LIMIT = 2_000
"""Relatives in one answer, unless more or fewer are asked for; and as far is counted in any case."""

_PART = 500
"""Ids in one query: SQLite and PostgreSQL both take many more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    """One node of a lineage."""

    uid: str
    kind: str
    label: str
    depth: int
    """Steps from the node that was asked for, by the shortest way."""
    truth: str | None = None
    """The level of the best way to it that was walked: a way has the level of its weakest step, and the node that
    was asked for has none."""
    licence: str | None = None
    """Of a work or a model, as recorded."""
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One edge of a lineage."""

    child: str
    role: str
    parent: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """A node with its relatives, nearest first: a page of them, or all."""

    subject: Relative
    upwards: bool
    """True: what the subject comes from. False: what it went into."""
    relatives: tuple[Relative, ...]
    steps: tuple[Step, ...]
    """The edges that lead to these relatives, each on the page where its second end is."""
    earlier: tuple[Relative, ...]
    """Relatives of earlier pages from which steps of this one lead on."""
    complete: bool
    """False when there are more relatives behind these."""
    next: str | None
    """What to give as `after` for the page behind this one."""
    counts: Mapping[str, int]
    """Relatives by kind, on all pages."""
    counted: bool
    """False when counting stopped: there are more than `counts` says."""
    cycles: tuple[tuple[str, ...], ...]
    """Groups of nodes that come from each other, which only claims can say; the walk passed each node once."""


def lineage(
    archive: "Archive", typed: str, *, limit: int = LIMIT, after: str | None = None, depth: int | None = None
) -> Lineage:
    """Find what `typed` comes from: at most `limit` relatives behind `after`, within `depth` steps.

    `typed` is the beginning of an id, the name of a dataset or model (the latest, or NAME@2), or of a person.
    A page costs what it costs to walk to its end; a large `limit` gives and counts everything at once.
    Raises NotFoundError, UsageError.
    """
    return _answer(archive, typed, limit, after, depth, upwards=True)


def impact(
    archive: "Archive", typed: str, *, limit: int = LIMIT, after: str | None = None, depth: int | None = None
) -> Lineage:
    """Find everything that has `typed` in its lineage: models, runs, artworks, exports; as `lineage` otherwise."""
    return _answer(archive, typed, limit, after, depth, upwards=False)


def _answer(
    archive: "Archive", typed: str, limit: int, after: str | None, depth: int | None, *, upwards: bool
) -> Lineage:
    if limit < 1 or (depth is not None and depth < 1):
        raise UsageError(f"A limit of {limit} or a depth of {depth} leaves nothing to show. Give 1 or more.")
    with archive.database.read() as session:
        start = subject(session, typed)
        walk = Walk(session=session, start=start, upwards=upwards, deepest=depth)
        begin = _begin(walk, after)
        more = _walk_to(walk, max(LIMIT, begin + limit))
        return _page(walk, begin, begin + limit, more=more)


def _begin(walk: Walk, after: str | None) -> int:
    """Walk to the node `after`, and give the place of the one behind it."""
    if after is None:
        return 1
    row = nodes.find(walk.session, after).id
    while row not in walk.nodes:
        if not walk.goes_on() and row not in walk.nodes:
            raise NotFoundError(f"{after} is not in this answer. Give as `after` what the page before calls `next`.")
    return list(walk.nodes).index(row) + 1


def _walk_to(walk: Walk, end: int) -> bool:
    """Walk until `end` nodes are met, and tell whether there are more."""
    while len(walk.nodes) <= end:
        if not walk.goes_on():
            return len(walk.nodes) > end
    return True


def _page(walk: Walk, begin: int, end: int, *, more: bool) -> Lineage:
    order = list(walk.nodes)
    places = {row: place for place, row in enumerate(order)}
    shown = order[begin:end]
    edges = [edge for edge in walk.edges if begin <= max(places[edge[0]], places[edge[2]], 1) < end]
    touched = {row for child, _, parent, _ in edges for row in (child, parent)}
    earlier = [row for row in order[1:begin] if row in touched]
    known = _relatives(walk, [order[0], *earlier, *shown])
    counts = Counter(kind for _, kind, _ in walk.nodes.values())
    counts[walk.start.kind] -= 1
    complete = end >= len(order) and not more
    return Lineage(
        subject=known[order[0]],
        upwards=walk.upwards,
        relatives=tuple(known[row] for row in shown),
        steps=tuple(
            Step(child=known[child].uid, role=role, parent=known[parent].uid, truth=truth)
            for child, role, parent, truth in edges
        ),
        earlier=tuple(known[row] for row in earlier),
        complete=complete,
        next=None if complete or not shown else known[shown[-1]].uid,
        counts={kind: number for kind, number in counts.items() if number},
        counted=not more,
        cycles=tuple(tuple(walk.nodes[row][0] for row in group) for group in circles(walk.edges)),
    )


def _relatives(walk: Walk, rows: Sequence[int]) -> dict[int, Relative]:
    best = truths(walk.start.id, walk.edges, upwards=walk.upwards)
    found: dict[int, Relative] = {}
    for begin in range(0, len(rows), _PART):
        part = rows[begin : begin + _PART]
        texts = labels(walk.session, {row: Kind(walk.nodes[row][1]) for row in part})
        for row, recorded_at, licence in _recorded(walk.session, part):
            uid, kind, depth = walk.nodes[row]
            found[row] = Relative(
                uid=uid,
                kind=kind,
                label=texts[row],
                depth=depth,
                truth=None if row == walk.start.id else best[row].value,
                licence=licence,
                recorded_at=recorded_at,
            )
    return found


def _recorded(session: Session, rows: Sequence[int]) -> Sequence[Row[int, datetime, str | None]]:
    licence = func.coalesce(schema.Work.licence, schema.Model.licence)
    query = select(Node.id, Node.created_at, licence).outerjoin(schema.Work, schema.Work.id == Node.id)
    return session.execute(query.outerjoin(schema.Model, schema.Model.id == Node.id).where(Node.id.in_(rows))).all()
