"""The rows of artworks whose bytes are stored: many in one transaction.

A recorded artwork is plain JSON, so that the journal of its run can hold it until the rows are there.
"""

import base64
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.blobs import remember_blobs
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError
from provenance.schema import Kind, Role
from provenance.schema.base import EPOCH
from provenance.words import Truth


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
    imported: dict[str, Any] | None = None
    run_truth: str = Truth.CHECKED.value

    def to_json(self) -> dict[str, Any]:
        """Write it as JSON, sharing what it holds: `dataclasses.asdict` would copy all of it, a millisecond each."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def from_json(record: Mapping[str, Any]) -> Recorded:
    """Read what `to_json` wrote, in this version or another one. Raises DamagedArchiveError."""
    known = {field.name for field in dataclasses.fields(Recorded)}
    try:
        return Recorded(**{name: value for name, value in record.items() if name in known})
    except TypeError as cause:
        message = f"The journal of a run lacks something of an artwork: {cause}. Open the archive with the older prov."
        raise DamagedArchiveError(message) from cause


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
    _write_imports(session, records, ids, at)
    return ids


def matched(record: Recorded) -> set[str]:
    """Name the works and artworks that a record's checks refer to."""
    return {match["uid"] for match in record.matches} | {f["uid"] for f in record.findings if f["uid"]}


def manifest_row(manifest: Mapping[str, Any], node: int, identities: Mapping[str, int]) -> dict[str, Any]:
    """Make the row of a manifest that `node`'s file carries."""
    copied = ("label", "store_digest", "store_size", "state", "codes")
    row = {name: manifest[name] for name in copied}
    signed_at = instant(manifest["signed_at"])
    return row | {"node_id": node, "identity_id": identities[manifest["identity"]], "signed_at": signed_at}


def instant(microseconds: int) -> datetime:
    """Read a moment from JSON."""
    return EPOCH + timedelta(microseconds=microseconds)


def _write_blobs(session: Session, records: Sequence[Recorded], at: datetime) -> None:
    blobs = [(Digest(record.file_digest), record.file_size, record.media_type) for record in records]
    for record in records:
        if (source := record.edit or record.imported) is not None:
            received = source["received"]
            blobs.append((Digest(received["digest"]), received["size"], received["media_type"]))
    remember_blobs(session, blobs, at)


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
        edges.append((child, Role.RUN, named[record.run_uid], Truth(record.run_truth)))
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


def _write_edits(
    session: Session, records: Sequence[Recorded], named: Mapping[str, int], people: Mapping[str, int]
) -> None:
    for record in records:
        if record.edit is None or record.by is None:
            continue
        edit = record.edit
        copied = ("actions", "tool", "note", "measure", "changed_share", "evidence")
        row = {name: edit[name] for name in copied} | {"model": edit.get("model")}
        row |= {
            "artwork_id": named[record.uid],
            "parent_id": named[edit["parent"]],
            "contributor_id": people[record.by],
        }
        session.execute(insert(schema.Edit), [row | {"received_digest": edit["received"]["digest"]}])


def _write_imports(session: Session, records: Sequence[Recorded], ids: Mapping[str, int], at: datetime) -> None:
    copied = ("name", "program", "claims", "manifest_state", "manifest_label")
    rows = [
        {name: record.imported[name] for name in copied}
        | {"artwork_id": ids[record.uid], "received_digest": record.imported["received"]["digest"], "imported_at": at}
        for record in records
        if record.imported is not None
    ]
    if rows:
        session.execute(insert(schema.Import), rows)
