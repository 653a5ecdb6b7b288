"""Nodes found by what people type, and made where they are missing."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Contributor, Edge, Kind, Node, Role
from provenance.words import Truth

SHORT = 12
"""How many of the 64 digits are shown to people."""


def find(session: Session, typed: str, *, kinds: Collection[Kind] = ()) -> Node:
    """Find the one node whose id begins with `typed`.

    Raises NotFoundError when there is none, UsageError when there are several.
    """
    wanted = " or ".join(kinds)
    prefix = typed.strip().lower()
    if len(prefix) < 4 or not set(prefix) <= set("0123456789abcdef"):
        message = f"{typed!r} is not an id: give at least the first 4 hex digits of one. `prov list` shows them."
        raise NotFoundError(message)
    query = select(Node).where(Node.uid >= prefix, Node.uid < prefix + "g").limit(6)
    if kinds:
        query = query.where(Node.kind.in_(kinds))
    nodes = session.scalars(query).all()
    if not nodes:
        what = f"no {wanted} {typed}" if kinds else f"nothing with the id {typed}"
        message = f"This archive has {what}. `prov list` shows what there is."
        raise NotFoundError(message)
    if len(nodes) > 1:
        listed = ", ".join(f"{node.uid[:SHORT]} ({node.kind})" for node in nodes[:5])
        message = f"{typed} may mean several things: {listed}. Type more digits."
        raise UsageError(message)
    return nodes[0]


def node_id(session: Session, uid: str) -> int:
    """Find the row of a full id. Raises NotFoundError."""
    found = session.scalar(select(Node.id).where(Node.uid == uid))
    if found is None:
        message = f"This archive has nothing with the id {uid}."
        raise NotFoundError(message)
    return found


def node_ids(session: Session, uids: Iterable[str]) -> dict[str, int]:
    """Find the rows of many full ids; those that are missing are left out."""
    wanted = sorted(set(uids))
    found: dict[str, int] = {}
    for start in range(0, len(wanted), 500):
        rows = session.execute(select(Node.uid, Node.id).where(Node.uid.in_(wanted[start : start + 500])))
        found |= {uid: key for uid, key in rows}  # noqa: C416  (a Row is a tuple, dict() of rows is not typed)
    return found


def add_nodes(session: Session, uids: Mapping[str, Kind], at: datetime) -> dict[str, int]:
    """Add nodes, all new, and give their rows."""
    rows = [{"uid": uid, "kind": kind.value, "created_at": at} for uid, kind in uids.items()]
    if not rows:
        return {}
    result = session.execute(insert(Node).returning(Node.uid, Node.id), rows)
    return {uid: key for uid, key in result}  # noqa: C416


def add_edges(session: Session, edges: Iterable[tuple[int, Role, int, Truth]]) -> None:
    """Add edges (child, role, parent, how we know), all new."""
    rows = [
        {"child_id": child, "role": role.value, "parent_id": parent, "truth": truth.value}
        for child, role, parent, truth in dict.fromkeys(edges)
    ]
    if rows:
        session.execute(insert(Edge), rows)


def contributors(session: Session, names: Iterable[str], at: datetime) -> dict[str, int]:
    """Find people by their names, and write down those who are new."""
    uids = {name: contributor_uid(name) for name in dict.fromkeys(names)}
    known = node_ids(session, uids.values())
    new = {uid: name for name, uid in uids.items() if uid not in known}
    made = add_nodes(session, dict.fromkeys(new, Kind.CONTRIBUTOR), at)
    if made:
        session.execute(insert(Contributor), [{"id": made[uid], "name": name} for uid, name in new.items()])
    rows = known | made
    return {name: rows[uid] for name, uid in uids.items()}


def contributor_uid(name: str) -> str:
    """Derive the id of a contributor from the name."""
    return Digest.of_json({"contributor": name}).hex
