"""Models and their pasts, read for people: the list, and everything about one."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive.choose import find_model
from provenance.archive.labels import labels
from provenance.schema import Edge, Kind, Node, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """A model in a list."""

    uid: str
    name: str
    version: str
    engine: str
    digest: str | None
    digest_of: str
    licence: str | None
    size: int | None
    """Bytes of its weights."""
    runs: int
    added_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One thing that a model comes from."""

    role: str
    uid: str
    kind: str
    label: str
    truth: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetail:
    """Everything about one model."""

    model: ModelRow
    distribution: str
    source_type: str
    past: Sequence[Past]
    training: Mapping[str, Any] | None
    """Its training run; None if nobody saw it learn."""
    settings: Mapping[str, Any]
    identity: Mapping[str, Any]
    claims: Mapping[str, Any]
    """What its card and files say of their own past."""
    locations: Sequence[str]
    manifests: Sequence[Mapping[str, Any]]


def models(archive: "Archive") -> list[ModelRow]:
    """List the models of the archive: those with weights first, then engines, then programs; by name and version."""
    with archive.database.read() as session:
        return sorted(_rows(session), key=lambda row: (row.digest_of != "weights", row.name, row.added_at))


def show_model(archive: "Archive", typed: str) -> ModelDetail:
    """Read everything about the model called `typed`: NAME, NAME@VERSION or an id. Raises UsageError."""
    with archive.database.read() as session:
        node = find_model(session, typed)
        row = session.get_one(schema.Model, node.id)
        weights = session.get(schema.Weights, node.id)
        past = _past(session, node.id)
        return ModelDetail(
            model=_rows(session, node.id)[0],
            distribution=row.distribution,
            source_type=row.source_type,
            past=past,
            training=_training(session, node.id),
            settings={} if weights is None else weights.settings,
            identity={} if weights is None else weights.identity,
            claims={} if weights is None else weights.claims,
            locations=_locations(session, node.id),
            manifests=_manifests(session, node.id),
        )


def _rows(session: Session, only: int | None = None) -> list[ModelRow]:
    model, weights, run = schema.Model, schema.Weights, schema.Run
    runs = select(run.model_id, func.count().label("runs")).group_by(run.model_id).subquery()
    query = (
        select(model, Node.uid, Node.created_at, weights.size, runs.c.runs)
        .join(Node, Node.id == model.id)
        .outerjoin(weights, weights.model_id == model.id)
        .outerjoin(runs, runs.c.model_id == model.id)
    )
    if only is not None:
        query = query.where(model.id == only)
    copied = ("name", "version", "engine", "digest", "digest_of", "licence")
    return [
        ModelRow(uid=uid, size=size, runs=number or 0, added_at=at, **{name: getattr(found, name) for name in copied})
        for found, uid, at, size, number in session.execute(query)
    ]


def _past(session: Session, model_id: int) -> list[Past]:
    query = (
        select(Edge.role, Edge.truth, Node.id, Node.uid, Node.kind)
        .join(Node, Node.id == Edge.parent_id)
        .where(Edge.child_id == model_id)
        .order_by(Edge.role, Edge.parent_id)
    )
    rows = session.execute(query).all()
    texts = labels(session, {row.id: Kind(row.kind) for row in rows})
    return [Past(role=row.role, uid=row.uid, kind=row.kind, label=texts[row.id], truth=row.truth) for row in rows]


def _training(session: Session, model_id: int) -> dict[str, Any] | None:
    edge, training = aliased(Edge), schema.Training
    query = (
        select(training, Node.uid)
        .join(edge, edge.parent_id == training.id)
        .join(Node, Node.id == training.id)
        .where(edge.child_id == model_id, edge.role == Role.TRAINING.value)
    )
    found = session.execute(query.limit(1)).first()
    if found is None:
        return None
    row, uid = found
    end = session.get(schema.TrainingEnd, row.id)
    copied = ("seed", "settings", "preprocessing", "code_digest", "engine", "version", "distribution")
    said: dict[str, Any] = {name: getattr(row, name) for name in copied}
    said |= {
        "uid": uid,
        "started_at": row.started_at.isoformat(),
        "environment": session.get_one(schema.Environment, row.environment_id).record,
        "learnt_from": [dataclasses.asdict(past) for past in _past(session, row.id)],
    }
    if end is not None:
        kept = ("outcome", "message", "steps", "seconds", "metrics", "sessions", "history_digest", "sheet_digest")
        said |= {name: getattr(end, name) for name in kept} | {"ended_at": end.ended_at.isoformat()}
    return said


def _locations(session: Session, model_id: int) -> list[str]:
    location = schema.ModelLocation
    query = select(location.path).where(location.model_id == model_id).order_by(location.seen_at.desc())
    return list(session.scalars(query))


def _manifests(session: Session, model_id: int) -> list[dict[str, Any]]:
    manifest = schema.Manifest
    rows = session.scalars(select(manifest).where(manifest.node_id == model_id).order_by(manifest.id))
    return [
        {"label": row.label, "store_digest": row.store_digest, "signed_at": row.signed_at.isoformat()} for row in rows
    ]
