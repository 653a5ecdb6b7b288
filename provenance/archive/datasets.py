"""Versions of datasets: made at once, listed, shown. A version is a set of works that never changes."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.decisions import find_version, members, withheld_by_rule
from provenance.collect.item import Note, Refusal
from provenance.collect.merkle import dataset_root
from provenance.collect.policy import Policy
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import NotFoundError
from provenance.schema import Edge, Kind, Node, Role
from provenance.words import Decision, Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of adding works."""

    name: str
    number: int
    uid: str
    merkle_root: str
    works: int
    """Works of the version, those of earlier ones included."""
    new: int
    """Works that the version before did not have."""
    made: bool
    """Whether this made a new version; False when everything was there."""
    refusals: tuple[Refusal, ...]
    notes: tuple[tuple[str, Note], ...]
    skipped: int
    """Files that are no pictures by their names."""
    decisions: Mapping[str, int] = field(default_factory=dict)
    """How many works of the version are allowed, refused and unclear."""
    rules: Mapping[str, int] = field(default_factory=dict)
    """How many works are kept out of training, by the rule that decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRights:
    """How the works of a version stand, under the policy as it is now."""

    decisions: Mapping[str, int]
    """How many are allowed, refused and unclear."""
    rules: Mapping[str, int]
    """How many are kept out of training, by the rule that decided, the most frequent first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A dataset version in a list."""

    name: str
    number: int
    uid: str
    merkle_root: str
    works: int
    added_at: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDetail:
    """A dataset version with what its works say of themselves."""

    version: Version
    licences: Mapping[str, int]
    consent: Mapping[str, int]
    creators: Mapping[str, int]
    """The most frequent ones."""
    creator_count: int
    works: Sequence[Mapping[str, Any]]
    """The first ones."""
    skipped: Sequence[Mapping[str, str]]
    decisions: Mapping[str, int]
    """How many works are allowed, refused and unclear, under the policy as it is now."""
    rules: Mapping[str, int]
    """How many works are kept out of training, by the rule that decided."""


def versions(archive: "Archive") -> list[Version]:
    """List all versions of all datasets, by name and number."""
    dataset, version = schema.Dataset, schema.DatasetVersion
    query = (
        select(dataset.name, version.number, Node.uid, version.merkle_root, version.works, version.added_at)
        .join(version, version.dataset_id == dataset.id)
        .join(Node, Node.id == version.id)
        .order_by(dataset.name, version.number)
    )
    with archive.database.read() as session:
        return [Version(**row._mapping) for row in session.execute(query)]  # noqa: SLF001  (the documented way)


def show_dataset(archive: "Archive", name: str, *, number: int | None = None, count: int = 20) -> VersionDetail:
    """Read a version of the dataset `name`, the latest unless `number` says another. Raises NotFoundError."""
    found = [v for v in versions(archive) if v.name == name and (number is None or v.number == number)]
    if not found:
        which = f"{name!r}" if number is None else f"{name!r} version {number}"
        raise NotFoundError(f"There is no dataset {which}. `prov dataset list` shows what there is.")
    version = found[-1]
    with archive.database.read() as session:
        version_id = nodes.node_id(session, version.uid)
        found_works = _members(session, version_id)
        works = [work for work, _ in found_works]
        by_row = {work.id: uid for work, uid in found_works[:count]}
        skipped = session.execute(
            select(schema.SkippedFile.name, schema.SkippedFile.reason, schema.SkippedFile.sentence).where(
                schema.SkippedFile.version_id == version_id
            )
        )
        refused = [{"name": row.name, "reason": row.reason, "sentence": row.sentence} for row in skipped]
    rights = rights_of_version(archive, name, version.number)
    creators = _counted(work.creator for work in works)
    return VersionDetail(
        version=version,
        licences=_counted(work.licence for work in works),
        consent=_counted(work.consent for work in works),
        creators=dict(list(creators.items())[:count]),
        creator_count=len(creators),
        works=[_brief(work, by_row[work.id]) for work in works if work.id in by_row],
        skipped=refused,
        decisions=rights.decisions,
        rules=rights.rules,
    )


def rights_of_version(archive: "Archive", name: str, number: int) -> VersionRights:
    """Count how the works of a version stand. Raises NotFoundError."""
    policy = Policy.load(archive.folder)
    with archive.database.read() as session:
        version, _ = find_version(session, name, number)
        found = members(session, policy, version.id)
    counts = Counter(member.decided.decision for member in found)
    return VersionRights(
        decisions={decision.value: counts[decision] for decision in Decision}, rules=dict(withheld_by_rule(found))
    )


def make_version(
    archive: "Archive",
    name: str,
    read: Mapping[str, str],
    refusals: Sequence[Refusal],
    *,
    undescribed: Collection[str] = (),
) -> Added:
    """Make a version of the dataset `name` with the works `read` (their ids by file digest) and those that it has.

    A file that is there already is described anew by what was read, unless nothing was said of it (`undescribed`).
    Raises NotFoundError when there would be none in it.
    """
    at = utc_now()
    with archive.database.write() as session:
        dataset = _dataset(session, name, at)
        last = _latest(session, dataset.id)
        before = {} if last is None else {w.file_digest: uid for w, uid in _members(session, last.id)}
        said = {digest: uid for digest, uid in read.items() if digest not in undescribed or digest not in before}
        members = {**before, **said}
        if not members:
            raise NotFoundError(_nothing_read(refusals))
        root = dataset_root(members.values())
        new = len(set(members.values()) - set(before.values()))
        if last is not None and last.merkle_root == root:
            uid = session.get_one(Node, last.id).uid
            return _added(name, last.number, uid, root, len(members), new=0, made=False)

        number = 1 if last is None else last.number + 1
        uid = Digest.of_json({"dataset": {"name": name, "number": number, "root": root}}).hex
        version_id = nodes.add_nodes(session, {uid: Kind.DATASET}, at)[uid]
        session.add(
            schema.DatasetVersion(
                id=version_id, dataset_id=dataset.id, number=number, merkle_root=root, works=len(members), added_at=at
            )
        )
        session.flush()
        rows = nodes.node_ids(session, members.values())
        edges = [(version_id, Role.MEMBER, row, Truth.CHECKED) for row in rows.values()]
        if last is not None:
            edges.append((version_id, Role.PREVIOUS, last.id, Truth.CHECKED))
        nodes.add_edges(session, edges)
        if refusals:
            session.execute(insert(schema.SkippedFile), [_skipped_row(r, version_id) for r in refusals])
    return _added(name, number, uid, root, len(members), new=new, made=True)


def _added(name: str, number: int, uid: str, root: str, works: int, *, new: int, made: bool) -> Added:
    return Added(
        name=name,
        number=number,
        uid=uid,
        merkle_root=root,
        works=works,
        new=new,
        made=made,
        refusals=(),
        notes=(),
        skipped=0,
    )


def _dataset(session: Session, name: str, at: Any) -> schema.Dataset:  # noqa: ANN401
    found = session.scalars(select(schema.Dataset).where(schema.Dataset.name == name)).first()
    if found is None:
        found = schema.Dataset(name=name, created_at=at)
        session.add(found)
        session.flush()
    return found


def _latest(session: Session, dataset_id: int) -> schema.DatasetVersion | None:
    version = schema.DatasetVersion
    query = select(version).where(version.dataset_id == dataset_id).order_by(version.number.desc())
    return session.scalars(query.limit(1)).first()


def _members(session: Session, version_id: int) -> list[tuple[schema.Work, str]]:
    query = (
        select(schema.Work, Node.uid)
        .join(Node, Node.id == schema.Work.id)
        .join(Edge, Edge.parent_id == schema.Work.id)
        .where(Edge.child_id == version_id, Edge.role == Role.MEMBER.value)
        .order_by(schema.Work.name, schema.Work.id)
    )
    return list(session.execute(query))


def _nothing_read(refusals: Sequence[Refusal]) -> str:
    first = refusals[0].sentence if refusals else "No file there is a picture by its name."
    return f"None of the files could be taken in, so there is no version. {first}"


def _skipped_row(refusal: Refusal, version_id: int) -> dict[str, Any]:
    return {
        "version_id": version_id,
        "name": refusal.name,
        "reason": refusal.reason,
        "sentence": refusal.sentence,
    }


def _counted(values: Iterable[str | None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value or "not recorded"] = counts.get(value or "not recorded", 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _brief(work: schema.Work, uid: str) -> dict[str, Any]:
    return {"uid": uid, "name": work.name, "title": work.title, "creator": work.creator, "licence": work.licence}
