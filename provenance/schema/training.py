"""How models learnt: trainings, how they ended, and the weights that came of them or were brought."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant, JsonText, Number, one_of
from provenance.schema.runs import Outcome


class Training(Base):
    """One training run, written down before the first step. It can be interrupted and gone on with."""

    __tablename__ = "training"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, index=True)
    """What the model is to be called."""
    engine: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    """Of the engine."""
    distribution: Mapped[str] = mapped_column(Text)
    code_digest: Mapped[str] = mapped_column(Text)
    """SHA-256 of the code that trained."""
    environment_id: Mapped[int] = mapped_column(BigInt, ForeignKey("environment.id"))
    seed: Mapped[str] = mapped_column(Text)
    settings: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """Every hyperparameter, those nobody asked for too."""
    preprocessing: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """What was done to the works before the network saw them, with the parameters."""
    started_at: Mapped[datetime] = mapped_column(Instant)


class TrainingEnd(Base):
    """How a training ended; one that can be gone on with has no row yet."""

    __tablename__ = "training_end"
    __table_args__ = (one_of("outcome", Outcome), STRICT)

    training_id: Mapped[int] = mapped_column(BigInt, ForeignKey("training.id"), primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(Text)
    message: Mapped[str | None] = mapped_column(Text)
    steps: Mapped[int] = mapped_column(BigInt)
    seconds: Mapped[float] = mapped_column(Number)
    """How long the steps took, pauses left out."""
    metrics: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """KID, precision, recall, density and coverage, beside what two halves of the works reach."""
    sessions: Mapped[list[dict[str, Any]]] = mapped_column(JsonText)
    """From which step on in which environment: one, or several where it was interrupted."""
    history_digest: Mapped[str | None] = mapped_column(Text, ForeignKey("blob.digest"))
    """The losses, as a CSV table."""
    sheet_digest: Mapped[str | None] = mapped_column(Text, ForeignKey("blob.digest"))
    """Samples of the finished model, as a PNG."""
    ended_at: Mapped[datetime] = mapped_column(Instant)


class Weights(Base):
    """What is known of a model's weights."""

    __tablename__ = "weights"
    __table_args__ = STRICT

    model_id: Mapped[int] = mapped_column(BigInt, ForeignKey("model.id"), primary_key=True, autoincrement=False)
    format: Mapped[str] = mapped_column(Text)
    """safetensors, or pipeline for a folder of diffusers."""
    file_digest: Mapped[str | None] = mapped_column(Text, ForeignKey("blob.digest"))
    """The file in our store; null if the weights stay where they are."""
    size: Mapped[int] = mapped_column(BigInt)
    """Bytes of all weight files."""
    settings: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """What the engine has to know to use them: architecture, size in pixels, adapters with their scales."""
    identity: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """What the digest of the model is over, part by part."""
    claims: Mapped[dict[str, Any]] = mapped_column(JsonText)
    """What a model card or the files say of their own past; claimed."""
    recorded_at: Mapped[datetime] = mapped_column(Instant)


class ModelLocation(Base):
    """Where weights were seen that stay where they are."""

    __tablename__ = "model_location"
    __table_args__ = STRICT

    model_id: Mapped[int] = mapped_column(BigInt, ForeignKey("model.id"), primary_key=True, autoincrement=False)
    path: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)
