"""Whether the steps between a run and what it was given are those that its parameters name, and others of their kind.

What `prov generate` was given stands twice: as edges, and by full id in the run's parameters. What a program of the
user's was given stands there by the digest of its pixels. The parameters themselves are signed with every artwork.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_rules import SHOWN
from provenance.archive.models import EXTERNAL
from provenance.digest import canonical_json
from provenance.schema import Edge, Kind, Node, Role

_GIVEN = {"content": Role.CONTENT, "style": Role.STYLE}
_OF_PICTURES = tuple(role.value for role in (Role.INPUT, Role.CONTENT, Role.STYLE, Role.LIKE))
_PAGE = 1_000


def input_problems(session: Session) -> Iterator[str]:
    """Yield a sentence for each run, work, dataset or model whose steps are not those that its row speaks of."""
    yield from _runs(session)
    yield from _creators(session)
    yield from _previous(session)
    yield from _trained(session)


def _runs(session: Session) -> Iterator[str]:
    run, model, last = schema.Run, schema.Model, 0
    query = select(run.id, run.parameters, model.engine, Node.uid).join(model, model.id == run.model_id)
    query = query.join(Node, Node.id == run.id).order_by(run.id)
    while page := session.execute(query.where(run.id > last).limit(_PAGE)).all():
        last = page[-1].id
        given = _given(session, [row.id for row in page])
        for row in page:
            edges = given.get(row.id, set())
            if (wrong := _wrong(row.parameters, row.engine, edges)) is not None:
                yield f"The run {row.uid[: nodes.SHORT]} has been altered: its parameters and its lineage {wrong}."


def _wrong(parameters: Mapping[str, Any], engine: str, edges: set[tuple[str, str, str]]) -> str | None:
    """Say how the parameters of a run and its edges (role, id, pixels) do not fit one another."""
    if engine != EXTERNAL and "options" in parameters:
        pictures, like = parameters.get("pictures", {}), parameters.get("like", ())
        named = {(_GIVEN.get(role, Role.INPUT).value, uid) for role, uid in pictures.items()}
        named |= {(Role.LIKE.value, uid) for uid in like}
        return None if named == {(role, uid) for role, uid, _ in edges} else "name different pictures"
    text = canonical_json(parameters)
    return None if all(pixels in text or uid in text for _, uid, pixels in edges) else "name different pictures"


def _given(session: Session, runs: list[int]) -> dict[int, set[tuple[str, str, str]]]:
    found: dict[int, set[tuple[str, str, str]]] = {}
    for table in (schema.Artwork, schema.Work):
        query = select(Edge.child_id, Edge.role, Node.uid, table.pixels_digest).join(Node, Node.id == Edge.parent_id)
        query = query.join(table, table.id == Node.id).where(Edge.child_id.in_(runs), Edge.role.in_(_OF_PICTURES))
        for child, role, uid, pixels in session.execute(query):
            found.setdefault(child, set()).add((role, uid, pixels))
    return found


def _creators(session: Session) -> Iterator[str]:
    """Find works whose step to a creator is lost, or leads to somebody else."""
    work, person, step = schema.Work, schema.Contributor, aliased(Edge)
    made = and_(step.child_id == work.id, step.role == Role.CREATOR.value)
    to = select(person.name).join(step, step.parent_id == person.id).where(made)
    right = to.where(person.name == work.creator).exists()
    other = to.where(or_(work.creator.is_(None), person.name != work.creator)).exists()
    query = select(Node.uid, work.name).join(work, work.id == Node.id)
    for row in session.execute(query.where(or_(and_(work.creator.is_not(None), ~right), other)).limit(SHOWN)):
        yield f"The work {row.uid[: nodes.SHORT]} ({row.name}) has been altered: its lineage names another creator."


def _previous(session: Session) -> Iterator[str]:
    """Find versions whose step to the version before is lost or moved, and versions that are missing between."""
    version, before, dataset = schema.DatasetVersion, aliased(schema.DatasetVersion), schema.Dataset
    step = select(Edge.child_id).join(before, before.id == Edge.parent_id)
    step = step.where(Edge.child_id == version.id, Edge.role == Role.PREVIOUS.value)
    right = step.where(before.dataset_id == version.dataset_id, before.number == version.number - 1)
    query = select(dataset.name, version.number).join(dataset, dataset.id == version.dataset_id)
    for row in session.execute(query.where(version.number > 1, ~right.exists())):
        yield f"The dataset {row.name} version {row.number} has lost the step to the version before it."


def _trained(session: Session) -> Iterator[str]:
    """Find trainings that are said to have made a model of another name or engine."""
    model, training, child = schema.Model, schema.Training, aliased(Node)
    query = (
        select(child.uid, model.name)
        .join(Edge, Edge.child_id == child.id)
        .join(model, model.id == child.id)
        .join(training, training.id == Edge.parent_id)
        .where(Edge.role == Role.TRAINING.value, child.kind == Kind.MODEL.value)
        .where(or_(model.name != training.name, model.engine != training.engine))
    )
    for row in session.execute(query.limit(SHOWN)):
        yield f"The model {row.name} ({row.uid[: nodes.SHORT]}) has been altered: its training was that of another."
