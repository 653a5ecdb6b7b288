"""Check that an artwork is still as it was recorded: bytes, what was signed, rows, and what it is compared by."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import features, nodes
from provenance.archive.altered_artworks import one_artwork_problems
from provenance.archive.integrity import blob_problems
from provenance.audit.finding import Finding
from provenance.compare import colour, look
from provenance.digest import Digest, Json
from provenance.errors import ProvenanceError
from provenance.fingerprint import METHODS, embedding, fingerprint_all, local
from provenance.fingerprint.pdq import pdq_v1
from provenance.picture import Picture
from provenance.words import Severity, count

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["NAME", "VERSION", "findings"]

NAME, VERSION = "integrity", "1"

_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, InvalidRequestError)
"""What a row that was altered may raise, as in altered.py."""

_TOLD = 3
"""Problems of one part that the sentence tells; the evidence has more."""

_KEPT = 50

_LEVELS = 2
"""Grey levels by which small copies may differ: versions of libraries round differently."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Artwork:
    """An artwork, its row, and its picture as it is stored now."""

    uid: str
    row: schema.Artwork
    picture: Picture | None
    """None where it cannot be read: then the file is what is told of."""


def findings(archive: "Archive", session: Session, artwork_uid: str) -> list[Finding]:
    """Say what is not as it was recorded, a finding a part; empty if all is. Raises NotFoundError for an unknown id.

    The file is read and decoded, its claim read, and its fingerprints are made again: some 50 ms for a picture of
    512 pixels. Features are held against the picture only where that is quick.
    """
    row = session.get(schema.Artwork, nodes.node_id(session, artwork_uid))
    if row is None:
        return _told("record", Severity.DECIDE, [f"The artwork {artwork_uid[: nodes.SHORT]} has lost its row."])
    artwork = _Artwork(uid=artwork_uid, row=row, picture=_opened(archive, row))
    differing, lacking = _fingerprints(session, artwork)
    return [
        *_told("file", Severity.DECIDE, _guarded(lambda: _file(archive, session, artwork))),
        *_told("record", Severity.DECIDE, _guarded(lambda: _record(archive, session, artwork))),
        *_told("fingerprints", Severity.DECIDE, differing),
        *_told("fingerprints", Severity.NOTE, lacking),
        *_told("features", Severity.WARNING, _guarded(lambda: _features(session, artwork))),
        *_told("index", Severity.WARNING, _guarded(lambda: _index(archive, session, artwork))),
    ]


def _told(part: str, severity: Severity, problems: Sequence[str]) -> list[Finding]:
    if not problems:
        return []
    more = len(problems) - _TOLD
    sentence = " ".join(problems[:_TOLD]) + (f" And {count(more)} more." if more > 0 else "")
    evidence: dict[str, Json] = {"part": part, "problems": list(problems[:_KEPT]), "of": len(problems)}
    return [Finding(check=NAME, check_version=VERSION, severity=severity, sentence=sentence, evidence=evidence)]


def _guarded(problems: Callable[[], Iterator[str]]) -> list[str]:
    """List what is found; what cannot even be read is found too."""
    found: list[str] = []
    try:
        found.extend(problems())
    except ProvenanceError as error:
        found.append(str(error))
    except _UNREADABLE as cause:
        found.append(f"A row about it cannot be read, so that not everything was checked: {str(cause).rstrip('.')}.")
    return found


def _opened(archive: "Archive", row: schema.Artwork) -> Picture | None:
    try:
        return Picture.open(archive.store.read(Digest(row.file_digest)), limit=1 << 62)
    except (ProvenanceError, ValueError):
        return None


def _file(archive: "Archive", session: Session, artwork: _Artwork) -> Iterator[str]:
    """Check its file, and the file that it came as, byte by byte; then its pixels."""
    edit, brought = session.get(schema.Edit, artwork.row.id), session.get(schema.Import, artwork.row.id)
    came = [each.received_digest for each in (edit, brought) if each is not None]
    for digest in dict.fromkeys([artwork.row.file_digest, *came]):
        blob = session.get(schema.Blob, digest)
        if blob is None:
            yield f"The file {digest[: nodes.SHORT]} has lost its row."
        else:
            yield from blob_problems(archive, digest, blob.size)
    if artwork.picture is not None and artwork.picture.digest.hex != artwork.row.pixels_digest:
        yield "The pixels in its file are not those of its record."


def _record(archive: "Archive", session: Session, artwork: _Artwork) -> Iterator[str]:
    signed = select(func.count()).where(schema.Manifest.node_id == artwork.row.id)
    if not session.scalar(signed):
        yield "The record of its signature is lost."
    yield from one_artwork_problems(archive, session, artwork.uid)


def _fingerprints(session: Session, artwork: _Artwork) -> tuple[list[str], list[str]]:
    """Make its fingerprints again: those that differ from the record, and those that the record lacks."""
    stored = _stored(session, artwork)
    lacking = list(_lacking(session, artwork, [each.name for each in METHODS if each.name not in stored]))
    if artwork.picture is None:
        return [], lacking
    differing: list[str] = []
    for name, made in fingerprint_all(artwork.picture).items():
        if name not in stored or stored[name] == made.codes:
            continue
        firm = pdq_v1.firm(artwork.picture) if name == pdq_v1.name else None
        apart = _bits_apart(stored[name], made.codes, firm)
        if apart == 0:
            continue
        bits = "has another length" if apart is None else f"differs in {apart} of {8 * len(made.codes)} bits"
        differing.append(f"The fingerprint {name} {bits} from what its stored picture gives.")
    return differing, lacking


def _lacking(session: Session, artwork: _Artwork, names: Sequence[str]) -> Iterator[str]:
    """Tell fingerprints that were lost from those that nothing had when the artwork was recorded."""
    stored = schema.Fingerprint
    newest = session.scalar(select(func.max(stored.id)).where(stored.node_id == artwork.row.id))
    # rows are only added: a method that has an earlier one was in use by then
    first = {name: session.scalar(select(func.min(stored.id)).where(stored.method == name)) for name in names}
    lost = [name for name in names if newest is None or (first[name] or newest) < newest]
    later = [name for name in names if name not in lost]
    if lost:
        yield f"The fingerprint{'s' * (len(lost) > 1)} {_listed(lost)} {'is' if len(lost) == 1 else 'are'} missing."
    if later:
        yield f"It was recorded before pictures were compared by {_listed(later)} here."
    if names:
        yield f"`prov db fingerprints` computes {'it' if len(names) == 1 else 'them'}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _stored(session: Session, artwork: _Artwork) -> dict[str, bytes]:
    query = select(schema.Fingerprint.method, schema.Fingerprint.codes)
    rows = session.execute(query.where(schema.Fingerprint.node_id == artwork.row.id))
    return {row.method: bytes(row.codes) for row in rows}


def _bits_apart(stored: bytes, made: bytes, firm: NDArray[np.uint8] | None) -> int | None:
    """Count the bits that differ, of those that do not hang on how a processor rounds."""
    if len(stored) != len(made):
        return None
    one, other = (np.frombuffer(each, np.uint8) for each in (stored, made))
    differing = one ^ other if firm is None else (one ^ other) & firm.ravel()
    return int(np.bitwise_count(differing).sum())


def _features(session: Session, artwork: _Artwork) -> Iterator[str]:
    """Unpack its features, and hold the small copies against its picture. One that has none was not audited yet."""
    query = select(schema.Feature.method, schema.Feature.data).where(schema.Feature.node_id == artwork.row.id)
    stored = {row.method: bytes(row.data) for row in session.execute(query)}
    for name in features.METHODS:
        if stored and name not in stored:
            yield f"The feature {name} is missing. `prov audit` makes it."
        elif name in stored:
            yield from _guarded(lambda name=name: _feature(name, stored[name], artwork.picture))  # type: ignore[misc]


def _feature(name: str, data: bytes, picture: Picture | None) -> Iterator[str]:
    unpacked = _UNPACK[name](data)
    if picture is None or name not in _MADE:
        return
    made = _MADE[name](picture)
    if made.shape != unpacked.shape or np.abs(made.astype(np.int16) - unpacked).max() > _LEVELS:
        yield f"The feature {name} is not what its stored picture gives."


_UNPACK: dict[str, Callable[[bytes], Any]] = {
    embedding.NAME: embedding.unpack,
    local.NAME: local.LocalFeatures.from_bytes,
    look.GREY: look.unpack_grey,
    colour.NAME: colour.unpack_colour,
}
_MADE: dict[str, Callable[[Picture], NDArray[np.uint8]]] = {
    look.GREY: look.small_grey,
    colour.NAME: colour.small_colour,
}


def _index(archive: "Archive", session: Session, artwork: _Artwork) -> Iterator[str]:
    """Look its stored codes up in the search indexes: they must be there, under its id."""
    indexes = archive.indexes.artworks()
    for name, codes in _stored(session, artwork).items():
        index = indexes.get(name)
        if index is None or len(codes) != 8 * index.size:
            continue  # told of as a fingerprint
        matrix = np.frombuffer(codes, np.uint8).reshape(8, -1)
        found = index.measure(matrix, artwork.uid)
        if found is None:  # another program may have recorded it since the index was read
            archive.indexes.refresh()
            found = index.measure(matrix, artwork.uid)
        if found is None:
            yield f"The search index of {name} does not have it. {_ANEW}"
        elif found.distance:
            yield f"The search index of {name} has another code, {found.distance} bits away. {_ANEW}"


_ANEW = "Delete the folder `index` of the archive: it is made again from the database."
