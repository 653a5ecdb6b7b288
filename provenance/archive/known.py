"""Files that the archive has already: the same bytes as an artwork, an export, or a file that came before."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.nodes import SHORT
from provenance.schema import Kind
from provenance.sign.reading import IngredientReading, Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Already:
    """A file that is here already."""

    name: str
    uid: str
    """The artwork that it is."""
    sentence: str


def already_here(session: Session, named: Mapping[str, str], *, ours: bool = False) -> dict[str, Already]:
    """Find the artworks that files are already; `named` has their names by their digests in hex.

    With `ours` only files that this archive wrote count: a program may well make the same bytes a second time.
    """
    artwork, export, edit, brought = schema.Artwork, schema.Export, schema.Edit, schema.Import
    places: tuple[tuple[Select[Any], str], ...] = (
        (_query(artwork.file_digest, artwork.id, named), "is the file of the artwork {}"),
        (_query(export.file_digest, export.artwork_id, named), "is an export of the artwork {}"),
        (_query(brought.received_digest, brought.artwork_id, named), "was taken in before, as the artwork {}"),
        (_query(edit.received_digest, edit.artwork_id, named), "came in as an edit, the artwork {}"),
    )
    found: dict[str, Already] = {}
    for query, what in places[: 2 if ours else None]:
        for digest, uid in session.execute(query):
            sentence = f"{named[digest]} {what.format(uid[:SHORT])}. Nothing new was recorded."
            found.setdefault(digest, Already(name=named[digest], uid=uid, sentence=sentence))
    return {digest: found[digest] for digest in named if digest in found}


def own_parent(session: Session, reading: Reading) -> str | None:
    """Find the artwork of this archive that a picture from elsewhere was made from, by the manifests it carries."""
    labels = list(dict.fromkeys(_labels(reading)))
    if not labels:
        return None
    query = select(schema.Manifest.label, schema.Node.id, schema.Node.kind).join(
        schema.Node, schema.Node.id == schema.Manifest.node_id
    )
    rows = {row.label: row for row in session.execute(query.where(schema.Manifest.label.in_(labels[:500])))}
    nearest = next((rows[label] for label in labels if label in rows), None)
    if nearest is None:
        return None
    row = nearest.id
    if nearest.kind == Kind.EXPORT.value:
        row = session.get_one(schema.Export, row).artwork_id
    node = session.get_one(schema.Node, row)
    return node.uid if node.kind == Kind.ARTWORK.value else None


def _query(digest: Any, artwork: Any, named: Mapping[str, str]) -> Select[Any]:  # noqa: ANN401
    matches: ColumnElement[bool] = digest.in_(list(named))
    return select(digest, schema.Node.uid).join(schema.Node, schema.Node.id == artwork).where(matches)


def _labels(reading: Reading | IngredientReading) -> list[str]:
    """List the labels of the manifests of a picture, its own first, then the near ones."""
    found: list[str] = []
    level: list[Reading | IngredientReading] = [reading]
    while level:
        found += [each.label for each in level if each.label]
        level = [below for each in level for below in each.ingredients]
    return found
