"""Fingerprints and what was found by comparing them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Flag, Instant, JsonText, Number, one_of
from provenance.words import PersonDecision, Severity


class Fingerprint(Base):
    """A versioned perceptual code of a work or an artwork, in eight orientations one after the other."""

    __tablename__ = "fingerprint"
    __table_args__ = (UniqueConstraint("node_id", "method"), Index(None, "method", "id"), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    node_id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"))
    method: Mapped[str] = mapped_column(Text)
    codes: Mapped[bytes] = mapped_column(LargeBinary)
    quality: Mapped[float] = mapped_column(Number)
    """0 to 1: how far the bits can be relied on."""


class Feature(Base):
    """What a picture is compared by beside its fingerprints: its embedding, its points, a small grey copy."""

    __tablename__ = "feature"
    __table_args__ = (UniqueConstraint("node_id", "method"), Index(None, "method", "id"), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    node_id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"))
    method: Mapped[str] = mapped_column(Text)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Audit(Base):
    """A set of checks run on an artwork, and with how much it was compared."""

    __tablename__ = "audit"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    checks: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """Each check's name with its version, methods and thresholds."""
    works_compared: Mapped[int] = mapped_column(BigInt)
    artworks_compared: Mapped[int] = mapped_column(BigInt)
    audited_at: Mapped[datetime] = mapped_column(Instant)


class Match(Base):
    """Two pictures found alike, or merely nearest: by what and how near."""

    __tablename__ = "match"
    __table_args__ = (Index(None, "other_id", "flagged"), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    audit_id: Mapped[int] = mapped_column(BigInt, ForeignKey("audit.id"), index=True)
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    other_id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"))
    method: Mapped[str] = mapped_column(Text)
    distance: Mapped[int] = mapped_column(BigInt)
    bits: Mapped[int] = mapped_column(BigInt)
    orientation: Mapped[int] = mapped_column(BigInt)
    flagged: Mapped[bool] = mapped_column(Flag)


class Finding(Base):
    """One answer of one check, with its evidence."""

    __tablename__ = "finding"
    __table_args__ = (one_of("severity", Severity), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    audit_id: Mapped[int] = mapped_column(BigInt, ForeignKey("audit.id"), index=True)
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    check: Mapped[str] = mapped_column(Text)
    check_version: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(JsonText)
    other_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("node.id"))


class Judgement(Base):
    """What a person decided about a finding, for the pair of pictures that it speaks of; the latest one holds."""

    __tablename__ = "judgement"
    __table_args__ = (Index(None, "artwork_id", "other_id"), one_of("decision", PersonDecision), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    finding_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("finding.id"))
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"))
    other_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("node.id"))
    check: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    contributor_id: Mapped[int] = mapped_column(BigInt, ForeignKey("contributor.id"))
    statement_digest: Mapped[str] = mapped_column(Text, ForeignKey("blob.digest"))
    """All of the above as JSON, which was signed."""
    manifest_digest: Mapped[str] = mapped_column(Text, ForeignKey("blob.digest"))
    decided_at: Mapped[datetime] = mapped_column(Instant)


class Calibration(Base):
    """At which score an archive flags, as measured on its own works."""

    __tablename__ = "calibration"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    method: Mapped[str] = mapped_column(Text)
    """The judge or fingerprint that the threshold is for, with its version."""
    threshold: Mapped[float] = mapped_column(Number)
    wanted: Mapped[float] = mapped_column(Number)
    """False flags a picture that were wanted."""
    record: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """What was measured: pictures, flags, interval, datasets, recall."""
    calibrated_at: Mapped[datetime] = mapped_column(Instant)


class ModelAudit(Base):
    """What a check found of a model as a whole: memorisation, bias."""

    __tablename__ = "model_audit"
    __table_args__ = (one_of("severity", Severity), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    model_id: Mapped[int] = mapped_column(BigInt, ForeignKey("model.id"), index=True)
    check: Mapped[str] = mapped_column(Text)
    check_version: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    sentence: Mapped[str] = mapped_column(Text)
    record: Mapped[dict[str, Any]] = mapped_column(JsonText)
    audited_at: Mapped[datetime] = mapped_column(Instant)
