"""What stands behind a model: the sets of works that it learnt from, and the models that it was derived from."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.schema import Edge, Kind, Node, Role
from provenance.words import Truth

MOST = 24
"""Sets and models that a manifest names: a picture's file must stay small, whatever an import claims."""

_KINDS = (Kind.DATASET.value, Kind.SELECTION.value, Kind.MODEL.value)
_ROLES = (Role.TRAINED_ON.value, Role.DERIVED_FROM.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing behind a model."""

    node: int
    uid: str
    kind: Kind
    role: Role
    """trained_on or derived_from."""
    truth: Truth
    """The weakest on the way from the model that was asked for."""
    of: int
    """The row of the model that it stands behind."""


def links(session: Session, model: int) -> Iterator[Link]:
    """Find what lies behind a model, the nearest first: at most `MOST`, each once, whatever cycles are claimed."""
    seen, level = {model}, [(model, Truth.CHECKED)]
    while level:
        found = [link for of, truth in level for link in _behind(session, of, truth)]
        level = []
        for link in found:
            if link.node in seen or len(seen) > MOST:
                continue
            seen.add(link.node)
            if link.kind is Kind.MODEL:
                level.append((link.node, link.truth))
            yield link


def _behind(session: Session, model: int, truth: Truth) -> list[Link]:
    """List what one model comes from, through its training where there is one."""
    found: list[Link] = []
    for child, far in ((model, truth), *_trainings(session, model, truth)):
        query = select(Edge.role, Edge.truth, Node.id, Node.uid, Node.kind).join(Node, Node.id == Edge.parent_id)
        query = query.where(Edge.child_id == child, Edge.role.in_(_ROLES), Node.kind.in_(_KINDS))
        found += [
            Link(
                node=row.id,
                uid=row.uid,
                kind=Kind(row.kind),
                role=Role(row.role),
                truth=Truth.lowest(far, Truth(row.truth)),
                of=model,
            )
            for row in session.execute(query.order_by(Edge.role, Node.id))
        ]
    return found


def _trainings(session: Session, model: int, truth: Truth) -> list[tuple[int, Truth]]:
    query = select(Edge.parent_id, Edge.truth).where(Edge.child_id == model, Edge.role == Role.TRAINING.value)
    return [(row.parent_id, Truth.lowest(truth, Truth(row.truth))) for row in session.execute(query)]
