"""The works or artworks of an archive as a gallery that can be searched for copies."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive.features import METHODS, kept
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import unpack_colour
from provenance.compare.gallery import Gallery
from provenance.compare.look import GREY, Look, unpack_grey
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Projection, unpack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.schema import Feature, Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_LOOKS = 512
"""Small copies that are kept unpacked."""


class ArchiveGallery(Gallery):
    """Pictures of an archive with features; small copies lie in memory as they are packed."""

    def __init__(
        self,
        uids: Sequence[str],
        points: Sequence[LocalFeatures],
        embeddings: NDArray[np.float32],
        greys: Sequence[bytes],
        colours: Sequence[bytes],
    ) -> None:
        """Take what is kept of `uids`, one after the other; `embeddings` are projected."""

        def look(place: int) -> Look:
            return Look(local=points[place], grey=unpack_grey(greys[place]), embedding=embeddings[place])

        super().__init__(points, embeddings, lru_cache(maxsize=_LOOKS)(look))
        self.uids = uids
        self._places = {uid: place for place, uid in enumerate(uids)}
        self._colours = colours

    def places(self, uids: Collection[str]) -> list[int]:
        """Say where pictures are; those that are not here are left out."""
        return [self._places[uid] for uid in uids if uid in self._places]

    def colour(self, place: int) -> NDArray[np.uint8]:
        """Give the small colour copy of one."""
        return unpack_colour(self._colours[place])


def gallery(archive: "Archive", uids: Mapping[int, str]) -> ArchiveGallery:
    """Read pictures, row to uid, that have all features: what `complete` names."""
    with archive.database.read() as session:
        points = {row: LocalFeatures.from_bytes(data) for row, data in kept(session, list(uids), POINTS)}
        whole = {row: unpack(data) for row, data in kept(session, list(uids), EMBEDDING)}
        greys, colours = dict(kept(session, list(uids), GREY)), dict(kept(session, list(uids), COLOUR))
    projection = Projection.load()
    empty = np.zeros((0, projection.length), np.float32)
    return ArchiveGallery(
        list(uids.values()),
        [points[row] for row in uids],
        projection.project(np.stack([whole[row] for row in uids])) if uids else empty,
        [greys[row] for row in uids],
        [colours[row] for row in uids],
    )


def complete(session: Session, kind: Kind) -> dict[int, str]:
    """Name the pictures that have all features, row to uid. `features.fill` makes up for others."""
    query = select(Node.id, Node.uid).where(Node.kind == kind.value).order_by(Node.id)
    for method in METHODS:
        query = query.where(select(Feature.id).where(Feature.node_id == Node.id, Feature.method == method).exists())
    return dict(session.execute(query).all())
