"""Exact nearest neighbours among flat codes: two ways that give the same answer, by numpy and by faiss.

Both look at every code. faiss is twice as quick on 256 bits, but costs a fifth of a second to import, so that
a small archive is better off without it. A query is eight codes, a picture's orientations; the distance of a
stored code is the least of eight. Answers keep all ties: every row as near as the k-th is in them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

NUMPY_ROWS = 16_384
"""Up to so many codes numpy is asked."""

_BLOCK = 8192
_SPARE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows of the codes with their distance to one query, in no order."""

    rows: NDArray[np.int64]
    distances: NDArray[np.int64]
    orientations: NDArray[np.int64]
    """Which of the query's codes was nearest; of equals the first."""


def nearest_rows(codes: NDArray[np.uint8], queries: NDArray[np.uint8], k: int, *, threads: int) -> list[Found]:
    """Find for each of `queries` (q, orientations, size) the `k` nearest of `codes` (n, size), with all ties."""
    if not len(codes) or k < 1:
        return [_nothing() for _ in queries]
    if len(codes) <= NUMPY_ROWS:
        return [_nearest_by_numpy(codes, query, k) for query in queries]
    return _nearest_by_faiss(codes, queries, k, threads)


def rows_within(codes: NDArray[np.uint8], queries: NDArray[np.uint8], radius: int, *, threads: int) -> list[Found]:
    """Find for each of `queries` (q, orientations, size) all of `codes` (n, size) at `radius` bits or fewer."""
    if not len(codes) or radius < 0:
        return [_nothing() for _ in queries]
    if len(codes) <= NUMPY_ROWS:
        return [_within_by_numpy(codes, query, radius) for query in queries]
    return _within_by_faiss(codes, queries, radius, threads)


def _nothing() -> Found:
    empty = np.empty(0, dtype=np.int64)
    return Found(rows=empty, distances=empty, orientations=empty)


def _nearest_by_numpy(codes: NDArray[np.uint8], query: NDArray[np.uint8], k: int) -> Found:
    distances, orientations = _least_distances(codes, query)
    last = np.partition(distances, min(k, len(codes)) - 1)[min(k, len(codes)) - 1]
    return _chosen(np.flatnonzero(distances <= last), distances, orientations)


def _within_by_numpy(codes: NDArray[np.uint8], query: NDArray[np.uint8], radius: int) -> Found:
    distances, orientations = _least_distances(codes, query)
    return _chosen(np.flatnonzero(distances <= radius), distances, orientations)


def _chosen(rows: NDArray[np.int64], distances: NDArray[np.uint16], orientations: NDArray[np.uint8]) -> Found:
    return Found(
        rows=rows, distances=distances[rows].astype(np.int64), orientations=orientations[rows].astype(np.int64)
    )


def _least_distances(
    codes: NDArray[np.uint8], query: NDArray[np.uint8]
) -> tuple[NDArray[np.uint16], NDArray[np.uint8]]:
    """Compare in blocks that stay in the cache: the least of the orientations' distances, and which it was."""
    words, asked = codes.view(np.uint64), np.ascontiguousarray(query).view(np.uint64)
    least = np.empty(len(codes), dtype=np.uint16)
    which = np.zeros(len(codes), dtype=np.uint8)
    for start in range(0, len(codes), _BLOCK):
        block = np.ascontiguousarray(words[start : start + _BLOCK].T)
        part, part_which = least[start : start + _BLOCK], which[start : start + _BLOCK]
        part[:] = np.iinfo(np.uint16).max
        for orientation, code in enumerate(asked):
            distance = np.zeros(block.shape[1], dtype=np.uint16)
            for column, word in zip(block, code, strict=True):
                distance += np.bitwise_count(column ^ word)
            part_which[distance < part] = orientation
            np.minimum(part, distance, out=part)
    return least, which


def _nearest_by_faiss(codes: NDArray[np.uint8], queries: NDArray[np.uint8], k: int, threads: int) -> list[Found]:
    import faiss

    count, orientations, size = queries.shape
    asked = min(len(codes), k + _SPARE)
    with _faiss_threads(threads):
        distances, rows = faiss.knn_hamming(np.ascontiguousarray(queries.reshape(-1, size)), codes, asked)
    distances, rows = distances.reshape(count, orientations, asked), rows.reshape(count, orientations, asked)
    turns = np.repeat(np.arange(orientations), asked)
    found = [_merged(r.ravel(), d.ravel(), turns) for r, d in zip(rows, distances, strict=True)]
    for number, answer in enumerate(found):
        last = int(np.sort(answer.distances)[min(k, len(codes)) - 1])
        # A list that ends at this very distance may have left out ties.
        if asked < len(codes) and int(distances[number, :, -1].min()) <= last:
            found[number] = _within_by_faiss(codes, queries[number : number + 1], last, threads)[0]
    return found


def _within_by_faiss(codes: NDArray[np.uint8], queries: NDArray[np.uint8], radius: int, threads: int) -> list[Found]:
    import faiss

    _, orientations, size = queries.shape
    asked = np.ascontiguousarray(queries.reshape(-1, size))
    result = faiss.RangeSearchResult(len(asked))
    with _faiss_threads(threads):
        # faiss wants less than the radius, not as much
        faiss.hamming_range_search(  # type: ignore[attr-defined]
            faiss.swig_ptr(asked), faiss.swig_ptr(codes), len(asked), len(codes), radius + 1, size, result
        )
    limits = faiss.rev_swig_ptr(result.lims, len(asked) + 1).astype(np.int64)
    total = int(limits[-1])
    if not total:
        return [_nothing() for _ in queries]
    distances = faiss.rev_swig_ptr(result.distances, total).astype(np.int64)
    rows = faiss.rev_swig_ptr(result.labels, total).astype(np.int64)
    which = np.repeat(np.arange(len(asked)) % orientations, np.diff(limits))
    ends = limits[::orientations]
    return [_merged(rows[start:end], distances[start:end], which[start:end]) for start, end in pairwise(ends)]


def _merged(rows: NDArray[Any], distances: NDArray[Any], orientations: NDArray[np.int64]) -> Found:
    """Keep of each row its least distance, and of equals the first orientation."""
    order = np.lexsort((orientations, distances, rows))
    rows = rows[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = rows[1:] != rows[:-1]
    return Found(
        rows=rows[first].astype(np.int64),
        distances=distances[order][first].astype(np.int64),
        orientations=orientations[order][first],
    )


@contextmanager
def _faiss_threads(threads: int) -> Iterator[None]:
    """Bound the threads of this thread's searches only: OpenMP keeps the number for each thread."""
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(threads)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
