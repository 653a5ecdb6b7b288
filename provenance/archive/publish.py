"""`prov export`: artworks leave as new signed files with their papers.

Before one leaves, the policy on findings is asked: what it blocks stays here until somebody has decided.

The order keeps the record true: the file is complete under a temporary name, the row commits, and then the
file gets its name. So nothing that left is missing from the archive.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.artwork import manifest_json
from provenance.archive.bias_travel import bias_of_model, levels
from provenance.archive.chain import chain_ingredients
from provenance.archive.claims import exported_claim
from provenance.archive.dossier import dossier
from provenance.archive.gap import gap_on_record
from provenance.archive.placing import make_folder, placed, refuse_existing
from provenance.archive.rows import manifest_row
from provenance.archive.ruling import ArtworkRuling, rule
from provenance.audit.policy import Policy
from provenance.audit.policy_file import load_policy
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import ProvenanceError, RefusedError, UsageError
from provenance.export.encode import FORMATS, Format, encode, media_type, suffix
from provenance.export.metadata import xmp_packet
from provenance.export.record import export_record, record_bytes, record_metadata
from provenance.picture import Picture
from provenance.schema import Kind, Role
from provenance.sign.claim import Ingredient
from provenance.sign.embed import Signed
from provenance.words import Disclosure, Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How artworks leave."""

    format: Format = "png"
    quality: int | None = None
    """0 to 100 for JPEG, WebP and AVIF; None takes the format's good default."""
    disclosure: Disclosure = Disclosure.FULL
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """An artwork that left."""

    uid: str
    artwork: str
    path: Path
    record_path: Path
    disclosure: Disclosure
    file_digest: Digest
    size: int
    warnings: tuple[str, ...]
    """Findings that the policy wants to be told, as sentences."""
    policy: str
    """The digest of the policy that let it leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An artwork that did not leave; nothing of it was written."""

    artwork: str
    """As it was typed."""
    error: ProvenanceError

    @property
    def sentence(self) -> str:
        """Why, and what to do."""
        return str(self.error)


@dataclass(slots=True, kw_only=True)
class Batch:
    """What came of several exports."""

    exported: list[Exported] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)


def export(
    archive: "Archive",
    typed: Sequence[str],
    folder: Path,
    form: Form,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Exported]:
    """Export the artworks whose ids begin with `typed` into `folder`, a picture and a JSON record each.

    `progress` hears how many of how many are done. If one fails the others go out all the same, and then its error
    is raised, the first one's of several; `export_each` gives all.

    Raises NotFoundError, UsageError (unknown format, a file that is there already, a wrong policy), RefusedError
    (a finding that the policy blocks), StoreError, DamagedArchiveError.
    """
    batch = export_each(archive, typed, folder, form, progress=progress)
    if batch.failed:
        raise batch.failed[0].error
    return batch.exported


def export_each(
    archive: "Archive",
    typed: Sequence[str],
    folder: Path,
    form: Form,
    *,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Batch:
    """Export artworks as `export` does, and give those that failed beside the others.

    Raises UsageError for an unknown format, a wrong setting or policy, before anything is written.
    """
    if form.format not in FORMATS:
        raise UsageError(f"{form.format!r} is not an export format. Choose one of {', '.join(FORMATS)}.")
    policy = load_policy(archive.folder)
    levels(archive.settings)  # a wrong one is to be heard of before anything is written
    batch, begun = Batch(), set[str]()
    for done, each in enumerate(typed, 1):
        try:
            with archive.database.read() as session:
                uid = nodes.find(session, each, kinds=[Kind.ARTWORK]).uid
            if uid not in begun:
                begun.add(uid)
                batch.exported.append(_export(archive, uid, folder, form, policy))
        except ProvenanceError as error:
            batch.failed.append(Failed(artwork=each, error=error))
        progress(done, len(typed))
    return batch


def _export(archive: "Archive", uid: str, folder: Path, form: Form, policy: Policy) -> Exported:
    ruled = rule(archive, uid, policy)
    if (refusal := ruled.refusal) is not None:
        raise RefusedError(refusal)
    at = utc_now()
    whole = dossier(archive, uid)
    record = export_record(whole, form.disclosure, exported_at=at)
    name = f"{uid[: nodes.SHORT]}{suffix(form.format)}"
    path, record_path = folder / name, folder / f"{name}.json"
    if not form.overwrite:
        refuse_existing(path, record_path, advice=", or say --overwrite")

    file_digest = Digest(str(whole["artwork"]["file_digest"]))
    kept = archive.store.read(file_digest)
    picture = Picture.open(kept, limit=1 << 62)
    xmp = xmp_packet(record_metadata(record))
    data = encode(picture, form.format, quality=form.quality, xmp=xmp)
    claim = exported_claim(
        archive.uid,
        whole,
        form.disclosure,
        picture=kept,
        media_type=media_type(form.format),
        at=at,
        behind=_behind(archive, whole, form.disclosure),
        bias=bias_of_model(archive, uid, form.disclosure),
    )
    gap = gap_on_record(archive, uid)  # it was allowed when the picture came in, and every reader is told
    signed = archive.signer.sign(data, media_type(form.format), claim, allow_changed_parent=gap)

    export_uid = Digest.of_json({"export": {"artwork": uid, "at": at.isoformat(), "nonce": secrets.token_hex(16)}}).hex
    make_folder(folder)
    left = {"file_digest": str(Digest.of(signed.data)), "manifest": signed.label}
    record = record | {"export": left | _told_of_policy(ruled, form.disclosure)}
    with placed(path, signed.data), placed(record_path, record_bytes(record)):
        row = _row(form, name, signed=signed, record=record, at=at, ruled=ruled)
        _remember(archive, export_uid, uid, row=row, manifest=manifest_json(signed))
    return Exported(
        uid=export_uid,
        artwork=uid,
        path=path,
        record_path=record_path,
        disclosure=form.disclosure,
        file_digest=Digest.of(signed.data),
        size=len(signed.data),
        warnings=ruled.warnings,
        policy=str(ruled.ruling.policy),
    )


def _behind(archive: "Archive", whole: Mapping[str, Any], disclosure: Disclosure) -> tuple[Ingredient, ...]:
    """Name what the model learnt from where the original's manifest, which does so, stays here, without people."""
    if disclosure is not Disclosure.PUBLIC or "run" not in whole:
        return ()
    return chain_ingredients(archive, whole["run"]["model"]["uid"], people=False)


def _told_of_policy(ruled: ArtworkRuling, disclosure: Disclosure) -> dict[str, str]:
    """Name the policy that let it leave, but for the least disclosure: an archive's own one tells it from others."""
    return {} if disclosure is Disclosure.MINIMAL else {"policy": str(ruled.ruling.policy)}


def _row(
    form: Form, name: str, *, signed: Signed, record: dict[str, Any], at: datetime, ruled: ArtworkRuling
) -> dict[str, Any]:
    ruling = {"policy": str(ruled.ruling.policy), "effect": ruled.ruling.effect.value}
    return {
        "name": name,
        "media_type": media_type(form.format),
        "settings": {"format": form.format, "quality": form.quality, "ruling": ruling},
        "disclosure": form.disclosure.value,
        "file_digest": Digest.of(signed.data).hex,
        "file_size": len(signed.data),
        "pixels_digest": Picture.open(signed.data, limit=1 << 62).digest.hex,
        "record": record,
        "exported_at": at,
    }


def _remember(archive: "Archive", export_uid: str, uid: str, *, row: dict[str, Any], manifest: dict[str, Any]) -> None:
    with archive.database.write() as session:
        export_id = nodes.add_nodes(session, {export_uid: Kind.EXPORT}, row["exported_at"])[export_uid]
        artwork_id = nodes.node_id(session, uid)
        session.add(schema.Export(id=export_id, artwork_id=artwork_id, **row))
        session.flush()
        nodes.add_edges(session, [(export_id, Role.EXPORT_OF, artwork_id, Truth.CHECKED)])
        identities = dict(session.execute(select(schema.Identity.fingerprint, schema.Identity.id)).all())
        signed_by = manifest | {"identity": archive.identity.fingerprint.hex}
        session.add(schema.Manifest(**manifest_row(signed_by, export_id, identities)))
