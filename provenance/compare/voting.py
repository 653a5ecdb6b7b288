"""Which pictures hold points like these, in one consistent way: the search that finds parts.

Every point of the query, in all four changes, asks for its nearest points of all pictures; each answer votes for its
picture, for the change, and for one coarse turn and scale (weak geometric consistency, Jégou, Douze and Schmid 2008,
section 4; answers weigh by how much nearer they are than the last one, as in McCann and Lowe 2012). Answers that agree
add up, accidents spread. The nearest points are found by an inverted file of faiss over 64 principal components. Busy
pictures, which would take the longest, ask a little less (`_economy`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from provenance.compare.vocabulary import Vocabulary, learnt, packed, unpacked
from provenance.fingerprint.local import CHANGES, LENGTH, LocalFeatures

_ASKED: Final = 8
_NEAR: Final = 0.5  # squared distance from which on an answer says nothing
_GRANTED: Final = 0.05
_TURNS: Final = 12
_SCALES: Final = 16
_BINS: Final = _TURNS * _SCALES
_OCTAVES: Final = 0.7  # of a bin
_FEW: Final = 20  # points: pictures with fewer are not favoured further
_BUSY: Final = 200
"""Points of a picture from which on votes are saved: they cost what the points do, and many points say the same."""
_PROBED: Final = 4  # cells for each point of a busy picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A picture that points voted for."""

    place: int
    """Its place among the pictures that were given."""
    change: int
    """The change that most votes speak for, a place in `CHANGES`."""
    weight: float


class Voters:
    """The points of many pictures, to be asked; they may lie in memory or in files. Threads may ask."""

    def __init__(self, vocabulary: Vocabulary | None, segments: Sequence[Any], sizes: NDArray[np.int64]) -> None:
        """Take `segments` of points in the vocabulary's cells, and how many points each picture has.

        The vocabulary is None where there are no points.
        """
        self._vocabulary = vocabulary
        self._segments = segments
        self._sizes = sizes

    @classmethod
    def of(cls, pictures: Sequence[LocalFeatures], *, seed: int = 0) -> Self:
        """Learn the vocabulary from the pictures' own points, and hold all of them in memory."""
        sizes = np.array([len(each) for each in pictures], np.int64)
        if not sizes.sum():
            return cls(None, (), sizes)
        vocabulary = learnt(sizes, lambda places: (pictures[place] for place in places), seed=seed)
        return cls(vocabulary, (segment(vocabulary, range(len(pictures)), pictures),), sizes)

    def ask(
        self, descriptors: NDArray[np.uint8], asker: LocalFeatures, most: int, without: Collection[int]
    ) -> list[Vote]:
        """Name the `most` pictures with the most votes, best first, but for the places `without`.

        `descriptors` are those of `asker` in all changes: uint8 (4, n, 128).
        """
        if self._vocabulary is None or not len(asker):
            return []
        places, weights = self._weights(self._vocabulary, descriptors, asker)
        weights /= np.sqrt(np.maximum(_FEW, self._sizes[places])).astype(np.float32)
        weights[:, np.isin(places, np.fromiter(without, np.int64, len(without)))] = 0
        strongest = weights.max(axis=0, initial=0)
        order = np.argsort(-strongest, kind="stable")[:most]
        return [
            Vote(place=int(places[each]), change=int(weights[:, each].argmax()), weight=float(strongest[each]))
            for each in order
            if strongest[each] > 0
        ]

    def _weights(
        self, vocabulary: Vocabulary, descriptors: NDArray[np.uint8], asker: LocalFeatures
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Add up the votes: the places that got any, ascending, and float32 (4, places), their fullest bins."""
        rows, probed = _economy(len(asker))
        vectors = vocabulary.reduced(descriptors.reshape(-1, LENGTH)[rows])
        distances, answers = vocabulary.cells.nearest(vectors, _ASKED, self._segments, probed=probed)
        farthest = distances[:, -1:]
        worth = np.where(distances < _NEAR, np.maximum(0, farthest - distances) / (farthest + 1e-6) + _GRANTED, 0)
        said = (answers >= 0) & (worth > 0)
        asked = np.broadcast_to(rows[:, None], answers.shape)[said]
        owners, sizes, angles = unpacked(answers[said])
        places, owner = np.unique(owners, return_inverse=True)

        change = asked // len(asker)
        points = np.concatenate([asker.changed_points(each) for each in range(len(CHANGES))])[asked]
        turn = (angles - points[:, 3]) / (2 * np.pi) % 1
        scale = np.log2(sizes / points[:, 2]) / _OCTAVES
        fullest = np.zeros(len(CHANGES) * len(places), np.float32)
        for offset in (0, 0.5):  # two grids, so that no vote is lost at a border
            turns = np.floor(turn * _TURNS + offset).astype(np.int64) % _TURNS
            scales = np.clip(np.floor(scale + offset).astype(np.int64) + _SCALES // 2, 0, _SCALES - 1)
            bins = (change * len(places) + owner) * _BINS + turns * _SCALES + scales
            filled, which = np.unique(bins, return_inverse=True)
            np.maximum.at(fullest, filled // _BINS, np.bincount(which, worth[said]).astype(np.float32))
        return places, fullest.reshape(len(CHANGES), len(places))


def _economy(points: int) -> tuple[NDArray[np.int64], int | None]:
    """Choose which descriptors of a picture in all changes ask, and how many cells they look through; None: all.

    Of a busy picture all ask as they are, but only some mirrored and inverted. Those are weak and strong ones evenly:
    the strongest alone may all be of what was put over a work.
    """
    rows = np.arange(len(CHANGES) * points).reshape(-1, points)
    if points <= _BUSY:
        return rows.ravel(), None
    some = np.linspace(0, points - 1, _BUSY).astype(np.int64)
    return np.concatenate([rows[0], rows[1:, some].ravel()]), _PROBED


def segment(vocabulary: Vocabulary, places: Sequence[int], pictures: Sequence[LocalFeatures]) -> Any:  # noqa: ANN401
    """Put the points of `pictures`, which are those at `places`, in the vocabulary's cells, as `Cells.filled` does."""
    owners = np.repeat(np.asarray(places, np.int64), [len(each) for each in pictures])
    descriptors = np.concatenate([each.descriptors for each in pictures])
    points = np.concatenate([each.points for each in pictures])
    return vocabulary.cells.filled(vocabulary.reduced(descriptors), packed(owners, points))
