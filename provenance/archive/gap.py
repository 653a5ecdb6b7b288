"""Whether an artwork goes back to a picture that was taken in although its Content Credentials do not hold.

That was allowed by name when it came in, and every reader of what is made from it is told of the gap. So it is not
asked for again: what continues such an artwork, or is made with it, may be signed.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.schema import Edge, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_COMES_ALONG = tuple(role.value for role in (Role.PARENT, Role.RUN, Role.CONTENT, Role.STYLE, Role.INPUT))
"""Roles of pictures whose manifests are in that of the artwork, and of the run between them."""


def gap_on_record(archive: "Archive", uid: str) -> bool:
    """Look for such a picture behind the artwork `uid` (a full id), itself included."""
    with archive.database.read() as session:
        level = [nodes.node_id(session, uid)]
        seen = set(level)
        while level:
            if _taken_in_broken(session, level):
                return True
            query = select(Edge.parent_id).where(Edge.child_id.in_(level), Edge.role.in_(_COMES_ALONG))
            level = [parent for parent in dict.fromkeys(session.scalars(query)) if parent not in seen]
            seen.update(level)
    return False


def _taken_in_broken(session: Session, artworks: Sequence[int]) -> bool:
    claims = session.scalars(select(schema.Import.claims).where(schema.Import.artwork_id.in_(artworks)))
    return any(said.get("manifest_problems") for said in claims)
