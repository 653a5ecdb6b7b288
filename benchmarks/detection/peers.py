"""What others use: imagehash, pdqhash and an embedding alone, each searched exactly."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.detection.attack import Pixels
from benchmarks.detection.corpus import Work, load
from benchmarks.detection.detector import Scored

ANSWERED: Final = 50
"""So many works a peer answers with."""

Bits = NDArray[np.uint8]
"""Codes of one picture, one a row, packed: a work is known by the first, a query by all."""


class HashPeer:
    """Codes of bits, compared by how many differ: the score is minus that number."""

    def __init__(self, name: str, code: Callable[[Pixels], Bits]) -> None:
        """Compare pictures by `code`."""
        self.name = name
        self._code = code
        self._known = Known()
        self._codes: Bits = np.zeros((0, 8), np.uint8)

    def fit(self, works: Sequence[Work]) -> None:
        """Take up the works' codes."""
        self._known = Known(works)
        self._codes = np.stack([self._code(load(work))[0] for work in works])

    def search(self, query: Pixels, *, without: Collection[str] = ()) -> list[Scored]:
        """Give the works whose codes differ least."""
        differing = [np.bitwise_count(self._codes ^ code).sum(axis=1, dtype=np.int64) for code in self._code(query)]
        return self._known.best(-np.min(differing, axis=0).astype(np.float64), without)


class EmbeddingPeer:
    """The features of EfficientNet-Lite0, compared by the cosine of their angle; whitened by the works, if asked.

    The square roots of the features are whitened to 256 numbers by their principal components over the works.
    """

    def __init__(self, name: str, *, whitened: bool) -> None:
        """Compare pictures by features, as they are or `whitened`."""
        self.name = name
        self._whitened = whitened
        self._known = Known()
        self._extract: Callable[[NDArray[np.uint8]], NDArray[np.float32]] | None = None
        self._mean: NDArray[np.float32] | float = 0.0
        self._basis: NDArray[np.float32] | None = None
        self._features: NDArray[np.float32] = np.zeros((0, 1), np.float32)

    def fit(self, works: Sequence[Work]) -> None:
        """Take up the works' features, and learn to whiten from them."""
        raw = self._raw([load(work) for work in works[:1]])
        for start in range(1, len(works), 256):
            raw = np.concatenate([raw, self._raw([load(work) for work in works[start : start + 256]])])
        if self._whitened:
            self._mean = raw.mean(axis=0)
            values, vectors = np.linalg.eigh(np.cov((raw - self._mean).T))
            first = np.argsort(-values)[:256]
            self._basis = (vectors[:, first] / np.sqrt(values[first] + 1e-6 * values.max())).astype(np.float32)
        self._known = Known(works)
        self._features = self._comparable(raw)

    def search(self, query: Pixels, *, without: Collection[str] = ()) -> list[Scored]:
        """Give the works whose features point the same way."""
        return self.search_many([query], [without])[0]

    def search_many(self, queries: Sequence[Pixels], withouts: Sequence[Collection[str]]) -> list[list[Scored]]:
        """Do the same for many: the network takes 32 pictures at a time, or pads."""
        nearness = self._comparable(self._raw(queries)) @ self._features.T
        return [self._known.best(row, without) for row, without in zip(nearness, withouts, strict=True)]

    def _raw(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        small = np.stack([cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA) for picture in pictures])
        features = self._network()(small.astype(np.uint8))
        return np.sqrt(features) if self._whitened else features

    def _network(self) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        if self._extract is None:
            from provenance.train.features import Extractor

            self._extract = Extractor.load().extract
        return self._extract

    def _comparable(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        turned = raw - self._mean if self._basis is None else (raw - self._mean) @ self._basis
        unit: NDArray[np.float32] = turned / (np.linalg.norm(turned, axis=1, keepdims=True) + 1e-9)
        return unit


class Known:
    """The works by row, and the best of a row of scores."""

    def __init__(self, works: Sequence[Work] = ()) -> None:
        """Give each work a row."""
        self._uids = [work.uid for work in works]
        self._rows = {uid: row for row, uid in enumerate(self._uids)}

    def best(self, scores: NDArray[np.floating], without: Collection[str]) -> list[Scored]:
        """Give the works with the highest scores, those of `without` left out."""
        scores = scores.astype(np.float64)
        scores[[self._rows[uid] for uid in without if uid in self._rows]] = -np.inf
        count = min(ANSWERED, len(scores))
        rows = np.argpartition(-scores, count - 1)[:count] if count else np.zeros(0, np.int64)
        ranked = rows[np.argsort(-scores[rows], kind="stable")]
        return [Scored(uid=self._uids[row], score=float(scores[row])) for row in ranked if np.isfinite(scores[row])]


def _imagehash(method: str, **options: int) -> Callable[[Pixels], Bits]:
    import imagehash

    make: Callable[..., imagehash.ImageHash] = getattr(imagehash, method)
    return lambda pixels: np.packbits(make(Image.fromarray(pixels), **options).hash.ravel())[None]


def _pdq(pixels: Pixels) -> Bits:
    import pdqhash

    return np.packbits(pdqhash.compute(pixels)[0].astype(bool))[None]


def _pdq_turned(pixels: Pixels) -> Bits:
    """Give the codes of the eight orientations; the first is the picture as it is."""
    import pdqhash

    return np.packbits(np.stack(pdqhash.compute_dihedral(pixels)[0]).astype(bool), axis=1)


PEERS: Final[Mapping[str, Callable[[], HashPeer | EmbeddingPeer]]] = {
    "imagehash-phash": lambda: HashPeer("imagehash-phash", _imagehash("phash")),
    "imagehash-phash16": lambda: HashPeer("imagehash-phash16", _imagehash("phash", hash_size=16)),
    "imagehash-dhash": lambda: HashPeer("imagehash-dhash", _imagehash("dhash")),
    "imagehash-ahash": lambda: HashPeer("imagehash-ahash", _imagehash("average_hash")),
    "imagehash-whash": lambda: HashPeer("imagehash-whash", _imagehash("whash")),
    "imagehash-colorhash": lambda: HashPeer("imagehash-colorhash", _imagehash("colorhash")),
    "pdqhash": lambda: HashPeer("pdqhash", _pdq),
    "pdqhash-turned": lambda: HashPeer("pdqhash-turned", _pdq_turned),
    "embedding": lambda: EmbeddingPeer("embedding", whitened=False),
    "embedding-whitened": lambda: EmbeddingPeer("embedding-whitened", whitened=True),
}
"""Peers that run in this environment."""
