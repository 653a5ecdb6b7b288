"""The rows of bytes that the store holds: they come after the bytes, and once for each digest."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.digest import Digest


def remember_blobs(session: Session, blobs: Iterable[tuple[Digest, int, str]], at: datetime) -> None:
    """Write down stored bytes (digest, size, media type) that the archive must hold from now on."""
    rows = {digest.hex: {"digest": digest.hex, "size": size, "media_type": kind} for digest, size, kind in blobs}
    known = set(session.scalars(select(schema.Blob.digest).where(schema.Blob.digest.in_(rows))))
    new = [row | {"stored_at": at} for digest, row in rows.items() if digest not in known]
    if new:
        session.execute(insert(schema.Blob), new)
