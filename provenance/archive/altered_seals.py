"""Seals: what every row said at one moment, digested, signed, and kept beside the database.

Ids and manifests cover what an artwork is. A seal covers all the rest too: levels of truth, figures of trainings,
withdrawals, findings, times, and rows that are deleted. Each has the digests of the rows that are new since the seal
before, and the digest of that seal. So a seal that was copied to another place keeps everything until then.

A seal is three files in the archive's folder `seals`: NUMBER.rows.gz, a line per row with table, key and digest;
NUMBER.json, the statement, with the digest of those lines; NUMBER.c2pa, its manifest. No row of the archive is ever
updated, so a sealed row that differs was altered.
"""

import contextlib
import fcntl
import gzip
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.orm import Session

from provenance.archive.altered_sealed import Sealed
from provenance.database import utc_now
from provenance.digest import Digest, Json, canonical_json
from provenance.errors import DamagedArchiveError, StoreError, UsageError
from provenance.schema import Base
from provenance.settings import write_file
from provenance.sign.claim import Claim
from provenance.sign.sidecar import OCTETS, read_as

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

FOLDER: Final = "seals"
FORMAT: Final = "seal_v1"
_DIGITS: Final = 32
"""Hex digits of a row's digest that are kept: nobody makes another row for 128 chosen bits."""
_AT_ONCE: Final = 10_000
_SHOWN: Final = 20
"""Rows of one table that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A seal that was made."""

    number: int
    at: datetime
    rows: int
    """Rows that it sealed, those of earlier seals not counted."""
    digest: str
    """SHA-256 of the statement: who writes it down elsewhere can tell this seal from any other."""
    path: Path
    """The statement."""
    copy: Path | None
    """Where it was copied to."""


def seal(archive: "Archive", to: Path | None = None) -> Seal:
    """Seal every row that no seal holds yet; with `to`, copy the statement and its manifest into that folder.

    Raises DamagedArchiveError where an earlier seal is lost or altered, UsageError where `to` is no folder,
    StoreError, IdentityError, SigningError.
    """
    if to is not None and not to.is_dir():
        raise UsageError(f"There is no folder {to} to copy the seal into. Make it, or name another.")
    folder = archive.folder / FOLDER
    with _turn(folder), Sealed() as sealed:
        statements = _load(archive, sealed)
        columns = _columns(statements)
        lines, counts = _new_lines(archive, sealed, columns)
        at = utc_now()
        said: dict[str, Json] = {
            "lines": Digest.of(lines).hex,
            "rows": counts,
            "columns": columns,
            "at": at.isoformat(),
        }
        statement = _statement(archive, statements, said)
        path = _write(archive, folder, len(statements) + 1, statement, lines=lines, at=at)
    copy = None if to is None else _copied(path, to / f"{archive.uid[:12]}-{path.name}")
    digest = Digest.of(statement).hex
    return Seal(number=len(statements) + 1, at=at, rows=sum(counts.values()), digest=digest, path=path, copy=copy)


def seal_problems(archive: "Archive") -> Iterator[str]:
    """Hold every sealed row against the row as it is now; a sentence per row that was altered or is gone.

    Without seals there is nothing to say.
    """
    with Sealed() as sealed:
        try:
            statements = _load(archive, sealed)
        except DamagedArchiveError as error:
            yield str(error)
            return
        if statements:
            yield from _compared(archive, sealed, statements)


def kept_elsewhere(archive: "Archive", path: Path) -> str | None:
    """Hold the statement at `path`, a copy that was kept elsewhere, against the archive's own: None if it is there.

    Else a sentence: seals were rewritten or deleted. Raises UsageError for a file that is no statement.
    """
    try:
        data = path.read_bytes()
        number = int(json.loads(data)["number"])
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise UsageError(
            f"{path} is not the statement of a seal: {cause}. Give a NUMBER.json that was kept."
        ) from cause
    ours = archive.folder / FOLDER / f"{number:06d}.json"
    if ours.is_file() and ours.read_bytes() == data:
        return None
    return (
        f"The seal {number} that was kept in {path} is not in the archive: its seals were rewritten or deleted since."
    )


def _compared(archive: "Archive", sealed: Sealed, statements: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    columns: Mapping[str, Sequence[str]] = statements[-1]["columns"]
    known = {table.name: {column.name for column in table.columns} for table in Base.metadata.sorted_tables}
    with archive.database.read() as session:
        for table in sorted(sealed.tables()):
            names = columns.get(table, ())
            if not names or not set(names) <= known.get(table, set()):
                yield f"The table {table} has other columns than when it was sealed, so its rows cannot be compared."
                continue
            altered = 0
            for key, digest in _rows(session, table, names):
                if sealed.differs(table, key, digest):
                    altered += 1
                    if altered <= _SHOWN:
                        yield f"The row {key[1:-1]} of {table} was altered after it was sealed."
            if altered > _SHOWN:
                yield f"{altered - _SHOWN} more rows of {table} were altered after they were sealed."
            for key in sealed.unseen(table, _SHOWN):
                yield f"The row {key[1:-1]} of {table} was deleted after it was sealed."


def _new_lines(
    archive: "Archive", sealed: Sealed, columns: Mapping[str, Sequence[str]]
) -> tuple[bytes, dict[str, int]]:
    """Write a line for each row that no seal holds."""
    target = io.BytesIO()
    counts = dict.fromkeys(Base.metadata.tables, 0)
    with archive.database.read() as session, gzip.GzipFile(fileobj=target, mode="wb", mtime=0) as file:
        for table in counts:
            for key, digest in _rows(session, table, columns[table]):
                if not sealed.has(table, key):
                    file.write(f"{table}\t{key}\t{digest}\n".encode())
                    counts[table] += 1
    return target.getvalue(), counts


def _rows(session: Session, table: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Give key and digest of every row of a table, over its values as the database holds them."""
    keys = [column.name for column in Base.metadata.tables[table].primary_key]
    places = [list(names).index(key) for key in keys]
    listed = ", ".join(f'"{name}"' for name in names)  # names of our own schema, which no user writes
    connection = session.connection().execution_options(stream_results=True, yield_per=_AT_ONCE)
    for row in connection.exec_driver_sql(f'SELECT {listed} FROM "{table}"'):  # noqa: S608
        values: list[Json] = [bytes(value).hex() if isinstance(value, bytes | memoryview) else value for value in row]
        yield (
            canonical_json([values[place] for place in places]),
            Digest.of_json(dict(zip(names, values, strict=True))).hex[:_DIGITS],
        )


def _columns(before: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """List the columns of each table that are sealed: those that it had when it was sealed first."""
    now = {table.name: [column.name for column in table.columns] for table in Base.metadata.sorted_tables}
    return {**now, **(before[-1]["columns"] if before else {})}


def _statement(archive: "Archive", before: Sequence[Mapping[str, Any]], said: Mapping[str, Json]) -> bytes:
    whole: dict[str, Json] = {
        **said,
        "format": FORMAT,
        "archive": archive.uid,
        "number": len(before) + 1,
        "previous": before[-1]["digest"] if before else None,
        "schema": archive.database.revision(),
    }
    return f"{canonical_json(whole)}\n".encode()


def _write(archive: "Archive", folder: Path, number: int, statement: bytes, *, lines: bytes, at: datetime) -> Path:
    """Sign the statement and write the three files, the statement last: without it there is no seal."""
    claim = Claim(
        title=f"seal {number} of the archive {archive.uid}",
        media_type=OCTETS,
        opening="created",
        when=at,
        digital_source_type="composite",
        record={"archive": archive.uid, "seal": number, "statement": Digest.of(statement).hex},
    )
    signed = archive.signer.sign_beside(statement, claim)
    path = folder / f"{number:06d}.json"
    try:
        path.with_suffix(".rows.gz").write_bytes(lines)
        path.with_suffix(".c2pa").write_bytes(signed.data)
        write_file(path, statement.decode())
    except OSError as cause:
        raise StoreError(f"The seal {path} cannot be written: {cause.strerror}. Make room, then call again.") from cause
    return path


def _copied(path: Path, target: Path) -> Path:
    try:
        for suffix in (".c2pa", ".json"):
            shutil.copyfile(path.with_suffix(suffix), target.with_suffix(suffix))
    except OSError as cause:
        message = f"The seal was made, and cannot be copied to {target}: {cause.strerror}. Copy {path} yourself."
        raise StoreError(message) from cause
    return target


def _load(archive: "Archive", sealed: Sealed) -> list[dict[str, Any]]:
    """Read all seals in order, each held against its signature, its lines and the one before."""
    found: list[dict[str, Any]] = []
    known = _signers(archive)
    for path in sorted((archive.folder / FOLDER).glob("*.json")):
        number, what = len(found) + 1, f"The seal {path.stem}"
        try:
            data, store = path.read_bytes(), path.with_suffix(".c2pa").read_bytes()
            lines = path.with_suffix(".rows.gz").read_bytes()
            said = json.loads(data)
            expected = (FORMAT, archive.uid, number, found[-1]["digest"] if found else None, Digest.of(lines).hex)
            told = tuple(said[name] for name in ("format", "archive", "number", "previous", "lines"))
            text = gzip.decompress(lines).decode() if told == expected else ""
        except (OSError, EOFError, ValueError, KeyError, TypeError) as cause:
            raise DamagedArchiveError(f"{what} cannot be read: {cause}. {_RESTORE}") from cause
        if told != expected:
            raise DamagedArchiveError(f"{what} is not that of its rows and of the seal before it. {_RESTORE}")
        reading = read_as(data, OCTETS, store=store, anchors=archive.anchors)
        if reading.intact is not True or reading.signer is None or reading.signer.fingerprint not in known:
            raise DamagedArchiveError(f"{what} is not as an identity of this archive signed it. {_RESTORE}")
        sealed.add(tuple(line.split("\t")) for line in text.splitlines())
        found.append({**said, "digest": Digest.of(data).hex})
    return found


_RESTORE: Final = "Bring the folder seals back from a copy of the archive; rows that were altered since cannot be told."


def _signers(archive: "Archive") -> set[Digest]:
    """List whose signatures count: the identities whose certificates lie in the archive."""
    from provenance.archive.identity import identities

    return {identity.fingerprint for identity in identities(archive)}


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Let one process seal at a time."""
    try:
        folder.mkdir(exist_ok=True)
        with (folder / ".lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as cause:
        raise StoreError(f"The folder {folder} cannot be written: {cause.strerror}. Check its permissions.") from cause
