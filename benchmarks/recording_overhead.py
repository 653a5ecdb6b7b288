"""Promise: recording, checking, signing and storing every picture makes a GPU-bound run at most 1.02 times as long.

The sampler stands for a GPU: it sleeps for 50 ms, then hands over a picture of 256 px that compresses like art.
It runs (a) saving nothing, (b) with the archive on: full record, check against 2,000 works, signature, fsync,
(c) saving a plain PNG inline with Pillow, as scripts do. The rounds are interleaved and alternate in order, so that
a busy machine hits all alike; a round's time includes beginning the run and ending it, when all is recorded.
Ratios are by round; medians and quartiles over the rounds are printed, and what of it each run costs once and
each picture again. Then the CPU time for each part of recording a picture, by the clock of one thread.

    python benchmarks/recording_overhead.py [--pictures N] [--rounds N] [--works N]
"""

import argparse
import contextlib
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.archive import artwork, rows
from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.incoming import as_picture
from provenance.archive.journal import Journal
from provenance.archive.models import model_facts
from provenance.archive.record import _draft, _Item
from provenance.archive.runs import RunFacts, begin
from provenance.archive.thresholds import thresholds
from provenance.audit import CHECKS, Subject, ask
from provenance.database import utc_now
from provenance.export.encode import encode
from provenance.fingerprint import fingerprint_all

PROMISE = 1.02
STEP = 0.05
"""Seconds that the sampler sleeps for each picture."""
SIDE = 256


def art(seed: int, side: int = SIDE) -> NDArray[np.uint8]:
    """Draw waves, discs and a little grain, uint8 of shape (side, side, 3)."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:side, 0:side] / side
    canvas = np.zeros((side, side, 3))
    for channel in range(3):
        turn, pace, shift = random.uniform(-6, 6, 3)
        canvas[..., channel] = 127 + 90 * np.sin(pace * 3 * rows + turn * 3 * columns + shift)
    for _ in range(6):
        x, y, radius = random.uniform(0, 1, 3)
        canvas[(columns - x) ** 2 + (rows - y) ** 2 < (radius / 4) ** 2] = random.uniform(0, 255, 3)
    return (canvas + random.normal(0, 2, canvas.shape)).clip(0, 255).astype(np.uint8)


def sample(pictures: list[NDArray[np.uint8]], hand_over: Callable[[NDArray[np.uint8]], object]) -> None:
    """Stand for a GPU that makes these pictures."""
    for picture in pictures:
        time.sleep(STEP)
        hand_over(picture)


def bare(pictures: list[NDArray[np.uint8]]) -> None:
    sample(pictures, lambda _: None)


def inline(folder: Path, pictures: list[NDArray[np.uint8]]) -> None:
    sample(pictures, lambda picture: Image.fromarray(picture).save(folder / f"{time.monotonic_ns()}.png"))


def recorded(archive: Archive, pictures: list[NDArray[np.uint8]]) -> tuple[float, float, float]:
    """Record them; give how long it took to begin, to sample, and to end, in seconds."""
    moments = [time.perf_counter()]
    run = archive.run("benchmark", seed=1, prompt="waves and discs")
    moments.append(time.perf_counter())
    sample(pictures, run.add)
    moments.append(time.perf_counter())
    run.close()
    moments.append(time.perf_counter())
    begun, sampled, ended = np.diff(moments)
    return float(begun), float(sampled), float(ended)


def compare(archive: Archive, folder: Path, count: int, rounds: int) -> float:
    """Time the three, print them, and give the median ratio of (b) to (a)."""
    phases: list[tuple[float, float, float]] = []
    makers: dict[str, Callable[[list[NDArray[np.uint8]]], None]] = {
        "saving nothing": bare,
        "prov, everything": lambda pictures: phases.append(recorded(archive, pictures)),
        "Pillow, inline PNG": lambda pictures: inline(folder, pictures[: count // 4]),
    }
    shares = {name: count // 4 if name == "Pillow, inline PNG" else count for name in makers}
    recorded(archive, [art(7_000 + number) for number in range(4)])  # what is loaded once is loaded
    wall: dict[str, list[float]] = {name: [] for name in makers}
    cpu: dict[str, list[float]] = {name: [] for name in makers}
    for number in range(rounds):
        pictures = [art(10_000 + number * count + place) for place in range(count)]
        for name in sorted(makers, reverse=number % 2 == 0):
            started, started_cpu = time.perf_counter(), time.process_time()
            makers[name](pictures)
            wall[name].append((time.perf_counter() - started) / shares[name] * 1000)
            cpu[name].append((time.process_time() - started_cpu) / shares[name] * 1000)
    print(f"{rounds} rounds of {count} pictures of {SIDE} px, {STEP * 1000:.0f} ms of sampling each; per picture:")
    for name in makers:
        ratios = [ours / theirs for ours, theirs in zip(wall[name], wall["saving nothing"], strict=True)]
        print(
            f"  {name:20} wall {spread(wall[name], ' ms')}, CPU of all threads {spread(cpu[name], ' ms')}, "
            f"ratio {spread(ratios, '', 4)}"
        )
    once = [(begun + ended) * 1000 for begun, _, ended in phases]
    print(f"  prov costs {spread(once, ' ms')} once a run: its row, then the last picture's way to the disk")
    again = [
        sampled * 1000 / count - bare_one
        for (_, sampled, _), bare_one in zip(phases, wall["saving nothing"], strict=True)
    ]
    print(f"  and {spread(again, ' ms')} of the sampler's time for each picture")
    pairs = zip(wall["prov, everything"], wall["saving nothing"], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


class Clock:
    """Adds up the CPU time of this thread, by part."""

    def __init__(self) -> None:
        self.parts: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the time of a `with` block to the part `name`."""
        started, started_wall = time.thread_time(), time.perf_counter()
        yield
        self.parts.setdefault(name, []).append((time.thread_time() - started) * 1000)
        self.parts.setdefault(f"{name} (wall)", []).append((time.perf_counter() - started_wall) * 1000)


def parts(archive: Archive, count: int) -> None:
    """Print what each part of recording a picture costs, one picture after the other on one thread."""
    clock = Clock()
    facts = RunFacts(
        model=model_facts("benchmark", None),
        seed=1,
        prompt="waves and discs",
        parameters={},
        wanted=None,
        by=None,
        device=None,
        inputs=(),
        ingredients=(),
        started_at=utc_now(),
        nonce=os.urandom(16).hex(),
    )
    run_uid = os.urandom(32).hex()
    journal = begin(archive, run_uid, facts)
    records = [_one(archive, facts, run_uid, journal, clock=clock, place=place) for place in range(count)]
    for start in range(0, count, 16):
        with clock.part("rows, in batches of 16"), archive.database.write() as session:
            rows.write(session, records[start : start + 16])
    journal.end()
    _print_parts(clock, count)


def _one(
    archive: Archive, facts: RunFacts, run_uid: str, journal: Journal, *, clock: Clock, place: int
) -> rows.Recorded:
    pixels = art(90_000 + place)
    with clock.part("copy"):
        picture = as_picture(pixels)
    with clock.part("pixel digest, claim"):
        item = _Item(picture=picture, seed=place, parameters={}, title=None)
        draft = _draft(archive, run_uid, facts, place, item)
    with clock.part("fingerprints"):
        prints = fingerprint_all(picture)
    with clock.part("search"):
        artworks = archive.indexes.artworks()
        ask(
            Subject(
                uid=draft.uid,
                fingerprints=prints,
                works=archive.indexes.works(),
                artworks=artworks,
                thresholds=thresholds(archive.settings),
            ),
            CHECKS,
        )
    with clock.part("PNG encoding"):
        data = encode(picture, "png", compression=archive.settings.compression)
    with clock.part("signing"):
        signed = archive.signer.sign(data, "image/png", draft.claim)
    with clock.part("store, with fsync"):
        archive.store.put(signed.data)
    record = artwork.prepare(archive, draft)
    with clock.part("journal"):
        journal.write(record.to_json())
    return record


def _print_parts(clock: Clock, count: int) -> None:
    print(f"One thread, {count} pictures; ms per picture:       CPU    wall")
    beyond = 0.0
    for name in [name for name in clock.parts if not name.endswith("(wall)")]:
        cpu, wall = (sum(clock.parts[key]) / count for key in (name, f"{name} (wall)"))
        beyond += cpu if name != "PNG encoding" else 0.0
        print(f"  {name:40} {cpu:8.2f} {wall:7.2f}")
    print(f"  beyond PNG encoding                      {beyond:8.2f}")


def spread(values: list[float], unit: str, digits: int = 2) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def fill(archive: Archive, folder: Path, works: int) -> None:
    """Put works into the archive."""
    folder.mkdir()
    for number in range(works):
        Image.fromarray(art(number, 64)).save(folder / f"{number}.png", compress_level=1)
    add_dataset(archive, "works", folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100, help="in each round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--works", type=int, default=2000)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="recording-") as name:
        folder = Path(name)
        (folder / "plain").mkdir()
        with Archive.make(folder / "archive") as archive:
            fill(archive, folder / "works", wanted.works)
            ratio = compare(archive, folder / "plain", wanted.pictures, wanted.rounds)
            parts(archive, 40)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"load {load} on {len(os.sched_getaffinity(0))} cores")
    kept = ratio <= PROMISE
    print(f"ratio {ratio:.4f}, promise {PROMISE}: " + ("kept." if kept else "broken."))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
