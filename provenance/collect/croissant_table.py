"""Records of a Croissant description as rows of the one table that collecting reads.

The columns are renamed and the file cells resolved; then `collect.table` reads them, so that what is wrong with a cell
is found by the same rules, and said in the same words, as in a table of one's own.
"""

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.collect.croissant_document import Field, RecordSet, text_of
from provenance.collect.licence import spdx_expression
from provenance.collect.table import COLUMNS, Table, parse_table
from provenance.errors import UsageError

_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "file": frozenset({"file", "image", "path", "filename", "file_name", "filepath", "image_path", "image_file"}),
    "title": frozenset({"title", "name"}),
    "creator": frozenset({"creator", "author", "artist", "creators", "authors"}),
    "licence": frozenset({"licence", "license", "licenses"}),
    "source": frozenset({"source", "url", "source_url", "landing_page"}),
    "category": frozenset({"category", "genre"}),
    "subjects": frozenset({"subjects", "keywords", "tags"}),
    "series": frozenset({"series"}),
    "sha256": frozenset({"sha256"}),
    "consent": frozenset({"consent"}),
}
"""By which names of fields a column of ours is known."""

_MEANINGS: Final[Mapping[str, str]] = {
    "contentUrl": "file",
    "name": "title",
    "creator": "creator",
    "author": "creator",
    "license": "licence",
    "url": "source",
    "genre": "category",
    "keywords": "subjects",
    "sha256": "sha256",
}
"""By which properties of schema.org."""

_COMMONS: Final = re.compile(
    r"https?://creativecommons\.org/licenses/([a-z-]+)/(\d\.\d)(?:/([a-z]{2,3}))?(?:/.*)?", re.IGNORECASE
)
_ZERO: Final = re.compile(r"https?://creativecommons\.org/publicdomain/zero/1\.0(?:/.*)?", re.IGNORECASE)
_SPDX: Final = re.compile(r"https?://spdx\.org/licenses/([A-Za-z0-9.+-]+?)(?:\.html|\.json)?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A record set as lines of cells, the heading first."""

    name: str
    """What sentences call it."""
    lines: tuple[Sequence[str], ...]
    columns: Mapping[str, Field]
    """Which field has its values from which column of the heading."""


def lines_of(data: bytes, *, name: str, separator: str) -> tuple[Sequence[str], ...]:
    """Read the bytes of a CSV or TSV file. Raises UsageError."""
    try:
        text = data.decode("utf-8-sig")
        return tuple(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except (UnicodeDecodeError, csv.Error) as cause:
        raise UsageError(
            f"The table {name} cannot be read: {cause}. Save it as CSV in UTF-8, then call again."
        ) from cause


def inline(record_set: RecordSet, *, name: str) -> Sheet:
    """Take the records that are written in the description itself."""
    assert record_set.data is not None
    heading = [field.name for field in record_set.fields]
    cells = (
        [text_of(record.get(field.id, record.get(field.name))) or "" for field in record_set.fields]
        for record in record_set.data
    )
    columns = {field.name: field for field in record_set.fields}
    return Sheet(name=name, lines=(heading, *cells), columns=columns)


def column_for(fields: Mapping[str, Field], wanted: str) -> str | None:
    """Find the column whose field is known to be our column `wanted`: by its own name, its meaning, or an alias."""
    if wanted in fields:
        return wanted
    meant = (name for name, field in fields.items() if wanted in {_MEANINGS.get(each) for each in field.means})
    named = (name for name, field in fields.items() if field.name.lower() in _NAMES[wanted])
    return next(meant, next(named, None))


def to_table(sheet: Sheet, file_column: str, resolve: Callable[[str], str]) -> Table:
    """Read the rows, with our names for their columns; `resolve` turns a file cell into a path from the folder.

    Columns that no field describes are read all the same: a `no` in them must not be lost. Raises UsageError.
    """
    heading = list(sheet.lines[0]) if sheet.lines else []
    ours = _renamed(heading, sheet, file_column)
    at, licence = heading.index(file_column), ours.index("licence") if "licence" in ours else None
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(ours)
    for line in sheet.lines[1:]:
        cells = list(line)
        if at < len(cells) and cells[at].strip():
            cells[at] = resolve(cells[at].strip())
        if licence is not None and licence < len(cells):
            cells[licence] = licence_text(cells[licence])
        writer.writerow(cells)
    return parse_table(text.getvalue().encode("utf-8", "surrogatepass"), name=sheet.name)


def licence_text(text: str) -> str:
    """Write the address of a licence as the SPDX expression that it stands for; anything else stays as it is."""
    written = text.strip()
    if _ZERO.fullmatch(written):
        return "CC0-1.0"
    if found := _COMMONS.fullmatch(written):
        parts = ("CC", found[1].upper(), found[2], *([found[3].upper()] if found[3] and len(found[3]) == 2 else []))
        return _known("-".join(parts)) or text
    if found := _SPDX.fullmatch(written):
        return _known(found[1]) or text
    return text


def _known(identifier: str) -> str | None:
    try:
        return spdx_expression(identifier)
    except UsageError:
        return None


def _renamed(heading: Sequence[str], sheet: Sheet, file_column: str) -> list[str]:
    own = {name: name.strip().lower() for name in heading}
    taken = {"license": "licence"}
    names = {name: ours for name, low in own.items() if (ours := taken.get(low, low)) in COLUMNS and ours != "file"}
    names[file_column] = "file"
    for wanted in COLUMNS:
        if wanted in names.values():
            continue
        free = {name: field for name, field in sheet.columns.items() if name not in names}
        if (column := column_for(free, wanted)) is not None:
            names[column] = wanted
    for name in names.keys() & sheet.columns.keys():
        _refuse_changed(sheet.columns[name], sheet.name)
    # What is called `file` and is not the file would be taken for it.
    return [names.get(name, f"{name}_" if own[name] == "file" else name) for name in heading]


def _refuse_changed(field: Field, name: str) -> None:
    if field.origin.changed:
        message = (
            f"The field {field.id} changes what it reads from {name} (transform or format), which prov does not do. "
            "Write the values into a table as they are to be read."
        )
        raise UsageError(message)
