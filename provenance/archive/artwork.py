"""An artwork on its way into the archive: encoded, fingerprinted, checked, signed, stored; then its rows.

`prepare` does all that needs no database, on any thread. `write` puts many prepared artworks into one
transaction. Between the two a prepared artwork is plain JSON, so that a journal can hold it.
"""

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.thresholds import thresholds
from provenance.audit import CHECKS, Answer, Subject, ask
from provenance.database import utc_now
from provenance.digest import Digest, Json
from provenance.export.encode import encode
from provenance.export.png import write_png
from provenance.fingerprint import fingerprint_all
from provenance.picture import Picture
from provenance.schema import Kind, Role
from provenance.schema.base import EPOCH
from provenance.schema.runs import Making
from provenance.sign.claim import Claim
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.fingerprint import Fingerprint

LARGE = 1 << 25
"""Pictures over this many pixels go through files, so that memory stays bounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A picture with all that is known of it before it is signed; `claim` is what its manifest will say."""

    uid: str
    picture: Picture
    pixels_digest: Digest
    claim: Claim
    source_type: str
    """The IPTC digital source type of the picture as a whole."""
    making: Making
    made_at: datetime
    run_uid: str | None = None
    position: int = 0
    seed: str | None = None
    title: str | None = None
    parameters: Mapping[str, Json] = dataclasses.field(default_factory=dict)
    edges: Sequence[tuple[Role, str, Truth]] = ()
    """Where it comes from, by full id, beside the run."""
    by: str | None = None
    edit: Mapping[str, Json] | None = None
    """The row of `edit`, for an edited artwork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An artwork whose bytes are stored and whose rows are not yet; JSON values only."""

    uid: str
    run_uid: str | None
    position: int
    making: str
    seed: str | None
    title: str | None
    parameters: dict[str, Any]
    width: int
    height: int
    media_type: str
    file_digest: str
    file_size: int
    pixels_digest: str
    source_type: str
    made_at: int
    fingerprints: dict[str, Any]
    audit: dict[str, Any]
    matches: list[dict[str, Any]]
    findings: list[dict[str, Any]]
    manifest: dict[str, Any]
    edges: list[list[str]]
    by: str | None
    edit: dict[str, Any] | None

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON."""
        return dataclasses.asdict(self)


def from_json(record: Mapping[str, Any]) -> Recorded:
    """Read what `to_json` wrote."""
    return Recorded(**record)


def artwork_uid(*, origin: str, position: int, pixels: Digest) -> str:
    """Derive the id of an artwork from the run or edit that it comes from, its place there, and its pixels."""
    return Digest.of_json({"artwork": {"origin": origin, "position": position, "pixels": str(pixels)}}).hex


def prepare(archive: "Archive", draft: Draft) -> Recorded:
    """Fingerprint, check, encode, sign and store a picture. Blocks; safe on any thread.

    Raises SigningError, StoreError, PictureError.
    """
    picture = draft.picture
    fingerprints = fingerprint_all(picture)
    answer = _check(archive, draft.uid, fingerprints)

    signed, file_digest, size = _sign_and_store(archive, draft)

    return Recorded(
        uid=draft.uid,
        run_uid=draft.run_uid,
        position=draft.position,
        making=draft.making.value,
        seed=draft.seed,
        title=draft.title,
        parameters=dict(draft.parameters),
        width=picture.width,
        height=picture.height,
        media_type="image/png",
        file_digest=file_digest.hex,
        file_size=size,
        pixels_digest=draft.pixels_digest.hex,
        source_type=draft.source_type,
        made_at=_microseconds(draft.made_at),
        fingerprints={name: [_text(f.codes), f.quality] for name, f in fingerprints.items()},
        audit=_audit(answer),
        matches=[dataclasses.asdict(match) for match in answer.matches],
        findings=[_json_of(finding) for finding in answer.findings],
        manifest=signed | {"identity": archive.identity.fingerprint.hex},
        edges=[[role.value, parent, truth.value] for role, parent, truth in draft.edges],
        by=draft.by,
        edit=dict(draft.edit) if draft.edit is not None else None,
    )


def write(session: Session, records: Sequence[Recorded]) -> dict[str, int]:
    """Add the rows of prepared artworks, none of which is there yet. Returns their row ids by uid."""
    if not records:
        return {}
    at = utc_now()
    _write_blobs(session, records, at)
    ids = nodes.add_nodes(session, {record.uid: Kind.ARTWORK for record in records}, at)
    named = nodes.node_ids(session, _mentioned(records)) | ids
    people = nodes.contributors(session, [record.by for record in records if record.by], at)

    session.execute(insert(schema.Artwork), [_artwork_row(record, named) for record in records])
    nodes.add_edges(session, [edge for record in records for edge in _edges(record, named, people)])
    _write_fingerprints(session, records, ids)
    _write_audits(session, records, named)
    _write_manifests(session, records, ids)
    _write_edits(session, records, named, people)
    return ids


def matched(record: Recorded) -> set[str]:
    """Name the works and artworks that a record's checks refer to."""
    return {match["uid"] for match in record.matches} | {f["uid"] for f in record.findings if f["uid"]}


def _check(archive: "Archive", uid: str, fingerprints: "Mapping[str, Fingerprint]") -> Answer:
    artworks = archive.indexes.artworks()
    subject = Subject(
        uid=uid,
        fingerprints=fingerprints,
        works=archive.indexes.works(),
        artworks=artworks,
        thresholds=thresholds(archive.settings),
    )
    with archive.indexes.turn:  # of two alike at the same time, one must be held against the other
        answer = ask(subject, CHECKS)
        for name, fingerprint in fingerprints.items():
            artworks[name].add([uid], fingerprint.matrix[:1])
    return answer


def _sign_and_store(archive: "Archive", draft: Draft) -> tuple[dict[str, Json], Digest, int]:
    compression = archive.settings.compression
    if draft.picture.width * draft.picture.height > LARGE:
        with archive.store.temporary() as plain, archive.store.temporary() as target:
            with plain.open("wb") as file:
                write_png(draft.picture.pixels, file, compression=compression)
            kept = archive.signer.sign_file(plain, target, "image/png", draft.claim)
            size = target.stat().st_size
            return manifest_json(kept), archive.store.put_file(target, move=True), size
    data = encode(draft.picture, "png", compression=compression)
    signed = archive.signer.sign(data, "image/png", draft.claim)
    return manifest_json(signed), archive.store.put(signed.data), len(signed.data)


def manifest_json(signed: Any) -> dict[str, Json]:  # noqa: ANN401  (signed to memory or to a file)
    """Write what a signing gave as JSON."""
    return {
        "label": signed.label,
        "store_digest": signed.store_digest.hex,
        "store_size": signed.store_size,
        "state": signed.state,
        "codes": list(signed.codes),
        "signed_at": _microseconds(utc_now()),
    }


def _audit(answer: Answer) -> dict[str, Json]:
    return {
        "checks": dict(answer.settings),
        "works_compared": answer.works_compared,
        "artworks_compared": answer.artworks_compared,
        "audited_at": _microseconds(utc_now()),
    }


def _write_blobs(session: Session, records: Sequence[Recorded], at: datetime) -> None:
    blobs = {r.file_digest: {"digest": r.file_digest, "size": r.file_size, "media_type": r.media_type} for r in records}
    for record in records:
        if record.edit is not None:
            received = record.edit["received"]
            blobs[received["digest"]] = dict(received)
    known = set(session.scalars(select(schema.Blob.digest).where(schema.Blob.digest.in_(blobs))))
    rows = [row | {"stored_at": at} for digest, row in blobs.items() if digest not in known]
    if rows:
        session.execute(insert(schema.Blob), rows)


def _mentioned(records: Sequence[Recorded]) -> set[str]:
    uids = set[str]().union(*map(matched, records))
    uids |= {parent for record in records for _, parent, _ in record.edges}
    return uids | {record.run_uid for record in records if record.run_uid}


def _artwork_row(record: Recorded, named: Mapping[str, int]) -> dict[str, Any]:
    copied = (
        *("position", "making", "seed", "title", "parameters", "width", "height", "media_type"),
        *("file_digest", "pixels_digest", "source_type"),
    )
    row = {name: getattr(record, name) for name in copied}
    run = named[record.run_uid] if record.run_uid else None
    return row | {"id": named[record.uid], "run_id": run, "made_at": instant(record.made_at)}


def _edges(record: Recorded, named: Mapping[str, int], people: Mapping[str, int]) -> list[tuple[int, Role, int, Truth]]:
    child = named[record.uid]
    edges = [(child, Role(role), named[parent], Truth(truth)) for role, parent, truth in record.edges]
    if record.run_uid:
        edges.append((child, Role.RUN, named[record.run_uid], Truth.CHECKED))
    if record.by:
        edges.append((child, Role.BY, people[record.by], Truth.CLAIMED))
    return edges


def _write_fingerprints(session: Session, records: Sequence[Recorded], ids: Mapping[str, int]) -> None:
    rows = [
        {"node_id": ids[record.uid], "method": name, "codes": base64.b64decode(codes), "quality": quality}
        for record in records
        for name, (codes, quality) in record.fingerprints.items()
    ]
    session.execute(insert(schema.Fingerprint), rows)


def _write_audits(session: Session, records: Sequence[Recorded], named: Mapping[str, int]) -> None:
    rows = [
        record.audit | {"artwork_id": named[record.uid], "audited_at": instant(record.audit["audited_at"])}
        for record in records
    ]
    made = session.scalars(insert(schema.Audit).returning(schema.Audit.id, sort_by_parameter_order=True), rows)
    matches: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for record, audit_id in zip(records, made, strict=True):
        head = {"audit_id": audit_id, "artwork_id": named[record.uid]}
        matches += [head | _match_row(match, named) for match in record.matches if match["uid"] in named]
        findings += [head | _finding_row(finding, named) for finding in record.findings]
    if matches:
        session.execute(insert(schema.Match), matches)
    if findings:
        session.execute(insert(schema.Finding), findings)


def _match_row(match: Mapping[str, Any], named: Mapping[str, int]) -> dict[str, Any]:
    copied = ("method", "distance", "bits", "orientation", "flagged")
    return {name: match[name] for name in copied} | {"other_id": named[match["uid"]]}


def _finding_row(finding: Mapping[str, Any], named: Mapping[str, int]) -> dict[str, Any]:
    copied = ("check", "check_version", "severity", "sentence", "evidence")
    return {name: finding[name] for name in copied} | {"other_id": named.get(finding["uid"] or "")}


def _write_manifests(session: Session, records: Sequence[Recorded], ids: Mapping[str, int]) -> None:
    identities = dict(session.execute(select(schema.Identity.fingerprint, schema.Identity.id)).all())
    rows = [manifest_row(record.manifest, ids[record.uid], identities) for record in records]
    session.execute(insert(schema.Manifest), rows)


def manifest_row(manifest: Mapping[str, Any], node: int, identities: Mapping[str, int]) -> dict[str, Any]:
    """Make the row of a manifest that `node`'s file carries."""
    copied = ("label", "store_digest", "store_size", "state", "codes")
    row = {name: manifest[name] for name in copied}
    signed_at = instant(manifest["signed_at"])
    return row | {"node_id": node, "identity_id": identities[manifest["identity"]], "signed_at": signed_at}


def _write_edits(
    session: Session, records: Sequence[Recorded], named: Mapping[str, int], people: Mapping[str, int]
) -> None:
    for record in records:
        if record.edit is None or record.by is None:
            continue
        edit = record.edit
        copied = ("actions", "tool", "note", "measure", "changed_share", "evidence")
        row = {name: edit[name] for name in copied}
        row |= {
            "artwork_id": named[record.uid],
            "parent_id": named[edit["parent"]],
            "contributor_id": people[record.by],
        }
        session.execute(insert(schema.Edit), [row | {"received_digest": edit["received"]["digest"]}])


def instant(microseconds: int) -> datetime:
    """Read a moment from JSON."""
    return EPOCH + timedelta(microseconds=microseconds)


def _microseconds(moment: datetime) -> int:
    return int((moment - EPOCH) / timedelta(microseconds=1))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _json_of(finding: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "check": finding.check,
        "check_version": finding.check_version,
        "severity": str(finding.severity),
        "sentence": finding.sentence,
        "evidence": dict(finding.evidence),
        "uid": finding.other,
    }
