"""Records found by words, creator, licence, model and date: the newest first, page after page.

Every word must stand somewhere in a record, in any of its texts, in any case. Each kind has a query of its own that
gives one page at most, so that an answer costs no more when there are many.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from sqlalchemy import ColumnElement, Select, Text, and_, func, or_, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.labels import labels
from provenance.archive.search import makers
from provenance.errors import UsageError
from provenance.schema import Edge, Kind, Node, Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

KINDS: Final = (Kind.ARTWORK, Kind.WORK, Kind.MODEL, Kind.DATASET)
"""What can be found by words."""

PAGE: Final = 20
MOST: Final = 1_000
"""Records on one page."""

NO_LICENCE: Final = "none"
"""In place of a licence: those of which none is recorded."""

_WORDS: Final = 16
_LETTERS: Final = 500
_UNSPEAKABLE: Final = re.compile("[\0\ud800-\udfff]")  # no database takes such a text
_SYNTAX: Final = re.compile(r'[\[\]{}",:\\]')

Texts: TypeAlias = InstrumentedAttribute[Any] | ColumnElement[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordQuery:
    """What is looked for. A kind that cannot have what is asked for, such as a dataset a licence, has no answer."""

    words: str = ""
    kinds: tuple[Kind, ...] = KINDS
    creator: str | None = None
    """A part of the name of who made a work, or by whom an artwork is."""
    licence: str | None = None
    """An SPDX name in any case, or `none`; of works and models."""
    model: str | None = None
    """NAME or NAME@VERSION of the model that made an artwork, or of a model itself; in any case."""
    since: datetime | None = None
    """Recorded at that time or later."""
    until: datetime | None = None
    """Recorded before that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record that was found."""

    uid: str
    kind: str
    label: str
    creator: str | None
    """Of a work; of an artwork by whom it is. None where nobody is recorded."""
    licence: str | None
    model: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One page of records, the newest first."""

    records: tuple[Record, ...]
    next: str | None
    """What to give as `before` for the page behind this one; None on the last one."""


def find_records(archive: "Archive", query: RecordQuery, *, count: int = PAGE, before: str | None = None) -> RecordPage:
    """Find records, the newest first; `before` goes on behind the record with that id.

    Raises UsageError for a query that asks for nothing or for too much, NotFoundError for an unknown `before`.
    """
    words = _checked(query, count)
    with archive.database.read() as session:
        last = None if before is None else nodes.find(session, before, kinds=KINDS).id
        found: list[tuple[int, str, Kind, datetime]] = []
        for kind in dict.fromkeys(query.kinds):
            statement = _query(kind, query, words)
            if statement is not None:
                statement = statement if last is None else statement.where(Node.id < last)
                rows = session.execute(statement.order_by(Node.id.desc()).limit(count + 1))
                found += [(row.id, row.uid, kind, row.created_at) for row in rows]
        found.sort(key=lambda each: -each[0])
        records = tuple(_records(session, found[:count]))
    return RecordPage(records=records, next=records[-1].uid if len(found) > count else None)


def _checked(query: RecordQuery, count: int) -> tuple[str, ...]:
    """Split the words, and raise UsageError for what cannot be asked."""
    texts = [query.words, query.creator or "", query.licence or "", query.model or ""]
    if any(_UNSPEAKABLE.search(text) for text in texts):
        raise UsageError("The search has characters that no text in an archive can have. Type it again.")
    longest = max(map(len, texts))
    words = tuple(dict.fromkeys(query.words.split()))
    if longest > _LETTERS or len(words) > _WORDS:
        raise UsageError(
            f"The search has {len(words):,} words and up to {longest:,} characters; {_WORDS} words and {_LETTERS} "
            "characters are possible. Leave some out."
        )
    if not 1 <= count <= MOST:
        raise UsageError(f"{count:,} records are no page; 1 to {MOST:,} are possible.")
    if not any((words, query.creator, query.licence, query.model, query.since, query.until)):
        raise UsageError("Nothing was asked for. Give a word, or --creator, --licence, --model, --since, --until.")
    if query.since and query.until and query.since >= query.until:
        raise UsageError("Nothing can be newer than --since and older than --until: --since has to be the earlier one.")
    return words


def _query(kind: Kind, query: RecordQuery, words: Sequence[str]) -> Select[*tuple[Any, ...]] | None:
    """Ask for one kind; None where it cannot have what is asked for."""
    asked = {"creator": query.creator, "licence": query.licence, "model": query.model}
    told = _FACTS[kind]
    if any(value and name not in told for name, value in asked.items()):
        return None
    statement = _JOINED[kind](select(Node.id, Node.uid, Node.created_at))
    statement = statement.where(*(told[name](value) for name, value in asked.items() if value))
    statement = statement.where(*(_has_word(kind, word) for word in words))
    if query.since is not None:
        statement = statement.where(Node.created_at >= query.since)
    return statement if query.until is None else statement.where(Node.created_at < query.until)


def _has_word(kind: Kind, word: str) -> ColumnElement[bool]:
    """Ask for a word in any text of a record. What is kept as JSON is read without its brackets and commas."""
    plain, as_json = _TEXTS[kind]
    columns: list[Texts] = list(plain)
    if not _SYNTAX.search(word):
        columns += [type_coerce(column, Text) for column in as_json]
    places = [_holds(column, word) for column in columns]
    if kind is Kind.ARTWORK:
        places.append(_by_whom(word))
    return or_(*places)


def _holds(column: Texts, word: str) -> ColumnElement[bool]:
    """Ask whether a text holds `word`, in any case: SQLite knows the cases of ASCII only, so others are spelt out."""
    cases = [word] if word.isascii() else list(dict.fromkeys((word, word.lower(), word.upper(), word.capitalize())))
    return or_(*(column.icontains(case, autoescape=True) for case in cases))


def _by_whom(name: str) -> ColumnElement[bool]:
    person = schema.Contributor
    made = select(Edge.child_id).join(person, person.id == Edge.parent_id)
    return Node.id.in_(made.where(Edge.role == Role.BY.value, _holds(person.name, name)))


def _creator(name: str) -> ColumnElement[bool]:
    return _holds(schema.Work.creator, name)


def _licence(column: Texts) -> Callable[[str], ColumnElement[bool]]:
    def wanted(licence: str) -> ColumnElement[bool]:
        none = licence.strip().lower() == NO_LICENCE
        return column.is_(None) if none else func.lower(column) == licence.strip().lower()

    return wanted


def _model(typed: str) -> ColumnElement[bool]:
    model = schema.Model
    name, at, version = typed.strip().rpartition("@")
    whole = func.lower(model.name) == typed.strip().lower()
    if not at:
        return whole
    return or_(whole, and_(func.lower(model.name) == name.lower(), model.version == version))


def _join_artwork(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    artwork, run, model, brought = schema.Artwork, schema.Run, schema.Model, schema.Import
    statement = statement.join(artwork, artwork.id == Node.id).outerjoin(run, run.id == artwork.run_id)
    statement = statement.outerjoin(model, model.id == run.model_id)
    return statement.outerjoin(brought, brought.artwork_id == artwork.id)


def _join_dataset(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    version, dataset = schema.DatasetVersion, schema.Dataset
    return statement.join(version, version.id == Node.id).join(dataset, dataset.id == version.dataset_id)


_JOINED: Final[Mapping[Kind, Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]]] = {
    Kind.ARTWORK: _join_artwork,
    Kind.WORK: lambda statement: statement.join(schema.Work, schema.Work.id == Node.id),
    Kind.MODEL: lambda statement: statement.join(schema.Model, schema.Model.id == Node.id),
    Kind.DATASET: _join_dataset,
}
_TEXTS: Final[Mapping[Kind, tuple[Sequence[Texts], Sequence[Texts]]]] = {
    Kind.ARTWORK: (
        (schema.Artwork.title, schema.Run.prompt, schema.Model.name, schema.Import.name),
        (schema.Artwork.parameters, schema.Import.claims),
    ),
    Kind.WORK: (
        (schema.Work.title, schema.Work.name, schema.Work.creator, schema.Work.category, schema.Work.series),
        (schema.Work.subjects,),
    ),
    Kind.MODEL: ((schema.Model.name, schema.Model.engine), ()),
    Kind.DATASET: ((schema.Dataset.name,), ()),
}
"""The texts of a kind: those that stand for themselves, and those in JSON."""

_FACTS: Final[Mapping[Kind, Mapping[str, Callable[[str], ColumnElement[bool]]]]] = {
    Kind.ARTWORK: {"creator": _by_whom, "model": _model},
    Kind.WORK: {"creator": _creator, "licence": _licence(schema.Work.licence)},
    Kind.MODEL: {"licence": _licence(schema.Model.licence), "model": _model},
    Kind.DATASET: {},
}


def _records(session: Session, found: Sequence[tuple[int, str, Kind, datetime]]) -> Iterator[Record]:
    """Read what is shown of records, in one query for each kind and fact."""
    texts = labels(session, {row: kind for row, _, kind, _ in found})
    facts = _facts(session, found)
    for row, uid, kind, at in found:
        creator, licence, model = facts.get(row, (None, None, None))
        yield Record(
            uid=uid,
            kind=kind.value,
            label=texts[row],
            creator=creator,
            licence=licence,
            model=model,
            recorded_at=at,
        )


def _facts(
    session: Session, found: Sequence[tuple[int, str, Kind, datetime]]
) -> dict[int, tuple[str | None, str | None, str | None]]:
    """Give creator, licence and model by row."""
    ids = {kind: [row for row, _, its, _ in found if its is kind] for kind in KINDS}
    work, model, artwork, run = schema.Work, schema.Model, schema.Artwork, schema.Run
    works = session.execute(select(work.id, work.creator, work.licence).where(work.id.in_(ids[Kind.WORK])))
    told = {row.id: (row.creator, row.licence, None) for row in works}
    models = session.execute(select(model.id, model.licence, model.name).where(model.id.in_(ids[Kind.MODEL])))
    told |= {row.id: (None, row.licence, row.name) for row in models}
    people = makers(session, ids[Kind.ARTWORK])
    query = select(artwork.id, model.name).outerjoin(run, run.id == artwork.run_id)
    query = query.outerjoin(model, model.id == run.model_id).where(artwork.id.in_(ids[Kind.ARTWORK]))
    return told | {row: (people.get(row), None, name) for row, name in session.execute(query)}
