"""Whether the rows of exports agree with the records that left with them, and those with what the archive says now.

The file that left is not kept; its record is. It tells again what the rows of artwork, run, edits and people said
then, so that an alteration of either shows.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_claims import second
from provenance.errors import ProvenanceError
from provenance.export.disclosure import disclose
from provenance.export.encode import FORMATS, media_type, suffix
from provenance.schema import Node
from provenance.words import Disclosure

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_PAGE = 500
_TOLD = ("artwork", "run", "people", "edits", "brought_in", "manifest")
"""Parts of a record that never change; lineage, checks and reproductions may grow."""

_CHANGING = frozenset({"outcome", "rights", "licence", "licence_url", "paths"})
"""Facts among them that are not of the artwork's making: how the run ended since, the settings of the archive."""

_LOSSLESS = frozenset({"png", "tiff"})


def export_problems(archive: "Archive", session: Session) -> Iterator[str]:
    """Yield a sentence for each export whose row, record and artwork do not agree."""
    export, artwork, last = schema.Export, schema.Artwork, 0
    own, of = aliased(Node), aliased(Node)
    query = (
        select(export, own.uid, of.uid.label("artwork"), artwork.pixels_digest)
        .join(own, own.id == export.id)
        .join(of, of.id == export.artwork_id)
        .join(artwork, artwork.id == export.artwork_id)
        .order_by(export.id)
    )
    while page := session.execute(query.where(export.id > last).limit(_PAGE)).all():
        last = page[-1].Export.id
        labels = _labels(session, [row.Export.id for row in page])
        for row, uid, of_artwork, pixels in page:
            what = f"The export {uid[: nodes.SHORT]}"
            for fact in _altered(row, of_artwork, pixels, labels.get(row.id)):
                yield f"{what} has been altered: {fact}."
            yield from _told_otherwise(archive, row, of_artwork, what)
        session.expunge_all()


def _labels(session: Session, exports: list[int]) -> dict[int, str]:
    manifest = schema.Manifest
    query = select(manifest.node_id, manifest.label).where(manifest.node_id.in_(exports))
    return {node: label for node, label in session.execute(query)}  # noqa: C416  (a Row is a tuple, not typed)


def _altered(row: schema.Export, artwork: str, pixels: str, label: str | None) -> Iterator[str]:
    """Say which facts of an export's row are not those of its record."""
    record: Mapping[str, Any] = row.record
    left: Mapping[str, Any] = record.get("export", {})
    pairs = (
        ("the file", f"sha256:{row.file_digest}", left.get("file_digest")),
        ("the manifest", label, left.get("manifest")),
        ("the disclosure", row.disclosure, record.get("disclosed")),
        ("the time", second(row.exported_at), record.get("exported_at")),
    )
    yield from (f"its row says {fact} {said}, and its record {told}" for fact, said, told in pairs if said != told)
    form = row.settings.get("format")
    if form not in FORMATS or row.media_type != media_type(form):
        yield f"{row.media_type} is not the media type of the format {form}"
    if form in FORMATS and row.name != f"{artwork[: nodes.SHORT]}{suffix(form)}":
        yield f"{row.name} is not how a file of its artwork is called"
    if form in _LOSSLESS and row.pixels_digest != pixels:
        yield "its pixels are not those of its artwork, and its format keeps every one"


def _told_otherwise(archive: "Archive", row: schema.Export, artwork: str, what: str) -> Iterator[str]:
    """Make the record again and compare what it told then with what the rows say now."""
    from provenance.archive.dossier import dossier  # it knows the chain, which names the checks

    try:
        now = disclose(dossier(archive, artwork), Disclosure(row.disclosure))
    except (ProvenanceError, KeyError, TypeError, ValueError):
        yield f"{what} cannot be held against its artwork {artwork[: nodes.SHORT]}: a row behind it is lost or altered."
        return
    for part in _TOLD:
        for path, then in _leaves(row.record.get(part), part):
            if (today := _at(now, path)) != then and path[-1] not in _CHANGING:
                where = ".".join(map(str, path))
                yield f"{what} told of {where} {_shown(then)}; the rows of the archive say {_shown(today)}."


def _leaves(value: Any, *path: str | int) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401
    """Walk down to the plain values of a record."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, *path, name)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, *path, number)
    elif value is not None:
        yield path, value


def _at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _shown(value: Any) -> str:  # noqa: ANN401
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
