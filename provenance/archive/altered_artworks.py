"""Whether the rows of each artwork are those that were signed with it: every file's claim is read and compared.

The signature keeps what the rows said then. An alteration of a row, of a run, an edit or an import shows as a fact
that the two tell differently; one of the file shows as a claim that does not hold, or as somebody else's.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_claims import Parent, Rows, differences
from provenance.archive.artwork import artwork_uid
from provenance.archive.choose import facts_of
from provenance.archive.environment import worker_count
from provenance.digest import Digest
from provenance.errors import NotFoundError, ProvenanceError
from provenance.schema import Edge, Node, Role
from provenance.schema.runs import Making
from provenance.sign.history import about_the_signer
from provenance.sign.read import read
from provenance.sign.reading import Reading
from provenance.words import digital_source_type, making_of

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_PAGE = 256
_PNG_SIZE = struct.Struct(">II")  # PNG specification, section 11.2.2: width and height begin at byte 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signed:
    """The row of an artwork's manifest, and whose certificate it names."""

    row: schema.Manifest
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """What an artwork's file says; None for what cannot be read."""

    reading: Reading | None = None
    size: tuple[int, int] | None = None
    whole: bool = True
    """False where its bytes are lost or damaged: the check of the files says so, and nothing more can be said."""


def artwork_problems(archive: "Archive", session: Session) -> Iterator[str]:
    """Read the claim in every artwork's file, hold the rows against it, and yield a sentence per artwork and fact.

    It takes a few milliseconds an artwork, on as many threads as record pictures.
    """
    artwork, last = schema.Artwork, 0
    query = select(artwork, Node.uid).join(Node, Node.id == artwork.id).order_by(artwork.id)
    with ThreadPoolExecutor(worker_count(archive.settings.workers), thread_name_prefix="prov-check") as pool:
        while page := session.execute(query.where(artwork.id > last).limit(_PAGE)).all():
            last = page[-1].Artwork.id
            files = list(pool.map(lambda row: _read(archive, row.Artwork.file_digest), page))
            around = _Around.of(session, [row.Artwork for row in page])
            for (row, uid), file in zip(page, files, strict=True):
                yield from _problems(around.rows(archive, row, uid), around.signed.get(row.id, ()), file)
            session.expunge_all()


def one_artwork_problems(archive: "Archive", session: Session, uid: str) -> Iterator[str]:
    """Hold the rows of the artwork with the full id `uid` against the claim in its file, as `artwork_problems` does.

    Lost or damaged bytes are passed over, as there: `integrity.blob_problems` tells of them. Raises NotFoundError.
    """
    artwork = session.get(schema.Artwork, nodes.node_id(session, uid))
    if artwork is None:
        yield f"The artwork {uid[: nodes.SHORT]} has lost its row."
        return
    file, around = _read(archive, artwork.file_digest), _Around.of(session, [artwork])
    yield from _problems(around.rows(archive, artwork, uid), around.signed.get(artwork.id, ()), file)


def _read(archive: "Archive", digest: str) -> _File:
    try:
        path = archive.store.path(Digest(digest))
        if Digest.of_file(path).hex != digest:
            return _File(whole=False)
        with path.open("rb") as file:
            head = file.read(24)
        size = _PNG_SIZE.unpack(head[16:24]) if head.startswith(b"\x89PNG") and len(head) == 24 else None
        return _File(reading=read(path, anchors=archive.anchors), size=size)
    except NotFoundError:
        return _File(whole=False)
    except (ProvenanceError, OSError, ValueError):
        return _File()


def _problems(rows: Rows, signed: "Sequence[_Signed]", file: _File) -> Iterator[str]:
    what = f"The artwork {rows.uid[: nodes.SHORT]}"
    if (made_of := _made_of(rows)) is not None and made_of != rows.uid:
        yield f"{what} has been altered: its run, place and pixels are not those of its id."
    if rows.edit is not None and rows.parent is not None and rows.artwork.source_type not in _edited_types(rows):
        yield f"{what} has been altered: an edit of such a picture is not called {rows.artwork.source_type}."
    if file.size is not None and file.size != (rows.artwork.width, rows.artwork.height):
        yield f"{what} has been altered: its file has {file.size[0]} x {file.size[1]} pixels, and its row says others."
    if not file.whole:
        return
    if file.reading is None or not file.reading.present:
        yield f"{what} has lost its file, or its file has lost what was signed with it."
        return
    yield from _held(file.reading, signed, what)
    for difference in differences(rows, file.reading):
        yield f"{what} has been altered: {difference.sentence}."


def _made_of(rows: Rows) -> str | None:
    """Compute the id of an artwork again; None for an edited one, of whose id no row keeps every part."""
    artwork, origin = rows.artwork, rows.run_uid
    if artwork.making == Making.IMPORTED.value and rows.brought is not None:
        origin = f"import {rows.archive} sha256:{rows.brought.received_digest}"
    if artwork.making == Making.EDITED.value or origin is None:
        return None
    try:
        return artwork_uid(origin=origin, position=artwork.position, pixels=Digest(artwork.pixels_digest))
    except ValueError:
        return ""


def _edited_types(rows: Rows) -> tuple[str, ...]:
    """Say how an edited picture is called in IPTC's words, today and by older versions of this program."""
    today = _edited_type(rows)
    return (today, "compositeSynthetic") if today == "composite" else (today,)


def _edited_type(rows: Rows) -> str:
    assert rows.parent is not None
    assert rows.edit is not None
    before = rows.parent.source_type
    if rows.edit.model is not None:
        return "compositeWithTrainedAlgorithmicMedia"
    if rows.parent.making == Making.EDITED.value:
        return before
    address = digital_source_type(making_of(before, by_person=True))
    return before if address is None else address.rpartition("/")[2]


def _held(reading: Reading, signed: "Sequence[_Signed]", what: str) -> Iterator[str]:
    """Hold the row of a manifest against the manifest itself."""
    if len(signed) != 1:
        if signed:
            yield f"{what} has {len(signed)} records of its signature; it was signed once."
        return
    row = signed[0].row
    now, then = (sorted(c for c in codes if not about_the_signer(c)) for codes in (reading.failure, row.codes))
    if now != then:
        why = " ".join(reading.problems) or "What was signed is altered."
        yield f"{what} does not hold as it did when it was signed: {why}"
    found = (
        reading.label,
        None if reading.store_digest is None else reading.store_digest.hex,
        reading.store_size,
        None if reading.signer is None or reading.signer.fingerprint is None else reading.signer.fingerprint.hex,
    )
    if found != (row.label, row.store_digest, row.store_size, signed[0].fingerprint):
        yield f"{what} has been altered: the record of its signature is not that of what was signed."
    elif sorted(row.codes) == sorted(reading.failure) and row.state != reading.state:
        yield f"{what} has been altered: its signature was recorded as {row.state}, and it is {reading.state}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """The rows around a page of artworks, by the row that they belong to."""

    runs: Mapping[int, Any]
    palettes: Mapping[int, Sequence[tuple[str, str]]]
    people: Mapping[int, str]
    edits: Mapping[int, schema.Edit]
    parents: Mapping[int, Parent]
    brought: Mapping[int, schema.Import]
    signed: Mapping[int, Sequence[_Signed]]

    @classmethod
    def of(cls, session: Session, artworks: Sequence[schema.Artwork]) -> "_Around":
        """Read them, each table once."""
        ids = [row.id for row in artworks]
        edit, brought = schema.Edit, schema.Import
        edits = {row.artwork_id: row for row in session.scalars(select(edit).where(edit.artwork_id.in_(ids)))}
        came = session.scalars(select(brought).where(brought.artwork_id.in_(ids)))
        runs = {row.run_id for row in artworks if row.run_id is not None}
        return cls(
            runs=_runs(session, runs),
            palettes=_palettes(session, runs),
            people=_people(session, ids),
            edits=edits,
            parents=_parents(session, [row.parent_id for row in edits.values()]),
            brought={row.artwork_id: row for row in came},
            signed=_manifests(session, ids),
        )

    def rows(self, archive: "Archive", artwork: schema.Artwork, uid: str) -> Rows:
        """Put together what they say of one artwork."""
        found = None if artwork.run_id is None else self.runs.get(artwork.run_id)
        edit = self.edits.get(artwork.id)
        shared: dict[str, Any] = {}
        if found is not None:
            device = found.record.get("device") if isinstance(found.record, Mapping) else None
            shared = {"run": found.Run, "run_uid": found.uid, "model": facts_of(found.Model), "device": device}
            shared["palette"] = self.palettes.get(found.Run.id, ())
        return Rows(
            archive=archive.uid,
            uid=uid,
            artwork=artwork,
            by=self.people.get(artwork.id),
            edit=edit,
            parent=None if edit is None else self.parents.get(edit.parent_id),
            brought=self.brought.get(artwork.id),
            **shared,
        )


def _runs(session: Session, ids: set[int]) -> dict[int, Any]:
    run, model, environment = schema.Run, schema.Model, schema.Environment
    query = (
        select(run, Node.uid, model, environment.record)
        .join(Node, Node.id == run.id)
        .join(model, model.id == run.model_id)
        .join(environment, environment.id == run.environment_id)
    )
    return {row.Run.id: row for row in session.execute(query.where(run.id.in_(ids)))}


def _palettes(session: Session, runs: set[int]) -> dict[int, list[tuple[str, str]]]:
    query = select(Edge.child_id, Node.uid, schema.Work.file_digest).join(Node, Node.id == Edge.parent_id)
    query = query.join(schema.Work, schema.Work.id == Node.id)
    found: dict[int, list[tuple[str, str]]] = {}
    for run, uid, digest in session.execute(query.where(Edge.child_id.in_(runs), Edge.role == Role.PALETTE.value)):
        found.setdefault(run, []).append((uid, digest))
    return found


def _people(session: Session, ids: Sequence[int]) -> dict[int, str]:
    person = schema.Contributor
    query = select(Edge.child_id, person.name).join(person, person.id == Edge.parent_id)
    rows = session.execute(query.where(Edge.child_id.in_(ids), Edge.role == Role.BY.value))
    return {artwork: name for artwork, name in rows}  # noqa: C416  (a Row is a tuple, dict() of rows is not typed)


def _parents(session: Session, ids: Sequence[int]) -> dict[int, Parent]:
    artwork = schema.Artwork
    query = select(artwork, Node.uid).join(Node, Node.id == artwork.id).where(artwork.id.in_(ids))
    return {
        row.id: Parent(
            uid=uid, title=row.title, source_type=row.source_type, making=row.making, file_digest=row.file_digest
        )
        for row, uid in session.execute(query)
    }


def _manifests(session: Session, ids: Sequence[int]) -> dict[int, list[_Signed]]:
    manifest, identity = schema.Manifest, schema.Identity
    query = select(manifest, identity.fingerprint).join(identity, identity.id == manifest.identity_id)
    found: dict[int, list[_Signed]] = {}
    for row, fingerprint in session.execute(query.where(manifest.node_id.in_(ids))):
        found.setdefault(row.node_id, []).append(_Signed(row=row, fingerprint=fingerprint))
    return found
