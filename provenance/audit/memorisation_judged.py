"""The judge of copies on the pictures that lie nearest to works: whether geometry sees the work in them, too."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from provenance.audit.memorisation_rulers import Nearest
from provenance.compare.cascade import candidates
from provenance.compare.gallery import MemoryGallery
from provenance.compare.judge import Judge
from provenance.compare.look import look_at
from provenance.picture import Picture


def shortlist(nearest: Mapping[str, Nearest], most: int) -> list[int]:
    """Name the `most` pictures that lie nearest to a work: by the better of their ranks by the rulers."""
    ranks = [np.argsort(np.argsort(-near.best, kind="stable"), kind="stable") for near in nearest.values()]
    best = np.min(ranks, axis=0)
    return [int(each) for each in np.argsort(best, kind="stable")[:most]]


def named_works(nearest: Mapping[str, Nearest], pictures: Sequence[int]) -> list[int]:
    """Name the works that lie nearest to some pictures by any ruler, each once."""
    places = np.concatenate([near.places[list(pictures)].ravel() for near in nearest.values()])
    return [int(place) for place in np.unique(places) if place >= 0]


def judge_pictures(
    judge: Judge,
    pictures: NDArray[np.uint8],
    embeddings: NDArray[np.float32],
    works: NDArray[np.uint8],
    work_embeddings: NDArray[np.float32],
    *,
    twins: Sequence[Sequence[int]],
) -> list[tuple[int, int, float]]:
    """Score each of `pictures` against `works`, both uint8 (n, side, side, 3): picture, best work, score.

    The surest come first; a picture that nothing is a candidate for is left out. `embeddings` are of length 1;
    `twins` names for each picture the works that it is not held against.
    """
    looks = [look_at(Picture(each), vector) for each, vector in zip(works, work_embeddings, strict=True)]
    gallery = MemoryGallery(looks)
    found: list[tuple[int, int, float]] = []
    for number, (each, vector) in enumerate(zip(pictures, embeddings, strict=True)):
        scored = judge.best(candidates(look_at(Picture(each), vector), gallery, without=twins[number]))
        if scored:
            found.append((number, scored[0][1].place, scored[0][0]))
    return sorted(found, key=lambda row: -row[2])
