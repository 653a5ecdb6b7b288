"""The CSV table that says what is known of the works: who made them, under which licence, who agreed.

What is wrong with the table itself (its encoding, its columns, its quotes) stops everything before a file is read:
a dataset never changes, and a shifted column would give every work somebody else's licence.
What is wrong with one row concerns one work, and is said of that work while the rest goes in.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from provenance.collect.item import Note
from provenance.collect.licence import spdx_expression
from provenance.collect.work import Consent
from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError

COLUMNS: Mapping[str, str] = {
    "file": "The picture, as a path from the folder; the only column that must be there.",
    "title": "What the work is called.",
    "creator": "Who made it.",
    "licence": "An SPDX licence expression, such as `CC-BY-4.0` or `LicenseRef-my-terms`; `license` is read too.",
    "source": "Where the work comes from.",
    "category": "One kind, by which figures of a dataset are grouped.",
    "subjects": "What is to be seen, separated by semicolons.",
    "series": "Works of the same series are variants of each other.",
    "sha256": "The digest that the file must have, as 64 hex digits.",
    "consent": "One of `unknown`, `granted`, `denied`, `withdrawn`; empty means `unknown`.",
}
"""The columns that are understood; all others are kept as they are."""

AS_WRITTEN = "licence_as_written"
"""Where `extra` keeps the text of a licence that is no SPDX expression."""

_ALIASES = {"license": "licence"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What one row says of one file."""

    number: int
    """As a spreadsheet counts: the heading is row 1."""
    file: str
    title: str | None = None
    creator: str | None = None
    licence: str | None = None
    """A valid SPDX expression in its normal form."""
    source: str | None = None
    category: str | None = None
    subjects: tuple[str, ...] = ()
    series: str | None = None
    sha256: Digest | None = None
    consent: Consent = Consent.UNKNOWN
    extra: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    fault: tuple[str, str] | None = None
    """Why the work cannot go in because of this row: one of `item.REASONS`, and the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table that was read."""

    name: str
    """The name of its file, without the folder."""
    columns: tuple[str, ...]
    """The column names as they are understood, in their order."""
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """Read the CSV file at `path`: UTF-8, with or without a byte order mark; commas; a heading.

    Raises NotFoundError when there is no such file, UsageError when it cannot be understood as a whole.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as cause:
        message = f"There is no table {path}. Give the path of the CSV file that describes the works."
        raise NotFoundError(message) from cause
    except OSError as cause:
        message = f"The table {path} cannot be read: {cause.strerror}."
        raise UsageError(message) from cause
    return parse_table(data, name=path.name)


def parse_table(data: bytes, *, name: str) -> Table:
    """Read the bytes of a CSV file; `name` is what sentences call it. Raises UsageError."""
    lines = _lines(_text(data, name), name)
    _, heading = next(lines, (1, []))
    columns = _columns(heading, name)
    rows = tuple(_row(dict(zip(columns, cells, strict=False)), row, name) for row, cells in _full(lines, columns, name))
    return Table(name=name, columns=columns, rows=rows)


def _text(data: bytes, name: str) -> str:
    advice = "Save it as CSV in UTF-8 (in Excel: `CSV UTF-8`), then call again."
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        message = f"The table {name} is written in UTF-16. {advice}"
        raise UsageError(message)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = data.count(b"\n", 0, cause.start) + 1
        message = (
            f"The table {name} is not UTF-8: byte {cause.start} (0x{data[cause.start]:02x}) in line {line}. {advice}"
        )
        raise UsageError(message) from cause
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        message = f"The table {name} holds a zero byte in line {line}, which no text has. {advice}"
        raise UsageError(message)
    return text


def _lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Give the number and the cells of each row that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                yield number, cells
    except csv.Error as cause:
        message = (
            f"The table {name} is not well-formed CSV after row {number} (line {reader.line_num}): {cause}. "
            'Put cells with commas or quotes into quotes, and write a quote inside as "".'
        )
        raise UsageError(message) from cause


def _columns(heading: Sequence[str], name: str) -> tuple[str, ...]:
    columns = _trimmed([_column(cell) for cell in heading])
    if "file" not in columns:
        other = next((mark for mark in (";", "\t") if len(heading) == 1 and mark in heading[0]), None)
        advice = f"Separate the cells by commas, not by {other!r}." if other else f"It has: {', '.join(columns)}."
        message = f"The table {name} has no column `file` that says which picture a row describes. {advice}"
        raise UsageError(message)
    for place, column in enumerate(columns):
        if not column:
            message = f"Column {place + 1} of the table {name} has no name. Name it in the heading, or remove it."
            raise UsageError(message)
        if column in columns[:place]:
            message = f"The table {name} has two columns `{column}`. Keep one (license and licence are the same)."
            raise UsageError(message)
    return tuple(columns)


def _column(cell: str) -> str:
    """Read a name in the heading: known ones whatever their case, others as they are written."""
    known = cell.strip().lower()
    known = _ALIASES.get(known, known)
    return known if known in COLUMNS else cell.strip()


def _full(lines: Iterator[tuple[int, list[str]]], columns: Sequence[str], name: str) -> Iterator[tuple[int, list[str]]]:
    """Pass rows on; a row with more cells than the heading has probably shifted, so it stops everything."""
    for number, cells in lines:
        kept = _trimmed(cells)
        if len(kept) > len(columns):
            message = (
                f"Row {number} of the table {name} has {len(kept)} cells; the heading has {len(columns)}. "
                "A cell with a comma in it needs quotes."
            )
            raise UsageError(message)
        yield number, kept


def _trimmed(cells: list[str]) -> list[str]:
    """Drop the empty cells at the end, which spreadsheets like to add."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _row(cells: Mapping[str, str], number: int, name: str) -> Row:
    where = f"Row {number} of {name}"
    known = {column: text.strip() or None for column, text in cells.items() if column in COLUMNS}
    extra = {column: text for column, text in cells.items() if column not in COLUMNS and text.strip()}
    licence, notes = _licence(known.get("licence"), where)
    if notes:
        extra[AS_WRITTEN] = known["licence"] or ""
    consent, sha256, fault = Consent.UNKNOWN, None, None
    try:
        consent = Consent((known.get("consent") or Consent.UNKNOWN).lower())
    except ValueError:
        choices = ", ".join(Consent)
        fault = ("consent", f"{where}: the consent {known['consent']!r} is none of {choices}. Correct the cell.")
    try:
        sha256 = Digest(digest.lower()) if (digest := known.get("sha256")) else None
    except ValueError:
        fault = ("checksum", f"{where}: {known['sha256']!r} is no SHA-256: 64 hex digits are needed. Correct the cell.")
    return Row(
        number=number,
        file=known.get("file") or "",
        title=known.get("title"),
        creator=known.get("creator"),
        licence=licence,
        source=known.get("source"),
        category=known.get("category"),
        subjects=_subjects(known.get("subjects") or ""),
        series=known.get("series"),
        sha256=sha256,
        consent=consent,
        extra=extra,
        notes=notes,
        fault=fault,
    )


def _licence(text: str | None, where: str) -> tuple[str | None, tuple[Note, ...]]:
    if text is None:
        return None, ()
    try:
        return spdx_expression(text), ()
    except UsageError as error:
        return None, (Note(reason="licence", sentence=f"{where}: {error}"),)


def _subjects(text: str) -> tuple[str, ...]:
    """Split at semicolons; each subject once, in the order of their coming."""
    return tuple(dict.fromkeys(subject for part in text.split(";") if (subject := part.strip())))
