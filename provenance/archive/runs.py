"""How a run begins: what is known of it, and its rows, committed before the first pixel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.environment import environment_id, environment_record
from provenance.archive.journal import Journal
from provenance.archive.models import ModelFacts, remember_model
from provenance.digest import Digest, Json
from provenance.errors import UsageError
from provenance.schema import Kind, Role
from provenance.sign.claim import Ingredient
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What is known of a run before it begins."""

    model: ModelFacts
    seed: int | None
    prompt: str | None
    parameters: Mapping[str, Json]
    wanted: int | None
    by: str | None
    device: str | None
    inputs: Sequence[tuple[Role, str, Truth]]
    """Works, datasets or artworks that it was given: role, full id, how we know."""
    ingredients: Sequence[Ingredient]
    """What the manifest of each picture says of those inputs."""
    started_at: datetime
    nonce: str


def run_uid(archive_uid: str, facts: RunFacts) -> str:
    """Derive the id of a run from where and when it began, its model and seed, and a nonce."""
    record: Json = {
        "archive": archive_uid,
        "model": facts.model.uid,
        "seed": None if facts.seed is None else str(facts.seed),
        "started_at": facts.started_at.isoformat(),
        "nonce": facts.nonce,
    }
    return Digest.of_json({"run": record}).hex


def begin(archive: "Archive", uid: str, facts: RunFacts) -> Journal:
    """Commit the run's row; its journal comes before it, so that no open run is without one."""
    journal = Journal.begin(archive.folder / "runs", uid)
    try:
        with archive.database.write() as session:
            _write_run(session, uid, facts)
    except BaseException:
        journal.leave()  # whether the row is there may be unknown: the next opening sees
        raise
    return journal


def recordable(text: str | None, what: str) -> str | None:
    """Give `text` back if both databases can hold it. Raises UsageError that names `what` it is."""
    if text is not None and "\0" in text:
        raise UsageError(f"The {what} holds a NUL character, which cannot be recorded. Take it out.")
    return text


def _write_run(session: Session, uid: str, facts: RunFacts) -> None:
    model_id = remember_model(session, facts.model, facts.started_at)
    run_id = nodes.add_nodes(session, {uid: Kind.RUN}, facts.started_at)[uid]
    session.add(
        schema.Run(
            id=run_id,
            model_id=model_id,
            environment_id=environment_id(session, environment_record(facts.device)),
            seed=None if facts.seed is None else str(facts.seed),
            prompt=facts.prompt,
            parameters=dict(facts.parameters),
            wanted=facts.wanted,
            started_at=facts.started_at,
        )
    )
    session.flush()
    parents = nodes.node_ids(session, [uid for _, uid, _ in facts.inputs])
    edges = [(run_id, role, parents[parent], truth) for role, parent, truth in facts.inputs]
    edges.append((run_id, Role.MODEL, model_id, Truth.CHECKED if facts.model.digest else Truth.CLAIMED))
    if facts.by:
        edges.append(
            (run_id, Role.BY, nodes.contributors(session, [facts.by], facts.started_at)[facts.by], Truth.CLAIMED)
        )
    nodes.add_edges(session, edges)
