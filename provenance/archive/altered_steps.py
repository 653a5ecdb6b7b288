"""Whether the steps of lineage are still those that rows and ids were made with: an edge that was moved shows here."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_rules import SHOWN
from provenance.archive.decisions import judged_otherwise
from provenance.archive.trainings import training_uid
from provenance.digest import Digest
from provenance.schema import Edge, Kind, Node, Outcome, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_TABLES: dict[Kind, Any] = {
    Kind.ARTWORK: schema.Artwork,
    Kind.RUN: schema.Run,
    Kind.MODEL: schema.Model,
    Kind.DATASET: schema.DatasetVersion,
    Kind.WORK: schema.Work,
    Kind.CONTRIBUTOR: schema.Contributor,
    Kind.EXPORT: schema.Export,
    Kind.TRAINING: schema.Training,
    Kind.SELECTION: schema.Selection,
}


def step_problems(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold edges and rows against each other and against the ids that were made of them; a sentence per mismatch."""
    yield from _without_row(session)
    artwork, run, export, selection = schema.Artwork, schema.Run, schema.Export, schema.Selection
    edit = schema.Edit
    yield from _moved(session, artwork.id, artwork.run_id, Role.RUN, "The artwork")
    yield from _moved(session, run.id, run.model_id, Role.MODEL, "The run")
    yield from _moved(session, edit.artwork_id, edit.parent_id, Role.PARENT, "The edited artwork")
    yield from _moved(session, edit.artwork_id, edit.contributor_id, Role.BY, "The edited artwork")
    yield from _moved(session, export.id, export.artwork_id, Role.EXPORT_OF, "The export")
    yield from _moved(session, selection.id, selection.version_id, Role.SELECTED_FROM, "The selection")
    yield from _selection_ids(session)
    yield from _training_ids(archive, session)
    yield from _environments(session)
    yield from judged_otherwise(archive, session)


def _without_row(session: Session) -> Iterator[str]:
    for kind, table in _TABLES.items():
        query = select(Node.uid).outerjoin(table, table.id == Node.id)
        for uid in session.scalars(query.where(Node.kind == kind.value, table.id.is_(None)).limit(SHOWN)):
            yield f"The {kind.value} {uid[: nodes.SHORT]} has lost its row."


def _moved(session: Session, child: Any, parent: Any, role: Role, what: str) -> Iterator[str]:  # noqa: ANN401
    """Find rows that name a parent which no edge of `role` leads to, or which have another such edge beside it."""
    right, other = aliased(Edge), aliased(Edge)
    named = select(Node.uid).join(child.class_, child == Node.id).where(parent.is_not(None))
    here = select(right.child_id).where(right.child_id == child, right.role == role.value, right.parent_id == parent)
    there = select(other.child_id).where(other.child_id == child, other.role == role.value, other.parent_id != parent)
    for uid in session.scalars(named.where(~here.exists() | there.exists()).limit(SHOWN)):
        yield f"{what} {uid[: nodes.SHORT]} has been altered: its row and its lineage name different things as {role}."


def _selection_ids(session: Session) -> Iterator[str]:
    version = aliased(Node)
    query = (
        select(schema.Selection.merkle_root, Node.uid, version.uid.label("version"))
        .join(Node, Node.id == schema.Selection.id)
        .join(version, version.id == schema.Selection.version_id)
    )
    for row in session.execute(query):
        if Digest.of_json({"selection": {"version": row.version, "root": row.merkle_root}}).hex != row.uid:
            yield f"The selection {row.uid[: nodes.SHORT]} has been altered: its row is not that of its id."


def _training_ids(archive: "Archive", session: Session) -> Iterator[str]:
    training = schema.Training
    for row, uid in session.execute(select(training, Node.uid).join(Node, Node.id == training.id)).all():
        learnt_from = _parents(session, row.id, Role.TRAINED_ON)
        made_of = training_uid(archive.uid, row, learnt_from[0]) if len(learnt_from) == 1 else ""
        if made_of != uid:
            yield (
                f"The training {uid[: nodes.SHORT]} ({row.name}) has been altered: its row, or what it is said to have "
                "learnt from, is not that of its id."
            )
    end = schema.TrainingEnd
    led = select(Edge.child_id).where(Edge.parent_id == end.training_id, Edge.role == Role.TRAINING.value)
    ended = select(Node.uid).join(end, end.training_id == Node.id).where(end.outcome == Outcome.FINISHED.value)
    for uid in session.scalars(ended.where(~led.exists()).limit(SHOWN)):
        yield f"The training {uid[: nodes.SHORT]} has lost the step to the model that came of it."


def _parents(session: Session, child: int, role: Role) -> Sequence[str]:
    query = select(Node.uid).join(Edge, Edge.parent_id == Node.id)
    return session.scalars(query.where(Edge.child_id == child, Edge.role == role.value)).all()


def _environments(session: Session) -> Iterator[str]:
    for row in session.scalars(select(schema.Environment)):
        if Digest.of_json(row.record).hex != row.digest:
            yield f"The environment in row {row.id} has been altered: its record is not that of its digest."
