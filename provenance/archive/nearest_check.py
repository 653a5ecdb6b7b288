"""Which works and creators an artwork is nearest to: among those its model learnt from, else among all works here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.current import current_rows, finding_of
from provenance.archive.features import kept, reduce
from provenance.archive.learnt import learnt_sets, members
from provenance.archive.one_dataset import KEY, OneDataset
from provenance.archive.refingerprint import picture_of
from provenance.audit import nearest
from provenance.audit.copies import Relation
from provenance.audit.finding import Finding
from provenance.audit.memorisation_rulers import layout
from provenance.audit.nearest import Neighbour, flagged_works, fuse, nearest_finding
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import unpack_colour
from provenance.digest import Json
from provenance.errors import EngineError, ProvenanceError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Projection, unpack, unpack_many
from provenance.schema import Edge, Feature, Node, Role
from provenance.words import Severity, count

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

NAME = nearest.NAME
VERSION = nearest.VERSION

_PART = 500


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Held:
    """Works with their features, read once for many artworks."""

    key: object
    works: list[Neighbour]
    embeddings: NDArray[np.float32]
    """Shape (works, length), of length 1."""
    layouts: NDArray[np.float32]
    recorded: int
    """How many works there are, those without features too."""

    def at(self, relations: Mapping[str, Relation]) -> dict[int, Relation]:
        """Say where works are, in their order; those that are not here are left out."""
        places = {work.uid: place for place, work in enumerate(self.works)} if relations else {}
        return {places[uid]: relation for uid, relation in relations.items() if uid in places}


_held: "WeakKeyDictionary[Archive, _Held]" = WeakKeyDictionary()
"""The works of the last question to each open archive: an audit asks for one artwork of a model after the other."""


def findings(
    archive: "Archive",
    session: Session,
    artwork_uid: str,
    *,
    dataset: OneDataset | None = None,
    flagged: Sequence[Finding] | None = None,
) -> list[Finding]:
    """Say which works and creators are nearest to an artwork; nothing where there are no works.

    With a `dataset` only its works are asked about, whatever the model learnt from. `flagged` is what the check for
    copies found in the same audit; None takes what it found when it was last asked. Raises NotFoundError for an
    unknown artwork, EngineError where weights are missing.
    """
    row = nodes.node_id(session, artwork_uid)
    model, sets = _learnt(session, row) if dataset is None else (None, (dataset.row,))
    held = _works(archive, session, sets)
    if not held.works:
        return []
    try:
        embedding, colours = _features(archive, session, row)
    except EngineError:
        raise
    except ProvenanceError as error:
        return [_unread(str(error))]
    copied = flagged_works(_on_record(session, row, dataset) if flagged is None else flagged)
    near = fuse(
        {
            "embedding": np.asarray(held.embeddings @ embedding, np.float64),
            "layout": np.asarray(held.layouts @ layout([colours])[0], np.float64),
        },
        held.at(copied),
    )
    found = nearest_finding(held.works, near, whose=_whose(model, dataset))
    return [_with_coverage(found, len(held.works), held.recorded)]


def settings(archive: "Archive", *, dataset: OneDataset | None = None) -> dict[str, Json]:
    """Say what the answer depends on: works with their features are only added, so that their number tells."""
    query = select(func.count()).select_from(schema.Work).join(Feature, Feature.node_id == schema.Work.id)
    with archive.database.read() as session:
        works = session.scalar(query.where(Feature.method == EMBEDDING)) or 0
    return {"version": VERSION, "works": works, **({} if dataset is None else {KEY: dataset.record()})}


def _on_record(session: Session, artwork: int, dataset: OneDataset | None) -> list[Finding]:
    rows = current_rows(session, [artwork], dataset=None if dataset is None else dataset.uid)
    return [finding_of(row.Finding, row.uid) for row in rows]


def _whose(model: str | None, dataset: OneDataset | None) -> str:
    if dataset is not None:
        return f"of {dataset}"
    return "of this archive" if model is None else f"that {model} learnt from"


def _learnt(session: Session, artwork: int) -> tuple[str | None, tuple[int, ...]]:
    """Name the model behind an artwork, through its edits, and the sets that it learnt from; none without works."""
    seen: set[int] = set()
    while artwork not in seen:
        seen.add(artwork)
        run = session.get_one(schema.Artwork, artwork).run_id
        if run is not None:
            model = session.get_one(schema.Model, session.get_one(schema.Run, run).model_id)
            sets = tuple(sorted(link.node for link in learnt_sets(session, model.id)))
            works = session.scalar(members(sets).limit(1))
            return (None, ()) if works is None else (model.name, sets)
        parent = session.scalar(
            select(Edge.parent_id).where(Edge.child_id == artwork, Edge.role == Role.PARENT.value).limit(1)
        )
        artwork = artwork if parent is None else parent
    return None, ()


def _works(archive: "Archive", session: Session, sets: tuple[int, ...]) -> _Held:
    """Read the works of sets, or all without sets, or take what is held if it is still what the database has.

    Sets never change; works and features are only added.
    """
    newest = session.execute(
        select(select(func.max(schema.Work.id)).scalar_subquery(), select(func.max(Feature.id)).scalar_subquery())
    ).one()
    key = (sets, *newest)
    held = _held.get(archive)
    if held is None or held.key != key:
        query = members(sets).distinct() if sets else select(schema.Work.id)
        rows = sorted(session.scalars(query))
        held = _read(session, rows, key)
        _held[archive] = held
    return held


def _read(session: Session, rows: Sequence[int], key: object) -> _Held:
    packed = dict(kept(session, rows, EMBEDDING))
    layouts = {row: layout([unpack_colour(data)])[0] for row, data in kept(session, rows, COLOUR)}
    complete = [row for row in rows if row in packed and row in layouts]
    named = _named(session, complete)
    projection = Projection.load()
    return _Held(
        key=key,
        works=[named[row] for row in complete],
        embeddings=projection.project(unpack_many(b"".join(packed[row] for row in complete))),
        layouts=np.array([layouts[row] for row in complete], np.float32),
        recorded=len(rows),
    )


def _named(session: Session, rows: Sequence[int]) -> dict[int, Neighbour]:
    work = schema.Work
    query = select(work.id, Node.uid, work.title, work.name, work.creator).join(Node, Node.id == work.id)
    found: dict[int, Neighbour] = {}
    for start in range(0, len(rows), _PART):
        for each in session.execute(query.where(work.id.in_(rows[start : start + _PART]))):
            found[each.id] = Neighbour(uid=each.uid, name=each.title or each.name, creator=each.creator)
    return found


def _features(archive: "Archive", session: Session, row: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Read the artwork's features, or compute what nobody has yet; nothing is written."""
    data = {name: dict(kept(session, [row], name)).get(row) for name in (EMBEDDING, COLOUR)}
    if None in data.values():
        data = {**reduce(picture_of(archive, session.get_one(Node, row)))}
    embedding, colours = data[EMBEDDING], data[COLOUR]
    assert embedding is not None
    assert colours is not None
    return Projection.load().project(unpack(embedding)[None])[0], unpack_colour(colours)


def _with_coverage(found: Finding, compared: int, recorded: int) -> Finding:
    if compared == recorded:
        return found
    from dataclasses import replace

    sentence = f"{found.sentence} {count(recorded - compared)} more works could not be compared."
    return replace(found, sentence=sentence, evidence={**found.evidence, "works_recorded": recorded})


def _unread(why: str) -> Finding:
    return Finding(
        check=NAME,
        check_version=VERSION,
        severity=Severity.NOTE,
        sentence=f"Cannot be said which works it is nearest to: {why}",
        evidence={},
    )
