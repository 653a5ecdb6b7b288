"""Pictures that are searched for copies, each by its place."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from provenance.compare.look import Look
from provenance.compare.voting import Vote, Voters
from provenance.fingerprint.local import LocalFeatures


class Gallery:
    """Points and embeddings in memory, put in order; looks come from wherever they are kept."""

    def __init__(
        self, points: Sequence[LocalFeatures], embeddings: NDArray[np.float32], look: Callable[[int], Look]
    ) -> None:
        """Take the points and embeddings, float32 (pictures, n) of length 1, and `look`, by place."""
        self.look = look
        self._voters = Voters(points)
        self._embeddings = embeddings

    def __len__(self) -> int:
        return len(self._embeddings)

    def vote(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> Sequence[Vote]:
        """Name those whose points are like the asker's, as `Voters.ask` does."""
        return self._voters.ask(descriptors, asker, most, without)

    def resembling(self, embedding: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those that look most like it as a whole."""
        if not len(self):
            return []
        alike = self._embeddings @ embedding
        alike[list(without)] = -2
        return [int(place) for place in np.argsort(-alike, kind="stable")[:most] if alike[place] > -2]

    def cosine(self, embedding: NDArray[np.float32], place: int) -> float:
        """Say how alike one looks as a whole, -1 to 1."""
        return float(self._embeddings[place] @ embedding)


class MemoryGallery(Gallery):
    """A gallery of looks that are all in memory: some 20 kB each, and 100 bytes more for each point."""

    def __init__(self, looks: Sequence[Look]) -> None:
        """Put the points of all looks in order."""
        embeddings = np.stack([each.embedding for each in looks]) if looks else np.zeros((0, 1), np.float32)
        super().__init__([each.local for each in looks], embeddings, looks.__getitem__)
