"""Files and rows joined: which row describes which file, and which rows describe none."""

import unicodedata
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath

from provenance.collect.folder import Listing, check
from provenance.collect.item import Note, Refusal
from provenance.collect.table import Row, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A file that is to be read, and what its row says."""

    name: str
    path: Path
    row: Row | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that collecting will go through."""

    refusals: tuple[Refusal, ...]
    """What is refused before any file is read: rows in their order, then entries of the folder."""
    files: tuple[Described, ...]
    """In the order of the names."""
    skipped: int
    """Files of the folder that are none of ours."""


def match(listing: Listing, table: Table | None) -> Plan:
    """Join the files of a folder with the rows of a table.

    A row may name a file that the listing passed over for its ending: it is read too, for somebody meant it.
    """
    refused: list[Refusal] = []
    rows: dict[str, list[Row]] = {name: [] for name in listing.names}
    finder = _Finder(listing, table)
    for row in table.rows if table else ():
        place = finder.find(row)
        if isinstance(place, Refusal):
            refused.append(place)
        elif place is not None:
            rows.setdefault(place, []).append(row)
    files: list[Described] = []
    for name in sorted(rows):
        described = _describe(listing.root, name, rows[name], finder.table)
        if isinstance(described, Refusal):
            refused.append(described)
        else:
            files.append(described)
    refused.sort(key=lambda refusal: refusal.row or 0)
    return Plan(refusals=(*refused, *listing.refusals), files=tuple(files), skipped=listing.skipped)


class _Finder:
    """Finds the file that a row means."""

    def __init__(self, listing: Listing, table: Table | None) -> None:
        self.table = table.name if table else ""
        self._root = listing.root
        self._names = set(listing.names)
        self._refused = {refusal.name for refusal in listing.refusals}
        # The same name can be spelt with composed or with combining characters: tables and disks differ in it.
        self._spellings = {unicodedata.normalize("NFC", name): name for name in listing.names}

    def find(self, row: Row) -> str | Refusal | None:
        """Give the name in the listing, or a refusal; None when the listing refuses the file itself."""
        where = f"Row {row.number} of {self.table}"
        if (problem := _problem(row.file)) is not None:
            reason, sentence = problem
            shown = row.file or f"row {row.number}"
            return Refusal(name=shown, reason=reason, sentence=f"{where} {sentence}", row=row.number)
        name = str(PurePosixPath(row.file))
        listed = name if name in self._names else self._spellings.get(unicodedata.normalize("NFC", name))
        if listed is not None or name in self._refused:
            return listed
        if (refusal := check(self._root, name)) is not None:
            return replace(refusal, sentence=f"{where}: {refusal.sentence}", row=row.number)
        return name


def _problem(file: str) -> tuple[str, str] | None:
    path = PurePosixPath(file)
    if path.is_absolute() or ".." in path.parts:
        return "outside", f"names {file}, which is not a path within the folder. Give it from the folder on."
    if not path.parts:
        return "missing", "names no file. Fill the cell `file`, or remove the row."
    return None


def _describe(root: Path, name: str, rows: list[Row], table: str) -> Described | Refusal:
    if not rows:
        return Described(name=name, path=root / name, row=None)
    first, *others = rows
    numbers = ", ".join(str(row.number) for row in rows)
    if differing := sorted({column for other in others for column in _differing(first, other)}):
        sentence = (
            f"Rows {numbers} of {table} contradict each other about {name} ({', '.join(differing)}). "
            "Keep the row that is right."
        )
        return Refusal(name=name, reason="conflict", sentence=sentence, row=first.number)
    if first.fault is not None:
        reason, sentence = first.fault
        return Refusal(name=name, reason=reason, sentence=sentence, row=first.number)
    if others:
        note = Note(reason="repeated", sentence=f"Rows {numbers} of {table} say the same about {name}. Keep one.")
        first = replace(first, notes=(*first.notes, note))
    return Described(name=name, path=root / name, row=first)


def _differing(one: Row, other: Row) -> list[str]:
    """Name the columns in which two rows differ; their numbers, and sentences with numbers in them, are no content."""
    content = [field.name for field in fields(Row) if field.name not in ("number", "file", "notes", "fault")]
    return [name for name in content if getattr(one, name) != getattr(other, name)]
