"""The works of an archive as a gallery that can be searched for copies."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive.features import kept
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import unpack_colour
from provenance.compare.look import GREY, Look, unpack_grey
from provenance.compare.voting import Vote, Voters
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Projection, unpack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.schema import Feature, Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_LOOKS = 512
"""Small copies that are kept unpacked."""


class ArchiveGallery:
    """Works with features, each at a place; points and embeddings in memory, small copies as they are packed."""

    def __init__(
        self,
        nodes: Sequence[tuple[int, str]],
        points: Sequence[LocalFeatures],
        embeddings: NDArray[np.float32],
        greys: Sequence[bytes],
        colours: Sequence[bytes],
    ) -> None:
        """Take what is kept of `nodes` (row and uid), one after the other; `embeddings` are projected."""
        self.rows = [row for row, _ in nodes]
        self.uids = [uid for _, uid in nodes]
        self._places = {uid: place for place, uid in enumerate(self.uids)}
        self._points, self._embeddings = points, embeddings
        self._greys, self._colours = greys, colours
        self._voters = Voters(points)
        self._look = lru_cache(maxsize=_LOOKS)(self._unpacked)

    def __len__(self) -> int:
        return len(self.uids)

    def places(self, uids: Collection[str]) -> list[int]:
        """Say where works are; those that are not here are left out."""
        return [self._places[uid] for uid in uids if uid in self._places]

    def vote(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> Sequence[Vote]:
        """Name those whose points are like the asker's."""
        return self._voters.ask(descriptors, asker, most, without)

    def resembling(self, embedding: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those that look most like it as a whole."""
        alike = self._embeddings @ embedding
        alike[list(without)] = -2
        return [int(place) for place in np.argsort(-alike, kind="stable")[:most] if alike[place] > -2]

    def cosine(self, embedding: NDArray[np.float32], place: int) -> float:
        """Say how alike one looks as a whole, -1 to 1."""
        return float(self._embeddings[place] @ embedding)

    def look(self, place: int) -> Look:
        """Give what one is compared by."""
        return self._look(place)

    def colour(self, place: int) -> NDArray[np.uint8]:
        """Give the small colour copy of one."""
        return unpack_colour(self._colours[place])

    def _unpacked(self, place: int) -> Look:
        grey = unpack_grey(self._greys[place])
        return Look(local=self._points[place], grey=grey, embedding=self._embeddings[place])


def gallery(archive: "Archive", kind: Kind = Kind.WORK) -> ArchiveGallery:
    """Read all works that have features. Those without are not in it: `features.fill` makes up for them."""
    with archive.database.read() as session:
        rows = _complete(session, kind)
        ids = [row for row, _ in rows]
        points = {row: LocalFeatures.from_bytes(data) for row, data in kept(session, ids, POINTS)}
        whole = {row: unpack(data) for row, data in kept(session, ids, EMBEDDING)}
        greys, colours = dict(kept(session, ids, GREY)), dict(kept(session, ids, COLOUR))
    projection = Projection.load()
    embeddings = (
        projection.project(np.stack([whole[row] for row in ids]))
        if ids
        else np.zeros((0, projection.length), np.float32)
    )
    return ArchiveGallery(
        rows,
        [points[row] for row in ids],
        embeddings,
        [greys[row] for row in ids],
        [colours[row] for row in ids],
    )


def _complete(session: Session, kind: Kind) -> list[tuple[int, str]]:
    """Name the pictures that have all features."""
    query = select(Node.id, Node.uid).where(Node.kind == kind.value).order_by(Node.id)
    for method in (EMBEDDING, POINTS, GREY, COLOUR):
        query = query.where(select(Feature.id).where(Feature.node_id == Node.id, Feature.method == method).exists())
    return [(row, uid) for row, uid in session.execute(query)]
