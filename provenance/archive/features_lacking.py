"""Which pictures lack features: found by going through all of them once, then only through those that came later.

Rows are only added, so what had all its features then has them now, if the rows of then are still there: that is made
sure of each time by counting them, which their index answers. What was found is noted in the archive's folder `index`;
without the note, or with one that does not fit the database, all pictures are gone through again.
"""

import contextlib
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from provenance.schema import Feature, Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_NOTES: Final = "features.json"
_NOTED: Final = 500
"""Pictures without features that a note may name; with more there is none."""
_ASKED: Final = 500


def lacking(archive: "Archive", methods: Sequence[str], kinds: Sequence[Kind]) -> list[Node]:
    """Give the pictures of `kinds`, in their order, that lack a feature by one of `methods`."""
    path, of = archive.folder / "index" / _NOTES, " ".join([*kinds, *methods])
    notes = _read(path)
    with archive.database.read() as session:
        before = notes.get(of)
        if before is not None and not before.fits(session, methods):
            before = None
        found = list(_found(session, methods, kinds, before))
        known = (session.scalar(select(func.max(Node.id))) or 0, tuple(node.id for node in found))
        is_news = before is None or known != (before.node, before.lacking)
        now = _Note.taken(session, methods, *known) if is_news and len(found) <= _NOTED else None
        session.expunge_all()
    if now is not None:
        _write(path, {**notes, of: now})
    return found


def lacking_among(session: Session, methods: Sequence[str], kinds: Sequence[Kind], rows: Sequence[int]) -> list[Node]:
    """Do the same for the pictures in some `rows`; they belong to `session`."""
    query = _lacking(methods, kinds)
    parts = (rows[start : start + _ASKED] for start in range(0, len(rows), _ASKED))
    return [node for part in parts for node in session.scalars(query.where(Node.id.in_(part)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Note:
    """What was known: of all pictures up to `node` these were `lacking`, with the features up to `feature`."""

    node: int
    node_anchor: str
    feature: int
    feature_anchor: str
    features: int
    lacking: tuple[int, ...]

    @classmethod
    def taken(cls, session: Session, methods: Sequence[str], node: int, found: tuple[int, ...]) -> "_Note":
        feature = session.scalar(select(func.max(Feature.id))) or 0
        return cls(
            node=node,
            node_anchor=_node_anchor(session, node),
            feature=feature,
            feature_anchor=_feature_anchor(session, feature),
            features=_count(session, methods, feature),
            lacking=found,
        )

    def fits(self, session: Session, methods: Sequence[str]) -> bool:
        """Tell whether the rows of then are there: none was lost, and no older database was put in their place."""
        return (
            _node_anchor(session, self.node) == self.node_anchor
            and _feature_anchor(session, self.feature) == self.feature_anchor
            and _count(session, methods, self.feature) == self.features
        )


def _found(session: Session, methods: Sequence[str], kinds: Sequence[Kind], before: _Note | None) -> Iterator[Node]:
    if before is None:
        yield from session.scalars(_lacking(methods, kinds))
        return
    yield from lacking_among(session, methods, kinds, before.lacking)
    yield from session.scalars(_lacking(methods, kinds).where(Node.id > before.node))


def _lacking(methods: Sequence[str], kinds: Sequence[Kind]) -> Select[Node]:
    has = [exists().where(Feature.node_id == Node.id, Feature.method == method) for method in methods]
    query = select(Node).where(Node.kind.in_([kind.value for kind in kinds]), or_(*(~each for each in has)))
    return query.order_by(Node.id)


def _node_anchor(session: Session, row: int) -> str:
    return session.scalar(select(Node.uid).where(Node.id == row)) or ""


def _feature_anchor(session: Session, row: int) -> str:
    query = select(Node.uid, Feature.method).join(Node, Node.id == Feature.node_id).where(Feature.id == row)
    return " ".join(session.execute(query).one_or_none() or ())


def _count(session: Session, methods: Sequence[str], last: int) -> int:
    query = select(func.count()).select_from(Feature).where(Feature.method.in_(methods), Feature.id <= last)
    return session.scalar(query) or 0


def _read(path: Path) -> dict[str, _Note]:
    """Read the notes; none where they cannot be read."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        return {of: _Note(**{**said, "lacking": tuple(map(int, said["lacking"]))}) for of, said in held.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write(path: Path, notes: Mapping[str, _Note]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    with contextlib.suppress(OSError):  # it only saves time
        path.parent.mkdir(exist_ok=True)
        partial.write_text(json.dumps({of: asdict(note) for of, note in notes.items()}), encoding="utf-8")
        partial.replace(path)
