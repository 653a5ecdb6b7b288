"""What a picture continues: the artworks and works behind it that it may look like without that being a finding."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select

from provenance.archive import nodes
from provenance.schema import Edge, Node, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

CONTINUES = (Role.PARENT, Role.CONTENT, Role.INPUT)
"""Roles of what is continued. A style, a palette and what a model learnt from are not: a copy of those is a finding."""

_WALKED = tuple(role.value for role in (*CONTINUES, Role.RUN))


def continued(archive: "Archive", uids: Iterable[str]) -> frozenset[str]:
    """Give `uids`, full ids of artworks and works, with all that they continue in their turn."""
    with archive.database.read() as session:
        level = list(nodes.node_ids(session, uids).values())
        seen, kept = set(level), set(level)
        while level:
            query = select(Edge.parent_id, Edge.role).where(Edge.child_id.in_(level), Edge.role.in_(_WALKED))
            found = [(parent, role) for parent, role in session.execute(query) if parent not in seen]
            level = list({parent for parent, _ in found})
            seen |= set(level)
            kept |= {parent for parent, role in found if role != Role.RUN.value}
        return frozenset(session.scalars(select(Node.uid).where(Node.id.in_(kept))))
