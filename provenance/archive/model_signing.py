"""`prov model sign`: weights get a signed manifest that lies beside them, with the chain that led to them.

Weights of up to 64 MiB are signed themselves, so that any C2PA program can hold the two against each other. c2pa
keeps a file four times in memory while it signs; of larger weights, and of a pipeline's folder, the identity is
signed instead: a JSON text with their digests, part by part, that the manifest holds too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.bundles import keep_signed
from provenance.archive.chain import chain_ingredients
from provenance.archive.choose import facts_of, find_model
from provenance.archive.claims import model_disclosure
from provenance.archive.models import ModelFacts
from provenance.archive.placing import make_folder, placed, refuse_existing
from provenance.archive.weights import open_weights
from provenance.digest import Digest, Json, canonical_json
from provenance.errors import EngineError, UsageError
from provenance.generate.pipeline_identity import change
from provenance.schema import Edge, Node, Role
from provenance.sign.claim import Claim, SoftwareAgent
from provenance.sign.sidecar import OCTETS

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

LARGEST: Final = 64 << 20
"""Bytes of weights that are signed themselves at most."""

_MEDIA_TYPE: Final = "application/c2pa"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedModel:
    """A model whose weights were signed."""

    name: str
    uid: str
    digest: str
    """The recorded digest of the weights, `sha256:...`."""
    label: str
    """Of the manifest."""
    sidecar: Path
    """The manifest, to lie beside the weights; in the archive's store where no folder was named."""
    whole: bool
    """Whether the weights themselves were signed, and not a text with their digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    node: int
    uid: str
    facts: ModelFacts
    weights: schema.Weights
    training: schema.Training | None
    training_uid: str | None
    path: Path
    """Where the weights are: a file or a folder."""


def sign_model(archive: "Archive", typed: str, to: Path | None = None) -> SignedModel:
    """Sign the weights of the model called `typed` (NAME, NAME@VERSION or an id) and keep the manifest.

    With `to` it is written there as NAME.c2pa. Raises UsageError for a model without weights or a file that is
    there already, NotFoundError where the weights are gone, EngineError where they have changed, SigningError.
    """
    model = _find(archive, typed)
    path = None if to is None else to / f"{model.facts.name}.c2pa"
    if path is not None:
        refuse_existing(path, advice=", or move that file away")
    data, whole = _signed_bytes(archive, model)
    claim = _claim(archive, model, identity=None if whole else data.decode())
    signed = archive.signer.sign_beside(data, claim)

    digest = archive.store.put(signed.data)
    if path is None:
        _remember(archive, model, signed)
    else:
        make_folder(path.parent)
        with placed(path, signed.data):
            _remember(archive, model, signed)
    return SignedModel(
        name=model.facts.name,
        uid=model.uid,
        digest=str(model.facts.digest),
        label=signed.label,
        sidecar=path if path is not None else archive.store.path(digest),
        whole=whole,
    )


def _find(archive: "Archive", typed: str) -> _Model:
    with archive.database.read() as session:
        node = find_model(session, typed)
        row = session.get_one(schema.Model, node.id)
        weights = session.get(schema.Weights, node.id)
        if weights is None or row.digest_of != "weights" or row.digest is None:
            message = f"The model {row.name} has no weights of its own to sign. `prov model list` shows those that do."
            raise UsageError(message)
        training, training_uid = _training(session, node.id)
        session.expunge_all()
    return _Model(
        node=node.id,
        uid=node.uid,
        facts=facts_of(row),
        weights=weights,
        training=training,
        training_uid=training_uid,
        path=open_weights(archive, node.id).path,
    )


def _training(session: Session, model: int) -> tuple[schema.Training | None, str | None]:
    query = (
        select(schema.Training, Node.uid)
        .join(Node, Node.id == schema.Training.id)
        .join(Edge, Edge.parent_id == schema.Training.id)
        .where(Edge.child_id == model, Edge.role == Role.TRAINING.value)
    )
    found = session.execute(query.order_by(Node.id).limit(1)).first()
    return (found[0], found[1]) if found is not None else (None, None)


def _signed_bytes(archive: "Archive", model: _Model) -> tuple[bytes, bool]:
    """Give what is signed, and whether it is the weights themselves: checked against what was recorded."""
    if model.path.is_dir():
        changed = change(open_weights(archive, model.node))
    else:
        found = Digest.of_file(model.path)
        changed = None if found == model.facts.digest else f"The weights of {model.facts.name} have the digest {found}."
    if changed is not None:
        raise EngineError(f"{changed} Bring the recorded weights back, or add these as a new version, then sign.")
    if model.path.is_file() and model.path.stat().st_size <= LARGEST:
        return model.path.read_bytes(), True
    told: Json = {"digest": str(model.facts.digest), "identity": model.weights.identity}
    return canonical_json({"model": told}).encode(), False


def _claim(archive: "Archive", model: _Model, *, identity: str | None) -> Claim:
    facts, training = model.facts, model.training
    record: dict[str, Json] = {
        "archive": archive.uid,
        "model": model.uid,
        "name": facts.name,
        "version": facts.version,
        "engine": facts.engine,
        "digest": str(facts.digest),
        "licence": facts.licence,
        "architecture": canonical_json(_without_paths(model.weights.settings)),
    }
    record |= {"training": model.training_uid} if model.training_uid else {}
    record |= {"identity": identity} if identity is not None else {}
    return Claim(
        title=f"{facts.name} {facts.version}",
        media_type=OCTETS,
        opening="created",
        when=model.weights.recorded_at,
        digital_source_type="trainedAlgorithmicData",
        software_agent=SoftwareAgent(name=facts.engine, version=training.version if training else "not recorded"),
        description=_TRAINED if training else _BROUGHT,
        parameters=_hyperparameters(training),
        ingredients=chain_ingredients(archive, model.uid),
        record=record,
        ai_disclosure=model_disclosure(facts, prompted=False),
    )


def _without_paths(settings: Mapping[str, Any]) -> dict[str, Json]:
    """Leave out where adapters lie on this machine: what is signed is for others."""
    told = dict(settings)
    if isinstance(loras := settings.get("loras"), list):
        told["loras"] = [{name: said for name, said in lora.items() if name != "path"} for lora in loras]
    return told


_TRAINED: Final = "Trained in this archive, which recorded the training as it ran."
_BROUGHT: Final = "Made elsewhere and registered in this archive: what is said of its past is claimed."


def _hyperparameters(training: schema.Training | None) -> dict[str, str]:
    if training is None:
        return {}
    named: dict[str, Any] = {**training.settings, **training.preprocessing, "seed": training.seed}
    return {name: value if isinstance(value, str) else canonical_json(value) for name, value in named.items()}


def _remember(archive: "Archive", model: _Model, signed: Any) -> None:  # noqa: ANN401
    with archive.database.write() as session:
        keep_signed(archive, session, model.node, signed, _MEDIA_TYPE)
