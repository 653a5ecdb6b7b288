"""Training works, and the immutable, versioned sets of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant, JsonText, one_of
from provenance.words import Decision


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


class Selection(Base):
    """The works of a version that a training was allowed to see; those are its edges of role `member`."""

    __tablename__ = "selection"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(BigInt, ForeignKey("dataset_version.id"), index=True)
    merkle_root: Mapped[str] = mapped_column(Text)
    works: Mapped[int] = mapped_column(BigInt)
    withheld: Mapped[int] = mapped_column(BigInt)
    """How many works of the version were kept out."""
    policy_digest: Mapped[str] = mapped_column(Text)
    selected_at: Mapped[datetime] = mapped_column(Instant)


class Rights(Base):
    """Whether models may learn from a work, as decided once: by which rule, on which evidence, under which policy.

    The latest row of a work holds; a policy that changed, or a new signal, adds a row.
    """

    __tablename__ = "rights"
    __table_args__ = (one_of("decision", Decision), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    work_id: Mapped[int] = mapped_column(BigInt, ForeignKey("work.id"), index=True)
    decision: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    """The name of the rule of the policy that decided."""
    obligations: Mapped[list[str]] = mapped_column(JsonText)
    """What the licence asks for: attribution, share-alike, non-commercial, ..."""
    signals: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    """The evidence: each signal with where it was found, what it says, and how we know."""
    policy_digest: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[datetime] = mapped_column(Instant)


class Withdrawal(Base):
    """Consent that ended: from then on no training may see the work."""

    __tablename__ = "withdrawal"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    work_id: Mapped[int] = mapped_column(BigInt, ForeignKey("work.id"), index=True)
    contributor_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("contributor.id"))
    """Who asked for it, or recorded it; null if nobody was named."""
    reason: Mapped[str] = mapped_column(Text)
    touched: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """How many models, runs, artworks and exports had it in their lineage at that moment."""
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)
