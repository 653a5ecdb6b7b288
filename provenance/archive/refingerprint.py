"""`prov db fingerprints`: an old archive is given the codes of methods that came later.

A method that was added to `METHODS` compares nothing until works and artworks have its codes. What has them is
left as it is; works are read where they were seen, artworks from the store.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.nodes import SHORT
from provenance.archive.palette import open_work
from provenance.digest import Digest
from provenance.errors import ProvenanceError
from provenance.fingerprint import METHODS, fingerprint_all
from provenance.picture import Picture
from provenance.schema import Fingerprint, Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Refingerprinted:
    """What came of it."""

    pictures: int
    """Works and artworks that got codes which they did not have."""
    problems: tuple[str, ...]
    """Sentences about those that could not be read."""


def refingerprint(
    archive: "Archive", *, progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Refingerprinted:
    """Compute every code that is missing. It can be interrupted and called again."""
    with archive.database.read() as session:
        missing = _missing(session)
    problems: list[str] = []
    waiting: list[dict[str, Any]] = []
    for done, (node, have) in enumerate(missing, 1):
        try:
            waiting += _codes(archive, node, have)
        except ProvenanceError as error:
            problems.append(f"{node.uid[:SHORT]}: {error}")
        if len(waiting) >= _BATCH or done == len(missing):
            _write(archive, waiting)
            waiting = []
        progress(done, len(missing))
    archive.indexes.refresh()
    return Refingerprinted(pictures=len(missing) - len(problems), problems=tuple(problems))


def _missing(session: Session) -> list[tuple[Node, set[str]]]:
    kinds = (Kind.WORK.value, Kind.ARTWORK.value)
    names = [method.name for method in METHODS]
    counted = (
        select(Node)
        .outerjoin(Fingerprint, (Fingerprint.node_id == Node.id) & Fingerprint.method.in_(names))
        .where(Node.kind.in_(kinds))
        .group_by(Node.id)
        .having(func.count(Fingerprint.id) < len(names))
        .order_by(Node.id)
    )
    nodes = session.scalars(counted).all()
    have = select(Fingerprint.method)
    found = [(node, set(session.scalars(have.where(Fingerprint.node_id == node.id)))) for node in nodes]
    session.expunge_all()
    return found


def _codes(archive: "Archive", node: Node, have: set[str]) -> list[dict[str, Any]]:
    return [
        {"node_id": node.id, "method": name, "codes": fingerprint.codes, "quality": fingerprint.quality}
        for name, fingerprint in fingerprint_all(picture_of(archive, node)).items()
        if name not in have
    ]


def picture_of(archive: "Archive", node: Node) -> Picture:
    """Open a work where it was seen, or an artwork from the store. Raises ProvenanceError if that cannot be done."""
    with archive.database.read() as session:
        if node.kind == Kind.WORK.value:
            return open_work(session, session.get_one(schema.Work, node.id))
        digest = Digest(session.get_one(schema.Artwork, node.id).file_digest)
    return Picture.open(archive.store.read(digest), limit=1 << 62)


def _write(archive: "Archive", rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        with archive.database.write() as session:
            session.execute(insert(Fingerprint), list(rows))
