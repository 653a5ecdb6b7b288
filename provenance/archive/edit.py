"""`prov edit`: what a person made of an artwork comes back as a new artwork that names its parent."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from provenance import schema
from provenance.archive import artwork, nodes, rows
from provenance.archive.claims import edited_claim, parent_ingredient
from provenance.archive.continued import continued
from provenance.archive.gap import gap_on_record
from provenance.audit.change import Change, belongs, measure_change
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import PictureError, RefusedError, UsageError
from provenance.picture import MEDIA_TYPES, Picture
from provenance.schema import Kind, Role
from provenance.schema.runs import Making
from provenance.sign.claim import Ingredient
from provenance.sign.read import read
from provenance.sign.reading import Reading
from provenance.words import Truth, digital_source_type, making_of

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_OWN_ACTION = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2,}")
"""An action of one's own, in reverse domain form."""

ACTIONS = {
    "adjusted": "c2pa.color_adjustments",
    "colour": "c2pa.color_adjustments",
    "cropped": "c2pa.cropped",
    "drawn": "c2pa.drawing",
    "filtered": "c2pa.filtered",
    "oriented": "c2pa.orientation",
    "resized": "c2pa.resized",
    "edited": "c2pa.edited",
    "retouched": "c2pa.edited",
    "text": "c2pa.addedText",
}
"""Short names of the C2PA actions (specification 2.2, table of actions) that a person may state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What came of an edit."""

    uid: str
    parent: str
    change: Change
    findings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parent:
    uid: str
    title: str | None
    label: str | None
    source_type: str
    file_digest: Digest
    pixels_digest: str
    edited_before: bool


def edit(
    archive: "Archive",
    typed: str,
    path: Path,
    *,
    by: str,
    actions: Sequence[str],
    tool: str | None = None,
    model: str | None = None,
    note: str | None = None,
    title: str | None = None,
) -> Edited:
    """Take `path` as what `by` made of the artwork whose id begins with `typed`.

    `actions` are names of `ACTIONS` or C2PA action names; `model` is the AI model that took part, if one did.
    Raises RefusedError when the file is not of that
    artwork, has not changed, or carries a record that does not hold; PictureError, NotFoundError, UsageError.
    """
    stated = [_action(name) for name in actions]
    if not stated or not by.strip():
        raise UsageError("An edit needs who did it (--by) and at least one --action, for example --action retouched.")
    parent = _find_parent(archive, typed)
    data = _read(path)
    picture = _open(data, path, archive.settings.pixels)
    pixels = picture.digest
    kept = archive.store.read(parent.file_digest)
    original = Picture.open(kept, limit=1 << 62)

    reading = read(data, anchors=archive.anchors)
    _refuse(parent, path, reading=reading, original=original, picture=picture)
    change = measure_change(original, picture)
    uid = artwork.artwork_uid(origin=f"{parent.uid} {secrets.token_hex(16)}", position=0, pixels=pixels)
    made_at = utc_now()
    received = archive.store.put(data)
    draft = artwork.Draft(
        uid=uid,
        picture=picture,
        pixels_digest=pixels,
        claim=edited_claim(
            archive.uid,
            artwork_uid=uid,
            pixels=pixels,
            parent=_ingredient(parent, kept, reading, data, picture),
            by=by,
            actions=stated,
            tool=tool,
            model=model,
            note=note,
            share=change.share,
            title=title or f"{parent.title or parent.uid[: nodes.SHORT]}, edited",
            made_at=made_at,
        ),
        source_type=_source_type(parent, by_model=model is not None),
        making=Making.EDITED,
        made_at=made_at,
        title=title,
        parameters={},
        edges=[(Role.PARENT, parent.uid, Truth.CHECKED)],
        ancestors=continued(archive, [parent.uid]),
        allow_changed_parent=gap_on_record(archive, parent.uid),
        by=by,
        edit={
            "parent": parent.uid,
            "actions": stated,
            "tool": tool,
            "model": model,
            "note": note,
            "measure": change.measure,
            "changed_share": change.share,
            "evidence": change.evidence,
            "received": {"digest": received.hex, "size": len(data), "media_type": picture.media_type or ""},
        },
    )
    _ = archive.signer
    archive.indexes.refresh()
    recorded = artwork.prepare(archive, draft)
    with archive.database.write() as session:
        rows.write(session, [recorded])
    return Edited(uid=uid, parent=parent.uid, change=change, findings=len(recorded.findings))


def action_word(name: str) -> str:
    """Give the short name of a C2PA action, the first of `ACTIONS`; other names stay as they are."""
    return next((word for word, action in ACTIONS.items() if action == name), name)


def _action(name: str) -> str:
    if name in ACTIONS:
        return ACTIONS[name]
    if name in ACTIONS.values() or (_OWN_ACTION.fullmatch(name) and not name.startswith("c2pa.")):
        return name
    raise UsageError(
        f"{name!r} is not an action. Choose from {', '.join(ACTIONS)}, or give a name like org.example.inked."
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise PictureError(f"{path} cannot be read: {cause.strerror}.") from cause


def _open(data: bytes, path: Path, limit: int) -> Picture:
    try:
        return Picture.open(data, limit=limit, animated=False)
    except PictureError as problem:
        message = f"{str(problem).replace('the data', path.name)} Save it again from your editor, as PNG for example."
        raise PictureError(message, reason=problem.reason) from problem


def _find_parent(archive: "Archive", typed: str) -> _Parent:
    with archive.database.read() as session:
        node = nodes.find(session, typed, kinds=[Kind.ARTWORK])
        row = session.get_one(schema.Artwork, node.id)
        label = session.scalar(select(schema.Manifest.label).where(schema.Manifest.node_id == node.id))
        return _Parent(
            uid=node.uid,
            title=row.title,
            label=label,
            source_type=row.source_type,
            file_digest=Digest(row.file_digest),
            pixels_digest=row.pixels_digest,
            edited_before=row.making == Making.EDITED.value,
        )


def _refuse(parent: _Parent, path: Path, *, reading: Reading, original: Picture, picture: Picture) -> None:
    short = parent.uid[: nodes.SHORT]
    if picture.digest.hex == parent.pixels_digest:
        raise RefusedError(f"{path.name} has the very pixels of the artwork {short}: there is no edit to record.")
    if reading.present and not reading.intact:
        why = " ".join(reading.problems) or "It was changed after signing."
        message = f"{path.name} carries Content Credentials that do not hold. {why}"
        raise RefusedError(f"{message} Save it again from your editor.")
    if not _descends(reading, parent) and not belongs(original, picture):
        message = f"{path.name} does not look like the artwork {short}, so it is not taken as an edit of it."
        raise RefusedError(f"{message} `prov list` shows the artworks; name the one that was edited.")


def _descends(reading: Reading, parent: _Parent) -> bool:
    return parent.label is not None and parent.label in _labels(reading)


def _labels(reading: Any) -> set[str]:  # noqa: ANN401  (a reading and its ingredients have the same two fields)
    found = {reading.label} if reading.label else set()
    for ingredient in reading.ingredients:
        found |= _labels(ingredient)
    return found


def _ingredient(parent: _Parent, kept: bytes, reading: Reading, data: bytes, picture: Picture) -> Ingredient:
    """Continue the file that came back if its own record begins with our artwork; else the artwork itself."""
    if _descends(reading, parent):
        return parent_ingredient("as it came from the editor", data, picture.media_type or "", Digest.of(data))
    return parent_ingredient(parent.title or parent.uid[: nodes.SHORT], kept, MEDIA_TYPES["PNG"], parent.file_digest)


def _source_type(parent: _Parent, *, by_model: bool) -> str:
    """Give the IPTC digital source type of the edited picture as a whole."""
    if by_model:
        return "compositeWithTrainedAlgorithmicMedia"
    if parent.edited_before:
        return parent.source_type  # it says already that a person changed what the first one was
    address = digital_source_type(making_of(parent.source_type, by_person=True))
    return parent.source_type if address is None else address.rpartition("/")[2]
