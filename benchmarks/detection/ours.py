"""Our own detector as the benchmark measures it: what `prov audit` does, on pictures instead of an archive."""

import time
from collections.abc import Collection, Sequence
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.corpus import Work, load
from benchmarks.detection.detector import Scored
from provenance.compare.candidate import Candidate
from provenance.compare.cascade import measured, promising
from provenance.compare.gallery import MemoryGallery
from provenance.compare.judge import Judge
from provenance.compare.look import Look, look_at
from provenance.compare.promise import Promise
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

    def __init__(self, promise: Promise | None = None) -> None:
        """Know no work yet; `promise` says which proposals are measured, None takes the shipped one."""
        self._promise = promise
        self.stages: dict[str, float] = {}

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
        proposals = promising(asked, self._gallery, without=left_out, promise=self._promise)
        proposed = time.thread_time()
        found = measured(asked, self._gallery, proposals)
        self.stages = {"reducing": seen - started, "searching": proposed - seen}
        if proposals:
            self.stages["measuring"] = time.thread_time() - proposed
        return [(self._uids[each.place], each) for each in found]

    def search(self, query: NDArray[np.uint8], *, without: Collection[str] = ()) -> list[Scored]:
        """Give the candidates by the judge's score."""
        scored = [Scored(uid=uid, score=self._judge.score(each)) for uid, each in self.examined(query, without)]
        return sorted(scored, key=lambda each: -each.score)

    @property
    def line(self) -> float:
        """The score that is shipped as the line for one false flag in a thousand."""
        return self._judge.line.score

    @cached_property
    def _judge(self) -> Judge:
        return Judge.shipped()  # not sooner: what fits the judge needs the candidates alone
