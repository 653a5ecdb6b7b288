"""`prov verify`: what any file says of itself, whether that holds, and whether this archive knows the picture."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.identity import OWN_ANCHOR, common_name
from provenance.archive.labels import labels
from provenance.archive.thresholds import thresholds
from provenance.digest import Digest
from provenance.errors import NotFoundError, PictureError
from provenance.fingerprint import DECIDING, fingerprint_all
from provenance.picture import PIXEL_LIMIT, Picture
from provenance.schema import Kind
from provenance.sign.contained import Contained, contains
from provenance.sign.read import read
from provenance.sign.reading import IngredientReading, Reading
from provenance.words import Clock, Found, Intactness, Signature, Vouched, exit_code, verdict_heading

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What this archive holds that is the same as the file, or looks like it."""

    found: Found
    uid: str
    kind: str
    label: str
    distance: str | None = None
    """How near, where it is only a likeness."""
    signer: str | None = None
    """Who signed it, by name; None for a training work, which is not signed."""
    vouched: Vouched = Vouched.NOBODY
    anchor: str | None = None
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Everything that was found out about one file."""

    path: Path
    heading: str
    exit_code: int
    signature: Signature
    reading: Reading
    known: Known | None
    gaps: tuple[str, ...]
    """Sentences about pictures in its history that do not hold."""
    picture_problem: str | None
    """Why the file is not a picture that we can decode, if it is not."""
    contained: tuple[Contained, ...] = ()
    """Whether the work that was asked about is in the sets that its model learnt from; empty if none was."""


def verify(archive: "Archive | None", path: Path, *, contains_work: Path | None = None) -> Verification:
    """Read the file at `path` and compare it with the archive, if there is one.

    With `contains_work` its lists of works are searched for that file; this asks the file alone, not the archive.
    Raises NotFoundError when there is no such file, PictureError when it cannot be read at all.
    """
    data = _bytes(path)
    work = None if contains_work is None else _bytes(contains_work)
    reading = read(data, anchors=archive.anchors if archive else ())
    limit = archive.settings.pixels if archive else PIXEL_LIMIT
    picture, problem = _decode(data, path, limit)
    known = _known(archive, data, picture) if archive else None
    gaps = tuple(sentence for ingredient in reading.ingredients for sentence in _gaps(ingredient))
    signature = signature_of(reading, known, gaps)
    contained = () if work is None else contains(data, work, reading=reading, limit=limit)
    missing = work is not None and not any(each.answer.found for each in contained)
    return Verification(
        path=path,
        heading=verdict_heading(signature),
        exit_code=max(exit_code(signature), int(missing)),
        signature=signature,
        reading=reading,
        known=known,
        gaps=gaps,
        picture_problem=problem,
        contained=contained,
    )


def _bytes(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise PictureError(f"{path} is not a file that can be read: name a picture.")
    try:
        return path.read_bytes()
    except FileNotFoundError as cause:
        raise NotFoundError(f"There is no file {path}. Check the name.") from cause
    except OSError as cause:
        raise PictureError(f"{path} cannot be read: {cause.strerror}.") from cause


def _decode(data: bytes, path: Path, limit: int) -> tuple[Picture | None, str | None]:
    try:
        return Picture.open(data, limit=limit), None
    except PictureError as problem:
        return None, str(problem).replace("the data", path.name)


def _gaps(ingredient: IngredientReading) -> Iterator[str]:
    yield from ingredient.problems
    for behind in ingredient.ingredients:
        yield from _gaps(behind)


def signature_of(
    reading: Reading, known: Known | None = None, gaps: tuple[str, ...] | None = None, *, changed: bool = False
) -> Signature:
    """Say what was found out about a signature; `changed` where something that it speaks of is not as it was."""
    signer = reading.signer
    if gaps is None:
        gaps = tuple(sentence for ingredient in reading.ingredients for sentence in _gaps(ingredient))
    found = Found.IN_FILE if reading.present else Found.NOWHERE
    if not reading.present and known is not None:
        return _recovered(known)
    vouched, anchor = _vouched(reading)
    return Signature(
        intact=Intactness.CHANGED if changed else _intactness(reading, gaps),
        vouched=vouched,
        found=found,
        signer=_name(reading),
        anchor=anchor,
        at=reading.signed_at,
        clock=Clock.INDEPENDENT if reading.clock_independent else Clock.OWN,
        expired="signingCredential.expired" in reading.failure if signer else False,
    )


def _recovered(known: Known) -> Signature:
    """Tell of what the archive holds, since the file itself says nothing."""
    return Signature(
        intact=Intactness.NOTHING,
        vouched=known.vouched,
        found=known.found,
        signer=known.signer,
        anchor=known.anchor,
        at=known.signed_at,
        artwork=f"the {known.kind} {known.uid[: nodes.SHORT]}",
        distance=known.distance,
        signed=known.signer is not None,
    )


def _intactness(reading: Reading, gaps: tuple[str, ...]) -> Intactness:
    if not reading.present:
        return Intactness.NOTHING
    if reading.intact is None:
        return Intactness.UNREADABLE if reading.unreadable else Intactness.UNSAID
    if not reading.intact:
        return Intactness.CHANGED
    return Intactness.GAP if gaps else Intactness.INTACT


def _vouched(reading: Reading) -> tuple[Vouched, str | None]:
    if reading.trusted_by is None:
        return Vouched.NOBODY, None
    if reading.trusted_by == OWN_ANCHOR:
        return Vouched.TRIAL, None
    return Vouched.ANCHOR, reading.trusted_by


def _name(reading: Reading) -> str | None:
    if reading.signer is None:
        return None
    return reading.signer.common_name or reading.signer.organisation


def _known(archive: "Archive", data: bytes, picture: Picture | None) -> Known | None:
    with archive.database.read() as session:
        by_file = _row(session, "file_digest", Digest.of(data))
        if by_file is not None:
            return _described(session, by_file, Found.BY_FILE)
        if picture is None:
            return None
        by_pixels = _row(session, "pixels_digest", picture.digest)
        if by_pixels is not None:
            return _described(session, by_pixels, Found.BY_PIXELS)
    return _alike(archive, picture)


def _row(session: Session, column: str, digest: Digest) -> int | None:
    """Find an artwork, else an export, else a work, with this digest."""
    for table in (schema.Artwork, schema.Export, schema.Work):
        found: int | None = session.scalar(
            select(table.id).where(getattr(table, column) == digest.hex).order_by(table.id).limit(1)
        )
        if found is not None:
            return found
    return None


def _alike(archive: "Archive", picture: Picture) -> Known | None:
    archive.indexes.refresh()
    lines = thresholds(archive.settings)
    fingerprints = fingerprint_all(picture)
    best: tuple[float, str, str] | None = None
    for method in DECIDING:  # the coarse one names strangers too often to be believed by itself
        fingerprint = fingerprints[method.name]
        if fingerprint.quality < method.reliable_at:
            continue
        for indexes in (archive.indexes.artworks(), archive.indexes.works()):
            for hit in indexes[method.name].nearest(fingerprint.matrix, 1)[0]:
                near = (hit.distance / method.bits, hit.uid, f"{hit.distance} of {method.bits} bits differ")
                if hit.distance <= lines[method.name] and (best is None or near < best):
                    best = near
    if best is None:
        return None
    with archive.database.read() as session:
        rows = nodes.node_ids(session, [best[1]])
        if not rows:
            return None
        return _described(session, rows[best[1]], Found.BY_LIKENESS, distance=best[2])


def _described(session: Session, row: int, found: Found, *, distance: str | None = None) -> Known:
    node: Any = session.get_one(schema.Node, row)
    label = labels(session, {row: Kind(node.kind)})[row]
    query = select(schema.Manifest.signed_at, schema.Identity).join(
        schema.Identity, schema.Identity.id == schema.Manifest.identity_id
    )
    signed = session.execute(query.where(schema.Manifest.node_id == row).limit(1)).first()
    known = Known(found=found, uid=node.uid, kind=node.kind, label=label, distance=distance)
    if signed is None:
        return known
    identity = signed.Identity
    vouched = Vouched.TRIAL if identity.kind == "trial" else Vouched.ANCHOR if identity.root else Vouched.NOBODY
    return dataclasses.replace(
        known,
        signer=common_name(identity.subject),
        vouched=vouched,
        anchor=identity.name,
        signed_at=signed.signed_at,
    )
