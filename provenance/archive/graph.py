"""The graph, walked from one node: nearest first, each node once, a few edges at a time, only as far as is asked.

Where a walk may go, and both directions agree on it:

- the version before a dataset (`previous`) is never gone to: what counts is the version that was used;
- the step from a selection to the dataset that it was taken from (`selected_from`) may only be the last one of a
  way up, and so only the first one of a way down. So a training comes from that dataset, and not from the works
  that were kept out of the selection; and such a work has touched the dataset, and not the training.

Hence b is among what a comes from exactly when a is among what b went into. A cycle is walked once and ends there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sqlalchemy import Row, Select, bindparam, select, tuple_
from sqlalchemy.orm import Session

from provenance.schema import Edge, Node, Role

LAST_ONLY = Role.SELECTED_FROM.value
"""The role that a way up may only end with."""

_NEVER = Role.PREVIOUS.value

_ROWS = 500
"""Edges in one answer of the database: a dataset may have millions."""

_PARTS = (1, 4, 16, 64, 256)
"""Ids in one query. Only these lengths, so that the database knows its queries again."""

Met: TypeAlias = tuple[str, str, int]
"""A node that a walk came to: its id, its kind, and how many steps away it is by the shortest way."""

Walked: TypeAlias = tuple[int, str, int, str]
"""An edge that a walk took: child, role, parent, truth."""

_Row: TypeAlias = Row[int, str, int, str, str, str]
"""An edge from here to there: here, role, there, truth, and the id and kind of there."""


@dataclass(slots=True, kw_only=True)
class Walk:
    """A walk from `start`, up (to what it comes from) or down (to what it went into), at most `deepest` steps."""

    session: Session
    start: Node
    upwards: bool
    deepest: int | None = None
    nodes: dict[int, Met] = field(default_factory=dict)
    """What was met, by row, the start first. The order is the same each time; records that are added later
    stand between those that were there, and never change their order."""
    edges: list[Walked] = field(default_factory=list)
    _ahead: Iterator[int] | None = None

    def goes_on(self) -> bool:
        """Take a few edges more. Gives False when there are none."""
        if self._ahead is None:
            self.nodes[self.start.id] = (self.start.uid, self.start.kind, 0)
            self._ahead = self._levels()
        return next(self._ahead, 0) > 0

    def _levels(self) -> Iterator[int]:
        """Walk level by level, and give how far it is at each pause."""
        level, opened, depth = [self.start.id], {self.start.id}, 0
        while level and depth != self.deepest:
            depth += 1
            following: list[int] = []
            for rows in _answers(self.session, level, upwards=self.upwards, first=depth == 1):
                following += self._take(rows, opened, depth)
                yield depth
            level = sorted(following)

    def _take(self, rows: Sequence[_Row], opened: set[int], depth: int) -> list[int]:
        """Write down what was met, and give the nodes from which the walk goes on."""
        following: list[int] = []
        nodes, upwards = self.nodes, self.upwards
        for _, role, there, _, uid, kind in rows:
            if there not in nodes:
                nodes[there] = (uid, kind, depth)
            if there not in opened and not (upwards and role == LAST_ONLY):
                opened.add(there)
                following.append(there)
        edges = rows if upwards else ((there, role, here, truth) for here, role, there, truth, *_ in rows)
        self.edges += [(edge[0], edge[1], edge[2], edge[3]) for edge in edges]
        return following


def _answers(session: Session, level: Sequence[int], *, upwards: bool, first: bool) -> Iterator[Sequence[_Row]]:
    """Give the edges of the nodes of `level`, which are in order, in the order of node, role and other node."""
    barred = {"never": _NEVER, "not_now": _NEVER if upwards or first else LAST_ONLY}
    longest = _PARTS[-1]
    for begin in range(0, len(level), longest):
        left = list(level[begin : begin + longest])
        while left:
            rows = _rows(session, _MANY[upwards], barred | {"some": _padded(left)})
            yield rows
            if len(rows) < _ROWS:
                break
            yield from _rest(session, rows[-1], barred, upwards=upwards)
            left = [row for row in left if row > rows[-1][0]]


def _rest(session: Session, last: _Row, barred: dict[str, str], *, upwards: bool) -> Iterator[Sequence[_Row]]:
    """Give the edges of one node that stand behind `last`."""
    while True:
        rows = _rows(session, _ONE[upwards], barred | dict(zip(("here", "role", "there"), last, strict=False)))
        yield rows
        if len(rows) < _ROWS:
            return
        last = rows[-1]


def _rows(session: Session, query: Select[int, str, int, str, str, str], values: dict[str, object]) -> Sequence[_Row]:
    return session.connection().execute(query, values).all()


def _padded(rows: list[int]) -> list[int]:
    length = next(length for length in _PARTS if length >= len(rows))
    return rows + rows[-1:] * (length - len(rows))


def _query(*, upwards: bool, one: bool) -> Select[int, str, int, str, str, str]:
    here, there = (Edge.child_id, Edge.parent_id) if upwards else (Edge.parent_id, Edge.child_id)
    query = select(here, Edge.role, there, Edge.truth, Node.uid, Node.kind).join(Node, Node.id == there)
    query = query.where(Edge.role != bindparam("never"), Edge.role != bindparam("not_now")).limit(_ROWS)
    if not one:
        return query.where(here.in_(bindparam("some", expanding=True))).order_by(here, Edge.role, there)
    behind = tuple_(Edge.role, there) > tuple_(
        bindparam("role", type_=Edge.role.type), bindparam("there", type_=Edge.child_id.type)
    )
    return query.where(here == bindparam("here"), behind).order_by(Edge.role, there)


_MANY = {upwards: _query(upwards=upwards, one=False) for upwards in (True, False)}
_ONE = {upwards: _query(upwards=upwards, one=True) for upwards in (True, False)}
