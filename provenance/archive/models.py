"""Models: an engine with its weights, or with its code where it has none."""

from dataclasses import dataclass
from datetime import datetime

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

SOURCE_TYPES = (FORMULA, TRAINED, "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic", "digitalCreation")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What identifies a model."""

    name: str
    engine: str
    version: str
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
    """Describe a built-in or installed engine that has no weights: its code is what identifies it."""
    return ModelFacts(
        name=supplied.engine.name,
        engine=supplied.engine.name,
        version=supplied.engine.version,
        distribution=supplied.distribution,
        digest=supplied.code_digest,
        digest_of="code",
        source_type=FORMULA,
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
        engine="external",
        version="not recorded",
        distribution="not recorded",
        digest=None,
        digest_of="nothing",
        source_type=chosen,
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
