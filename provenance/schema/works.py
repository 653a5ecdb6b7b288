"""Training works, and the immutable, versioned sets of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant, JsonText


class Dataset(Base):
    """The name that versions share."""

    __tablename__ = "dataset"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class DatasetVersion(Base):
    """A set of works that never changes; its works are the edges of role `member`."""

    __tablename__ = "dataset_version"
    __table_args__ = (UniqueConstraint("dataset_id", "number"), STRICT)

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    dataset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("dataset.id"))
    number: Mapped[int] = mapped_column(BigInt)
    merkle_root: Mapped[str] = mapped_column(Text)
    works: Mapped[int] = mapped_column(BigInt)
    added_at: Mapped[datetime] = mapped_column(Instant)


class Work(Base):
    """A training work as it was read: the same file with other metadata is another row."""

    __tablename__ = "work"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    file_digest: Mapped[str] = mapped_column(Text, index=True)
    pixels_digest: Mapped[str] = mapped_column(Text, index=True)
    file_size: Mapped[int] = mapped_column(BigInt)
    media_type: Mapped[str] = mapped_column(Text)
    width: Mapped[int] = mapped_column(BigInt)
    height: Mapped[int] = mapped_column(BigInt)
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    creator: Mapped[str | None] = mapped_column(Text, index=True)
    licence: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(Text)
    category: Mapped[str | None] = mapped_column(Text)
    series: Mapped[str | None] = mapped_column(Text)
    subjects: Mapped[list[str]] = mapped_column(JsonText)
    consent: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any]] = mapped_column(JsonText)


class WorkLocation(Base):
    """Where the file of a work was seen; works stay where they are and are not copied."""

    __tablename__ = "work_location"
    __table_args__ = STRICT

    work_id: Mapped[int] = mapped_column(BigInt, ForeignKey("work.id"), primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class SkippedFile(Base):
    """A file that did not go into a version, and why."""

    __tablename__ = "skipped_file"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    version_id: Mapped[int] = mapped_column(BigInt, ForeignKey("dataset_version.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
