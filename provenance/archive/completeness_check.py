"""Check what the record of an artwork cannot answer: who made it, with what, from what, when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.licence_sources import Sources
from provenance.archive.models import EXTERNAL, TRAINED
from provenance.audit.completeness import NAME, VERSION, Known, Part, answer
from provenance.audit.finding import Finding
from provenance.audit.licence_held import Use
from provenance.schema import Edge, Kind, Role
from provenance.schema.runs import Making
from provenance.words import Truth, Verdict

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["NAME", "VERSION", "findings"]

_BY_PEOPLE = frozenset({"digitalCapture", "digitalCreation", "negativeFilm", "positiveFilm", "print", "screenCapture"})
"""IPTC digital source types of what neither a model nor a formula made."""

_AGAIN = (Verdict.EXACT.value, Verdict.EQUIVALENT.value)


def findings(archive: "Archive", session: Session, artwork_uid: str) -> list[Finding]:  # noqa: ARG001  (as all checks)
    """List the questions that the record of the artwork leaves open, in one finding. Raises NotFoundError."""
    return answer(_known(session, nodes.node_id(session, artwork_uid)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """The rows about the artwork that the edits began with, or about the artwork itself."""

    artwork: schema.Artwork
    run: schema.Run | None
    model: schema.Model | None
    environment: Mapping[str, Any]
    brought: schema.Import | None

    @property
    def seen(self) -> Truth:
        """How well we know what led to it: we saw it if an engine of ours made it."""
        ours = self.model is not None and self.model.engine != EXTERNAL and self.brought is None
        return Truth.CHECKED if ours else Truth.CLAIMED

    def said(self, *names: str) -> bool:
        """Tell whether its own metadata say one of these things."""
        return self.brought is not None and any(self.brought.claims.get(name) for name in names)


def _known(session: Session, node: int) -> Known:
    history = _history(session, node)
    origin = _origin(session, history[-1])
    edits = [edit for edit in (session.get(schema.Edit, row) for row in history) if edit is not None]
    sources = Sources.of(session, node)
    works, licences, creators = _works(sources)
    model = _model_truth(session, origin)
    return Known(
        maker=_maker(session, history[-1], origin),
        editor=Truth.CLAIMED if edits else None,
        signer=_signer(session, node),
        generated=origin.artwork.source_type not in _BY_PEOPLE,
        model=model,
        weights=_weights(session, sources, model),
        seed=origin.seen if origin.artwork.seed or origin.said("seed") else None,
        settings=origin.seen if _has_settings(origin) else None,
        machine=Truth.CHECKED if origin.environment else None,
        libraries=Truth.CHECKED if _has_libraries(origin) else None,
        made_at=None if origin.artwork.making == Making.IMPORTED.value else Truth.CHECKED,
        witness=None,  # nothing is signed with an independent clock's time stamp yet
        trainings=_trainings(session, sources),
        licences=Part(missing=licences, of=works),
        creators=Part(missing=creators, of=works),
        edits_tools=Part(missing=sum(not edit.tool for edit in edits), of=len(edits)),
        edits_measured=Part(
            missing=sum(edit.changed_share is None for edit in edits), of=len(edits), truth=Truth.CHECKED
        ),
        reproduced=_reproduced(session, history[-1]),
    )


def _history(session: Session, node: int) -> list[int]:
    """Name the artwork and what it was edited from, back to the first; altered rows that run in a circle end it."""
    rows = [node]
    while (edit := session.get(schema.Edit, rows[-1])) is not None and edit.parent_id not in rows:
        rows.append(edit.parent_id)
    return rows


def _origin(session: Session, node: int) -> _Origin:
    artwork = session.get_one(schema.Artwork, node)
    run = None if artwork.run_id is None else session.get_one(schema.Run, artwork.run_id)
    model = None if run is None else session.get_one(schema.Model, run.model_id)
    environment = None if run is None else session.get_one(schema.Environment, run.environment_id)
    brought = session.get(schema.Import, node)
    said = {} if environment is None else environment.record
    return _Origin(artwork=artwork, run=run, model=model, environment=said, brought=brought)


def _maker(session: Session, node: int, origin: _Origin) -> Truth | None:
    rows = [node] if origin.run is None else [node, origin.run.id]
    query = select(func.count()).where(Edge.child_id.in_(rows), Edge.role == Role.BY.value)
    return Truth.CLAIMED if session.scalar(query) else None


def _signer(session: Session, node: int) -> Truth | None:
    found = session.scalar(select(func.count()).where(schema.Manifest.node_id == node))
    return Truth.CHECKED if found else None


def _model_truth(session: Session, origin: _Origin) -> Truth | None:
    if origin.run is None:
        return Truth.CLAIMED if origin.said("model") else None
    query = select(Edge.truth).where(Edge.child_id == origin.run.id, Edge.role == Role.MODEL.value)
    known = session.scalars(query.limit(1)).first()
    return Truth.CLAIMED if known is None else Truth(known)


def _models(session: Session, sources: Sources) -> Sequence[schema.Model]:
    rows = [each.row for each in sources.reached if each.kind is Kind.MODEL]
    return session.scalars(select(schema.Model).where(schema.Model.id.in_(rows))).all()


def _weights(session: Session, sources: Sources, model: Truth | None) -> Part:
    """Count the models behind it, of which a digest is known. A model that is only named in metadata has none."""
    found = _models(session, sources)
    if not found:
        return Part(missing=int(model is not None), of=int(model is not None))
    truth = Truth.lowest(*(each.truth for each in sources.reached if each.kind is Kind.MODEL))
    return Part(missing=sum(each.digest is None for each in found), of=len(found), truth=min(truth, Truth.CHECKED))


def _trainings(session: Session, sources: Sources) -> Part:
    """Count the models behind it that learnt, and those of which nothing says from which works."""
    learnt = [each.id for each in _models(session, sources) if each.digest_of != "code" and TRAINED in each.source_type]
    tied = Edge.child_id.in_(learnt), Edge.role.in_((Role.TRAINING.value, Role.TRAINED_ON.value))
    told = session.execute(select(Edge.child_id, Edge.truth).where(*tied)).all()
    truths = [Truth(row.truth) for row in told]
    missing = len(set(learnt) - {row.child_id for row in told})
    return Part(missing=missing, of=len(learnt), truth=Truth.lowest(*truths) if truths else Truth.CLAIMED)


def _works(sources: Sources) -> tuple[int, int, int]:
    """Count the works behind it, those without a licence, and those without a creator; once for the same works."""
    known, key = sources.shared(), (NAME, sources.key)
    if key not in known:
        held = [each for each in sources.held() if each.use is not Use.MODEL]
        without = sum(each.number for each in held if each.licence is None)
        known[key] = (sum(each.number for each in held), without, sources.without_creator())
    found: tuple[int, int, int] = known[key]
    return found


def _has_settings(origin: _Origin) -> bool:
    run = origin.run
    recorded = run is not None and bool(run.prompt or run.parameters)
    return recorded or bool(origin.artwork.parameters) or origin.said("prompt", "steps", "sampler", "raw", "more")


def _has_libraries(origin: _Origin) -> bool:
    """Tell whether the libraries on record are those that made it: not those of another program or machine."""
    found = origin.environment.get("libraries")
    if not found or origin.brought is not None:
        return False
    by_others = origin.model is not None and origin.model.engine == EXTERNAL
    return not by_others or "torch" in found or TRAINED not in origin.artwork.source_type


def _reproduced(session: Session, node: int) -> bool:
    made = schema.Reproduction
    query = select(func.count()).where(made.artwork_id == node, made.verdict.in_(_AGAIN))
    return bool(session.scalar(query))
