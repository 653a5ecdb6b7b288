"""Whether what is said of weights, and of the trainings that made them, is what the kept files themselves say."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_rules import SHOWN
from provenance.digest import Digest, canonical_json
from provenance.errors import ProvenanceError
from provenance.generate.weights import read_header
from provenance.schema import Edge, Kind, Node, Role
from provenance.sign.sidecar import OCTETS, read_as

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_FACTS = "facts"
"""The entry of a weights file's metadata in which our trainings write what they did."""


def weights_problems(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold the rows of weights and of ended trainings against the files; a sentence per mismatch."""
    yield from _unnamed(session)
    weights, model = schema.Weights, schema.Model
    query = select(weights, model, Node.uid).join(model, model.id == weights.model_id).join(Node, Node.id == model.id)
    for row, its, uid in session.execute(query.where(weights.format == "safetensors")).all():
        what = f"The model {its.name} version {its.version} ({uid[: nodes.SHORT]})"
        yield from _file(archive, session, row, what)
    yield from _sidecars(archive, session)
    yield from _histories(archive, session)


def _unnamed(session: Session) -> Iterator[str]:
    """Find bytes that a row says are kept and that nothing names: they are written together, so a row is gone."""
    blob, manifest = schema.Blob, schema.Manifest
    files = (Kind.ARTWORK.value, Kind.EXPORT.value)
    signed = select(manifest.id).join(Node, Node.id == manifest.node_id)
    places = (
        select(schema.Artwork.id).where(schema.Artwork.file_digest == blob.digest),
        select(schema.Edit.artwork_id).where(schema.Edit.received_digest == blob.digest),
        select(schema.Import.artwork_id).where(schema.Import.received_digest == blob.digest),
        select(schema.Weights.model_id).where(schema.Weights.file_digest == blob.digest),
        select(schema.TrainingEnd.training_id).where(schema.TrainingEnd.history_digest == blob.digest),
        select(schema.TrainingEnd.training_id).where(schema.TrainingEnd.sheet_digest == blob.digest),
        select(schema.Judgement.id).where(schema.Judgement.statement_digest == blob.digest),
        select(schema.Judgement.id).where(schema.Judgement.manifest_digest == blob.digest),
        signed.where(manifest.store_digest == blob.digest, Node.kind.not_in(files)),
    )
    for row in session.execute(select(blob.digest, blob.media_type).where(*(~e.exists() for e in places)).limit(SHOWN)):
        yield f"The file {row.digest[: nodes.SHORT]} ({row.media_type}) is kept, and the row that named it is lost."


def _file(archive: "Archive", session: Session, row: schema.Weights, what: str) -> Iterator[str]:
    if row.file_digest is None:
        yield f"{what} has been altered: its row names no file for weights that were kept."
        return
    if row.identity != {"file": f"sha256:{row.file_digest}"}:
        yield f"{what} has been altered: what its row says of its parts is not what its digest was made of."
    try:
        path = archive.store.path(Digest(row.file_digest))
        size, header = path.stat().st_size, read_header(path)
    except (ProvenanceError, OSError, ValueError):
        return  # that the file is missing or another is said elsewhere
    if size != row.size:
        yield f"{what} has been altered: its weights have {size} bytes, and its row says {row.size}."
    said = _said(header.metadata)
    for name in sorted(said.keys() & row.settings.keys()):
        if said[name] != row.settings[name]:
            yield f"{what} has been altered: its row says {name} = {row.settings[name]}; its file says {said[name]}."
    if said and (lost := sorted(set(_ARCHITECTURE) & (said.keys() ^ row.settings.keys()))):
        yield f"{what} has been altered: its row and its file do not both say its {lost[0]}."
    yield from _steps(session, row.model_id, said, what)


_ARCHITECTURE = ("architecture", "size", "latent", "width", "categories")


def _said(metadata: Mapping[str, str]) -> Mapping[str, Any]:
    try:
        found = json.loads(metadata.get(_FACTS, "{}"))
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _steps(session: Session, model: int, said: Mapping[str, Any], what: str) -> Iterator[str]:
    """Hold the end of each training of a model against what its weights say of it."""
    end = schema.TrainingEnd
    query = select(end.steps, schema.Training.seed).join(Edge, Edge.parent_id == end.training_id)
    query = query.join(schema.Training, schema.Training.id == end.training_id)
    for row in session.execute(query.where(Edge.child_id == model, Edge.role == Role.TRAINING.value)):
        if said and (row.steps, row.seed) != (said.get("steps"), said.get("seed")):
            yield f"{what} was trained otherwise than its training says: {said.get('steps')} steps, not {row.steps}."


def _sidecars(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold models and their weights against what was signed with them."""
    model, manifest, weights = schema.Model, schema.Manifest, schema.Weights
    query: Select[*tuple[Any, ...]] = select(model, weights, Node.uid, manifest.store_digest)
    query = query.join(Node, Node.id == model.id).join(manifest, manifest.node_id == model.id)
    query = query.outerjoin(weights, weights.model_id == model.id)
    for row, its, uid, digest in session.execute(query).all():
        what = f"The model {row.name} version {row.version} ({uid[: nodes.SHORT]})"
        try:
            record = read_as(b"", OCTETS, store=archive.store.read(Digest(digest))).record or {}
        except ProvenanceError as error:
            yield str(error)
            continue
        if its is None or record.get("digest") != f"sha256:{row.digest}":
            yield f"{what} was signed with other weights than its row names now."
        if its is None:
            continue
        facts = {"model": uid, "name": row.name, "version": row.version, "engine": row.engine, "licence": row.licence}
        facts |= {"architecture": canonical_json(_without_paths(its.settings))}
        for name, value in facts.items():
            if record.get(name) != value:
                yield f"{what} has been altered: its rows say {name} {value!r}; {record.get(name)!r} was signed."


def _without_paths(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out where adapters lie, as what was signed does."""
    told = dict(settings)
    if isinstance(loras := settings.get("loras"), list):
        told["loras"] = [{name: said for name, said in lora.items() if name != "path"} for lora in loras]
    return told


def _histories(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold ended trainings against the environment that they began in, and against their table of losses."""
    end, training, environment = schema.TrainingEnd, schema.Training, schema.Environment
    query = select(end, training.name, environment.record, Node.uid).join(training, training.id == end.training_id)
    query = query.join(environment, environment.id == training.environment_id).join(Node, Node.id == training.id)
    for row, name, record, uid in session.execute(query).all():
        what = f"The training {uid[: nodes.SHORT]} ({name})"
        if not row.sessions or row.sessions[0].get("environment") != record:
            yield f"{what} has been altered: it began in another environment than its sessions say."
        last = None if row.history_digest is None else _last_step(archive, row.history_digest)
        if last is not None and last > row.steps:
            yield f"{what} has been altered: its losses go on to step {last}, and its row says {row.steps} steps."


def _last_step(archive: "Archive", digest: str) -> int | None:
    try:
        rows = list(csv.DictReader(io.StringIO(archive.store.read(Digest(digest)).decode())))
        return int(rows[-1]["step"]) if rows else None
    except (ProvenanceError, ValueError, KeyError):
        return None
