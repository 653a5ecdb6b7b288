"""`prov dataset add`: works come in, each recorded and fingerprinted, and a set of them gets a version.

Works are committed in batches while they are read; the version, which is what anything can learn from,
comes last and at once. So an interrupted call is gone on with by making it again: what was read is known.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.collect.item import Known, Note, Read, Refusal
from provenance.collect.licence import spdx_expression
from provenance.collect.merkle import dataset_root
from provenance.collect.read import collect
from provenance.collect.table import read_table
from provenance.collect.work import Work
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError
from provenance.fingerprint import Fingerprint, fingerprint_all
from provenance.schema import Edge, Kind, Node, Role
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

Measured: TypeAlias = Read[dict[str, Fingerprint]]
"""A work that was read, with its fingerprints."""

_BATCH = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What is said of works about which the table says nothing."""

    licence: str | None = None
    creator: str | None = None
    source: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A dataset version in a list."""

    name: str
    number: int
    uid: str
    merkle_root: str
    works: int
    added_at: Any


def add_dataset(
    archive: "Archive",
    name: str,
    path: Path,
    *,
    metadata: Path | None = None,
    defaults: Defaults = Defaults(),
    workers: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Added:
    """Read the works in `path` and make a version of the dataset `name` with them and those it has.

    `progress` hears how many of how many files are done. Raises UsageError for a wrong name or table,
    NotFoundError when nothing is there to read.
    """
    _check_name(name)
    defaults = _checked(defaults)
    table = None if metadata is None else read_table(metadata)
    read: dict[str, str] = {}
    refusals: list[Refusal] = []
    notes: list[tuple[str, Note]] = []
    waiting: list[Measured] = []
    known = _KnownFiles(archive)
    with collect(
        path, table, measure=fingerprint_all, known=known, workers=workers, limit=archive.settings.pixels
    ) as items:
        try:
            for done, item in enumerate(items, 1):
                if isinstance(item, Refusal):
                    refusals.append(item)
                else:
                    item = _with_defaults(item, defaults)  # noqa: PLW2901
                    waiting.append(item)
                    read[item.work.file_digest.hex] = item.work.uid
                    notes += [(item.work.name, note) for note in item.notes]
                if len(waiting) >= _BATCH:
                    _write_works(archive, waiting)
                    waiting = []
                progress(done, items.total)
        finally:
            _write_works(archive, waiting)  # Ctrl-C keeps what was read
        skipped = items.skipped
    version = _make_version(archive, name, read, refusals)
    return dataclasses.replace(version, refusals=tuple(refusals), notes=tuple(notes), skipped=skipped)


def check_request(name: str, path: Path, defaults: Defaults) -> None:
    """Raise UsageError or NotFoundError where a request is wrong, as far as can be told without the archive."""
    _check_name(name)
    _checked(defaults)
    if not path.exists():
        raise NotFoundError(f"There is no folder {path}. Give the folder that holds the works.")


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


def show_dataset(archive: "Archive", name: str, *, number: int | None = None, count: int = 20) -> VersionDetail:
    """Read a version of the dataset `name`, the latest unless `number` says another. Raises NotFoundError."""
    found = [v for v in versions(archive) if v.name == name and (number is None or v.number == number)]
    if not found:
        which = f"{name!r}" if number is None else f"{name!r} version {number}"
        raise NotFoundError(f"There is no dataset {which}. `prov dataset list` shows what there is.")
    version = found[-1]
    with archive.database.read() as session:
        version_id = nodes.node_id(session, version.uid)
        works = [work for work, _ in _members(session, version_id)]
        uids = {uid for _, uid in _members(session, version_id)[:count]}
        named = nodes.node_ids(session, uids)
        by_row = {row: uid for uid, row in named.items()}
        skipped = session.execute(
            select(schema.SkippedFile.name, schema.SkippedFile.reason, schema.SkippedFile.sentence).where(
                schema.SkippedFile.version_id == version_id
            )
        )
        refused = [{"name": row.name, "reason": row.reason, "sentence": row.sentence} for row in skipped]
    creators = _counted(work.creator for work in works)
    return VersionDetail(
        version=version,
        licences=_counted(work.licence for work in works),
        consent=_counted(work.consent for work in works),
        creators=dict(list(creators.items())[:count]),
        creator_count=len(creators),
        works=[_brief(work, by_row[work.id]) for work in works if work.id in by_row],
        skipped=refused,
    )


class _KnownFiles:
    """Looks up whether a file of these bytes was decoded before."""

    def __init__(self, archive: "Archive") -> None:
        self._archive = archive

    def __call__(self, digest: Digest) -> Known | None:
        work = schema.Work
        query = select(work.pixels_digest, work.width, work.height, work.media_type)
        with self._archive.database.read() as session:
            row = session.execute(query.where(work.file_digest == digest.hex).limit(1)).first()
        if row is None:
            return None
        pixels = Digest(row.pixels_digest)
        return Known(pixels_digest=pixels, width=row.width, height=row.height, media_type=row.media_type)


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot name a dataset: use letters, digits, dots, hyphens and underscores, for example openmoji."
        )


def _checked(defaults: Defaults) -> Defaults:
    if defaults.licence is None:
        return defaults
    return dataclasses.replace(defaults, licence=spdx_expression(defaults.licence))


def _with_defaults(item: Measured, defaults: Defaults) -> Measured:
    work = item.work
    filled = dataclasses.replace(
        work,
        licence=work.licence or defaults.licence,
        creator=work.creator or defaults.creator,
        source=work.source or defaults.source,
    )
    return dataclasses.replace(item, work=filled)


def _write_works(archive: "Archive", items: Sequence[Measured]) -> None:
    if not items:
        return
    at = utc_now()
    with archive.database.write() as session:
        known = nodes.node_ids(session, [item.work.uid for item in items])
        new = {item.work.uid: item for item in items if item.work.uid not in known}
        ids = known | nodes.add_nodes(session, dict.fromkeys(new, Kind.WORK), at)
        if new:
            session.execute(insert(schema.Work), [_work_row(item.work, ids[uid]) for uid, item in new.items()])
            session.execute(insert(schema.Fingerprint), _fingerprint_rows(session, new, ids))
            _write_creators(session, new, ids, at)
        _write_locations(session, {ids[item.work.uid]: str(item.path.resolve()) for item in items}, at)


def _work_row(work: Work, row: int) -> dict[str, Any]:
    copied = (
        *("file_size", "media_type", "width", "height", "name", "title", "creator", "licence", "source"),
        *("category", "series"),
    )
    return {name: getattr(work, name) for name in copied} | {
        "id": row,
        "file_digest": work.file_digest.hex,
        "pixels_digest": work.pixels_digest.hex,
        "subjects": list(work.subjects),
        "consent": work.consent.value,
        "extra": dict(work.extra),
    }


def _fingerprint_rows(session: Session, new: Mapping[str, Measured], ids: Mapping[str, int]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for uid, item in new.items():
        measured = item.measured if item.measured is not None else _earlier(session, item.work.file_digest, ids[uid])
        rows += [
            {"node_id": ids[uid], "method": name, "codes": fingerprint.codes, "quality": fingerprint.quality}
            for name, fingerprint in measured.items()
        ]
    return rows


def _earlier(session: Session, file_digest: Digest, but: int) -> dict[str, Fingerprint]:
    """Copy the fingerprints of the same file that was read before."""
    work, fingerprint = schema.Work, schema.Fingerprint
    same = select(work.id).where(work.file_digest == file_digest.hex, work.id != but).order_by(work.id).limit(1)
    rows = session.scalars(select(fingerprint).where(fingerprint.node_id == same.scalar_subquery()))
    return {row.method: Fingerprint(method=row.method, codes=row.codes, quality=row.quality) for row in rows}


def _write_creators(
    session: Session,
    new: Mapping[str, Measured],
    ids: Mapping[str, int],
    at: Any,  # noqa: ANN401
) -> None:
    named = {uid: item.work.creator for uid, item in new.items() if item.work.creator}
    people = nodes.contributors(session, named.values(), at)
    nodes.add_edges(session, [(ids[uid], Role.CREATOR, people[name], Truth.CLAIMED) for uid, name in named.items()])


def _write_locations(session: Session, paths: Mapping[int, str], at: Any) -> None:  # noqa: ANN401
    location = schema.WorkLocation
    known = set(session.execute(select(location.work_id, location.path).where(location.work_id.in_(paths))).all())
    rows = [{"work_id": work, "path": path, "seen_at": at} for work, path in paths.items() if (work, path) not in known]
    if rows:
        session.execute(insert(location), rows)


def _make_version(archive: "Archive", name: str, read: Mapping[str, str], refusals: Sequence[Refusal]) -> Added:
    at = utc_now()
    with archive.database.write() as session:
        dataset = _dataset(session, name, at)
        last = _latest(session, dataset.id)
        before = {} if last is None else {w.file_digest: uid for w, uid in _members(session, last.id)}
        members = {**before, **read}  # the same file, described anew, takes the place of the old description
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


def _nothing_read(refusals: Sequence[Refusal]) -> str:
    first = refusals[0].sentence if refusals else "No file there is a picture by its name."
    return f"None of the files could be taken in, so there is no version. {first}"


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
