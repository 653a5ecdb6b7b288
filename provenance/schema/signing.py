"""Who signs, what was signed, and what left."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant, JsonText, one_of
from provenance.words import Disclosure


class Identity(Base):
    """Whose certificate signs; the key itself is a file, never a row."""

    __tablename__ = "identity"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    algorithm: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(Text, unique=True)
    """SHA-256 of the signing certificate (DER)."""
    subject: Mapped[str] = mapped_column(Text)
    chain: Mapped[str] = mapped_column(Text)
    root: Mapped[str | None] = mapped_column(Text)
    not_before: Mapped[datetime] = mapped_column(Instant)
    not_after: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class Manifest(Base):
    """A signed C2PA claim, as it read back right after signing."""

    __tablename__ = "manifest"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    node_id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), index=True)
    """The artwork or the export whose file carries it."""
    identity_id: Mapped[int] = mapped_column(BigInt, ForeignKey("identity.id"))
    label: Mapped[str] = mapped_column(Text, index=True)
    store_digest: Mapped[str] = mapped_column(Text)
    store_size: Mapped[int] = mapped_column(BigInt)
    state: Mapped[str] = mapped_column(Text)
    codes: Mapped[list[str]] = mapped_column(JsonText)
    signed_at: Mapped[datetime] = mapped_column(Instant)


class Export(Base):
    """An artwork that left: in which format, with what disclosed."""

    __tablename__ = "export"
    __table_args__ = (one_of("disclosure", Disclosure), STRICT)

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]] = mapped_column(JsonText)
    disclosure: Mapped[str] = mapped_column(Text)
    file_digest: Mapped[str] = mapped_column(Text, index=True)
    file_size: Mapped[int] = mapped_column(BigInt)
    pixels_digest: Mapped[str] = mapped_column(Text, index=True)
    record: Mapped[dict[str, Any]] = mapped_column(JsonText)
    exported_at: Mapped[datetime] = mapped_column(Instant)
