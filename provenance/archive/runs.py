"""How a run begins: what is known of it, and its rows, committed before the first pixel."""

import operator
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
from provenance.digest import Digest, Json, canonical_json
from provenance.errors import UsageError
from provenance.generate.engine import SEED_LIMIT
from provenance.schema import Kind, Role
from provenance.sign.claim import Ingredient
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

LONGEST = 100_000
"""Characters that one text may have: a manifest as a whole may have a million."""


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
    source_type: str | None = None
    """The IPTC digital source type of its pictures, where it is not the model's: pictures that it was given count."""
    continued: frozenset[str] = frozenset()
    """Artworks and works that its pictures continue: that they look like those is no finding."""

    @property
    def made_as(self) -> str:
        """The IPTC digital source type of its pictures."""
        return self.source_type or self.model.source_type


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
    """Give `text` back if databases and manifests can hold it. Raises UsageError that names `what` it is."""
    if text is None:
        return None
    if "\0" in text:
        raise UsageError(f"The {what} holds a NUL character, which cannot be recorded. Take it out.")
    if len(text) > LONGEST:
        raise UsageError(f"The {what} has {len(text):,} characters; {LONGEST:,} can be recorded. Shorten it.")
    try:
        text.encode()
    except UnicodeEncodeError as cause:
        raise UsageError(f"The {what} is not text that UTF-8 can write: {cause.reason}. Correct it.") from cause
    return text


def recordable_parameters(parameters: Mapping[str, Json] | None) -> dict[str, Json]:
    """Give parameters back as plain JSON values; numbers of numpy and torch become Python's. Raises UsageError."""
    plain: dict[str, Json] = {}
    for name, value in (parameters or {}).items():
        number = getattr(value, "item", None)
        plain[name] = number() if callable(number) else value
        try:
            recordable(canonical_json(plain[name]), f"parameter {name}")
        except (TypeError, ValueError) as cause:
            message = f"The parameter {name} cannot be recorded: {cause}. Give a number, a text, a list or a mapping."
            raise UsageError(message) from cause
    return plain


def checked_seed(seed: int | None) -> int | None:
    """Give `seed` back as a whole number in range. Raises UsageError."""
    if seed is None:
        return None
    try:
        number = operator.index(seed)
    except TypeError as cause:
        raise UsageError(f"The seed {seed!r} is not a whole number.") from cause
    if isinstance(seed, bool) or not 0 <= number < SEED_LIMIT:
        raise UsageError(f"The seed {seed} is out of range: 0 to {SEED_LIMIT - 1} is possible.")
    return number


def printable(message: str | None) -> str | None:
    """Make any error's text one that can be recorded: what cannot be written is spelt out."""
    if message is None:
        return None
    return message.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:LONGEST]


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
