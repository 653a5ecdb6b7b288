"""Pictures that a run was given, found in the archive by their pixels: they become part of its lineage."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import select

from provenance import schema
from provenance.digest import Digest
from provenance.schema import Role
from provenance.sign.claim import Ingredient
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_MOST = 64
"""Given pictures that a manifest names."""


def known_pictures(
    archive: "Archive", pictures: Mapping[str, Digest]
) -> tuple[list[tuple[Role, str, Truth]], list[Ingredient]]:
    """Give the edges to the artworks and works with these pixels, and what a manifest says of all of them."""
    named = dict(list(pictures.items())[:_MOST])
    if not named:
        return [], []
    wanted = {digest.hex for digest in named.values()}
    uids: dict[str, None] = {}
    with archive.database.read() as session:
        for table in (schema.Artwork, schema.Work):
            query = select(schema.Node.uid).join(table, table.id == schema.Node.id)
            uids.update(dict.fromkeys(session.scalars(query.where(table.pixels_digest.in_(wanted)).limit(_MOST))))
    edges = [(Role.INPUT, uid, Truth.CHECKED) for uid in uids]
    ingredients = [
        Ingredient(label=f"input_{number}", relationship="inputTo", title=name, digest=digest)
        for number, (name, digest) in enumerate(named.items(), 1)
    ]
    return edges, ingredients
