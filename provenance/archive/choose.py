"""A model by what people type: an engine without weights, or a model of this archive with its own."""

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.models import EXTERNAL, ModelFacts, engine_facts
from provenance.archive.weights import open_weights
from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError
from provenance.generate.engine import Weights, needs_of
from provenance.generate.registry import Supplied, engines, find
from provenance.schema import Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_VERSIONED = re.compile(r"(?P<name>.+)@(?P<version>[^@]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A model that can make pictures."""

    supplied: Supplied
    """Its engine, as it is installed now."""
    facts: ModelFacts
    weights: Weights | None
    """None for an engine whose code is the model."""


def choose(archive: "Archive", typed: str) -> Chosen:
    """Find the model called `typed`: an engine's name, a model's NAME (the latest) or NAME@VERSION, or an id.

    Raises UsageError for a name that nothing has, or an engine that makes nothing without a model of its kind;
    NotFoundError where weights are not there any more.
    """
    if is_engine(typed):
        supplied = find(typed)
        check_stands_alone(supplied)
        return Chosen(supplied=supplied, facts=engine_facts(supplied), weights=None)
    with archive.database.read() as session:
        node = find_model(session, typed)
        return chosen_model(archive, session, node)


def chosen_model(archive: "Archive", session: Session, node: Node) -> Chosen:
    """Make the model at `node` ready. Raises UsageError for one that only a program of the user's can run."""
    facts = facts_of(session.get_one(schema.Model, node.id))
    if facts.engine == EXTERNAL:
        message = (
            f"The model {facts.name} was used by a program of yours, which prov cannot call. `prov engines` helps."
        )
        raise UsageError(message)
    supplied = find(facts.engine)
    weights = open_weights(archive, node.id) if facts.digest_of == "weights" else None
    return Chosen(supplied=supplied, facts=facts, weights=weights)


def find_model(session: Session, typed: str) -> Node:
    """Find the node of a model by NAME (the latest), NAME@VERSION or the beginning of its id. Raises UsageError."""
    if (found := _by_name(session, typed)) is not None:
        return found
    try:
        return nodes.find(session, typed, kinds=[Kind.MODEL])
    except NotFoundError as cause:
        raise UsageError(_unknown(session, typed)) from cause


def is_engine(name: str) -> bool:
    """Whether `name` is that of an engine, broken ones left out."""
    return name in {supplied.engine.name for supplied in engines()}


def check_stands_alone(supplied: Supplied) -> None:
    """Raise UsageError for an engine that makes nothing without weights."""
    if needs_of(supplied.engine).weights:
        name = supplied.engine.name
        how = "model train gan NAME --dataset D" if name == "gan" else f"model add NAME PATH --engine {name}"
        raise UsageError(
            f"The engine {name} makes nothing without a model. Name one (`prov model list`), or make one: `prov {how}`."
        )


def facts_of(row: schema.Model) -> ModelFacts:
    """Read what identifies a model from its row."""
    return ModelFacts(
        name=row.name,
        engine=row.engine,
        version=row.version,
        distribution=row.distribution,
        digest=None if row.digest is None else Digest(row.digest),
        digest_of=row.digest_of,
        source_type=row.source_type,
        licence=row.licence,
    )


def _by_name(session: Session, typed: str) -> Node | None:
    """Find a model with weights by its name, the latest first; then any other, the latest first."""
    match = _VERSIONED.fullmatch(typed)
    model = schema.Model
    query = select(Node).join(model, model.id == Node.id)
    if match is not None:
        query = query.where(model.name == match["name"], model.version == match["version"])
    else:
        query = query.where(model.name == typed)
    return session.scalars(query.order_by((model.digest_of == "weights").desc(), model.id.desc()).limit(1)).first()


def _unknown(session: Session, typed: str) -> str:
    model = schema.Model
    names = list(session.scalars(select(model.name).distinct().where(model.digest_of == "weights")))
    known = [supplied.engine.name for supplied in engines() if not needs_of(supplied.engine).weights] + sorted(names)
    near = difflib.get_close_matches(typed, known, n=2, cutoff=0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f"There is no engine and no model {typed!r}.{hint} There are: {shown}."
