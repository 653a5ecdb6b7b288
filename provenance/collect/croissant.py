"""Croissant in: a local description of a dataset becomes a folder, the names of its pictures, and a table.

The description must lie in the folder of its files. Only what it describes is taken, and nothing is ever fetched:
what lies at an address has to be brought first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from provenance.collect.croissant_document import Document, Field, Origin, RecordSet, read_document
from provenance.collect.croissant_files import Files
from provenance.collect.croissant_table import Sheet, column_for, inline, licence_text, lines_of, to_table
from provenance.collect.folder import Listing
from provenance.collect.item import Known, M
from provenance.collect.licence import spdx_expression
from provenance.collect.match import match
from provenance.collect.read import Collection
from provenance.collect.table import Row, Table
from provenance.digest import Digest
from provenance.errors import UsageError
from provenance.picture import PIXEL_LIMIT, Picture
from provenance.settings import processors

_SEPARATORS: Final = {"text/csv": ",", "text/tsv": "\t", "text/tab-separated-values": "\t"}
_PROPERTIES: Final = frozenset({"filename", "fullpath", "filepath"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Croissant:
    """What a description says, ready to be collected."""

    folder: Path
    """Where the description and its files lie, resolved."""
    listing: Listing
    """The pictures that its file sets hold; those that only rows name come in with the rows."""
    table: Table
    licence: str | None
    """For works without one: an SPDX expression."""
    creator: str | None
    source: str | None
    merkle_root: str | None
    """The root that the works should have, where an archive wrote the description: 64 hex digits."""
    remarks: tuple[str, ...]
    """What was not understood."""


def read_croissant(path: Path) -> Croissant:
    """Read the description at `path`. Raises NotFoundError, and UsageError where it cannot be followed.

    In a description that an archive wrote, what is empty was not known: it has no defaults.
    """
    document = read_document(path)
    reader = _Reader(document, path)
    table, names = reader.table(), reader.names()
    if not table.rows and not names:
        message = f"{path} describes no pictures here: no FileSet, FileObject or table of it leads to any. Bring them."
        raise UsageError(message)
    if document.merkle_root is not None:  # every work has its row; other pictures in the folder are none
        names &= {row.file for row in table.rows}
    everything = reader.files.everything
    listing = replace(
        everything,
        names=tuple(name for name in everything.names if name in names),
        refusals=tuple(refusal for refusal in everything.refusals if refusal.name in names),
        skipped=0,
    )
    licence, remarks = _licence(document)
    told = document.merkle_root is None
    return Croissant(
        folder=reader.files.folder,
        listing=listing,
        table=table,
        licence=licence if told else None,
        creator=document.creators[0] if told and len(document.creators) == 1 else None,
        source=document.url if told else None,
        merkle_root=document.merkle_root,
        remarks=(*remarks, *_remarks(document)) if told else (),
    )


def collect_croissant(
    croissant: Croissant,
    *,
    measure: Callable[[Picture], M],
    known: Callable[[Digest], Known | None] = lambda _: None,
    look: Callable[[str, bytes], object] = lambda _name, _data: None,
    workers: int = 0,
    limit: int = PIXEL_LIMIT,
) -> "Collection[M]":
    """Read the pictures that `croissant` describes, and no others of its folder; the rest as in `read.collect`."""
    plan = match(croissant.listing, croissant.table)
    workers = workers or processors()
    return Collection(plan, measure=measure, known=known, look=look, workers=workers, limit=limit)


def root_remark(croissant: Croissant, merkle_root: str) -> str | None:
    """Say that the works that came in are not those which an archive described; None where they are, or nobody said."""
    if croissant.merkle_root in {None, merkle_root}:
        return None
    return (
        f"The Merkle root is not that of the description ({croissant.merkle_root}): works are missing, were changed "
        "or renamed, or consent has ended since."
    )


class _Reader:
    """Follows a description to the files of its folder."""

    def __init__(self, document: Document, path: Path) -> None:
        self._document = document
        self._name = path.name
        self._fields = {field.id: field for each in document.record_sets for field in each.fields}
        self.files = Files(document, path)

    def table(self) -> Table:
        """Join the rows of all record sets that describe pictures."""
        tables = [table for each in self._document.record_sets if (table := self._rows(each)) is not None]
        if len(tables) == 1:
            return tables[0]
        rows = tuple(row for table in tables for row in table.rows)
        return Table(name=self._name, columns=(), rows=rows or tuple(self._single_files()))

    def names(self) -> frozenset[str]:
        """Name the pictures of the file sets that fields show, or of all sets where there is no record set."""
        sets = [each.id for each in self._document.resources.values() if each.is_set]
        if self._document.record_sets:
            shown = {field.origin.of for field in self._fields.values()}
            shown |= {reference.of for field in self._fields.values() for reference in field.references}
            sets = [each for each in sets if each in shown]
        return frozenset(name for each in sets for name in self.files.of_set(each))

    def _rows(self, record_set: RecordSet) -> Table | None:
        """Read a record set, if its records tell of pictures."""
        columns = {field.origin.column: field for field in record_set.fields if field.origin.column}
        if record_set.data is not None:
            columns = {field.name: field for field in record_set.fields}
        found = self._file_column(columns)
        if found is None:
            return None
        column, resolve = found
        sheet = self._sheet(record_set, columns, column)
        if not sheet.lines or column not in sheet.lines[0]:
            message = f"{sheet.name} has no column {column!r}, which {self._name} says it has. Bring the right table."
            raise UsageError(message)
        return to_table(sheet, column, resolve)

    def _sheet(self, record_set: RecordSet, columns: Mapping[str, Field], column: str) -> Sheet:
        if record_set.data is not None:
            return inline(record_set, name=self._name)
        field = columns[column]
        if field.origin.changed:
            message = (
                f"The field {field.id} changes what it reads, which prov does not do. Write the paths as they are."
            )
            raise UsageError(message)
        resource = self.files.resource(field.origin.of)
        separator = next((_SEPARATORS[each] for each in resource.formats if each in _SEPARATORS), None)
        if separator is None:
            formats = ", ".join(resource.formats) or "no encodingFormat"
            raise UsageError(f"{resource.id} is a table of {formats}; CSV and TSV can be read. Save it as CSV.")
        path = self.files.path(resource)
        lines = lines_of(self.files.read(path, resource), name=path.name, separator=separator)
        same = {name: each for name, each in columns.items() if each.origin.of == resource.id}
        return Sheet(name=path.name, lines=lines, columns=same)

    def _file_column(self, columns: Mapping[str, Field]) -> tuple[str, Callable[[str], str]] | None:
        """Find the column that names the files, and how its cells become paths from the folder."""
        for column, field in columns.items():
            for origin in self._joined(field):
                return column, self._resolver(origin)
        image = next((name for name, field in columns.items() if "ImageObject" in field.types), None)
        found = image or column_for(columns, "file")
        if found is None or any(each.of in self._fields for each in columns[found].references):
            return None  # no pictures, or those of another record set
        return found, lambda cell: cell

    def _joined(self, field: Field) -> Iterator[Origin]:
        """Give the properties of files that a column is joined with, in either direction."""
        for reference in field.references:
            yield from self._of_files(reference)
        for other in self._fields.values():
            for reference in other.references:
                by_column = reference.of == field.origin.of and reference.column == field.origin.column
                if reference.of == field.id or (by_column and reference.column is not None):
                    yield from self._of_files(other.origin)

    def _of_files(self, origin: Origin) -> Iterator[Origin]:
        if origin.of in self._fields:
            origin = self._fields[origin.of].origin
        resource = self._document.resources.get(origin.of or "")
        if resource is None or not resource.is_set or origin.file_property not in _PROPERTIES:
            return
        if origin.changed:
            message = (
                f"{self._name} joins the files of {resource.id} by a part of their names (transform). Write them out."
            )
            raise UsageError(message)
        yield origin

    def _resolver(self, origin: Origin) -> Callable[[str], str]:
        assert origin.of is not None
        resource = self._document.resources[origin.of]
        root = self.files.root(resource)
        if origin.file_property != "filename":
            return lambda cell: str(root / cell)
        places: dict[str, list[str]] = {}
        for name in self.files.of_set(origin.of):
            places.setdefault(PurePosixPath(name).name, []).append(name)

        def by_name(cell: str) -> str:
            found = places.get(cell, [cell])
            if len(found) > 1:
                message = f"{self._name} names {cell}, and {resource.id} has it twice: {found[0]} and {found[1]}."
                raise UsageError(f"{message} Join by fullpath instead.")
            return found[0]

        return by_name

    def _single_files(self) -> Iterator[Row]:
        """Take the pictures that are described one by one, where nothing else describes any."""
        images = (each for each in self._document.resources.values() if not each.is_set)
        for number, resource in enumerate(images, 1):
            if any(each.startswith("image/") for each in resource.formats):
                name = self.files.path(resource).relative_to(self.files.folder).as_posix()
                yield Row(number=number, file=name, sha256=self.files.digest(resource))


def _licence(document: Document) -> tuple[str | None, tuple[str, ...]]:
    """Take the one licence of the dataset; of several nobody says which holds for which work."""
    if not document.licences:
        return None, ()
    if len(document.licences) > 1:
        return None, (f"The description names {len(document.licences)} licences, and not which works they are of.",)
    try:
        return spdx_expression(licence_text(document.licences[0])), ()
    except UsageError as error:
        return None, (f"The licence of the dataset is not taken over: {error}",)


def _remarks(document: Document) -> Iterator[str]:
    if document.usage:
        yield "The description sets terms of use (usageInfo), which prov does not interpret: read them."
    if len(document.creators) > 1:
        yield f"The description names {len(document.creators)} creators, and not which works they made."
