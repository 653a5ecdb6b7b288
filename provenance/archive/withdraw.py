"""`prov dataset withdraw`: consent ends. What was touched is listed, the withdrawal is recorded, nothing is rewritten.

From then on no training sees the picture, under whatever name or description it stands; a model that learnt from it
says so when it is used (`rights.check_model`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, Select, func, insert, or_, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.decisions import find_version
from provenance.archive.labels import labels
from provenance.database import utc_now
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Edge, Kind, Node, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

TOUCHED: Final = (Kind.MODEL, Kind.TRAINING, Kind.RUN, Kind.ARTWORK, Kind.EXPORT)
"""Kinds that a withdrawal lists, in this order."""

_DOWN: Final = tuple(
    role.value
    for role in Role
    # A work that was kept out of a selection has not touched what learnt from the selection; people are no heirs.
    if role not in {Role.SELECTED_FROM, Role.PREVIOUS, Role.BY, Role.CREATOR}
)

_NAMED: Final = 1_000
"""Nodes of each kind that are named; the counts are whole."""

_PART: Final = 500
_SHOWN: Final = 100
"""Characters of what somebody typed that a message repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnWork:
    """A work whose consent ended."""

    uid: str
    name: str
    title: str | None
    creator: str | None
    since: datetime
    """When it was withdrawn: now, or before."""
    before: bool
    """Whether it had been withdrawn already; then nothing new was recorded of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchedNode:
    """Something that has a withdrawn work in its lineage."""

    uid: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """What came of a withdrawal."""

    works: tuple[WithdrawnWork, ...]
    same_pictures: int
    """Other works of this archive with the same pixels, which are kept out of training with them."""
    touched: Mapping[str, int]
    """How many models, trainings, runs, artworks and exports have any of the works in their lineage."""
    nodes: tuple[TouchedNode, ...]
    """Which ones, kind by kind, at most 1,000 of each."""
    reason: str


def withdraw(
    archive: "Archive",
    name: str,
    works: Sequence[str] = (),
    *,
    reason: str,
    creator: str | None = None,
    by: str | None = None,
) -> Withdrawn:
    """End the consent for works of the dataset `name`, of any of its versions.

    `works` are beginnings of ids, or names of files as the dataset lists them; `creator` takes all works by that
    name. Raises NotFoundError for what the dataset does not have, UsageError when neither or no reason is given.
    """
    if not reason.strip():
        raise UsageError("A withdrawal needs a reason, which stays on record. Give it by --reason.")
    if not works and creator is None:
        raise UsageError("Nothing says what is to be withdrawn. Name works, or a creator by --creator.")
    at = utc_now()
    with archive.database.write() as session:
        find_version(session, name, None)
        chosen = _chosen(session, name, works, creator)
        earlier = _earlier(session, list(chosen))
        new = [row for row in chosen if row not in earlier]
        _record(session, _counts_of_each(session, new), reason=reason.strip(), by=by, at=at)
        total = _counts(session, list(chosen))
        listed = tuple(_listed(session, list(chosen)))
        same = _same_pictures(session, list(chosen))
    told = tuple(
        WithdrawnWork(
            uid=row.uid,
            name=row.name,
            title=row.title,
            creator=row.creator,
            since=earlier.get(key, at),
            before=key in earlier,
        )
        for key, row in chosen.items()
    )
    return Withdrawn(works=told, same_pictures=same, touched=total, nodes=listed, reason=reason.strip())


def _chosen(session: Session, name: str, works: Sequence[str], creator: str | None) -> dict[int, Any]:
    """Find the works that are meant, by row; each text must mean exactly one picture of the dataset."""
    chosen: dict[int, Any] = {}
    for text in works:
        chosen |= {row.id: row for row in _one(session, name, text)}
    if creator is not None:
        found = session.execute(_in_dataset(name, schema.Work.creator == creator)).all()
        if not found:
            raise NotFoundError(f"{name} has no works by {creator!r}. `prov dataset show {name}` lists its creators.")
        chosen |= {row.id: row for row in found}
    return chosen


def _one(session: Session, name: str, text: str) -> Sequence[Any]:
    prefix = text.strip().lower()
    meant: list[ColumnElement[bool]] = [schema.Work.name == text]
    if len(prefix) >= 4 and set(prefix) <= set("0123456789abcdef"):
        meant.append((Node.uid >= prefix) & (Node.uid < prefix + "g"))
    found = session.execute(_in_dataset(name, or_(*meant))).all()
    if not found:
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        raise NotFoundError(
            f"{name} has no work {shown!r}. `prov dataset check {name}` lists its works with their ids."
        )
    # One file may have been described several times: then all its descriptions are meant.
    if len({row.pixels_digest for row in found}) > 1:
        listed = ", ".join(f"{row.uid[: nodes.SHORT]} ({row.name})" for row in found[:5])
        raise UsageError(f"{text!r} may mean several works of {name}: {listed}. Type more of the id.")
    return found


def _in_dataset(name: str, condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    work, version = schema.Work, schema.DatasetVersion
    versions = select(version.id).join(schema.Dataset, schema.Dataset.id == version.dataset_id)
    in_it = select(Edge.parent_id).where(
        Edge.child_id.in_(versions.where(schema.Dataset.name == name)), Edge.role == Role.MEMBER.value
    )
    columns = (work.id, Node.uid, work.name, work.title, work.creator, work.pixels_digest)
    query = select(*columns).join(Node, Node.id == work.id)
    return query.where(condition, work.id.in_(in_it)).order_by(work.name, work.id)


def _earlier(session: Session, rows: Sequence[int]) -> dict[int, datetime]:
    """Say since when works are withdrawn already."""
    withdrawal = schema.Withdrawal
    found: dict[int, datetime] = {}
    for begin in range(0, len(rows), _PART):
        query = select(withdrawal.work_id, func.min(withdrawal.withdrawn_at)).group_by(withdrawal.work_id)
        part = session.execute(query.where(withdrawal.work_id.in_(rows[begin : begin + _PART])))
        found |= {work: since for work, since in part}  # noqa: C416  (a Row is a tuple, dict() of rows is not typed)
    return found


def _record(
    session: Session, counts: Mapping[int, Mapping[str, int]], *, reason: str, by: str | None, at: datetime
) -> None:
    if not counts:
        return
    person = nodes.contributors(session, [by], at)[by] if by else None
    rows = [
        {"work_id": work, "contributor_id": person, "reason": reason, "touched": dict(touched), "withdrawn_at": at}
        for work, touched in counts.items()
    ]
    session.execute(insert(schema.Withdrawal), rows)


def _below(rows: Sequence[int]) -> Select[tuple[int]]:
    """Walk down from works to everything that has them in its lineage, each node once, in one query."""
    start = select(schema.Work.id.label("id")).where(schema.Work.id.in_(rows)).cte("below", recursive=True)
    below = start.union(select(Edge.child_id).join(start, start.c.id == Edge.parent_id).where(Edge.role.in_(_DOWN)))
    return select(below.c.id)


def _counts_of_each(session: Session, rows: Sequence[int]) -> dict[int, dict[str, int]]:
    """Count what each work has touched; works that went into the same things are walked from once."""
    children: dict[int, set[int]] = {row: set() for row in rows}
    for begin in range(0, len(rows), _PART):
        query = select(Edge.parent_id, Edge.child_id).where(Edge.parent_id.in_(rows[begin : begin + _PART]))
        for parent, child in session.execute(query.where(Edge.role.in_(_DOWN))):
            children[parent].add(child)
    groups: dict[frozenset[int], list[int]] = {}
    for row, its in children.items():
        groups.setdefault(frozenset(its), []).append(row)
    counted = ((alike, _counts(session, alike[:1])) for alike in groups.values())
    return {row: counts for alike, counts in counted for row in alike}


def _counts(session: Session, rows: Sequence[int]) -> dict[str, int]:
    counts = Counter(_kinds(session, rows).values())
    return {kind.value: counts[kind.value] for kind in TOUCHED}


def _kinds(session: Session, rows: Sequence[int]) -> dict[int, str]:
    """Give the kinds of all nodes below works, by row, the works themselves left out."""
    found: dict[int, str] = {}
    for begin in range(0, len(rows), _PART):
        below = _below(rows[begin : begin + _PART])
        query = select(Node.id, Node.kind).where(Node.id.in_(below), Node.kind.in_([kind.value for kind in TOUCHED]))
        found |= {row: kind for row, kind in session.execute(query)}  # noqa: C416
    return found


def _listed(session: Session, rows: Sequence[int]) -> Iterable[TouchedNode]:
    kinds = _kinds(session, rows)
    for kind in TOUCHED:
        some = sorted(row for row, its in kinds.items() if its == kind.value)[:_NAMED]
        texts = labels(session, dict.fromkeys(some, kind))
        for begin in range(0, len(some), _PART):
            part = select(Node.id, Node.uid).where(Node.id.in_(some[begin : begin + _PART])).order_by(Node.id)
            for row, uid in session.execute(part):
                yield TouchedNode(uid=uid, kind=kind.value, label=texts[row])


def _same_pictures(session: Session, rows: Sequence[int]) -> int:
    """Count the other works with the pixels of these."""
    work = schema.Work
    pixels: set[str] = set()
    for begin in range(0, len(rows), _PART):
        pixels |= set(session.scalars(select(work.pixels_digest).where(work.id.in_(rows[begin : begin + _PART]))))
    listed, alike = sorted(pixels), 0
    for begin in range(0, len(listed), _PART):
        query = select(func.count()).select_from(work).where(work.pixels_digest.in_(listed[begin : begin + _PART]))
        alike += session.scalar(query) or 0
    return alike - len(rows)
