"""Which pictures hold points like these, in one consistent way: the search that finds parts.

Every point of the query, in all four changes, asks for its nearest points of all pictures; each answer votes for its
picture, for the change, and for one coarse turn and scale (weak geometric consistency, Jégou, Douze and Schmid 2008,
section 4; answers weigh by how much nearer they are than the last one, as in McCann and Lowe 2012). Answers that agree
add up, accidents spread. The nearest points are found by an inverted file of faiss over 64 principal components.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.alignment import unit
from provenance.fingerprint.local import CHANGES, LENGTH, LocalFeatures

if TYPE_CHECKING:
    import faiss

_COMPONENTS: Final = 64
_LEARNT_FROM: Final = 60_000  # descriptors, drawn at random
_POINTS_A_LIST: Final = 300
_LISTS: Final = (1, 65_536)
_PROBED: Final = 6
_ASKED: Final = 8
_NEAR: Final = 0.5  # squared distance from which on an answer says nothing
_GRANTED: Final = 0.05
_TURNS: Final = 12
_SCALES: Final = 16
_OCTAVES: Final = 0.7  # of a bin
_FEW: Final = 20  # points: pictures with fewer are not favoured further


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A picture that points voted for."""

    place: int
    """Its place among the pictures that were given."""
    change: int
    """The change that most votes speak for, a place in `CHANGES`."""
    weight: float


class Voters:
    """The points of many pictures, to be asked."""

    def __init__(self, pictures: Sequence[LocalFeatures], *, seed: int = 0) -> None:
        """Learn the components from the pictures' own points, and put all of them in order."""
        self._count = len(pictures)
        sizes = np.array([len(each) for each in pictures], np.int64)
        self._owner = np.repeat(np.arange(len(pictures)), sizes)
        self._points = np.concatenate([each.points for each in pictures]) if len(pictures) else np.zeros((0, 4))
        self._favour = 1 / np.sqrt(np.maximum(_FEW, sizes)).astype(np.float32)
        self._index: faiss.IndexIVFScalarQuantizer | None = None
        if len(self._owner):
            self._learn(np.concatenate([each.descriptors for each in pictures]), np.random.default_rng(seed))

    def ask(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> list[Vote]:
        """Name the `most` pictures with the most votes, best first, but for the places `without`.

        `descriptors` are those of `asker` in all changes: uint8 (4, n, 128).
        """
        if self._index is None or not len(asker):
            return []
        weights = self._weights(descriptors, asker)
        weights *= self._favour
        weights[:, list(without)] = 0
        strongest = weights.max(axis=0)
        order = np.argsort(-strongest, kind="stable")[:most]
        return [
            Vote(place=int(place), change=int(weights[:, place].argmax()), weight=float(strongest[place]))
            for place in order
            if strongest[place] > 0
        ]

    def _learn(self, descriptors: NDArray[np.uint8], dice: np.random.Generator) -> None:
        import faiss

        sample = unit(descriptors[dice.permutation(len(descriptors))[:_LEARNT_FROM]])
        self._mean = sample.mean(axis=0)
        spread, directions = np.linalg.eigh(np.cov((sample - self._mean).T) if len(sample) > 1 else np.eye(LENGTH))
        self._components = np.ascontiguousarray(directions[:, np.argsort(-spread)[:_COMPONENTS]], np.float32)
        lists = int(np.clip(len(descriptors) // _POINTS_A_LIST, *_LISTS))
        coarse = faiss.IndexFlatL2(_COMPONENTS)
        index = faiss.IndexIVFScalarQuantizer(coarse, _COMPONENTS, lists, faiss.ScalarQuantizer.QT_8bit)
        index.own_fields = False
        index.cp.niter = 8
        index.cp.seed = 1
        index.cp.min_points_per_centroid = 1
        index.train(self._reduced(sample))
        for start in range(0, len(descriptors), _LEARNT_FROM):
            index.add(self._reduced(unit(descriptors[start : start + _LEARNT_FROM])))
        index.nprobe = _PROBED
        self._index, self._coarse = index, coarse

    def _reduced(self, descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.ascontiguousarray((descriptors - self._mean) @ self._components)

    def _weights(self, descriptors: NDArray[np.uint8], asker: LocalFeatures) -> NDArray[np.float32]:
        """Add up the votes: float32 (4, pictures), the fullest bin of turn and scale of each."""
        assert self._index is not None
        distances, answers = self._index.search(self._reduced(unit(descriptors).reshape(-1, LENGTH)), _ASKED)
        farthest = distances[:, -1:]
        worth = np.where(distances < _NEAR, np.maximum(0, farthest - distances) / (farthest + 1e-6) + _GRANTED, 0)
        said = (answers >= 0) & (worth > 0)
        asked = np.broadcast_to(np.arange(len(answers))[:, None], answers.shape)[said]
        answer, weight = answers[said], worth[said]

        change = asked // len(asker)
        points = np.concatenate([asker.changed_points(each) for each in range(len(CHANGES))])[asked]
        turn = (self._points[answer, 3] - points[:, 3]) / (2 * np.pi) % 1
        scale = np.log2(self._points[answer, 2] / points[:, 2]) / _OCTAVES
        fullest = np.zeros(len(CHANGES) * self._count, np.float32)
        for offset in (0, 0.5):  # two grids, so that no vote is lost at a border
            turns = np.floor(turn * _TURNS + offset).astype(np.int64) % _TURNS
            scales = np.clip(np.floor(scale + offset).astype(np.int64) + _SCALES // 2, 0, _SCALES - 1)
            bins = ((change * self._count + self._owner[answer]) * _TURNS + turns) * _SCALES + scales
            filled, which = np.unique(bins, return_inverse=True)
            np.maximum.at(fullest, filled // (_TURNS * _SCALES), np.bincount(which, weight).astype(np.float32))
        return fullest.reshape(len(CHANGES), self._count)
