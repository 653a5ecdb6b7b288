"""What lineage joins: nodes, the edges between them, and the people.

Everything that can stand in a lineage (artwork, run, model, training, dataset version, selection, work,
contributor, export) has a row in `node` and, with the same id, a row in the table of its kind.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from provenance.schema.base import STRICT, Base, BigInt, Instant, Number, one_of
from provenance.words import Truth


class Kind(StrEnum):
    """What a node is. No CHECK guards it: a new kind must not rebuild the largest tables."""

    ARTWORK = "artwork"
    RUN = "run"
    MODEL = "model"
    DATASET = "dataset"
    WORK = "work"
    CONTRIBUTOR = "contributor"
    EXPORT = "export"
    TRAINING = "training"
    SELECTION = "selection"


class Role(StrEnum):
    """How a child comes from its parent."""

    RUN = "run"  # artwork <- run
    MODEL = "model"  # run <- model
    PALETTE = "palette"  # run <- work or dataset
    INPUT = "input"  # run <- artwork, work or dataset that it was given
    CONTENT = "content"  # run <- artwork or work whose shapes it kept
    STYLE = "style"  # run <- artwork or work whose manner it took
    LIKE = "like"  # run <- artwork of the same model that guided it
    TRAINING = "training"  # model <- training
    TRAINED_ON = "trained_on"  # training, or a model whose training nobody saw <- dataset or selection
    DERIVED_FROM = "derived_from"  # model <- model that it was made from, or whose adapter it uses
    SELECTED_FROM = "selected_from"  # selection <- dataset
    MEMBER = "member"  # dataset or selection <- work
    PREVIOUS = "previous"  # dataset <- dataset, the version before
    PARENT = "parent"  # artwork <- artwork that was edited
    EXPORT_OF = "export_of"  # export <- artwork
    BY = "by"  # artwork, run <- contributor
    CREATOR = "creator"  # work <- contributor


class Node(Base):
    """Anything that lineage can join."""

    __tablename__ = "node"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    uid: Mapped[str] = mapped_column(Text(collation="C").with_variant(Text(), "sqlite"), unique=True)
    """64 hex digits, derived from what the node is; people type its beginning."""
    kind: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Edge(Base):
    """One step of lineage: the child comes from the parent in a role.

    The key begins with child and role: with `parent` in second place PostgreSQL's planner picks a skip
    scan over the other index on skewed tables, a thousand times slower.
    """

    __tablename__ = "edge"
    __table_args__ = (
        Index(None, "parent_id", "role", "child_id"),
        one_of("truth", Truth),
        {"sqlite_strict": True, "sqlite_with_rowid": False},
    )

    child_id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    parent_id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True)
    truth: Mapped[str] = mapped_column(Text)


class Contributor(Base):
    """A person, an organisation or a software agent."""

    __tablename__ = "contributor"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, ForeignKey("node.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Text, unique=True)


class Rating(Base):
    """What a person or a discriminator thought of an artwork."""

    __tablename__ = "rating"
    __table_args__ = STRICT

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=True)
    artwork_id: Mapped[int] = mapped_column(BigInt, ForeignKey("artwork.id"), index=True)
    contributor_id: Mapped[int] = mapped_column(BigInt, ForeignKey("contributor.id"))
    score: Mapped[float] = mapped_column(Number)
    note: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime] = mapped_column(Instant)
