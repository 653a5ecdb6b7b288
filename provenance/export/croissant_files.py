"""What a Croissant description says of its files and of the records in them."""

import csv
import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Final

from provenance.collect.table import COLUMNS
from provenance.digest import Json
from provenance.export.croissant_tables import DECIDED, DECISIONS, WORKS, Described

_GLOB: Final = re.compile(r"([*?[])")
_MEANS: Final[Mapping[str, str]] = {
    "file": "sc:contentUrl",
    "title": "sc:name",
    "creator": "sc:creator",
    "licence": "sc:license",
    "category": "sc:genre",
    "subjects": "sc:keywords",
    "sha256": "sc:sha256",
}


def distribution(described: Described, tables: Mapping[str, bytes]) -> list[Json]:
    """Describe the tables, whose bytes are given by name, and the set of pictures where they are there."""
    return [*(_file_object(name, data) for name, data in tables.items()), *_file_sets(described)]


def record_sets(described: Described, tables: Mapping[str, bytes]) -> list[Json]:
    """Describe the records: works, decisions, and the pictures where they are there."""
    heading = next(csv.reader(io.StringIO(tables[WORKS].decode(), newline="")))
    extra = {name: "As it was written when the work was added." for name in heading if name not in COLUMNS}
    sets: list[Json] = [
        _record_set("works", "What is known of the works.", WORKS, {**COLUMNS, **extra}),
        _record_set("decisions", "What the archive decided about each work.", DECISIONS, DECIDED),
    ]
    if any(entry.there for entry in described.entries):
        sets.append(_pictures())
    return sets


def _record_set(name: str, description: str, table: str, columns: Mapping[str, str]) -> dict[str, Json]:
    fields = [_field(name, place, column, text, table) for place, (column, text) in enumerate(columns.items())]
    if name != "works":
        fields[0]["references"] = {"field": {"@id": "works/file"}}  # its rows are about works, and bring in none
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "key": {"@id": f"{name}/file"},
        "field": fields,
    }


def _field(record_set: str, place: int, column: str, description: str, table: str) -> dict[str, Json]:
    plain = re.fullmatch("[A-Za-z0-9_-]+", column) is not None
    made: dict[str, Json] = {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column if plain else f'column-{place + 1}'}",
        "name": column,
        "description": description,
        "dataType": "sc:Text",
        "source": {"fileObject": {"@id": table}, "extract": {"column": column}},
    }
    if record_set == "works" and column in _MEANS:
        made["equivalentProperty"] = _MEANS[column]
    return made


def _pictures() -> dict[str, Json]:
    def of_file(name: str, extract: str, kind: str, description: str) -> dict[str, Json]:
        return {
            "@type": "cr:Field",
            "@id": f"pictures-by-file/{name}",
            "name": name,
            "description": description,
            "dataType": kind,
            "source": {"fileSet": {"@id": "pictures"}, "extract": {"fileProperty": extract}},
        }

    file = of_file("file", "fullpath", "sc:Text", "The path of the picture, as in works.csv.")
    return {
        "@type": "cr:RecordSet",
        "@id": "pictures-by-file",
        "name": "pictures-by-file",
        "description": "The pictures themselves.",
        "key": {"@id": "pictures-by-file/file"},
        "field": [
            file | {"references": {"field": {"@id": "works/file"}}},
            of_file("image", "content", "sc:ImageObject", "The picture."),
        ],
    }


def _file_object(name: str, data: bytes) -> dict[str, Json]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "contentUrl": name,
        "contentSize": f"{len(data)} B",
        "encodingFormat": "text/csv",
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def _file_sets(described: Described) -> list[Json]:
    there = [entry for entry in described.entries if entry.there]
    if not there:
        return []
    return [
        {
            "@type": "cr:FileSet",
            "@id": "pictures",
            "name": "pictures",
            "description": "The pictures, byte for byte as they were added.",
            "encodingFormat": sorted({entry.work.media_type for entry in there}),
            "includes": sorted({_pattern(entry.file) for entry in there}),
        }
    ]


def _pattern(file: str) -> str:
    """Write a pattern for all files of the same folder and ending; a file without ending stands for itself."""
    path = PurePosixPath(file)
    name = f"*{_escaped(path.suffix)}" if path.suffix else _escaped(path.name)
    return name if path.parent == PurePosixPath() else f"{_escaped(str(path.parent))}/{name}"


def _escaped(text: str) -> str:
    return _GLOB.sub(r"[\1]", text)
