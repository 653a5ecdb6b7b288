"""Promise: the pictures that look most like another one are found exactly among a million, on one core, from files.

Embeddings are real as far as there are works in `--corpus`; the others are mixed from two real ones each, with what a
real disturbance did to a third one added, so that they lie as close together as pictures do. They are kept as half
floats, 512 bytes each; held against are numpy's product and faiss's flat index, with float32 in memory. Times are
milliseconds a query on one core, the median with the least and the most; agreement is the share of the 15 nearest by
float32 that the half floats name.

`python -m benchmarks.nearest_embeddings --corpus FOLDER --sizes 100000 1000000`; a million need 4 GB of memory for
the peers, and 0.6 GB in `--scratch`.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks import by_size
from benchmarks.detection.corpus import load, read_corpus
from provenance.compare.disturbance import DISTURBANCES, disturbed
from provenance.compare.shape import LENGTH as SHAPE
from provenance.compare.stored import Stored
from provenance.compare.storing import Storing
from provenance.fingerprint.embedding import Embedder, Projection
from provenance.picture import Picture

MADE_FOR = {"benchmark": "nearest_embeddings"}
MOST, ASKED, PAGE = 15, 60, 2_000
PROMISE = 1.0
"""Times what faiss's flat index takes in memory, at most."""

Vectors = NDArray[np.float32]

NO_SHAPE = np.zeros((1, SHAPE), np.float32)


def main() -> int:
    options = by_size.options(__doc__, sizes=(100_000, 1_000_000), works=3_000)
    if options is None:
        return 0
    whole, noise = embedded(options.corpus, options.works)
    projection = Projection.load()
    vectors = crowd(whole, noise, max(options.sizes), projection)
    queries = projection.project((whole[:ASKED] + noise[:ASKED]).clip(0, 6))
    return by_size.measured(options, lambda folder, size: measured(folder, vectors[:size], queries))


def embedded(folder: Path, count: int) -> tuple[Vectors, Vectors]:
    """Embed some works, and say what disturbing the first of them changed: float32 (n, 1280) each."""
    works = read_corpus(folder)
    dice, embedder, names = np.random.default_rng(0), Embedder.load(), list(DISTURBANCES)
    chosen = [Picture(load(works[place])) for place in dice.permutation(len(works))[:count]]
    whole = np.stack([embedder.embed(picture) for picture in chosen])
    some = chosen[: max(ASKED, count // 5)]
    after = [embedder.embed(disturbed(each, names[number % len(names)], dice)) for number, each in enumerate(some)]
    return whole, np.stack(after) - whole[: len(some)]


def crowd(whole: Vectors, noise: Vectors, count: int, projection: Projection) -> Vectors:
    """Give `count` vectors: real ones, then mixtures with noise, all projected."""
    dice = np.random.default_rng(1)
    vectors = np.empty((count, projection.length), np.float32)
    vectors[: len(whole)] = projection.project(whole)[:count]
    for start in range(len(whole), count, PAGE):
        some = min(PAGE, count - start)
        first, second, third = (dice.integers(0, length, some) for length in (len(whole), len(whole), len(noise)))
        share = dice.uniform(0.2, 0.8, (some, 1)).astype(np.float32)
        mixed = share * whole[first] + (1 - share) * whole[second] + noise[third]
        vectors[start : start + some] = projection.project(mixed.clip(0, 6))
    return vectors


def measured(folder: Path, vectors: Vectors, queries: Vectors) -> bool:
    """Keep `vectors` in files, and ask files and peers by turns."""
    storing = Storing(folder, MADE_FOR, length=vectors.shape[1])
    making = clocked(lambda: fill(storing, vectors))
    disk = sum(path.stat().st_size for path in folder.iterdir())
    before = anonymous()
    stored, flat = Stored.open(folder, MADE_FOR, length=vectors.shape[1]), faiss.IndexFlatIP(vectors.shape[1])
    stored.resembling(queries[0], MOST, ())
    print(f"{len(vectors):,} embeddings; made in {making / 1000:.1f} s, {disk / 1e6:,.0f} MB on disk")
    print(f"  {len(storing.manifest.vectors)} segments; own memory when asked {anonymous() - before:.0f} MB")
    flat.add(vectors)
    sides: dict[str, Callable[[Vectors], list[int]]] = {
        "ours": lambda query: list(stored.resembling(query, MOST, ())),
        "faiss flat": lambda query: flat.search(query[None], MOST)[1][0].tolist(),
        "numpy": lambda query: by_numpy(vectors, query),
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    found: dict[str, list[list[int]]] = {name: [] for name in sides}
    for query in queries:
        for name, ask in sides.items():
            times[name].append(clocked(lambda: found[name].append(ask(query))))  # noqa: B023
    for name, values in times.items():
        print(f"  {name:10} {median(values):8.1f}  ({min(values):.1f} to {max(values):.1f})")
    pairs = zip(found["ours"], found["faiss flat"], strict=True)
    agreement = np.mean([len(set(ours) & set(theirs)) / MOST for ours, theirs in pairs])
    first = np.mean([ours[0] == place for place, ours in enumerate(found["ours"])])
    ratio = median(times["ours"]) / median(times["faiss flat"])
    print(f"  ours takes {ratio:.2f} of faiss; promised: {PROMISE} at most; agreement {agreement:.1%}")
    print(f"  the work itself comes first for {first:.1%} of {len(queries)} disturbed works", flush=True)
    return bool(ratio <= PROMISE)


def fill(storing: Storing, vectors: Vectors) -> None:
    for start in range(0, len(vectors), PAGE):
        some = vectors[start : start + PAGE]
        places = range(start, start + len(some))
        storing.add(places, [f"{place:064x}" for place in places], [0] * len(some), some, [NO_SHAPE] * len(some))
    storing.finish(seen=len(vectors), anchor="")
    storing.encode(lambda _nodes: [])


def by_numpy(vectors: Vectors, query: Vectors) -> list[int]:
    alike = vectors @ query
    best = np.argpartition(-alike, MOST)[:MOST]
    return [int(place) for place in best[np.argsort(-alike[best])]]


def anonymous() -> float:
    """Read how much memory this process has for itself, in MB; files that are mapped do not count."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1000


def clocked(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return 1000 * (process_time() - start)


if __name__ == "__main__":
    sys.exit(main())
