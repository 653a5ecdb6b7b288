"""Models: an engine with its weights, or with its code where it has none."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.digest import Digest
from provenance.generate.registry import Supplied
from provenance.schema import Kind

FORMULA = "algorithmicMedia"
"""The IPTC digital source type of pictures made by a formula, without training data."""

TRAINED = "trainedAlgorithmicMedia"
"""The IPTC digital source type of pictures made by a trained model."""

EXTERNAL = "external"
"""The engine of models that programs of the user's run."""

UNKNOWN = "unknown"
"""In place of a digital source type: nobody has said how a picture from elsewhere was made."""

SOURCE_TYPES = (
    FORMULA,
    TRAINED,
    "compositeWithTrainedAlgorithmicMedia",
    "composite",
    "compositeSynthetic",
    "digitalCreation",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What identifies a model."""

    name: str
    engine: str
    version: str
    """The engine's version for an engine that is the model; 1, 2, ... for the weights of one name."""
    distribution: str
    digest: Digest | None
    digest_of: str
    """weights, code, or nothing where nobody told us."""
    source_type: str
    licence: str | None = None

    @property
    def uid(self) -> str:
        """The model's id: the same facts give the same model."""
        facts = (self.name, self.engine, self.version, self.distribution, self.digest_of, self.source_type)
        return Digest.of_json({"model": [*facts, None if self.digest is None else str(self.digest)]}).hex


def engine_facts(supplied: Supplied) -> ModelFacts:
    """Describe a built-in or installed engine that has no weights: its code is what identifies it.

    An engine that starts from pictures says with `source_type` what comes of them; others make theirs by a formula.
    """
    return ModelFacts(
        name=supplied.engine.name,
        engine=supplied.engine.name,
        version=supplied.engine.version,
        distribution=supplied.distribution,
        digest=supplied.code_digest,
        digest_of="code",
        source_type=getattr(supplied.engine, "source_type", FORMULA),
    )


def model_facts(name: str, source_type: str | None) -> ModelFacts:
    """Describe a model of which only the name is known: everything else stays unsaid.

    Raises UsageError for a name or a source type that cannot be recorded.
    """
    from provenance.errors import UsageError

    if not name.strip() or "\0" in name:
        raise UsageError(f"{name!r} is not a name for a model. Give one that you will know again.")
    chosen = source_type or TRAINED
    if chosen not in SOURCE_TYPES:
        raise UsageError(f"{chosen!r} is not a digital source type. Choose one of {', '.join(SOURCE_TYPES)}.")
    return ModelFacts(
        name=name,
        engine=EXTERNAL,
        version="not recorded",
        distribution="not recorded",
        digest=None,
        digest_of="nothing",
        source_type=chosen,
    )


def learnt_facts(
    session: Session, name: str, supplied: Supplied, digest: Digest, *, licence: str | None = None
) -> ModelFacts:
    """Describe weights under a name: the same ones are the same model, others are its next version."""
    model = schema.Model
    same = select(model.version).where(
        model.name == name,
        model.digest == digest.hex,
        model.digest_of == "weights",
        model.engine == supplied.engine.name,
    )
    known = session.scalars(same.limit(1)).first()
    many = select(func.count()).select_from(model).where(model.name == name, model.digest_of == "weights")
    return ModelFacts(
        name=name,
        engine=supplied.engine.name,
        version=known or str((session.scalar(many) or 0) + 1),
        distribution=supplied.distribution,
        digest=digest,
        digest_of="weights",
        source_type=getattr(supplied.engine, "source_type", TRAINED),
        licence=licence,
    )


def remember_model(session: Session, facts: ModelFacts, at: datetime) -> int:
    """Find the row of a model, or write it down."""
    found = nodes.node_ids(session, [facts.uid])
    if found:
        return found[facts.uid]
    model_id = nodes.add_nodes(session, {facts.uid: Kind.MODEL}, at)[facts.uid]
    session.add(
        schema.Model(
            id=model_id,
            name=facts.name,
            engine=facts.engine,
            version=facts.version,
            distribution=facts.distribution,
            digest=None if facts.digest is None else facts.digest.hex,
            digest_of=facts.digest_of,
            licence=facts.licence,
            source_type=facts.source_type,
        )
    )
    session.flush()
    return model_id
