"""Promise: among a million works a whole audit of a picture for copies takes 0.3 s of one core, among few 0.2 s.

Everything is asked that an audit asks of a picture: its fingerprints and the nearest by each, its features, votes,
nearest embeddings and shapes, the looks of what is proposed, aligning, the quick judgement, measuring and judging. The
index lies in files, as an archive's does. Times are milliseconds of one core, the median with the least and the most;
`by the clock` has waiting for the disk and for other programs in it.

Real are the works of `--corpus`, without 60 that are asked about as innocents: each is all that its creator has there.
All others are strangers: points as `copies_index` makes them, embeddings as `nearest_embeddings`, shapes as
`nearest_shapes`, and each bit of a code from one of two real works, since codes of crops would be those of copies. None
is a mixture of a work whose altered copy is asked about: hundreds of them would be half copies too.
A stranger that is proposed has its own points, embedding and shapes, but the small copies, and so the boxes and the
outline, of a real work; its points lie anywhere, and align as seldom as those of other pictures.
Nothing is read from a database, and no artworks are compared with: an archive takes some ms more.

`python -m benchmarks.audit_by_size --corpus FOLDER --index FOLDER --sizes 0 100000 1000000`, where 0 are the real works
alone. What is made in `--index` is kept, and used again until it is removed, as it must be when the works change: of a
million works 10 GB, made in more than an hour with 5 GB of memory. With `--cold` the system is asked to forget the
files first.
"""

import argparse
import os
import pickle
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import ParamSpec, TypeVar

import cv2
import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import nearest_embeddings, nearest_shapes
from benchmarks.copies_index import ASKED, Crowd, chosen, show
from benchmarks.detection.corpus import Work, load
from provenance.archive.features import reduce
from provenance.archive.gallery import look_of
from provenance.audit.similarity import compare
from provenance.compare.cascade import measured, promising
from provenance.compare.disturbance import DISTURBANCES, disturbed
from provenance.compare.gallery import Gallery, MemoryGallery
from provenance.compare.judge import Judge
from provenance.compare.look import Look
from provenance.compare.shape import whitened
from provenance.compare.stored import Stored
from provenance.compare.storing import Storing
from provenance.errors import DamagedArchiveError
from provenance.fingerprint import METHODS, fingerprint_all
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import Projection, unpack
from provenance.fingerprint.index import Index
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.picture import Picture

MADE_FOR = {"benchmark": "audit_by_size"}
PAGE, DISTURBED, FEW = 10_000, 600, 10_000
BUDGETS = 200.0, 300.0
"""Milliseconds for an altered copy among up to `FEW` works, and among a million; an innocent one takes half."""
MADE_UP = "made up"
"""The stage of what only the benchmark does: it counts for nothing."""

P = ParamSpec("P")
T = TypeVar("T")
Floats = NDArray[np.float32]
Times = Mapping[str, NDArray[np.float64]]
Query = tuple[int | None, Picture]
"""A picture, and the place of the work that it is an altered copy of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """What is kept of the real works: packed features, codes (n, bytes) by method, cells, what disturbing changes."""

    features: Sequence[Mapping[str, bytes]]
    codes: Mapping[str, NDArray[np.uint8]]
    cells: Floats
    noise: Floats


class Watch:
    """Adds up the time of stages, of processor and clock; time in an inner stage is not the outer one's."""

    def __init__(self) -> None:
        self.spent: dict[str, NDArray[np.float64]] = defaultdict(lambda: np.zeros(2))
        self._names: list[str] = []
        self._mark = np.zeros(2)

    def over(self, name: str, work: Callable[P, T]) -> Callable[P, T]:
        """Charge to this stage what `work` does."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            self._charge()
            self._names.append(name)
            found = work(*args, **kwargs)
            self._charge()
            self._names.pop()
            return found

        return timed

    def _charge(self) -> None:
        now = 1000 * np.array([process_time(), perf_counter()])
        if self._names:
            self.spent[self._names[-1]] += now - self._mark
        self._mark = now


class StoredGallery:
    """An index in files; what is proposed is unpacked as an archive does it, and kept until `read` is cleared."""

    def __init__(self, folder: Path, stored: Stored, real: Real, crowd: Crowd, watch: Watch) -> None:
        self.vote = watch.over("votes", stored.voters.ask)
        self.resembling = watch.over("resembling", stored.resembling)
        self.shaped = watch.over("shaped", stored.shaped)
        self.look = watch.over("looks", self._look)
        self.read: dict[int, Look] = {}
        self._points = watch.over(MADE_UP, lambda place: crowd.picture(place).to_bytes())
        self._size, self._real, self._projection = len(stored), real, Projection.load()
        self._embeddings = np.load(folder / "embeddings.npy", mmap_mode="r")
        self._shape = stored.shape

    def __len__(self) -> int:
        return self._size

    def cosine(self, embedding: Floats, place: int) -> float:
        """Say how alike one looks as a whole."""
        return float(self.look(place).embedding @ embedding)

    def _look(self, place: int) -> Look:
        if place not in self.read:
            strange = place >= len(self._real.features)
            data = self._real.features[place % (len(self._real.features) - ASKED) if strange else place]
            look = look_of({**data, POINTS: self._points(place)} if strange else data, self._projection)
            embedding = self._embeddings[place].astype(np.float32) if strange else look.embedding
            self.read[place] = replace(look, embedding=embedding, shape_vectors=self._shape(place))
        return self.read[place]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--corpus", type=Path, default=None)
    asked.add_argument("--index", type=Path, default=Path("audit-by-size"), help="where indexes are made and kept")
    asked.add_argument("--sizes", type=int, nargs="+", default=[0, 100_000])
    asked.add_argument("--cold", action="store_true", help="have the system forget the files first")
    options = asked.parse_args()
    if options.corpus is None:
        print("not measured: --corpus names no folder of pictures")
        return 0
    for one_thread in (faiss.omp_set_num_threads, torch.set_num_threads, cv2.setNumThreads):
        one_thread(1)
    works, innocents = divided(chosen(options.corpus, sys.maxsize))
    real = reals(options.index / "real.pickle", options.corpus, works)
    crowd = Crowd([LocalFeatures.from_bytes(each[POINTS]) for each in real.features])
    queries = asked_about(works, innocents)
    audit(queries[0][1], MemoryGallery([look_of(real.features[0], Projection.load())]), {}, Watch())  # loads networks
    kept = True
    for size in options.sizes:
        folder = options.index / str(max(size, len(works)))
        if opened(folder) is None:
            build(folder, real, crowd, max(size, len(works)))
        if options.cold:
            forget(folder)
        kept = measured_at(folder, real, crowd, queries) and kept
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1


def divided(works: Sequence[Work]) -> tuple[list[Work], list[Work]]:
    """Take out innocents whose creators made nothing else here, so that nothing like them is left."""
    made = Counter(work.creator for work in works)
    innocents = [work for work in works if made[work.creator] == 1][:ASKED]
    return [work for work in works if work not in innocents], innocents


def reals(path: Path, corpus: Path, works: Sequence[Work]) -> Real:
    """Reduce the real works, or read what was kept of them."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        features, codes, cells = [], defaultdict(list), []
        for work in works:
            picture = Picture(load(work))
            features.append(reduce(picture))
            cells.append(nearest_shapes.held_cells(picture))
            for name, each in fingerprint_all(picture).items():
                codes[name].append(each.matrix[0])
        noise = nearest_embeddings.embedded(corpus, DISTURBED)[1]
        stacked = {name: np.stack(held) for name, held in codes.items()}
        path.write_bytes(pickle.dumps(Real(features=features, codes=stacked, cells=np.stack(cells), noise=noise)))
        print(f"{len(works):,} real works reduced", flush=True)
    found: Real = pickle.loads(path.read_bytes())
    return found


def asked_about(works: Sequence[Work], innocents: Sequence[Work]) -> list[Query]:
    """Disturb the last works, of which no stranger is made; give them and the innocents by turns."""
    dice, names = np.random.default_rng(1), list(DISTURBANCES)
    queries: list[Query] = []
    for number, other in enumerate(innocents):
        place = len(works) - ASKED + number
        queries.append((place, disturbed(Picture(load(works[place])), names[number % len(names)], dice)))
        queries.append((None, Picture(load(other))))
    return queries


def build(folder: Path, real: Real, crowd: Crowd, count: int) -> None:
    """Make all that is asked; what was begun before is removed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started, uids = perf_counter(), [sha256(str(place).encode()).hexdigest() for place in range(count)]

    def say(what: str) -> None:
        print(f"  {perf_counter() - started:6.0f} s  {what}", flush=True)

    for method in METHODS:
        index = Index(method.name, method.size)
        index.add(uids, mixed(real.codes[method.name], count))
        index.save(folder / f"{method.name}.codes", last_id=count)
    projection, whole = Projection.load(), np.stack([unpack(each[EMBEDDING]) for each in real.features])
    parents = slice(len(whole) - ASKED)
    vectors = nearest_embeddings.crowd(whole[parents], real.noise, count, projection)
    vectors[parents.stop : len(whole)] = projection.project(whole[parents.stop :])
    np.save(folder / "embeddings.npy", vectors.astype(np.float16))
    shapes = nearest_shapes.crowd(real.cells[parents], count)
    shapes[parents.stop : len(whole)] = whitened(real.cells[parents.stop :])
    say(f"{count:,} works made up")
    storing = Storing(folder / "copies", MADE_FOR, length=projection.length)
    for start in range(0, count, PAGE):
        some = range(start, min(start + PAGE, count))
        part = slice(some.start, some.stop)
        storing.add(some, uids[part], [crowd.size(place) for place in some], vectors[part], list(shapes[part]))
    storing.finish(seen=count, anchor="")
    say("kept all but their points")
    del vectors, shapes
    storing.encode(crowd.read, lambda done, total: None if done % PAGE else say(f"{done:,} of {total:,} have points"))
    say("whole")


def mixed(codes: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Give `count` codes: real ones, then some that have each bit from one of two real ones."""
    dice = np.random.default_rng(1)
    first, second = (codes[dice.integers(0, len(codes) - ASKED, count - len(codes))] for _ in range(2))
    mask = dice.integers(0, 256, first.shape, np.uint8)
    return np.concatenate([codes, first & mask | second & ~mask])


def opened(folder: Path) -> Stored | None:
    """Open an index, if there is a whole one."""
    try:
        stored = Stored.open(folder / "copies", MADE_FOR, length=Projection.load().length)
    except DamagedArchiveError:
        return None
    return stored if stored.whole else None


def forget(folder: Path) -> None:
    """Ask the system to drop what it has read of the files."""
    for path in (each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measured_at(folder: Path, real: Real, crowd: Crowd, queries: Sequence[Query]) -> bool:
    """Audit all queries, and print what it took."""
    before, stored = nearest_embeddings.anonymous(), opened(folder)
    assert stored is not None
    watch = Watch()
    gallery = StoredGallery(folder, stored, real, crowd, watch)
    indexes = {method.name: Index.load(folder / f"{method.name}.codes")[0] for method in METHODS}
    line, flagged = Judge.shipped().line.score, {True: 0, False: 0}
    times: dict[bool, list[Times]] = {True: [], False: []}
    counts: dict[bool, list[int]] = {True: [], False: []}
    for place, picture in queries:
        altered = place is not None
        gallery.read.clear()
        scores = audit(picture, gallery, indexes, watch)
        times[altered].append({**watch.spent})
        watch.spent.clear()
        counts[altered].append(len(scores))
        flagged[altered] += any(score >= line for each, score in scores.items() if place in (None, each))
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".npy")
    resident = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6
    print(f"{len(stored):,} works, {int(stored.rows['points'].sum()):,} points; {disk / 1e6:,.0f} MB on disk, ", end="")
    print(f"{nearest_embeddings.anonymous() - before:.0f} MB of memory; {resident:,.0f} MB with all that is mapped")
    print(f"  found {flagged[True] / ASKED:.1%} of {ASKED} altered works over the line; ", end="")
    print(f"{flagged[False]} of {ASKED} innocents are over it; ", end="")
    print(f"proposals measured: {median(counts[True]):.0f} and {median(counts[False]):.0f}")
    budget = BUDGETS[len(stored) > FEW]
    altered_take, innocents_take = shown("altered copies", times[True]), shown("innocents", times[False])
    print(f"  the budget is {budget:.0f} for an altered copy, and half of it for an innocent one", flush=True)
    return altered_take <= budget and innocents_take <= budget / 2


def audit(picture: Picture, gallery: Gallery, indexes: Mapping[str, Index], watch: Watch) -> dict[int, float]:
    """Do all that an audit does to find copies: scores by place."""
    fingerprints = watch.over("fingerprints", fingerprint_all)(picture)
    look = watch.over("features", lambda: look_of(reduce(picture), Projection.load()))()
    watch.over("nearest codes", compare)(fingerprints, indexes, {})
    proposals = watch.over("aligning", promising)(look, gallery)
    found = watch.over("measuring", measured)(look, gallery, proposals)
    return watch.over("judging", lambda: {each.place: Judge.shipped().score(each) for each in found})()


def shown(what: str, times: Sequence[Times]) -> float:
    """Print a line for each stage and the whole; give the median of the whole."""
    print(f"  {what}")
    stages = [name for name in times[0] if name != MADE_UP]
    for stage in stages:
        show(f"  {stage}", [float(each[stage][0]) for each in times])
    whole, waited = ([float(sum(each[stage][kind] for stage in stages)) for each in times] for kind in (0, 1))
    show("  whole", whole)
    show("  by the clock", waited)
    return median(whole)


if __name__ == "__main__":
    sys.exit(main())
