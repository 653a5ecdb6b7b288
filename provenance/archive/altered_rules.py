"""Whether rows are all there, and say of one another what the archive writes of them: found without reading a file.

Each rule is a query for what cannot be in an archive that nobody altered: an artwork without a manifest, an edited
one without its edit, a step of lineage with a level of truth that its role never has.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive import nodes
from provenance.archive.identity import identities, identity_row
from provenance.schema import Edge, Kind, Node, Outcome, Role
from provenance.schema.runs import Making
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_Query: TypeAlias = Select[*tuple[Any, ...]]

SHOWN = 20
"""Rows that one kind of problem lists at most."""

_CLAIMED = (Role.BY, Role.CREATOR, Role.DERIVED_FROM)
"""Steps that somebody said, always."""

_CHECKED = (
    *(Role.PALETTE, Role.INPUT, Role.CONTENT, Role.STYLE, Role.LIKE, Role.TRAINING),
    *(Role.SELECTED_FROM, Role.MEMBER, Role.PREVIOUS, Role.PARENT, Role.EXPORT_OF),
)
"""Steps that this archive took itself, always."""


def rule_problems(archive: "Archive", session: Session) -> Iterator[str]:
    """Yield a sentence for each row that is missing, or that says other things than the rows beside it."""
    yield from _named(session, _unsigned(), "has lost the record of its signature")
    yield from _named(session, _unaudited(), "has lost the record of its checks")
    yield from _named(session, _without_fingerprint(), "has lost its fingerprints")
    for what, query in _makings():
        yield from _named(session, query, what)
    yield from _named(session, _people(), "has been altered: it and its run were made by different people")
    yield from _named(session, _weightless(), "has lost the record of its weights")
    yield from _truths(session)
    for what, query in _times():
        yield from _named(session, query, f"has been altered: {what} is not when it was written down")
    yield from _named(session, _other_blobs(), "has been altered: its media type is not that of its file")
    yield from _named(session, _ended_without(), "has been altered: it did not end well, and nothing says why")
    yield from _incomplete(session)
    yield from _open_runs(archive, session)
    yield from _identities(archive, session)


def _named(session: Session, query: _Query, what: str) -> Iterator[str]:
    for row in session.execute(query.limit(SHOWN)):
        yield f"The {row.kind} {row.uid[: nodes.SHORT]} {what}."


def _node(kind: Kind) -> _Query:
    return select(Node.uid, Node.kind).where(Node.kind == kind.value)


def _unsigned() -> _Query:
    signed = select(schema.Manifest.id).where(schema.Manifest.node_id == Node.id)
    kinds = (Kind.ARTWORK.value, Kind.EXPORT.value)
    return select(Node.uid, Node.kind).where(Node.kind.in_(kinds), ~signed.exists())


def _unaudited() -> _Query:
    return _node(Kind.ARTWORK).where(~select(schema.Audit.id).where(schema.Audit.artwork_id == Node.id).exists())


def _without_fingerprint() -> _Query:
    known = select(schema.Fingerprint.id).where(schema.Fingerprint.node_id == Node.id)
    kinds = (Kind.ARTWORK.value, Kind.WORK.value)
    return select(Node.uid, Node.kind).where(Node.kind.in_(kinds), ~known.exists())


def _makings() -> Iterator[tuple[str, _Query]]:
    """Hold how artworks came to be against the rows that go with it."""
    artwork = schema.Artwork
    query = _node(Kind.ARTWORK).join(artwork, artwork.id == Node.id)
    edit = select(schema.Edit.artwork_id).where(schema.Edit.artwork_id == artwork.id)
    brought = select(schema.Import.artwork_id).where(schema.Import.artwork_id == artwork.id)
    edited, imported, generated = (artwork.making == making.value for making in _MAKINGS)
    yield "was edited, and the record of the edit is lost", query.where(edited, ~edit.exists())
    yield (
        "has been altered: an edit is recorded of it, and its row says nothing of one",
        query.where(~edited, edit.exists()),
    )
    yield "was brought in, and the record of that is lost", query.where(imported, ~brought.exists())
    yield (
        "has been altered: it is said to be generated, and its row names no run",
        query.where(generated, artwork.run_id.is_(None)),
    )


_MAKINGS = (Making.EDITED, Making.IMPORTED, Making.GENERATED)


def _people() -> _Query:
    """Find artworks by other people than their runs: both are written from one name."""
    artwork, of_run, of_artwork = schema.Artwork, aliased(Edge), aliased(Edge)
    run_by = and_(of_run.child_id == artwork.run_id, of_run.role == Role.BY.value)
    own_by = and_(of_artwork.child_id == artwork.id, of_artwork.role == Role.BY.value)
    same = of_run.parent_id == of_artwork.parent_id
    on_artwork = select(of_artwork.child_id).where(own_by, same).correlate(artwork, of_run)
    on_run = select(of_run.child_id).where(run_by, same).correlate(artwork, of_artwork)
    lost = select(of_run.child_id).where(run_by, ~on_artwork.exists())
    added = select(of_artwork.child_id).where(own_by, ~on_run.exists())
    query = _node(Kind.ARTWORK).join(artwork, artwork.id == Node.id).where(artwork.run_id.is_not(None))
    return query.where(or_(lost.exists(), added.exists()))


def _weightless() -> _Query:
    known = select(schema.Weights.model_id).where(schema.Weights.model_id == Node.id)
    query = _node(Kind.MODEL).join(schema.Model, schema.Model.id == Node.id)
    return query.where(schema.Model.digest_of == "weights", ~known.exists())


def _truths(session: Session) -> Iterator[str]:
    """Find steps with a level of truth that their role does not have, or that their rows do not bear out."""
    child = aliased(Node)
    claimed, checked = Edge.truth == Truth.CLAIMED.value, Edge.truth == Truth.CHECKED.value
    brought = select(schema.Import.artwork_id).where(schema.Import.artwork_id == Edge.child_id)
    known = select(schema.Model.id).where(schema.Model.id == Edge.parent_id, schema.Model.digest.is_not(None))
    seen = child.kind == Kind.TRAINING.value
    wrong = (
        Edge.role.not_in([role.value for role in Role]),
        and_(Edge.role.in_([role.value for role in _CLAIMED]), ~claimed),
        and_(Edge.role.in_([role.value for role in _CHECKED]), ~checked),
        and_(Edge.role == Role.MODEL.value, _either(known.exists(), checked, claimed)),
        and_(Edge.role == Role.RUN.value, _either(brought.exists(), claimed, checked)),
        and_(Edge.role == Role.TRAINED_ON.value, _either(seen, checked, claimed)),
    )
    query = select(child.uid, child.kind, Edge.role, Edge.truth).join(child, child.id == Edge.child_id)
    for row in session.execute(query.where(or_(*wrong)).limit(SHOWN)):
        yield (
            f"The {row.kind} {row.uid[: nodes.SHORT]} has been altered: its step of lineage {row.role} is called "
            f"{row.truth}, which the rows around it do not bear out."
        )


def _either(
    condition: ColumnElement[bool], then: ColumnElement[bool], otherwise: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Say what is wrong where `then` has to hold under `condition`, and `otherwise` without it."""
    return or_(and_(condition, ~then), and_(~condition, ~otherwise))


def _times() -> Iterator[tuple[str, _Query]]:
    """Hold times against those of the nodes, which are written in the same transaction from the same clock."""
    for table, moment, kind, what in (
        (schema.Run, schema.Run.started_at, Kind.RUN, "when it began"),
        (schema.Training, schema.Training.started_at, Kind.TRAINING, "when it began"),
        (schema.Export, schema.Export.exported_at, Kind.EXPORT, "when it left"),
        (schema.DatasetVersion, schema.DatasetVersion.added_at, Kind.DATASET, "when it was added"),
        (schema.Selection, schema.Selection.selected_at, Kind.SELECTION, "when it was selected"),
    ):
        yield what, _node(kind).join(table, table.id == Node.id).where(moment != Node.created_at)
    brought, weights = schema.Import, schema.Weights
    query = _node(Kind.ARTWORK).join(brought, brought.artwork_id == Node.id)
    yield "when it was brought in", query.where(brought.imported_at != Node.created_at)
    query = _node(Kind.MODEL).join(weights, weights.model_id == Node.id)
    yield "when its weights came", query.where(weights.recorded_at != Node.created_at)


def _other_blobs() -> _Query:
    artwork, blob = schema.Artwork, schema.Blob
    query = _node(Kind.ARTWORK).join(artwork, artwork.id == Node.id).join(blob, blob.digest == artwork.file_digest)
    return query.where(artwork.media_type != blob.media_type)


def _ended_without() -> _Query:
    query = select(Node.uid, Node.kind)
    badly = [outcome.value for outcome in Outcome if outcome is not Outcome.FINISHED]
    ends = ((schema.RunEnd, schema.RunEnd.run_id), (schema.TrainingEnd, schema.TrainingEnd.training_id))
    silent = [select(key).where(key == Node.id, end.outcome.in_(badly), end.message.is_(None)) for end, key in ends]
    return query.where(or_(*(each.exists() for each in silent)))


def _incomplete(session: Session) -> Iterator[str]:
    """Find runs that ended well and have fewer artworks than places, or than were wanted."""
    run, artwork, end = schema.Run, schema.Artwork, schema.RunEnd
    count, last = func.count(artwork.id), func.max(artwork.position)
    query = (
        select(Node.uid, run.wanted, count.label("count"), last.label("last"))
        .join(run, run.id == Node.id)
        .join(end, end.run_id == run.id)
        .outerjoin(artwork, artwork.run_id == run.id)
        .where(end.outcome == Outcome.FINISHED.value)
        .group_by(Node.uid, run.wanted)
        # Pictures that were brought in stand at place 0, all of them, and not every file becomes one.
        .having(func.coalesce(func.max(artwork.making), "") != Making.IMPORTED.value)
        .having(or_(count != last + 1, and_(run.wanted.is_not(None), count != run.wanted)))
    )
    for row in session.execute(query.limit(SHOWN)):
        places = max(row.wanted or 0, (row.last or 0) + 1)
        yield f"The run {row.uid[: nodes.SHORT]} ended well with {places} artworks; {row.count} are there."


def _open_runs(archive: "Archive", session: Session) -> Iterator[str]:
    """Find runs without an end that no process is at: each has its journal while it is open."""
    end = schema.RunEnd
    query = select(Node.uid, Node.id).where(Node.kind == Kind.RUN.value)
    for row in session.execute(query.where(~select(end.run_id).where(end.run_id == Node.id).exists())).all():
        if (archive.folder / "runs" / f"{row.uid}.journal").exists():
            continue
        with archive.database.read() as later:  # it may have ended since we began to read
            if later.get(end, row.id) is None:
                yield f"The run {row.uid[: nodes.SHORT]} has lost the record of its end."


def _identities(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold the rows of identities against the certificates that lie in the archive's folder."""
    kept = {identity.fingerprint.hex: identity_row(identity) for identity in identities(archive)}
    columns = ("name", "kind", "algorithm", "subject", "chain", "root", "not_before", "not_after")
    rows = session.scalars(select(schema.Identity)).all()
    for row in rows:
        own = kept.get(row.fingerprint)
        for name in columns:
            if own is not None and getattr(row, name) != getattr(own, name):
                yield f"The identity {row.name} has been altered: its {name} is not that of its certificates."
    if not kept.keys() & {row.fingerprint for row in rows}:
        yield "None of the identities on record is one whose certificates lie in the archive."
