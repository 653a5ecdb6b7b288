"""The works that a model learnt from, and works of the same datasets that it did not: what it is compared with."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.learnt import learnt_sets, members
from provenance.digest import Digest
from provenance.schema import Edge, Node, Role
from provenance.train.pictures import Preprocessing, Source, prepare
from provenance.words import Truth

_PART: Final = 500

_SIDE: Final = 128
"""Pixels a side that pictures are compared at where nobody recorded how the training saw them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWork:
    """A work with what is needed to see it as a training did."""

    row: int
    uid: str
    name: str
    """Its title, else what its file is called."""
    creator: str | None
    pixels_digest: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What lies behind a model."""

    learnt: tuple[KnownWork, ...]
    unseen: tuple[KnownWork, ...]
    """Works of the same datasets, in any version, with pixels that no training work has."""
    claimed: bool
    """Whether it is only claimed that the model learnt from them."""
    preprocessing: Preprocessing
    recorded: bool
    """Whether a training recorded that preprocessing."""


def behind(session: Session, model: int) -> Behind:
    """Find what lies behind the model in row `model`: its own works, else those of what it was derived from."""
    own = learnt_sets(session, model)
    rows = [link.node for link in own]
    learnt = tuple(_works(session, members(rows)))
    pixels = {work.pixels_digest for work in learnt}
    unseen = _works(session, members(_versions(session, rows)))
    preprocessing = _preprocessing(session, model)
    return Behind(
        learnt=learnt,
        unseen=tuple(_distinct(work for work in unseen if work.pixels_digest not in pixels)),
        claimed=any(link.truth is Truth.CLAIMED for link in own),
        preprocessing=preprocessing or Preprocessing(size=_SIDE),
        recorded=preprocessing is not None,
    )


def seen(
    works: Sequence[KnownWork],
    preprocessing: Preprocessing,
    *,
    limit: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> Iterator[tuple[list[int], NDArray[np.uint8]]]:
    """Give works as a training sees them, some at a time: their places, and uint8 (n, side, side, 3).

    Those whose files are gone, changed or no pictures are left out.
    """
    for start in range(0, len(works), _PART):
        part = works[start : start + _PART]
        prepared = prepare([work.source for work in part], preprocessing, limit=limit)
        progress(start + len(part))
        yield [start + place for place in prepared.kept], prepared.pixels


def twins(works: Sequence[KnownWork], numbers: dict[str, int]) -> NDArray[np.int64]:
    """Give works numbers by their pixels: the same pixels, the same number; `numbers` remembers them."""
    return np.array([numbers.setdefault(work.pixels_digest, len(numbers)) for work in works], np.int64)


def _versions(session: Session, sets: Sequence[int]) -> list[int]:
    """Name all versions of the datasets that the sets are, or are selected from."""
    version, selection = schema.DatasetVersion, schema.Selection
    direct = session.scalars(select(version.dataset_id).where(version.id.in_(sets)))
    chosen = select(version.dataset_id).join(selection, selection.version_id == version.id)
    datasets = {*direct, *session.scalars(chosen.where(selection.id.in_(sets)))}
    return list(session.scalars(select(version.id).where(version.dataset_id.in_(datasets))))


def _works(session: Session, chosen: Select[int]) -> Iterator[KnownWork]:
    work = schema.Work
    columns = (work.id, Node.uid, work.name, work.title, work.creator, work.file_digest, work.pixels_digest)
    query = select(*columns).join(Node, Node.id == work.id).where(work.id.in_(chosen)).order_by(Node.uid)
    rows = session.execute(query).all()
    paths: dict[int, list[Path]] = {}
    place = schema.WorkLocation
    for start in range(0, len(rows), _PART):
        some = [row.id for row in rows[start : start + _PART]]
        seen_at = select(place.work_id, place.path).where(place.work_id.in_(some)).order_by(place.seen_at.desc())
        for work_id, path in session.execute(seen_at):
            paths.setdefault(work_id, []).append(Path(path))
    for row in rows:
        yield KnownWork(
            row=row.id,
            uid=row.uid,
            name=row.title or row.name,
            creator=row.creator,
            pixels_digest=row.pixels_digest,
            source=Source(name=row.name, digest=Digest(row.file_digest), paths=tuple(paths.get(row.id, ()))),
        )


def _distinct(works: Iterator[KnownWork]) -> Iterator[KnownWork]:
    pixels: set[str] = set()
    for work in works:
        if work.pixels_digest not in pixels:
            pixels.add(work.pixels_digest)
            yield work


def _preprocessing(session: Session, model: int) -> Preprocessing | None:
    """Read how the model's own training saw works."""
    training = schema.Training
    query = select(training.preprocessing).join(Edge, Edge.parent_id == training.id)
    record = session.scalars(query.where(Edge.child_id == model, Edge.role == Role.TRAINING.value)).first()
    return None if record is None else Preprocessing.from_record(record)
