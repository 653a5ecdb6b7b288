"""Reading a folder of works scales over the cores, and its floor is the decoder.

Promise: two workers read at least 1.6 times as many works a second as one, where two cores are free; of the
processor time, reading, hashing and recording take less than decoding and fingerprinting, which nobody can skip.
The peer is a plain loop that decodes each file with Pillow and computes imagehash's two pHashes once: a
sixteenth of the hashing that we do.

    python benchmarks/ingest.py [FOLDER] [--works 200] [--rounds 3]
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image

from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.collect.item import Read
from provenance.collect.read import collect
from provenance.digest import Digest
from provenance.fingerprint import fingerprint_all
from provenance.picture import Picture


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--works", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.folder or make_works(Path(scratch) / "works", arguments.works)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        rates(folder, Path(scratch), arguments.rounds)
        shares(folder)


def make_works(folder: Path, count: int) -> Path:
    """Write pictures of 512 px with shapes and grain: half JPEG, half WebP."""
    folder.mkdir()
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[0:512, 0:512]
    for number in range(count):
        canvas = np.zeros((512, 512, 3))
        for _ in range(10):
            x, y, radius = random.uniform(0, 512, 3)
            canvas[(columns - x) ** 2 + (rows - y) ** 2 < (radius / 3) ** 2] = random.uniform(0, 255, 3)
        canvas += random.normal(0, 4, canvas.shape)
        ending = ("jpg", "webp")[number % 2]
        Image.fromarray(canvas.clip(0, 255).astype(np.uint8)).save(folder / f"{number:05}.{ending}", quality=90)
    return folder


def rates(folder: Path, scratch: Path, rounds: int) -> None:
    """Read the folder with one and two workers, into an archive too, and with the plain loop, round by round."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".jpg", ".webp", ".png"})
    archives = iter(range(10_000))

    def whole(workers: int) -> None:
        with Archive.make(scratch / f"archive-{next(archives)}") as archive:
            add_dataset(archive, "works", folder, workers=workers)

    ways: dict[str, Callable[[], object]] = {
        "plain loop, imagehash 8 and 16, one orientation": lambda: [peer(path) for path in files],
        "collect, 1 worker": lambda: list(collect(folder, measure=fingerprint_all, workers=1)),
        "collect, 2 workers": lambda: list(collect(folder, measure=fingerprint_all, workers=2)),
        "dataset add, 1 worker": lambda: whole(1),
        "dataset add, 2 workers": lambda: whole(2),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begun = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begun)
    peer_rate = len(files) / statistics.median(seconds["plain loop, imagehash 8 and 16, one orientation"])
    for name, measured in seconds.items():
        each = sorted(len(files) / taken for taken in measured)
        middle = statistics.median(each)
        print(f"{name:<50} {middle:7.0f} works/s  ({each[0]:.0f} to {each[-1]:.0f})  {middle / peer_rate:.2f}x")


def peer(path: Path) -> object:
    """Decode a file and hash it once with each size."""
    with Image.open(path) as image:
        return imagehash.phash(image), imagehash.phash(image, hash_size=16)


def shares(folder: Path) -> None:
    """Show where the processor time of one work goes."""
    parts = {"read": 0.0, "file digest": 0.0, "decode": 0.0, "pixel digest": 0.0, "fingerprints": 0.0}
    works = [item for item in collect(folder, measure=lambda _: None, workers=1) if isinstance(item, Read)]
    for item in works[:100]:
        clock = [time.process_time()]
        data = item.path.read_bytes()
        clock.append(time.process_time())
        Digest.of(data)
        clock.append(time.process_time())
        picture = Picture.open(data)
        clock.append(time.process_time())
        _ = picture.digest
        clock.append(time.process_time())
        fingerprint_all(picture)
        clock.append(time.process_time())
        for name, begun, ended in zip(parts, clock, clock[1:], strict=False):
            parts[name] += ended - begun
    total = sum(parts.values())
    print("processor time of one work: " + ", ".join(f"{name} {taken / total:.0%}" for name, taken in parts.items()))


if __name__ == "__main__":
    main()
