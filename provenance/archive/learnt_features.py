"""Vectors by a network of the user's own, computed once and kept: a third search for the copies check.

The setting `audit.embedding` names the network's file. Vectors are kept under a name that stands for the file's bytes
and how pictures are prepared for it, so that those of another network never mix with them. They propose, and weigh
nothing: how sure a match is, the judge says by what it always measures.
"""

from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance.archive.features import Filled, fill_by, kept
from provenance.archive.nodes import SHORT
from provenance.errors import DamagedArchiveError, EngineError, NotFoundError
from provenance.fingerprint.learnt_embedding import LearntEmbedder, Preparation, pack, unpack
from provenance.picture import Picture
from provenance.schema import Feature, Kind, Node
from provenance.settings import Settings

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

PROPOSED: Final = 15
"""Works that it proposes for a picture: as many as each of the other two searches."""

_PART: Final = 4_096


def own_embedder(settings: Settings) -> LearntEmbedder | None:
    """Load the network that `audit.embedding` names, once a process; None where none is named.

    Raises NotFoundError and EngineError as `LearntEmbedder.load` does.
    """
    path = settings.embedding_path()
    if path is None:
        return None
    try:
        state = path.stat()
    except OSError:
        state = None  # loading says what is wrong
    stamp = None if state is None else (state.st_mtime_ns, state.st_size, state.st_ino)
    try:
        return _loaded(path, settings.embedding_side, stamp)
    except (NotFoundError, EngineError) as cause:
        raise type(cause)(f"{cause} The setting audit.embedding names this file; empty, none is used.") from cause


def reduce_by(embedder: LearntEmbedder, picture: Picture) -> dict[str, bytes]:
    """Give the vector of a picture, packed, under the name of the network. Raises EngineError where it fails."""
    return {embedder.name: pack(embedder.embed(picture))}


def fill_own(
    archive: "Archive",
    embedder: LearntEmbedder,
    kinds: Sequence[Kind] = (Kind.WORK, Kind.ARTWORK),
    *,
    only: Sequence[int] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Filled:
    """Compute every vector that is missing, of all pictures or of the rows `only`; interruptible like `fill`."""
    return fill_by(
        archive,
        (embedder.name,),
        lambda picture: reduce_by(embedder, picture),
        kinds,
        only=only,
        progress=progress,
    )


def count_own(session: Session, embedder: LearntEmbedder, kind: Kind) -> int:
    """Count the pictures of a kind that have a vector."""
    query = select(func.count(Feature.id)).join(Node, Node.id == Feature.node_id)
    return session.scalar(query.where(Feature.method == embedder.name, Node.kind == kind.value)) or 0


class OwnVectors:
    """The vectors of the pictures of an index, 2 bytes a number in memory. Threads may ask."""

    def __init__(self, places: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        """Hold `vectors`, shape (n, length), of the pictures at `places`, shape (n,)."""
        self._places = places
        self._vectors = vectors

    @classmethod
    def read(cls, session: Session, embedder: LearntEmbedder, nodes: NDArray[np.int64]) -> Self:
        """Read what is kept of `nodes`, the rows of an index by place; those that have no vector are left out.

        Raises DamagedArchiveError for one that cannot be read.
        """
        place_of = {node: place for place, node in enumerate(nodes.tolist())}
        places, vectors = np.empty(len(nodes), np.int64), np.empty((len(nodes), embedder.length), np.float16)
        found = 0
        for row, data in kept(session, list(place_of), embedder.name):
            places[found], vectors[found] = place_of[row], unpacked(session, embedder, row, data)
            found += 1
        return cls(places[:found], vectors[:found])

    def __len__(self) -> int:
        return len(self._places)

    def nearest(self, vector: NDArray[np.float16], without: Collection[int], most: int = PROPOSED) -> list[int]:
        """Name the places whose vectors have the highest cosine with `vector`, best first; but for some places.

        A vector of zeros is like none.
        """
        asked = vector.astype(np.float32)
        if not len(self) or not asked.any():
            return []
        parts = [self._vectors[start : start + _PART] for start in range(0, len(self), _PART)]
        alike = np.concatenate([part.astype(np.float32) @ asked for part in parts])
        alike[np.isin(self._places, list(without))] = -np.inf
        most = min(most, len(alike))
        best = np.argpartition(-alike, most - 1)[:most]
        best = best[np.argsort(-alike[best], kind="stable")]
        return [int(self._places[each]) for each in best if np.isfinite(alike[each])]


def unpacked(session: Session, embedder: LearntEmbedder, row: int, data: bytes) -> NDArray[np.float16]:
    """Unpack the vector of the picture in `row`. Raises DamagedArchiveError, which names the picture."""
    try:
        return unpack(data, embedder.length)
    except DamagedArchiveError as cause:
        node = session.get_one(Node, row)
        message = f"What is kept of the {node.kind} {node.uid[:SHORT]} by {embedder.name} cannot be read. {cause}"
        raise DamagedArchiveError(f"{message} Restore the archive's database from a copy.") from cause


@lru_cache(maxsize=2)
def _loaded(path: Path, side: int, _stamp: tuple[int, int, int] | None) -> LearntEmbedder:
    """Load a file; one that was replaced meanwhile has another stamp, and is loaded anew."""
    return LearntEmbedder.load(path, Preparation(side=side))
