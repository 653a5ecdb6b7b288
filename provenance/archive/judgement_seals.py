"""Whether what people decided is what was signed when they decided it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.judgements import decided, statement
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, ProvenanceError
from provenance.schema import Node
from provenance.sign.sidecar import OCTETS, read_as

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_Row: TypeAlias = tuple[schema.Judgement, schema.Finding | None, str, Node, Node | None]


def judgement_problems(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold every decision against its signed statement; a sentence for each that does not agree."""
    for row in session.execute(decided().order_by(schema.Judgement.id)):
        if (problem := _problem(archive, session, row)) is not None:
            yield problem


def refuse_altered(archive: "Archive", session: Session, artwork_id: int) -> None:
    """Raise DamagedArchiveError where a decision about an artwork is not the one that was signed."""
    for row in session.execute(decided(artwork_id).order_by(schema.Judgement.id)):
        if (problem := _problem(archive, session, row)) is not None:
            raise DamagedArchiveError(f"{problem} Run `prov db check`, and restore a backup.")


def _problem(archive: "Archive", session: Session, found: _Row) -> str | None:
    row, finding, by, first, second = found
    what = f"The decision {row.id} about the artwork {first.uid[:12]}"
    try:
        data = archive.store.read(Digest(row.statement_digest))
        manifest = archive.store.read(Digest(row.manifest_digest))
    except ProvenanceError as error:
        return f"{what} cannot be read: {error}"
    reading = read_as(data, OCTETS, store=manifest, anchors=archive.anchors)
    signer = None if reading.signer is None else reading.signer.fingerprint
    if reading.intact is not True or signer is None or not _ours(session, signer):
        return f"{what} is not as it was signed by an identity of this archive."
    try:
        policy = json.loads(data)["judgement"]["policy"]
    except (ValueError, KeyError, TypeError):
        return f"{what} has a signed statement that cannot be read."
    said = {"decision": row.decision, "reason": row.reason, "by": by, "at": row.decided_at.isoformat()}
    if finding is None or finding.check != row.check:
        return f"{what} has been altered: its row names another finding than was decided."
    if statement(archive.uid, first, second, finding, said, policy=policy) != data:
        return f"{what} has been altered: its row is not what was signed."
    return None


def _ours(session: Session, fingerprint: Digest) -> bool:
    query = select(schema.Identity.id).where(schema.Identity.fingerprint == fingerprint.hex)
    return session.scalar(query) is not None
