"""Pictures in memory, to be searched."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from provenance.compare.look import Look
from provenance.compare.voting import Vote, Voters
from provenance.fingerprint.local import LocalFeatures


class MemoryGallery:
    """A gallery of looks that are all in memory: some 20 kB each, and 100 bytes more for each point."""

    def __init__(self, looks: Sequence[Look], *, seed: int = 0) -> None:
        """Put the points of all looks in order."""
        self._looks = looks
        self._voters = Voters([each.local for each in looks], seed=seed)
        self._embeddings = np.stack([each.embedding for each in looks]) if looks else np.zeros((0, 1), np.float32)

    def __len__(self) -> int:
        return len(self._looks)

    def vote(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> Sequence[Vote]:
        """Name those whose points are like the asker's."""
        return self._voters.ask(descriptors, asker, most, without)

    def resembling(self, embedding: NDArray[np.float32], most: int, without: Collection[int]) -> Sequence[int]:
        """Name those that look most like it as a whole."""
        if not len(self._looks):
            return []
        alike = self._embeddings @ embedding
        alike[list(without)] = -2
        return [int(place) for place in np.argsort(-alike, kind="stable")[:most] if alike[place] > -2]

    def cosine(self, embedding: NDArray[np.float32], place: int) -> float:
        """Say how alike one looks as a whole, -1 to 1."""
        return float(self._embeddings[place] @ embedding)

    def look(self, place: int) -> Look:
        """Give what one is compared by."""
        return self._looks[place]
