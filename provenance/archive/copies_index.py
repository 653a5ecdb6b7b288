"""The index of the copies check, kept level with the database by whoever opens it first; the others read it meanwhile.

The database is the truth. The index lies in the archive's folder `index`, one for works and one for artworks; one
that is lost, damaged or of other data is made anew, and `notice` says so. Nothing is ever withdrawn from the database,
so nothing is taken out of the index.
"""

import contextlib
import fcntl
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance.archive.features import METHODS, kept
from provenance.compare.boxes import boxes_of
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import unpack_colour
from provenance.compare.look import GREY, unpack_grey
from provenance.compare.manifest import IndexFolderError
from provenance.compare.shape import WHITENING_DIGEST, shapes_of
from provenance.compare.stored import Stored
from provenance.compare.storing import Storing
from provenance.errors import DamagedArchiveError, StoreError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import PROJECTION_DIGEST, Projection, unpack_many
from provenance.fingerprint.local import LENGTH, LocalFeatures
from provenance.fingerprint.local import NAME as POINTS
from provenance.schema import Feature, Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_PAGE: Final = 8_000  # rows of features: what is held at once
_ASKED: Final = 500
_HEAD: Final = 8  # bytes of packed points before the first
_POINT: Final = LENGTH + 8


class CopiesIndex:
    """The index of one kind of picture; `only` some, by row, make one that goes when the program does."""

    def __init__(self, archive: "Archive", kind: Kind, *, only: Collection[int] | None = None) -> None:
        """Read nothing yet."""
        self._database = archive.database
        self.folder = archive.folder / "index" / f"copies-{kind.value}"
        """Where it lies; there may be nothing yet."""
        self._kind = kind
        self._only = None if only is None else frozenset(only)
        self._projection = Projection.load()
        self._made_for = {
            "kind": kind.value,
            "features": " ".join(METHODS),
            "projection": str(PROJECTION_DIGEST),
            "shapes": str(WHITENING_DIGEST),
        }
        self.notice: str | None = None
        """A sentence where the index had to be made anew, or could not be kept."""

    def level(self, progress: Callable[[int, int], None] = lambda _done, _total: None) -> Stored:
        """Open the index as the database is now; what is new is taken up first, for which others are waited for.

        Where nothing can be written to the archive's folder, an index is made that this program keeps to itself.
        Raises DamagedArchiveError where features in the database cannot be read, StoreError where no disk has room.
        """
        if self._only is None:
            there = self._there()
            if there is not None and there.noted:
                return there
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                with _alone(self.folder):
                    return self._caught_up(self.folder, progress)
            except OSError as cause:
                if there is not None:
                    return there
                reason = cause.strerror or str(cause)
                self.notice = f"The index {self.folder} cannot be kept ({reason}); it is made again each time."
        try:
            with tempfile.TemporaryDirectory(prefix="prov-index-") as scratch:
                return self._caught_up(Path(scratch), progress)  # what is mapped stays after its name has gone
        except OSError as cause:
            message = f"No index can be made in {tempfile.gettempdir()}: {cause.strerror or cause}. Make room there."
            raise StoreError(message) from cause

    def _there(self) -> Stored | None:
        """Open the index as it lies, if it is level with the database."""
        try:
            stored = self._open(self.folder)
        except IndexFolderError:
            return None
        return stored if self._is_level(stored) else None

    def _open(self, folder: Path) -> Stored:
        return Stored.open(folder, self._made_for, length=self._projection.length)

    def _caught_up(self, folder: Path, progress: Callable[[int, int], None]) -> Stored:
        storing = Storing(folder, self._made_for, length=self._projection.length)
        if self._is_strange(storing.manifest.seen, storing.manifest.anchor):
            storing.restart(f"The index {folder} knows pictures that the database does not, and is made anew from it.")
        self.notice = storing.anew or self.notice
        if self._only is not None:
            self._take_only(storing, sorted(self._only))
        while self._only is None and self._take_up(storing):
            pass
        storing.finish(seen=storing.manifest.seen, anchor=storing.manifest.anchor)  # where nothing was new, too
        storing.encode(self._points, progress)
        return self._open(folder)

    def _is_level(self, stored: Stored) -> bool:
        manifest = stored.manifest
        with self._database.read() as session:
            newest = session.scalar(select(func.max(Feature.id))) or 0
        return stored.whole and newest == manifest.seen and not self._is_strange(manifest.seen, manifest.anchor)

    def _is_strange(self, seen: int, anchor: str) -> bool:
        """Tell whether the database has another row where the index ends, or none: an older backup was restored."""
        with self._database.read() as session:
            return bool(seen) and _anchor(session, seen) != anchor

    def _take_up(self, storing: Storing) -> bool:
        """Append the pictures of one page of rows; False at the end."""
        query = select(Feature.id, Feature.node_id).where(Feature.id > storing.manifest.seen)
        with self._database.read() as session:
            page = session.execute(query.order_by(Feature.id).limit(_PAGE)).all()
            if not page:
                return False
            nodes = np.unique([row.node_id for row in page])
            fresh = nodes[~np.isin(nodes, storing.rows()["node"])].tolist()
            self._add(session, storing, fresh)
            anchor = _anchor(session, page[-1].id)
        storing.finish(seen=page[-1].id, anchor=anchor)
        return True

    def _take_only(self, storing: Storing, nodes: list[int]) -> None:
        for start in range(0, len(nodes), _PAGE // len(METHODS)):
            with self._database.read() as session:
                self._add(session, storing, nodes[start : start + _PAGE // len(METHODS)])

    def _add(self, session: Session, storing: Storing, nodes: list[int]) -> None:
        """Append those of some nodes that are of this kind and have all features."""
        for start in range(0, len(nodes), _ASKED):
            found = complete(session, self._kind, among=nodes[start : start + _ASKED])
            if found:
                sizes, whole = _sizes(session, list(found)), dict(kept(session, list(found), EMBEDDING))
                vectors = self._projection.project(unpack_many(b"".join(whole[row] for row in found)))
                shapes = self._shapes(session, found)
                storing.add(list(found), list(found.values()), [sizes[row] for row in found], vectors, shapes)

    def _shapes(self, session: Session, found: Mapping[int, str]) -> list[NDArray[np.float32]]:
        grey, colour = dict(kept(session, list(found), GREY)), dict(kept(session, list(found), COLOUR))
        shapes = []
        for row, uid in found.items():
            try:
                boxes = boxes_of(unpack_grey(grey[row]).astype(np.float32))
                shapes.append(shapes_of(unpack_colour(colour[row]), boxes).vectors)
            except DamagedArchiveError as damaged:
                message = f"The {self._kind.value} {uid} cannot be compared. {damaged}"
                raise DamagedArchiveError(message) from damaged
        return shapes

    def _points(self, nodes: NDArray[np.int64]) -> Iterator[LocalFeatures]:
        for start in range(0, len(nodes), _ASKED):
            some = nodes[start : start + _ASKED].tolist()
            with self._database.read() as session:
                held = dict(kept(session, some, POINTS))
            for row in some:
                try:
                    yield LocalFeatures.from_bytes(held.get(row, b""))
                except DamagedArchiveError as damaged:
                    raise DamagedArchiveError(f"{self._named(row)} cannot be compared. {damaged}") from damaged

    def _named(self, row: int) -> str:
        with self._database.read() as session:
            return f"The {self._kind.value} {session.scalar(select(Node.uid).where(Node.id == row))}"


def complete(session: Session, kind: Kind, *, among: Collection[int]) -> dict[int, str]:
    """Name those pictures among some nodes that have all features, row to uid. `features.fill` makes up for others."""
    query = (
        select(Node.id, Node.uid)
        .join(Feature, Feature.node_id == Node.id)
        .where(Node.kind == kind.value, Node.id.in_(among), Feature.method.in_(METHODS))
        .group_by(Node.id, Node.uid)
        .having(func.count(Feature.id) == len(METHODS))
        .order_by(Node.id)
    )
    return dict(session.execute(query).all())


def _sizes(session: Session, nodes: list[int]) -> dict[int, int]:
    """Say how many points pictures have, from how long they are."""
    query = select(Feature.node_id, func.length(Feature.data))
    found = session.execute(query.where(Feature.method == POINTS, Feature.node_id.in_(nodes)))
    return {row: (length - _HEAD) // _POINT for row, length in found}


def _anchor(session: Session, row: int) -> str:
    query = select(Node.uid, Feature.method).join(Node, Node.id == Feature.node_id).where(Feature.id == row)
    return " ".join(session.execute(query).one_or_none() or ())


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one program write; others wait until it is done."""
    with (folder / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
