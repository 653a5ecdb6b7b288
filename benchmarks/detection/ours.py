"""Our own detector as the benchmark measures it: what `prov audit` does, on pictures instead of an archive."""

import time
from collections.abc import Collection, Mapping, Sequence
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.corpus import Work, load
from benchmarks.detection.detector import Scored
from provenance.compare.cascade import Candidate, candidates
from provenance.compare.gallery import MemoryGallery
from provenance.compare.judge import Judge
from provenance.compare.look import Look, look_at
from provenance.fingerprint.embedding import Embedder, Projection
from provenance.picture import Picture


@cache
def _embedder() -> tuple[Embedder, Projection]:
    return Embedder.load(), Projection.load()


def look(pixels: NDArray[np.uint8]) -> Look:
    """Reduce a picture as an archive does."""
    embedder, projection = _embedder()
    picture = Picture(pixels)
    return look_at(picture, projection.project(embedder.embed(picture)[None])[0])


class Cascade:
    """The search by points and embedding, the geometry and the judge."""

    name = "prov"

    def __init__(self) -> None:
        """Know no work yet."""
        self.stages: Mapping[str, float] = {}

    def fit(self, works: Sequence[Work]) -> None:
        """Look at every work."""
        self._uids = [work.uid for work in works]
        self._places = {uid: place for place, uid in enumerate(self._uids)}
        self._gallery = MemoryGallery([look(load(work)) for work in works])

    def examined(self, query: NDArray[np.uint8], without: Collection[str] = ()) -> list[tuple[str, Candidate]]:
        """Measure the candidates for `query`, in no order."""
        started = time.thread_time()
        asked = look(query)
        seen = time.thread_time()
        left_out = [self._places[uid] for uid in without if uid in self._places]
        found = candidates(asked, self._gallery, without=left_out)
        self.stages = {"reducing": seen - started, "searching and measuring": time.thread_time() - seen}
        return [(self._uids[each.place], each) for each in found]

    def search(self, query: NDArray[np.uint8], *, without: Collection[str] = ()) -> list[Scored]:
        """Give the candidates by the judge's score."""
        scored = [Scored(uid=uid, score=self._judge.score(each)) for uid, each in self.examined(query, without)]
        return sorted(scored, key=lambda each: -each.score)

    @cached_property
    def _judge(self) -> Judge:
        return Judge.shipped()  # not sooner: what fits the judge needs the candidates alone
