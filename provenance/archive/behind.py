"""Everything that an artwork was made from, over runs, models and trainings; of sets of works only the set.

A dataset may have millions of works, and an audit asks about all artworks: so the works of sets are counted by the
database and never walked. As in `graph.py`, a training that learnt from a selection did not learn from the rest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive.graph import Walked
from provenance.archive.graph_ways import truths
from provenance.audit.licence_held import Use
from provenance.schema import Edge, Kind, Node, Role
from provenance.words import Truth

_PART = 500
"""Ids in one query."""

_USES = {
    Role.CONTENT.value: Use.GIVEN,
    Role.STYLE.value: Use.GIVEN,
    Role.INPUT.value: Use.GIVEN,
    Role.LIKE.value: Use.GIVEN,
    Role.PARENT.value: Use.GIVEN,
    Role.PALETTE.value: Use.COLOURS,
    Role.TRAINED_ON.value: Use.LEARNT,
}

_FOLLOWED = (
    *_USES,
    Role.RUN.value,
    Role.MODEL.value,
    Role.TRAINING.value,
    Role.DERIVED_FROM.value,
)

_ENDS = frozenset({Kind.WORK.value, Kind.DATASET.value, Kind.SELECTION.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """One thing behind an artwork."""

    row: int
    kind: Kind
    use: Use | None
    """What a work or a set of works was to the artwork, at the nearest; None for the rest."""
    truth: Truth
    """That of the best way to it; a way has the level of its weakest step."""


@dataclass(slots=True, kw_only=True)
class _Walk:
    kinds: dict[int, str] = field(default_factory=dict)
    uses: dict[int, Use] = field(default_factory=dict)
    edges: list[Walked] = field(default_factory=list)


def behind(session: Session, artwork: int) -> list[Reached]:
    """Find what is behind the artwork in row `artwork`, each thing once, whatever cycles are claimed."""
    walk = _Walk(kinds={artwork: Kind.ARTWORK.value})
    level = [artwork]
    while level:
        level = [row for part in _parts(level) for row in _take(session, walk, part)]
    known = truths(artwork, walk.edges, upwards=True)
    return [
        Reached(row=row, kind=Kind(kind), use=walk.uses.get(row), truth=known[row])
        for row, kind in walk.kinds.items()
        if row != artwork
    ]


def _parts(rows: Sequence[int]) -> Iterator[Sequence[int]]:
    for begin in range(0, len(rows), _PART):
        yield rows[begin : begin + _PART]


def _take(session: Session, walk: _Walk, rows: Sequence[int]) -> list[int]:
    """Go one step up from `rows`, and give those from which the walk goes on."""
    query = select(Edge.child_id, Edge.role, Edge.parent_id, Edge.truth, Node.kind)
    query = query.join(Node, Node.id == Edge.parent_id).where(Edge.child_id.in_(rows), Edge.role.in_(_FOLLOWED))
    onward: list[int] = []
    for child, role, parent, truth, kind in session.execute(query.order_by(Edge.child_id, Edge.role, Edge.parent_id)):
        walk.edges.append((child, role, parent, truth))
        if parent not in walk.kinds:
            walk.kinds[parent] = kind
            if kind not in _ENDS:
                onward.append(parent)
        if kind in _ENDS and role in _USES:
            walk.uses[parent] = min(_USES[role], walk.uses.get(parent, _USES[role]), key=str)
    return onward
