"""The rows of trainings: begun before the first step, ended after the last blob, open in between."""

import fcntl
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.environment import environment_id, environment_record
from provenance.archive.runs import printable
from provenance.database import utc_now
from provenance.digest import Digest, Json
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Edge, Kind, Node, Outcome, Role
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_FOLDER = "trainings"
_SESSIONS = "sessions.json"
_LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a training before it begins."""

    name: str
    engine: str
    version: str
    distribution: str
    code: Digest
    seed: int | None
    """None takes one at random, or the one that a stopped training has."""
    settings: Mapping[str, Json]
    preprocessing: Mapping[str, Json]
    learnt_from: str
    """The id of the dataset version or selection whose works, and no others, it sees."""
    by: str | None
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A training that has begun and not ended."""

    uid: str
    row: int
    seed: int
    folder: Path
    """Where its checkpoints are."""
    sessions: tuple[Mapping[str, Json], ...]
    """From which step on in which environment; the last one is the present."""
    lock: BinaryIO
    """Held for as long as this process trains: a second one must not write into the same folder."""


def begin(archive: "Archive", facts: Facts) -> Open:
    """Commit the row of a new training, with its lineage."""
    at = utc_now()
    seed = secrets.randbits(32) if facts.seed is None else facts.seed
    environment = environment_record(facts.device)
    row = schema.Training(
        name=facts.name,
        engine=facts.engine,
        version=facts.version,
        distribution=facts.distribution,
        code_digest=facts.code.hex,
        seed=str(seed),
        settings=dict(facts.settings),
        preprocessing=dict(facts.preprocessing),
        started_at=at,
    )
    uid = training_uid(archive.uid, row, facts.learnt_from)
    with archive.database.write() as session:
        row_id = _write(session, uid, facts, row, environment)
    return _opened(archive, uid, row_id, seed, environment)


def training_uid(archive_uid: str, training: schema.Training, learnt_from: str) -> str:
    """Derive the id of a training from its row and the id of the set that it sees: who alters one of them is found."""
    columns = ("name", "engine", "version", "distribution", "code_digest", "seed", "settings", "preprocessing")
    told: dict[str, Json] = {name: getattr(training, name) for name in columns}
    told |= {"archive": archive_uid, "learnt_from": learnt_from, "started_at": training.started_at.isoformat()}
    return Digest.of_json({"training": told}).hex


def go_on(archive: "Archive", facts: Facts) -> Open:
    """Find the latest open training of this name, whose checkpoints are there, to go on with it.

    Raises NotFoundError where there is none; UsageError where it was another training: other works or settings.
    """
    with archive.database.read() as session:
        training, uid = _latest_open(session, facts.name)
        if training is None or not (archive.folder / _FOLDER / uid).is_dir():
            message = f"No training of {facts.name} is open here. Leave --resume out to begin one."
            raise NotFoundError(message)
        _check_same(session, training, facts)
        row, seed = training.id, int(training.seed)
    return _opened(archive, uid, row, seed, environment_record(facts.device))


def open_trainings(archive: "Archive", name: str) -> list[str]:
    """List the ids of trainings of `name` that can be gone on with, the latest first."""
    with archive.database.read() as session:
        query = _open_query().where(schema.Training.name == name).order_by(schema.Training.id.desc())
        uids = [uid for _, uid in session.execute(query)]
    return [uid for uid in uids if (archive.folder / _FOLDER / uid).is_dir()]


def fail(archive: "Archive", training: Open, message: str) -> None:
    """Write down that a training failed; nothing came of it."""
    with archive.database.write() as session:
        session.add(
            schema.TrainingEnd(
                training_id=training.row,
                outcome=Outcome.FAILED.value,
                message=printable(message),
                steps=0,
                seconds=0.0,
                metrics={},
                sessions=list(training.sessions),
                history_digest=None,
                sheet_digest=None,
                ended_at=utc_now(),
            )
        )


def _write(session: Session, uid: str, facts: Facts, training: schema.Training, environment: Mapping[str, Json]) -> int:
    at = training.started_at
    row = nodes.add_nodes(session, {uid: Kind.TRAINING}, at)[uid]
    training.id, training.environment_id = row, environment_id(session, environment)
    session.add(training)
    session.flush()
    edges = [(row, Role.TRAINED_ON, nodes.node_id(session, facts.learnt_from), Truth.CHECKED)]
    if facts.by:
        edges.append((row, Role.BY, nodes.contributors(session, [facts.by], at)[facts.by], Truth.CLAIMED))
    nodes.add_edges(session, edges)
    return row


def _opened(archive: "Archive", uid: str, row: int, seed: int, environment: Mapping[str, Json]) -> Open:
    folder = archive.folder / _FOLDER / uid
    folder.mkdir(parents=True, exist_ok=True)
    lock = _locked(folder)
    kept = folder / _SESSIONS
    sessions: list[Mapping[str, Any]] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else []
    sessions.append({"began_at": utc_now().isoformat(), "environment": dict(environment)})
    part = kept.with_suffix(".part")
    part.write_text(json.dumps(sessions), encoding="utf-8")
    part.replace(kept)
    return Open(uid=uid, row=row, seed=seed, folder=folder, sessions=tuple(sessions), lock=lock)


def _locked(folder: Path) -> BinaryIO:
    """Take the lock of a training's folder; it goes with the process. Raises UsageError where another one has it."""
    file = (folder / _LOCK).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as cause:
        file.close()
        raise UsageError("This training is going on in another process. Wait for it, or stop it first.") from cause
    return file


def _open_query() -> Any:  # noqa: ANN401  (a select of two columns)
    training, end = schema.Training, schema.TrainingEnd
    query = select(training, Node.uid).join(Node, Node.id == training.id)
    return query.outerjoin(end, end.training_id == training.id).where(end.training_id.is_(None))


def _latest_open(session: Session, name: str) -> tuple[schema.Training | None, str]:
    query = _open_query().where(schema.Training.name == name).order_by(schema.Training.id.desc())
    found = session.execute(query.limit(1)).first()
    return (found[0], found[1]) if found is not None else (None, "")


def _check_same(session: Session, training: schema.Training, facts: Facts) -> None:
    """Raise UsageError if what is asked for now is not the training that was begun."""
    learnt_from = session.scalars(
        select(Node.uid)
        .join(Edge, Edge.parent_id == Node.id)
        .where(Edge.child_id == training.id, Edge.role == Role.TRAINED_ON.value)
    ).all()
    if list(learnt_from) != [facts.learnt_from]:
        message = (
            f"The training of {facts.name} that was stopped saw other works: the dataset, its permissions or the "
            "categories have changed since. Leave --resume out to begin anew."
        )
        raise UsageError(message)
    before: Mapping[str, Any] = {**training.settings, **training.preprocessing, "seed": training.seed}
    seed = None if facts.seed is None else str(facts.seed)
    now: Mapping[str, Any] = {**facts.settings, **facts.preprocessing, "seed": seed}
    if training.code_digest != facts.code.hex:
        raise UsageError(
            f"The code that trains has changed since {facts.name} was stopped. Begin anew without --resume."
        )
    for name, value in before.items():
        if name in now and now[name] is not None and now[name] != value:
            message = (
                f"The training of {facts.name} that was stopped has {name} = {value}; now it is {now[name]}. "
                "Go on with the same settings, or leave --resume out to begin anew."
            )
            raise UsageError(message)
