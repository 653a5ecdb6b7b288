"""Generation: models, runs, what they made, what people changed, and what came of making it again."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant, JsonText, Number, one_of
from provenance.words import Verdict


class Outcome(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Making(StrEnum):
    """How an artwork came to be."""

    GENERATED = "generated"
    EDITED = "edited"
    IMPORTED = "imported"


class Environment(Base):
    """The machine and the libraries that something was made with; shared by runs that had the same."""

    __tablename__ = "environment"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    digest: Mapped[str] = mapped_column(Text, unique=True)
    record: Mapped[dict[str, Any]] = mapped_column(JsonText)


class Model(Base):
    """An engine with its weights, or with its code where it has none."""

    __tablename__ = "model"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, index=True)
    engine: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    distribution: Mapped[str] = mapped_column(Text)
    digest: Mapped[str | None] = mapped_column(Text)
    """SHA-256 of the weights, or of the engine's code where there are none; null if nobody told us."""
    digest_of: Mapped[str] = mapped_column(Text)
    """weights, code or nothing."""
    licence: Mapped[str | None] = mapped_column(Text)
    source_type: Mapped[str] = mapped_column(Text)
    """The IPTC digital source type of what it makes."""


class Run(Base):
    """One generation run, written down before the first pixel."""

    __tablename__ = "run"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    model_id: Mapped[int] = mapped_column(BigInt, ForeignKey("model.id"), index=True)
    environment_id: Mapped[int] = mapped_column(BigInt, ForeignKey("environment.id"))
    seed: Mapped[str | None] = mapped_column(Text)
    prompt: Mapped[str | None] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    wanted: Mapped[int | None] = mapped_column(BigInt)
    started_at: Mapped[datetime] = mapped_column(Instant)


class RunEnd(Base):
    """How a run ended: a row of its own, since records are added and not updated."""

    __tablename__ = "run_end"
    __table_args__ = (one_of("outcome", Outcome), STRICT)

    run_id: Mapped[int] = mapped_column(BigInt, ForeignKey("run.id"), primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(Text)
    message: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime] = mapped_column(Instant)


class Artwork(Base):
    """One picture in the archive. It never changes."""

    __tablename__ = "artwork"
    __table_args__ = (one_of("making", Making), STRICT)

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    run_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("run.id"), index=True)
    position: Mapped[int] = mapped_column(BigInt)
    """Its place in the run, from 0."""
    making: Mapped[str] = mapped_column(Text)
    seed: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    parameters: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """All that led to this picture and is not the same for the whole run."""
    width: Mapped[int] = mapped_column(BigInt)
    height: Mapped[int] = mapped_column(BigInt)
    media_type: Mapped[str] = mapped_column(Text)
    file_digest: Mapped[str] = mapped_column(Text, ForeignKey("blob.digest"), index=True)
    pixels_digest: Mapped[str] = mapped_column(Text, index=True)
    source_type: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)


class Edit(Base):
    """What a contributor did to an artwork; the row belongs to the artwork that came of it."""

    __tablename__ = "edit"
    __table_args__ = STRICT

    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), primary_key=True, autoincrement=False)
    parent_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    contributor_id: Mapped[int] = mapped_column(BigInt, ForeignKey("contributor.id"))
    actions: Mapped[list[str]] = mapped_column(JsonText)
    """Names of C2PA actions, in order, as the contributor stated them."""
    tool: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    """The AI model that took part in the edit, as the contributor stated."""
    note: Mapped[str | None] = mapped_column(Text)
    measure: Mapped[str] = mapped_column(Text)
    """The versioned way the change was measured."""
    changed_share: Mapped[float | None] = mapped_column(Number)
    """0 to 1; null where the pictures cannot be compared pixel by pixel."""
    evidence: Mapped[dict[str, Any]] = mapped_column(JsonText)
    received_digest: Mapped[str] = mapped_column(Text, ForeignKey("blob.digest"), index=True)
    """The file as it came back from the editor, kept beside the signed one."""


class Import(Base):
    """A picture that was made elsewhere and brought in; the row belongs to the artwork that came of it."""

    __tablename__ = "import"
    __table_args__ = STRICT

    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text)
    """What its file was called, without the folder."""
    program: Mapped[str | None] = mapped_column(Text)
    """The program that its own metadata name; claimed."""
    claims: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """What its own metadata say: prompt, seed, model, ...; claimed."""
    manifest_state: Mapped[str | None] = mapped_column(Text)
    """C2PA's word on the manifest that it came with; null if it came with none."""
    manifest_label: Mapped[str | None] = mapped_column(Text)
    received_digest: Mapped[str] = mapped_column(Text, ForeignKey("blob.digest"), index=True)
    """The file as it came, kept beside the signed one."""
    imported_at: Mapped[datetime] = mapped_column(Instant)


class Reproduction(Base):
    """One attempt to make an artwork again, and its verdict."""

    __tablename__ = "reproduction"
    __table_args__ = (one_of("verdict", Verdict), STRICT)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    environment_id: Mapped[int] = mapped_column(BigInt, ForeignKey("environment.id"))
    verdict: Mapped[str] = mapped_column(Text)
    pixels_digest: Mapped[str] = mapped_column(Text)
    largest_difference: Mapped[int | None] = mapped_column(BigInt)
    """In levels of 255; null where the sizes differ."""
    differing_share: Mapped[float | None] = mapped_column(Number)
    psnr: Mapped[float | None] = mapped_column(Number)
    """Peak signal-to-noise ratio in dB; null when infinite or not measurable."""
    causes: Mapped[list[str]] = mapped_column(JsonText)
    tried_at: Mapped[datetime] = mapped_column(Instant)
