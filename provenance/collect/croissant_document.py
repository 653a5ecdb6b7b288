"""A Croissant description as plain values: what it says of files, of tables, and of rights. Nothing is fetched.

Croissant 1.0 and 1.1 (docs.mlcommons.org/croissant) are JSON-LD of one fixed shape; that shape is read, with the
prefixes that are in use, and no context is resolved.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from provenance.errors import NotFoundError, UsageError

MERKLE_ROOT: Final = "urn:provenance-archive:merkle-root"
"""What an identifier is called that is the Merkle root of the works."""

SUFFIX: Final = ".json"
"""By which a description is told from a folder of pictures."""

_LARGEST: Final = 1 << 28
_PREFIXES: Final = (
    *("http://mlcommons.org/croissant/", "https://mlcommons.org/croissant/", "http://mlcommons.org/schema/"),
    *("https://schema.org/", "http://schema.org/", "http://purl.org/dc/terms/"),
    *("cr:", "ml:", "sc:", "schema:", "dct:"),
)
_VERSION: Final = re.compile(r"https?://mlcommons\.org/croissant/(\d+\.\d+)/?")
_READ: Final = frozenset({"0.8", "1.0", "1.1"})
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A FileObject (one file) or a FileSet (files by patterns)."""

    id: str
    is_set: bool
    place: str | None
    """The contentUrl."""
    formats: tuple[str, ...]
    sha256: str | None
    containers: tuple[str, ...]
    includes: tuple[str, ...]
    excludes: tuple[str, ...]

    @property
    def is_url(self) -> bool:
        """Tell whether it lies somewhere else."""
        return self.place is not None and _URL.match(self.place) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a field has its values from, or what it refers to."""

    of: str | None
    """A FileObject, FileSet, RecordSet or Field."""
    column: str | None = None
    file_property: str | None = None
    changed: bool = False
    """Whether values are transformed, or taken from inside a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a record set."""

    id: str
    name: str
    types: frozenset[str]
    origin: Origin
    references: tuple[Origin, ...]
    means: frozenset[str]
    """The properties of schema.org that it is said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSet:
    """Records: from files, or written in the description itself."""

    id: str
    fields: tuple[Field, ...]
    data: tuple[Mapping[str, Any], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All of a description that is read."""

    licences: tuple[str, ...]
    """Of the works; the licence of the description itself (sdLicense) is none of them."""
    creators: tuple[str, ...]
    url: str | None
    merkle_root: str | None
    usage: bool
    """Whether it has terms of use (usageInfo), which are not interpreted."""
    resources: Mapping[str, Resource]
    record_sets: tuple[RecordSet, ...]


def read_document(path: Path) -> Document:
    """Read the description at `path`. Raises NotFoundError, and UsageError for what is no Croissant."""
    dataset = _dataset(_json(path), path)
    _check_version(dataset, path)
    try:
        resources = [_resource(node) for node in _nodes(dataset.get("distribution"))]
        record_sets = tuple(_record_set(node) for node in _nodes(dataset.get("recordSet")))
    except (KeyError, TypeError, AttributeError, RecursionError) as cause:
        message = f"{path} is not a Croissant description that can be read: {cause!r}. Check it with mlcroissant."
        raise UsageError(message) from cause
    ids = [resource.id for resource in resources]
    if repeated := sorted({each for each in ids if ids.count(each) > 1})[:3]:
        raise UsageError(
            f"{path} describes {', '.join(map(repr, repeated))} twice. Give every file and set its own @id."
        )
    return Document(
        licences=tuple(filter(None, (_licence(each) for each in _listed(dataset.get("license"))))),
        creators=tuple(filter(None, (text_of(each) for each in _listed(dataset.get("creator"))))),
        url=text_of(dataset.get("url")),
        merkle_root=_merkle_root(dataset),
        usage=bool(dataset.get("usageInfo")),
        resources={resource.id: resource for resource in resources},
        record_sets=record_sets,
    )


def text_of(value: object) -> str | None:
    """Read a text: plain, language-tagged, the name of a person or thing, a number, or several of them."""
    if isinstance(value, Mapping):
        node = _shortened(value)
        tagged = (text for key, text in node.items() if isinstance(text, str) and not key.startswith("@"))
        return next(
            (text_of(node[key]) for key in ("@value", "name", "url", "@id") if node.get(key)), next(tagged, None)
        )
    if isinstance(value, list):
        return "; ".join(filter(None, map(text_of, value))) or None
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower()
    return str(value).strip() or None


def _json(path: Path) -> Any:  # noqa: ANN401
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(
                f"{path} has more than {_LARGEST >> 20} MiB: too much for a description. Use a table in a file."
            )
        return json.loads(path.read_bytes())
    except FileNotFoundError as cause:
        raise NotFoundError(f"There is no description {path}. Give the path of the Croissant file.") from cause
    except OSError as cause:
        raise UsageError(f"The description {path} cannot be read: {cause.strerror}.") from cause
    except (ValueError, RecursionError) as cause:
        raise UsageError(f"{path} is not JSON, so no Croissant description: {cause}. Bring the whole file.") from cause


def _dataset(document: Any, path: Path) -> dict[str, Any]:  # noqa: ANN401
    graph = _shortened(document).get("@graph") if isinstance(document, dict) else None
    for node in _nodes(graph) if graph is not None else _nodes(document):
        if "Dataset" in _types(node):
            return node
    message = f"{path} describes no dataset: nothing in it has the @type sc:Dataset. Give a Croissant description."
    raise UsageError(message)


def _check_version(dataset: Mapping[str, Any], path: Path) -> None:
    named = [found[1] for text in _texts(dataset.get("conformsTo")) if (found := _VERSION.fullmatch(text))]
    if named and not _READ & set(named):
        message = (
            f"{path} is written for Croissant {named[0]}; 1.0 and 1.1 can be read. Convert it, or use a CSV table."
        )
        raise UsageError(message)


def _resource(node: Mapping[str, Any]) -> Resource:
    return Resource(
        id=_id(node),
        is_set="FileSet" in _types(node),
        place=text_of(node.get("contentUrl")),
        formats=_texts(node.get("encodingFormat")),
        sha256=text_of(node.get("sha256")),
        containers=tuple(filter(None, map(_reference, _listed(node.get("containedIn"))))),
        includes=_texts(node.get("includes")),
        excludes=_texts(node.get("excludes")),
    )


def _record_set(node: Mapping[str, Any]) -> RecordSet:
    data = node.get("data")
    return RecordSet(
        id=_id(node),
        fields=tuple(_fields(node.get("field"))),
        data=None if data is None else tuple(each for each in _listed(data) if isinstance(each, Mapping)),
    )


def _fields(value: object) -> Iterator[Field]:
    for node in _nodes(value):
        yield Field(
            id=_id(node),
            name=(text_of(node.get("name")) or _id(node)).rpartition("/")[2],
            types=frozenset(_short(text) for text in _texts(node.get("dataType"))),
            origin=_origin(node.get("source")),
            references=tuple(_origin(each) for each in _listed(node.get("references"))),
            means=frozenset(_short(text) for text in _texts(node.get("equivalentProperty"))),
        )
        yield from _fields(node.get("subField"))


def _origin(value: object) -> Origin:
    if not isinstance(value, Mapping):
        return Origin(of=value if isinstance(value, str) else None)
    node = _shortened(value)
    extract = next((_shortened(each) for each in _listed(node.get("extract")) if isinstance(each, Mapping)), {})
    of = next(
        (_reference(node[key]) for key in ("fileObject", "fileSet", "recordSet", "field", "@id") if node.get(key)), None
    )
    return Origin(
        of=of,
        column=text_of(extract.get("column")),
        file_property=_short(text_of(extract.get("fileProperty")) or "") or None,
        changed=bool(node.get("transform")) or bool(extract.get("jsonPath")) or bool(node.get("format")),
    )


def _licence(value: object) -> str | None:
    """Read a licence: the address of a document counts, a mere name of several licences does not."""
    if isinstance(value, Mapping):
        node = _shortened(value)
        return text_of(node.get("url") or node.get("identifier") or node.get("@id"))
    return text_of(value)


def _merkle_root(dataset: Mapping[str, Any]) -> str | None:
    for each in _listed(dataset.get("identifier")):
        node = _shortened(each) if isinstance(each, Mapping) else {}
        root = (text_of(node.get("value")) or "").removeprefix("sha256:")
        if text_of(node.get("propertyID")) == MERKLE_ROOT and re.fullmatch("[0-9a-f]{64}", root):
            return root
    return None


def _id(node: Mapping[str, Any]) -> str:
    named = text_of(node.get("@id")) or text_of(node.get("name"))
    if named is None:
        raise KeyError("@id")
    return named


def _reference(value: object) -> str | None:
    return text_of(_shortened(value).get("@id")) if isinstance(value, Mapping) else text_of(value)


def _types(node: Mapping[str, Any]) -> set[str]:
    return {_short(text) for text in _texts(node.get("@type"))}


def _texts(value: object) -> tuple[str, ...]:
    found = (
        (_reference(each) if isinstance(each, Mapping) and "@id" in each else text_of(each)) for each in _listed(value)
    )
    return tuple(filter(None, found))


def _nodes(value: object) -> list[dict[str, Any]]:
    return [_shortened(each) for each in _listed(value) if isinstance(each, Mapping)]


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _shortened(node: Mapping[str, Any]) -> dict[str, Any]:
    return {_short(key): value for key, value in node.items()}


def _short(name: str) -> str:
    return next((name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix)), name)
