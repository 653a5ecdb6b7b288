"""`prov dataset add`: works come in, each recorded and fingerprinted, and a set of them gets a version.

Works are committed in batches while they are read; the version, which is what anything can learn from,
comes last and at once. So an interrupted call is gone on with by making it again: what was read is known.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import gather, nodes
from provenance.archive.datasets import Added, make_version, rights_of_version
from provenance.archive.decisions import record_if_changed
from provenance.collect.croissant import Croissant, collect_croissant, read_croissant, root_remark
from provenance.collect.item import Known, Note, Read, Refusal
from provenance.collect.licence import spdx_expression
from provenance.collect.policy import Decided, Policy, decide
from provenance.collect.read import Collection, collect
from provenance.collect.table import AS_WRITTEN, Table, read_table
from provenance.collect.work import Work
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError
from provenance.fingerprint import Fingerprint, fingerprint_all
from provenance.schema import Kind, Role
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

Measured: TypeAlias = Read[dict[str, Fingerprint]]
"""A work that was read, with its fingerprints."""

Judged: TypeAlias = tuple[Measured, Decided]
"""The same, with what was decided about it."""

_BATCH = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What is said of works about which the table says nothing."""

    licence: str | None = None
    creator: str | None = None
    source: str | None = None


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
    check_name(name)
    described = _described(path, metadata)
    if described is not None:
        defaults = Defaults(
            licence=defaults.licence or described.licence,
            creator=defaults.creator or described.creator,
            source=defaults.source or described.source,
        )
    defaults = _checked(defaults)
    table = None if metadata is None else read_table(metadata)
    read: dict[str, str] = {}
    undescribed: set[str] = set()
    refusals: list[Refusal] = []
    notes: list[tuple[str, Note]] = []
    waiting: list[Judged] = []
    known, policy = _KnownFiles(archive), Policy.load(archive.folder)
    limit = archive.settings.pixels
    with _collected(path, table, described, known=known, workers=workers, limit=limit) as items:
        gatherer = gather.Gatherer(described.folder if described is not None else _root(path))
        try:
            for done, item in enumerate(items, 1):
                signals = gatherer(item)
                if isinstance(item, Refusal):
                    refusals.append(item)
                else:
                    item = _with_defaults(item, defaults)  # noqa: PLW2901
                    waiting.append((item, decide(policy, signals, item.work.licence, item.work.consent)))
                    read[item.work.file_digest.hex] = item.work.uid
                    if item.row is None and defaults == Defaults():
                        undescribed.add(item.work.file_digest.hex)
                    notes += [(item.work.name, note) for note in (*item.notes, *gather.notes(item.work.name, signals))]
                if len(waiting) >= _BATCH:
                    write_works(archive, policy, waiting)
                    waiting = []
                progress(done, items.total)
        finally:
            write_works(archive, policy, waiting)  # Ctrl-C keeps what was read
        skipped = items.skipped
    version = make_version(archive, name, read, refusals, undescribed=undescribed)
    if described is not None:
        notes += _remarks(described, version, path.name)
    rights = rights_of_version(archive, name, version.number)
    return dataclasses.replace(
        version, refusals=tuple(refusals), notes=_once(notes), skipped=skipped, **dataclasses.asdict(rights)
    )


def check_request(name: str, path: Path, defaults: Defaults) -> None:
    """Raise UsageError or NotFoundError where a request is wrong, as far as can be told without the archive."""
    check_name(name)
    _checked(defaults)
    if not path.exists():
        raise NotFoundError(f"There is no folder {path}. Give the folder that holds the works.")


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


def _collected(
    path: Path,
    table: Table | None,
    described: Croissant | None,
    *,
    known: _KnownFiles,
    workers: int,
    limit: int,
) -> "Collection[dict[str, Fingerprint]]":
    """Read the works of a folder, or those that a Croissant description names."""
    if described is not None:
        return collect_croissant(
            described, measure=fingerprint_all, known=known, look=gather.in_file, workers=workers, limit=limit
        )
    return collect(path, table, measure=fingerprint_all, known=known, look=gather.in_file, workers=workers, limit=limit)


def _root(path: Path) -> Path:
    found = path.resolve()
    return found if found.is_dir() else found.parent


def _described(path: Path, metadata: Path | None) -> Croissant | None:
    """Read `path` as a Croissant description if it is one. Raises UsageError if a table is given beside it."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    if metadata is not None:
        raise UsageError("A Croissant description brings its own table: leave --metadata out.")
    return read_croissant(path)


def _remarks(described: Croissant, version: Added, name: str) -> list[tuple[str, Note]]:
    said = list(described.remarks)
    if version.number == 1 and (about_root := root_remark(described, version.merkle_root)) is not None:
        said.append(about_root)
    return [(name, Note(reason="description", sentence=sentence)) for sentence in said]


def _once(notes: Sequence[tuple[str, Note]]) -> tuple[tuple[str, Note], ...]:
    """Keep the first of remarks that say the same of several works."""
    kept = {note.sentence: (name, note) for name, note in reversed(notes)}
    return tuple(pair for pair in notes if kept.get(pair[1].sentence) == pair)


def check_name(name: str, what: str = "a dataset") -> None:
    """Raise UsageError for a text that cannot name `what`."""
    if _NAME.fullmatch(name) is None:
        raise UsageError(
            f"{name!r} cannot name {what}: use letters, digits, dots, hyphens and underscores, for example openmoji."
        )


def _checked(defaults: Defaults) -> Defaults:
    if defaults.licence is None:
        return defaults
    return dataclasses.replace(defaults, licence=spdx_expression(defaults.licence))


def _with_defaults(item: Measured, defaults: Defaults) -> Measured:
    """Fill in what the table does not say. A licence that nobody here can read is one: it is not replaced."""
    work = item.work
    filled = dataclasses.replace(
        work,
        licence=work.licence if AS_WRITTEN in work.extra else work.licence or defaults.licence,
        creator=work.creator or defaults.creator,
        source=work.source or defaults.source,
    )
    return dataclasses.replace(item, work=filled)


def write_works(archive: "Archive", policy: Policy, judged: Sequence[Judged]) -> None:
    """Write works that were read and judged: rows, fingerprints, creators, decisions and where their files are."""
    if not judged:
        return
    at, items = utc_now(), [item for item, _ in judged]
    with archive.database.write() as session:
        known = nodes.node_ids(session, [item.work.uid for item in items])
        new = {item.work.uid: item for item in items if item.work.uid not in known}
        ids = known | nodes.add_nodes(session, dict.fromkeys(new, Kind.WORK), at)
        if new:
            session.execute(insert(schema.Work), [_work_row(item.work, ids[uid]) for uid, item in new.items()])
            session.execute(insert(schema.Fingerprint), _fingerprint_rows(session, new, ids))
            _write_creators(session, new, ids, at)
        record_if_changed(session, policy, {ids[item.work.uid]: decided for item, decided in judged}, at)
        write_locations(session, {ids[item.work.uid]: str(item.path.resolve()) for item in items}, at)


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


def write_locations(session: Session, paths: Mapping[int, str], at: Any) -> None:  # noqa: ANN401
    """Remember where the files of works were seen: row of the work to path."""
    location = schema.WorkLocation
    known = set(session.execute(select(location.work_id, location.path).where(location.work_id.in_(paths))).all())
    rows = [{"work_id": work, "path": path, "seen_at": at} for work, path in paths.items() if (work, path) not in known]
    if rows:
        session.execute(insert(location), rows)
