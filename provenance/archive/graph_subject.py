"""What people type to name the start of a walk: the beginning of an id, or the name of a dataset, model or person."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.labels import labels
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind, Node

_DIGITS = 64
"""Of a whole id."""

_LISTED = 5

_NAME = re.compile("[^\0\ud800-\udfff]{1,1000}")

_APART = "Type one of these ids, or dataset:, model: or person: before the name."


def subject(session: Session, typed: str) -> Node:
    """Find the node that `typed` names.

    It is the beginning of an id; the name of a dataset or of a model, then the latest of that name, or NAME@2 for
    one version; or the name of a person. With `dataset:`, `model:` or `person:` before it, a name means only that.
    Raises NotFoundError when there is none, UsageError when there are several.
    """
    text = typed.strip()
    found = {node.id: node for node in _by_id(session, text)}
    if not found or len(text) < _DIGITS:  # a whole id that is there means nothing else
        found |= {node.id: node for node in _by_name(session, text)}
    if not found:
        raise NotFoundError(_nothing(text))
    if len(found) > 1:
        listed = "; ".join(_choices(session, list(found.values())))
        raise UsageError(f"{_short(text)} may mean several things: {listed}. {_APART}")
    return next(iter(found.values()))


def _by_id(session: Session, text: str) -> Iterator[Node]:
    prefix = text.lower()
    if 4 <= len(prefix) <= _DIGITS and set(prefix) <= set("0123456789abcdef"):
        query = select(Node).where(Node.uid >= prefix, Node.uid < prefix + "g").order_by(Node.uid)
        yield from session.scalars(query.limit(_LISTED + 1))


def _by_name(session: Session, text: str) -> Iterator[Node]:
    if not _NAME.fullmatch(text):
        return  # it can be no name: no database takes such a text
    found = [node for search in _SEARCHES.values() for node in search(session, text)]
    kind, colon, name = text.partition(":")
    if not found and colon and kind in _SEARCHES:
        found = list(_SEARCHES[kind](session, name.strip()))
    yield from found


def _people(session: Session, name: str) -> Iterable[Node]:
    query = select(Node).join(schema.Contributor, schema.Contributor.id == Node.id)
    return session.scalars(query.where(schema.Contributor.name == name))


def _datasets(session: Session, text: str) -> Iterable[Node]:
    name, at, version = text.rpartition("@")
    if at and re.fullmatch("[0-9]{1,9}", version):
        return session.scalars(_dataset(name).where(schema.DatasetVersion.number == int(version)))
    return session.scalars(_dataset(text).limit(1))


def _models(session: Session, text: str) -> Iterable[Node]:
    latest = session.scalars(_model(text).limit(1)).all()
    name, at, version = text.rpartition("@")
    if latest or not at:
        return latest
    return session.scalars(_model(name).where(schema.Model.version == version).limit(_LISTED + 1))


_SEARCHES: Mapping[str, Callable[[Session, str], Iterable[Node]]] = {
    "dataset": _datasets,
    "model": _models,
    "person": _people,
}
"""How names are looked up; people may put the word and a colon before a name that means several things."""


def _dataset(name: str) -> Select[Node]:
    version, dataset = schema.DatasetVersion, schema.Dataset
    query = select(Node).join(version, version.id == Node.id).join(dataset, dataset.id == version.dataset_id)
    return query.where(dataset.name == name).order_by(version.number.desc())


def _model(name: str) -> Select[Node]:
    query = select(Node).join(schema.Model, schema.Model.id == Node.id)
    return query.where(schema.Model.name == name).order_by(Node.id.desc())


def _choices(session: Session, found: list[Node]) -> Iterator[str]:
    named = labels(session, {node.id: Kind(node.kind) for node in found[:_LISTED]})
    for node in found[:_LISTED]:
        yield f"{node.uid[: nodes.SHORT]} ({node.kind}: {named[node.id]})"
    if len(found) > _LISTED:
        yield "and more"


def _nothing(text: str) -> str:
    if 4 <= len(text) <= _DIGITS and set(text.lower()) <= set("0123456789abcdef"):
        return f"This archive has nothing with the id {text}. `prov list` shows what there is."
    return (
        f"{_short(text)} is not an id, and no dataset, model or person is called that. "
        "Give at least the first 4 hex digits of an id (`prov list` shows them), or a whole name."
    )


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 80 else f"{shown[:76]}...'"
