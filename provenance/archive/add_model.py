"""`prov model add`: weights that somebody has, registered with what is known of their past.

Pipelines stay where they are: gigabytes are not copied. A single file is kept in the store.
What people, cards and headers say of the past is recorded as claimed.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.blobs import remember_blobs
from provenance.archive.choose import find_model, is_engine
from provenance.archive.models import SOURCE_TYPES, ModelFacts, learnt_facts, remember_model
from provenance.archive.runs import recordable
from provenance.archive.weights import Brought, bring_file, bring_pipeline, open_weights
from provenance.collect.licence import spdx_expression
from provenance.database import utc_now
from provenance.errors import NotFoundError, UsageError
from provenance.generate.engine import needs_of
from provenance.generate.pipeline_identity import PRECISIONS, Lora
from provenance.generate.registry import Supplied, find
from provenance.schema import Edge, Kind, Role
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["AddedModel", "add_model", "open_weights"]

PIPELINES = "diffusers"
"""The engine whose models are folders."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_STRENGTHS = (-10.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedModel:
    """What came of registering weights."""

    name: str
    version: str
    """1, 2, ...: other weights under the same name are the next version."""
    uid: str
    digest: str
    """What names the weights: the file's digest, or the one over the identity of a pipeline."""
    engine: str
    licence: str | None
    size: int
    """Bytes of all weight files."""
    new: bool
    """False when these weights had this name already."""
    notes: tuple[str, ...]
    """Sentences about what was not done, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """What somebody states, each found in the archive: edges that begin at the model."""

    edges: tuple[tuple[Role, int], ...]


def add_model(
    archive: "Archive",
    name: str,
    path: Path,
    *,
    engine: str = PIPELINES,
    loras: Sequence[tuple[Path, float]] = (),
    dtype: str | None = None,
    licence: str | None = None,
    trained_on: Sequence[str] = (),
    derived_from: Sequence[str] = (),
    source_type: str | None = None,
    by: str | None = None,
) -> AddedModel:
    """Register the weights at `path` as the model `name`: the folder of a pipeline, or a .safetensors file.

    `dtype` is what a pipeline is loaded in, else what most of its bytes are kept in. `trained_on` names datasets
    (NAME or NAME@VERSION), `derived_from` models; both are recorded as claimed, and so is the licence, which is
    otherwise taken from the model's card. The same weights under the same name are not registered twice; what is
    new about their past is added. Raises UsageError, NotFoundError, EngineError; then nothing was recorded.
    """
    supplied = check_model_request(name, engine, loras=loras, dtype=dtype, licence=licence, source_type=source_type)
    by = recordable(by, "name after --by")
    with archive.database.read() as session:
        _found_past(session, trained_on, derived_from)  # before gigabytes are read
    if engine == PIPELINES:
        laid_on = [Lora(path=_absolute(Path(path)), scale=float(scale)) for path, scale in loras]
        brought = bring_pipeline(_absolute(path), laid_on, dtype)
    else:
        brought = bring_file(archive, supplied, _absolute(path))
    said = spdx_expression(licence) if licence else _card_licence(brought)

    at = utc_now()
    with archive.database.write() as session:
        past = _found_past(session, trained_on, derived_from)
        facts = learnt_facts(session, name, supplied, brought.digest, licence=said)
        facts = facts if source_type is None else dataclasses.replace(facts, source_type=source_type)
        known = _known(session, facts)
        model_id = _write(session, facts, brought, at) if known is None else known.id
        _add_locations(session, model_id, brought.locations, at)
        _add_past(session, model_id, past, by, at)
        uid = session.get_one(schema.Node, model_id).uid
        row = session.get_one(schema.Model, model_id)
        notes = () if known is None else tuple(_unchanged(known, facts))
        return AddedModel(
            name=row.name,
            version=row.version,
            uid=uid,
            digest=str(brought.digest),
            engine=row.engine,
            licence=row.licence,
            size=brought.size,
            new=known is None,
            notes=notes,
        )


def check_model_request(
    name: str,
    engine: str,
    *,
    loras: Sequence[tuple[Path, float]] = (),
    dtype: str | None = None,
    licence: str | None = None,
    source_type: str | None = None,
) -> Supplied:
    """Raise UsageError where a request is wrong, as far as can be told without files; give the engine."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name[:120]!r} is not a name for a model: up to 100 letters, digits, dots, hyphens and underscores."
        )
    if is_engine(name):
        raise UsageError(f"{name} is the name of an engine. Choose another name for the model.")
    supplied = find(engine)
    if not needs_of(supplied.engine).weights:
        raise UsageError(f"The engine {engine} takes no weights: it is its own model. `prov engines` lists them all.")
    _check_pipeline_request(engine, loras, dtype)
    if source_type is not None and source_type not in SOURCE_TYPES:
        raise UsageError(f"{source_type!r} is not a digital source type. Choose one of {', '.join(SOURCE_TYPES)}.")
    if licence:
        spdx_expression(licence)
    return supplied


def _check_pipeline_request(engine: str, loras: Sequence[tuple[Path, float]], dtype: str | None) -> None:
    if engine != PIPELINES and (loras or dtype):
        raise UsageError(f"LoRAs and a dtype are for pipelines of diffusers, not for {engine}. Leave them out.")
    if dtype is not None and dtype not in PRECISIONS:
        raise UsageError(f"{dtype!r} is not a dtype for a pipeline. Choose one of {', '.join(PRECISIONS)}.")
    for path, scale in loras:
        if not _STRENGTHS[0] <= scale <= _STRENGTHS[1]:  # NaN is not between either
            raise UsageError(f"The strength of the LoRA {path} must lie from -10 to 10; it is {scale!r}.")


def _absolute(path: Path) -> Path:
    """Make a path absolute, links kept: what they are called is a claim, and where they lead may change."""
    return path.expanduser().absolute()


def _card_licence(brought: Brought) -> str | None:
    """Take the licence of a model card if it is an SPDX expression; another text stays among the claims."""
    card: Any = brought.claims.get("card")
    said = card.get("license") if isinstance(card, Mapping) else None
    try:
        return spdx_expression(said) if isinstance(said, str) else None
    except UsageError:
        return None


def _found_past(session: Session, trained_on: Sequence[str], derived_from: Sequence[str]) -> _Past:
    learnt = [(Role.TRAINED_ON, _dataset(session, typed)) for typed in trained_on]
    made = [(Role.DERIVED_FROM, find_model(session, typed).id) for typed in derived_from]
    return _Past(edges=tuple(dict.fromkeys((*learnt, *made))))


def _dataset(session: Session, typed: str) -> int:
    """Find a version of a dataset by NAME (the latest), NAME@VERSION or the beginning of its id."""
    version, dataset = schema.DatasetVersion, schema.Dataset
    name, at, number = typed.rpartition("@")
    query = select(version.id).join(dataset, dataset.id == version.dataset_id).order_by(version.number.desc()).limit(1)
    if at and number.isdecimal() and len(number) < 10:
        found = session.scalar(query.where(dataset.name == name, version.number == int(number)))
    else:
        found = session.scalar(query.where(dataset.name == typed))
    if found is not None:
        return found
    try:
        return nodes.find(session, typed, kinds=[Kind.DATASET, Kind.SELECTION]).id
    except NotFoundError as cause:
        raise NotFoundError(f"There is no dataset {typed!r}. `prov dataset list` shows what there is.") from cause


def _known(session: Session, facts: ModelFacts) -> schema.Model | None:
    model = schema.Model
    query = select(model).where(
        model.name == facts.name,
        model.engine == facts.engine,
        model.digest_of == facts.digest_of,
        model.digest == (None if facts.digest is None else facts.digest.hex),
    )
    return session.scalars(query.order_by(model.id).limit(1)).first()


def _write(session: Session, facts: ModelFacts, brought: Brought, at: datetime) -> int:
    if brought.blob is not None:
        remember_blobs(session, [(brought.blob, brought.size, "application/octet-stream")], at)
    model_id = remember_model(session, facts, at)
    session.add(
        schema.Weights(
            model_id=model_id,
            format=brought.format,
            file_digest=None if brought.blob is None else brought.blob.hex,
            size=brought.size,
            settings=dict(brought.settings),
            identity=dict(brought.identity),
            claims=dict(brought.claims),
            recorded_at=at,
        )
    )
    session.flush()
    return model_id


def _add_locations(session: Session, model_id: int, paths: Sequence[str], at: datetime) -> None:
    location = schema.ModelLocation
    known = set(session.scalars(select(location.path).where(location.model_id == model_id)))
    for path in dict.fromkeys(paths):
        if path not in known:
            session.add(location(model_id=model_id, path=path, seen_at=at))
    session.flush()


def _add_past(session: Session, model_id: int, past: _Past, by: str | None, at: datetime) -> None:
    for role, parent in past.edges:
        if role is Role.DERIVED_FROM and model_id in _ancestors(session, parent):
            raise UsageError("A model cannot be derived from itself, or from one that was made from it.")
    people = [] if by is None else [(Role.BY, row) for row in nodes.contributors(session, [by], at).values()]
    edge = Edge
    stored = select(edge.role, edge.parent_id).where(edge.child_id == model_id)
    known = {(role, parent) for role, parent in session.execute(stored)}
    new = [(role, parent) for role, parent in (*past.edges, *people) if (role.value, parent) not in known]
    nodes.add_edges(session, [(model_id, role, parent, Truth.CLAIMED) for role, parent in new])


def _ancestors(session: Session, model_id: int) -> set[int]:
    """Find the models that a model was made from, itself too."""
    found, waiting = {model_id}, {model_id}
    while waiting:
        query = select(Edge.parent_id).where(Edge.child_id.in_(waiting), Edge.role == Role.DERIVED_FROM.value)
        waiting = set(session.scalars(query)) - found
        found |= waiting
    return found


def _unchanged(known: schema.Model, facts: ModelFacts) -> list[str]:
    """Say what was stated otherwise the first time: a record is never rewritten."""
    pairs = (
        ("licence", known.licence, facts.licence),
        ("digital source type", known.source_type, facts.source_type),
    )
    return [
        f"The {what} stays as it was recorded first: {before or 'not recorded'}. Another name can have another."
        for what, before, now in pairs
        if now is not None and before != now
    ]
