"""Promise: the pictures whose edges and lines lie most alike are found among a million, by one core, in few bytes.

Shapes are real as far as there are works in `--corpus`; the others are whitened mixtures of the cells of two real
ones. Asked are works that were drawn anew (`attacks_style`), in all eight orientations at once. Held against is faiss's
flat index of the same vectors, with float32 in memory. Times are milliseconds a query on one core, the median with the
least and the most; found is the share whose work is among the 15 that are named.

    python -m benchmarks.nearest_shapes --corpus FOLDER --sizes 100000 1000000

A million need 5 GB of memory, most of it for the peer.
"""

import sys
from collections.abc import Callable
from statistics import median
from time import process_time

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks import by_size
from benchmarks.detection.attacks_style import halftone, outlined, pencil, posterised
from benchmarks.detection.corpus import load, read_corpus
from provenance.compare.boxes import boxes_of
from provenance.compare.colour import small_colour
from provenance.compare.look import small_grey
from provenance.compare.shape import LENGTH, cells, energies, turned, whitened
from provenance.compare.shape_search import BOXES, CODE, nearest_shapes, packed_shapes
from provenance.picture import Picture

MOST, ASKED, PAGE = 15, 60, 10_000
PROMISE = 1.0
"""Times what faiss's flat index takes in memory, at most."""

Values = NDArray[np.float32]


def main() -> int:
    """Measure and print."""
    options = by_size.options(__doc__, sizes=(100_000, 1_000_000), works=3_000)
    if options is None:
        return 0
    works = read_corpus(options.corpus)
    chosen = [works[place] for place in np.random.default_rng(0).permutation(len(works))[: options.works]]
    real = np.stack([held_cells(Picture(load(work))) for work in chosen])
    ways = (outlined, pencil, halftone, lambda pixels: posterised(pixels, 2))
    queries = [
        whitened(turned(held_cells(Picture(ways[number % len(ways)](load(work)))))).reshape(-1, LENGTH)
        for number, work in enumerate(chosen[:ASKED])
    ]
    vectors = crowd(real, max(options.sizes))
    return by_size.measured(options, lambda _folder, size: measured(vectors[:size], queries))


def held_cells(picture: Picture) -> Values:
    """Give the cells of a picture's two boxes: (2, 6, 8, 8)."""
    boxes = boxes_of(small_grey(picture).astype(np.float32))
    found = cells(energies(small_colour(picture)), boxes.shares)
    return np.stack([found[0], found[-1]])


def crowd(real: Values, count: int) -> Values:
    """Give `count` pairs of vectors, (count, 2, 256): real ones, then mixtures."""
    dice = np.random.default_rng(1)
    vectors = np.empty((count, BOXES, LENGTH), np.float32)
    vectors[: len(real)] = whitened(real)[:count]
    for start in range(len(real), count, PAGE):
        some = min(PAGE, count - start)
        first, second = (real[dice.integers(0, len(real), some)] for _ in range(2))
        share = dice.uniform(0.2, 0.8, (some, 1, 1, 1, 1)).astype(np.float32)
        vectors[start : start + some] = whitened(share * first + (1 - share) * second)
    return vectors


def measured(vectors: Values, queries: list[Values]) -> bool:
    """Ask ours and the peer by turns."""
    codes, halves = packed_shapes(list(vectors))
    flat = faiss.IndexFlatIP(LENGTH)
    flat.add(vectors.reshape(-1, LENGTH))
    sides: dict[str, Callable[[Values], list[int]]] = {
        "ours": lambda asked: nearest_shapes(asked, codes, halves, MOST, ()),
        "faiss flat": lambda asked: by_faiss(flat, asked),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    found = dict.fromkeys(sides, 0)
    for number, asked in enumerate(queries):
        for name, ask in sides.items():
            started = process_time()
            named = ask(asked)
            times[name].append(1000 * (process_time() - started))
            found[name] += number in named
    print(f"{len(vectors):,} pictures; {BOXES * CODE} and {BOXES * 2 * LENGTH} bytes of each")
    for name, values in times.items():
        share = found[name] / len(queries)
        print(f"  {name:10} {median(values):8.1f}  ({min(values):.1f} to {max(values):.1f})  found {share:.1%}")
    ratio = median(times["ours"]) / median(times["faiss flat"])
    print(f"  ours takes {ratio:.2f} of faiss; promised: {PROMISE} at most", flush=True)
    return ratio <= PROMISE


def by_faiss(flat: faiss.IndexFlatIP, asked: Values) -> list[int]:
    """Name the 15 pictures with the highest products, exactly."""
    products, rows = flat.search(asked, BOXES * MOST)
    order = np.argsort(-products, axis=None, kind="stable")
    return list(dict.fromkeys((rows.ravel()[order] // BOXES).tolist()))[:MOST]


if __name__ == "__main__":
    sys.exit(main())
