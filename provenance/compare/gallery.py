"""Pictures that are searched for copies, each by its place."""

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from provenance.compare.look import Look
from provenance.compare.shape_search import nearest_shapes, packed_shapes
from provenance.compare.voting import Vote, Voters
from provenance.fingerprint.local import LocalFeatures


class Gallery(Protocol):
    """Pictures that can be asked which of them are like another one."""

    def __len__(self) -> int: ...

    def look(self, place: int) -> Look:
        """Give all that comparing needs of one."""
        ...

    def vote(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> Sequence[Vote]:
        """Name those whose points are like the asker's, as `Voters.ask` does."""
        ...

    def resembling(self, embedding: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those that look most like it as a whole, best first."""
        ...

    def cosine(self, embedding: NDArray[np.float32], place: int) -> float:
        """Say how alike one looks as a whole, -1 to 1."""
        ...

    def shaped(self, vectors: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those with a shape most like one of `vectors`, float32 (n, 256), best first."""
        ...


class MemoryGallery:
    """A gallery of looks that are all in memory: some 20 kB each, and 100 bytes more for each point."""

    def __init__(self, looks: Sequence[Look]) -> None:
        """Put the points of all looks in order."""
        self._looks = looks
        self._voters = Voters.of([each.local for each in looks])
        self._embeddings = np.stack([each.embedding for each in looks]) if looks else np.zeros((0, 1), np.float32)
        self._codes, self._shapes = packed_shapes([each.shapes.vectors for each in looks])

    def __len__(self) -> int:
        return len(self._looks)

    def look(self, place: int) -> Look:
        """Give the look at a place."""
        return self._looks[place]

    def vote(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> Sequence[Vote]:
        """Name those whose points are like the asker's, as `Voters.ask` does."""
        return self._voters.ask(descriptors, asker, most, without)

    def resembling(self, embedding: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those that look most like it as a whole, best first."""
        if not len(self):
            return []
        alike = self._embeddings @ embedding
        alike[list(without)] = -2
        return [int(place) for place in np.argsort(-alike, kind="stable")[:most] if alike[place] > -2]

    def cosine(self, embedding: NDArray[np.float32], place: int) -> float:
        """Say how alike one looks as a whole, -1 to 1."""
        return float(self._embeddings[place] @ embedding)

    def shaped(self, vectors: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those with a shape most like one of `vectors`, float32 (n, 256), best first."""
        return nearest_shapes(vectors, self._codes, self._shapes, most, without)
