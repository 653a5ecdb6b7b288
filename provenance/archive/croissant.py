"""`prov dataset export`: a version leaves as a Croissant description with its tables and, if wanted, its pictures.

Whoever adds the folder to another archive gets the same works with the same ids, and so the same Merkle root, unless
something changed since: then the export says what.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.decisions import Member, find_version, members
from provenance.collect.policy import Policy
from provenance.collect.signals import Source
from provenance.collect.signals_values import Says
from provenance.collect.work import Consent, Work
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import UsageError
from provenance.export.croissant import DESCRIPTION, croissant, croissant_bytes
from provenance.export.croissant_folder import Copy, file_names, staged
from provenance.export.croissant_tables import DECISIONS, WORKS, Described, Entry, decisions_table, works_table

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

RESERVATIONS: Final = "tdmrep.json"
"""TDMRep's file for a folder (report of 10 May 2024, section 6.2)."""

_LEFT_BEHIND: Final = frozenset({Source.SIDECAR, Source.TDMREP, Source.ROBOTS, Source.AI_TXT})
"""Signals that lay beside the works and do not come along with the files."""

_PART: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedDataset:
    """A version that left."""

    name: str
    number: int
    merkle_root: str
    folder: Path
    files: tuple[str, ...]
    """What was written, pictures left out."""
    works: int
    copied: int
    """Pictures that this export put into the folder."""
    beside: int
    """Works that have a file by their name in the folder, copied now or there before: those can be added elsewhere."""
    withdrawn: int
    """Works whose consent has ended: they are listed, and never copied."""
    same_root: bool
    """Whether another archive that adds the folder comes to the same Merkle root."""
    remarks: tuple[str, ...]
    """What is missing or differs."""


def export_dataset(
    archive: "Archive",
    name: str,
    folder: Path,
    *,
    number: int | None = None,
    copy_files: bool = False,
    url: str | None = None,
    published: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ExportedDataset:
    """Write a version of the dataset `name`, the latest unless `number` says another, into `folder`.

    `copy_files` copies the pictures too, but those whose consent has ended. `url` and `published` (a day) are only
    known to people. Raises NotFoundError, UsageError where files are in the way, StoreError where none can be written.
    """
    described, paths = _described(archive, name, number, copy_files=copy_files, url=url, published=published)
    if copy_files and not overwrite and folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty. Choose an empty folder for the pictures, or add --overwrite.")
    with staged(folder) as stage:
        wanted = [e for e in described.entries if copy_files and e.withdrawn_at is None]
        copies = [Copy(file=e.file, digest=e.work.file_digest, paths=paths.get(e.uid, ())) for e in wanted]
        faults = stage.copy(copies, progress)
        there = {copy.file for copy in copies} - faults.keys()
        described = _with_files(described, there)
        tables = {WORKS: works_table(described), DECISIONS: decisions_table(described)}
        files = {**tables, **_reservations(described), DESCRIPTION: croissant_bytes(croissant(described, tables))}
        stage.write(files, overwrite=overwrite)
        stage.place()
    remarks = (*_remarks(described, copy_files=copy_files), *faults.values())
    return ExportedDataset(
        name=described.name,
        number=described.number,
        merkle_root=described.merkle_root,
        folder=folder,
        files=tuple(files),
        works=len(described.entries),
        copied=len(there),
        beside=sum((folder / entry.file).is_file() for entry in described.entries),
        withdrawn=sum(entry.withdrawn_at is not None for entry in described.entries),
        same_root=copy_files and not remarks,
        remarks=remarks,
    )


def _described(
    archive: "Archive", name: str, number: int | None, *, copy_files: bool, url: str | None, published: str | None
) -> tuple[Described, Mapping[str, tuple[Path, ...]]]:
    """Read a version, and where the files of its works were seen."""
    policy = Policy.load(archive.folder)
    with archive.database.read() as session:
        version, uid = find_version(session, name, number)
        found = members(session, policy, version.id)
        ids = {member.row: member.uid for member in found}
        works = {row.id: row for row in _works(session, list(ids))}
        withdrawn = _withdrawn(session)
        paths = _paths(session, ids)
        reasons = session.scalars(select(schema.SkippedFile.reason).where(schema.SkippedFile.version_id == version.id))
        left_out = dict(sorted(Counter(reasons).items()))
        files = file_names([(each.uid, each.name) for each in found]) if copy_files else {}
        entries = tuple(
            _entry(each, works[each.row], files.get(each.uid, each.name), withdrawn.get(each.pixels_digest))
            for each in found
        )
        described = Described(
            name=name,
            number=version.number,
            uid=uid,
            merkle_root=version.merkle_root,
            added_at=version.added_at,
            exported_at=utc_now(),
            entries=entries,
            left_out=left_out,
            url=url,
            published=published,
        )
    return described, paths


def _entry(member: Member, row: schema.Work, file: str, withdrawn_at: datetime | None) -> Entry:
    signals = member.decided.signals
    return Entry(
        work=_work(row),
        uid=member.uid,
        file=file,
        decision=member.decided.decision,
        rule=member.rule,
        obligations=member.decided.obligations,
        evidence=tuple(f"{each.source.value} {each.statement}={each.value}".replace(";", ",") for each in signals),
        reserved=any(each.source in _LEFT_BEHIND and each.says in {Says.NO, Says.CONDITIONAL} for each in signals),
        withdrawn_at=withdrawn_at,
    )


def _work(row: schema.Work) -> Work:
    same = ("file_size", "media_type", "width", "height", "name", "title", "creator", "licence", "source")
    return Work(
        **{name: getattr(row, name) for name in (*same, "category", "series")},
        file_digest=Digest(row.file_digest),
        pixels_digest=Digest(row.pixels_digest),
        subjects=tuple(row.subjects),
        consent=Consent(row.consent),
        extra=dict(row.extra),
    )


def _works(session: Session, ids: Sequence[int]) -> Iterator[schema.Work]:
    for begin in range(0, len(ids), _PART):
        yield from session.scalars(select(schema.Work).where(schema.Work.id.in_(ids[begin : begin + _PART])))


def _withdrawn(session: Session) -> dict[str, datetime]:
    """Say when consent ended, by the digest of the pixels: the picture counts, not its description."""
    work, withdrawal = schema.Work, schema.Withdrawal
    query = select(work.pixels_digest, func.min(withdrawal.withdrawn_at)).join(
        withdrawal, withdrawal.work_id == work.id
    )
    return {pixels: at for pixels, at in session.execute(query.group_by(work.pixels_digest))}  # noqa: C416


def _paths(session: Session, ids: Mapping[int, str]) -> dict[str, tuple[Path, ...]]:
    location, rows, found = schema.WorkLocation, list(ids), dict[str, tuple[Path, ...]]()
    for begin in range(0, len(rows), _PART):
        query = select(location.work_id, location.path).where(location.work_id.in_(rows[begin : begin + _PART]))
        for work, path in session.execute(query.order_by(location.seen_at.desc(), location.path)):
            found[ids[work]] = (*found.get(ids[work], ()), Path(path))
    return found


def _with_files(described: Described, there: set[str]) -> Described:
    entries = tuple(
        replace(entry, there=entry.file in there and entry.withdrawn_at is None) for entry in described.entries
    )
    return replace(described, entries=entries)


def _reservations(described: Described) -> dict[str, bytes]:
    """Say for the copied files what lay beside the works and said no, so that whoever has the folder hears it too."""
    rules = [
        {"location": f"/{quote(entry.file)}$", "tdm-reservation": 1}
        for entry in described.entries
        if entry.there and entry.reserved
    ]
    return {RESERVATIONS: (json.dumps(rules, indent=2) + "\n").encode()} if rules else {}


def _remarks(described: Described, *, copy_files: bool) -> Iterator[str]:
    withdrawn = [entry for entry in described.entries if entry.withdrawn_at is not None]
    if withdrawn:
        yield (
            f"Consent has ended for {len(withdrawn)} of {len(described.entries)} works: they are listed as withdrawn, "
            "and their files are not copied."
        )
    renamed = [entry for entry in described.entries if entry.file != entry.work.name]
    if renamed:
        first = renamed[0]
        yield (
            f"{len(renamed)} of {len(described.entries)} files have another name here, since theirs was taken, for "
            f"example {first.file} for {first.work.name}: elsewhere they are other works."
        )
    if not copy_files:
        yield "The pictures are not copied: put the files of this export where the names in works.csv lead to them."
