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

from provenance.archive.rows import Recorded
from provenance.archive.thresholds import thresholds
from provenance.audit import CHECKS, Answer, Match, Subject, ask
from provenance.audit.policy import Gate, Policy, Ruling
from provenance.audit.policy_file import load_policy
from provenance.database import utc_now
from provenance.digest import Digest, Json
from provenance.export.encode import encode
from provenance.export.png import write_png
from provenance.fingerprint import fingerprint_all
from provenance.picture import Picture
from provenance.schema import Role
from provenance.schema.base import EPOCH
from provenance.schema.runs import Making
from provenance.sign.claim import HELD_BACK, Claim
from provenance.words import Severity, Truth

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
    ancestors: frozenset[str] = frozenset()
    """What is behind it, artworks and works: that it looks like those is no finding."""
    by: str | None = None
    edit: Mapping[str, Json] | None = None
    """The row of `edit`, for an edited artwork."""
    imported: Mapping[str, Json] | None = None
    """The row of `import`, for a picture that came as a file."""
    run_truth: Truth = Truth.CHECKED
    """How we know that the run made it."""
    allow_changed_parent: bool = False
    """Whether a parent whose manifest does not hold may be named in the claim."""


def artwork_uid(*, origin: str, position: int, pixels: Digest) -> str:
    """Derive the id of an artwork from the run or edit that it comes from, its place there, and its pixels."""
    return Digest.of_json({"artwork": {"origin": origin, "position": position, "pixels": str(pixels)}}).hex


def prepare(archive: "Archive", draft: Draft, *, policy: Policy | None = None) -> Recorded:
    """Fingerprint, check, encode, sign and store a picture. Blocks; safe on any thread.

    `policy` is asked about what the checks find; None reads the archive's. A picture that it holds back is recorded
    like every other, and what is signed of it says so.

    Raises SigningError, StoreError, PictureError; UsageError for a policy that cannot be read.
    """
    policy = policy or load_policy(archive.folder)
    picture = draft.picture
    fingerprints = fingerprint_all(picture)
    answer = _check(archive, draft, fingerprints)
    ruling = policy.judge(answer.findings, gate=Gate.SIGN)

    signed, file_digest, size = _sign_and_store(archive, draft, _held_claim(draft.claim, ruling))

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
        audit=_audit(answer, ruling),
        matches=[_flat(match) for match in answer.matches],
        findings=[_json_of(finding) for finding in answer.findings],
        manifest=signed | {"identity": archive.identity.fingerprint.hex},
        edges=[[role.value, parent, truth.value] for role, parent, truth in draft.edges],
        by=draft.by,
        edit=dict(draft.edit) if draft.edit is not None else None,
        imported=dict(draft.imported) if draft.imported is not None else None,
        run_truth=draft.run_truth.value,
    )


def _check(archive: "Archive", draft: Draft, fingerprints: "Mapping[str, Fingerprint]") -> Answer:
    artworks = archive.indexes.artworks()
    subject = Subject(
        uid=draft.uid,
        related=frozenset(parent for role, parent, _ in draft.edges if role is Role.PARENT) | draft.ancestors,
        fingerprints=fingerprints,
        works=archive.indexes.works(),
        artworks=artworks,
        thresholds=thresholds(archive.settings),
        keep=archive.settings.nearest,
    )
    with archive.indexes.turn:  # of two alike at the same time, one must be held against the other
        answer = ask(subject, CHECKS)
        for name, fingerprint in fingerprints.items():
            artworks[name].add([draft.uid], fingerprint.matrix[:1])
    return answer


def _held_claim(claim: Claim, ruling: Ruling) -> Claim:
    """Say in the claim of a picture that is held back that this is the archive's record of it, and no more."""
    if ruling.effect is not Severity.DECIDE:
        return claim
    return dataclasses.replace(claim, record={**claim.record, HELD_BACK: ruling.record()})


def _sign_and_store(archive: "Archive", draft: Draft, claim: Claim) -> tuple[dict[str, Json], Digest, int]:
    compression = archive.settings.compression
    if draft.picture.width * draft.picture.height > LARGE:
        with archive.store.temporary() as plain, archive.store.temporary() as target:
            with plain.open("wb") as file:
                write_png(draft.picture.pixels, file, compression=compression)
            allowed = draft.allow_changed_parent
            kept = archive.signer.sign_file(plain, target, "image/png", claim, allow_changed_parent=allowed)
            size = target.stat().st_size
            return manifest_json(kept), archive.store.put_file(target, move=True), size
    data = encode(draft.picture, "png", compression=compression)
    signed = archive.signer.sign(data, "image/png", claim, allow_changed_parent=draft.allow_changed_parent)
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


def _audit(answer: Answer, ruling: Ruling) -> dict[str, Json]:
    return {
        "checks": {**answer.settings, "policy": ruling.record()},
        "works_compared": answer.works_compared,
        "artworks_compared": answer.artworks_compared,
        "audited_at": _microseconds(utc_now()),
    }


def _microseconds(moment: datetime) -> int:
    return int((moment - EPOCH) / timedelta(microseconds=1))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _flat(match: Match) -> dict[str, Json]:
    return {field.name: getattr(match, field.name) for field in dataclasses.fields(match)}


def _json_of(finding: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "check": finding.check,
        "check_version": finding.check_version,
        "severity": str(finding.severity),
        "sentence": finding.sentence,
        "evidence": dict(finding.evidence),
        "uid": finding.other,
    }
