"""Promise: the index of the copies check answers as quickly from files as from memory, and is appended to, not remade.

Pictures are real as far as there are any in `--corpus`; the others hold points that were drawn from all real ones,
each moved about as far as the nearest other point lies (a squared distance of 0.3), so that cells fill up as they
would, and no picture is a copy of another. Asked are disturbed versions of real works; the share whose work is among
the 15 with the most votes is the quality. Times are milliseconds on one core, the median with the least and the most.

`python -m benchmarks.copies_index --corpus FOLDER --sizes 3000 30000 100000`; it needs 1.6 GB in `--scratch` for
every 100,000 pictures.
"""

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from benchmarks import by_size
from benchmarks.detection.corpus import Work, load, read_corpus
from provenance.compare.disturbance import DISTURBANCES, disturbed
from provenance.compare.shape import LENGTH as SHAPE
from provenance.compare.stored import Stored
from provenance.compare.storing import Storing
from provenance.compare.voting import Voters
from provenance.fingerprint.local import LocalFeatures, changed_descriptors, local_features
from provenance.picture import Picture

MADE_FOR = {"benchmark": "copies_index"}
LENGTH, MOST, ASKED, APPENDED, ROUNDS = 256, 15, 60, 100, 5
JITTER = 21  # of 255, either way and evenly: a squared distance of 0.3
BUDGET = 300.0
"""Milliseconds of a whole audit against a million works."""
PROMISE = 1.5
"""Times what votes take in memory, at most."""

NO_SHAPE = np.zeros((1, SHAPE), np.float32)


def main() -> int:
    options = by_size.options(__doc__, sizes=(3_000, 30_000), works=1_000)
    if options is None:
        return 0
    works = chosen(options.corpus, options.works)
    crowd = Crowd([local_features(Picture(load(work))) for work in works])
    queries = altered(works)
    return by_size.measured(options, lambda folder, size: measured(folder / "index", crowd, queries, size))


class Crowd:
    """As many pictures as are asked for: real ones first, then strangers made of their points."""

    def __init__(self, real: Sequence[LocalFeatures]) -> None:
        self._real = real
        self._descriptors = np.concatenate([each.descriptors for each in real])
        self._points = np.concatenate([each.points for each in real])
        self._sizes = np.array([len(each) for each in real])

    def size(self, place: int) -> int:
        """Count the points of a picture."""
        return int(self._sizes[place % len(self._sizes)])

    def picture(self, place: int) -> LocalFeatures:
        """Give a picture's points; the same each time."""
        if place < len(self._real):
            return self._real[place]
        dice = np.random.default_rng(place)
        rows = dice.integers(0, len(self._points), self.size(place))
        moved = self._descriptors[rows] + dice.integers(-JITTER, JITTER + 1, (len(rows), 128), np.int16)
        descriptors = moved.clip(0, 255).astype(np.uint8)
        return LocalFeatures(width=320, height=320, points=self._points[rows], descriptors=descriptors)

    def read(self, nodes: NDArray[np.int64]) -> Iterator[LocalFeatures]:
        """Give those of many, one after the other."""
        return (self.picture(int(node)) for node in nodes)


def chosen(folder: Path, count: int) -> list[Work]:
    works = read_corpus(folder)
    return [works[place] for place in np.random.default_rng(0).permutation(len(works))[:count]]


def altered(works: Sequence[Work]) -> list[tuple[int, LocalFeatures]]:
    """Disturb some works: the place of each, and the points of what it became."""
    dice, names = np.random.default_rng(1), list(DISTURBANCES)
    places = dice.permutation(len(works))[:ASKED].tolist()
    pictures = (Picture(load(works[place])) for place in places)
    return [
        (place, local_features(disturbed(picture, names[number % len(names)], dice)))
        for number, (place, picture) in enumerate(zip(places, pictures, strict=True))
    ]


def measured(folder: Path, crowd: Crowd, queries: Sequence[tuple[int, LocalFeatures]], size: int) -> bool:
    """Make, open, ask and append to an index of `size` pictures."""
    storing = Storing(folder, MADE_FOR, length=LENGTH)
    making = clocked(lambda: fill(storing, crowd, range(size)))
    points, disk = storing.manifest.learnt_from, sum(path.stat().st_size for path in folder.iterdir())
    print(f"{size:,} pictures, {points:,} points in {storing.manifest.vocabulary.entries:,} cells")  # type: ignore[union-attr]
    print(f"  made in {making / 1000:.0f} s of CPU, {making * 1000 / points:.1f} us a point; {disk / 1e6:,.0f} MB")
    opening = [walled(lambda: Stored.open(folder, MADE_FOR, length=LENGTH)) for _ in range(ROUNDS)]
    show("opened", opening)
    stored = Stored.open(folder, MADE_FOR, length=LENGTH)
    times, found = asked_all(stored.voters, queries)
    show("a vote", times)
    vocabulary = storing.manifest.vocabulary.size / 1e6  # type: ignore[union-attr]
    print(f"  found {found:.1%} of {len(queries)} disturbed works; the vocabulary takes {vocabulary:.0f} MB")
    appending = []
    for start in range(size, size + 3 * APPENDED, APPENDED):
        some = range(start, start + APPENDED)
        appending.append(walled(lambda some=some: fill(Storing(folder, MADE_FOR, length=LENGTH), crowd, some)))  # type: ignore[misc]
    show(f"{APPENDED} appended", appending)
    again, found_again = asked_all(Stored.open(folder, MADE_FOR, length=LENGTH).voters, queries)
    print(f"  with {3} segments more a vote takes {median(again):.1f}; found {found_again:.1%}")
    print(f"  the budget of a whole audit among 1,000,000 is {BUDGET:.0f}", flush=True)
    shutil.rmtree(folder)
    return size > 10_000 or raced(crowd, queries, size, times)


def raced(crowd: Crowd, queries: Sequence[tuple[int, LocalFeatures]], size: int, times: Sequence[float]) -> bool:
    """Hold the index against what it replaces: learning all anew in memory."""
    pictures = [crowd.picture(place) for place in range(size)]
    learning = clocked(lambda: Voters.of(pictures))
    in_memory, found = asked_all(Voters.of(pictures), queries)
    ratio = median(times) / median(in_memory)
    print(
        f"  in memory: learnt in {learning / 1000:.1f} s each time, found {found:.1%}; a vote takes {ratio:.2f} of that"
    )
    return ratio <= PROMISE


def asked_all(voters: Voters, queries: Sequence[tuple[int, LocalFeatures]]) -> tuple[list[float], float]:
    times, found = [], 0
    for place, asker in queries:
        descriptors = changed_descriptors(asker.descriptors)
        votes = []
        times.append(clocked(lambda: votes.extend(voters.ask(descriptors, asker, MOST, ()))))  # noqa: B023
        found += place in {vote.place for vote in votes}
    return times, found / len(queries)


def fill(storing: Storing, crowd: Crowd, places: range) -> None:
    for start in range(places.start, places.stop, 2_000):
        some = range(start, min(start + 2_000, places.stop))
        uids = [f"{place:064x}" for place in some]
        storing.add(
            some,
            uids,
            [crowd.size(place) for place in some],
            np.stack([crowd_vector(each) for each in some]),
            [NO_SHAPE] * len(some),
        )
        storing.finish(seen=some.stop, anchor="")
    storing.encode(crowd.read)


def crowd_vector(place: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(place).standard_normal(LENGTH, np.float32)
    return vector / np.linalg.norm(vector)


def show(what: str, values: Sequence[float]) -> None:
    print(f"  {what:14} {median(values):9.1f}  ({min(values):.1f} to {max(values):.1f})", flush=True)


def clocked(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return 1000 * (process_time() - start)


def walled(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return 1000 * (perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
