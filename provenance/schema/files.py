"""The archive itself, and the bytes that it must hold."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Text
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant


class Archive(Base):
    """One row: which archive this is."""

    __tablename__ = "archive"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    uid: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Blob(Base):
    """Bytes that the store must hold; the row comes after the bytes."""

    __tablename__ = "blob"
    __table_args__ = STRICT

    digest: Mapped[str] = mapped_column(Text, primary_key=True)
    """SHA-256 in hex; the name in the store."""
    size: Mapped[int] = mapped_column(BigInt)
    media_type: Mapped[str] = mapped_column(Text)
    stored_at: Mapped[datetime] = mapped_column(Instant)
