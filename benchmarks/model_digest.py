"""Promise: the canonical digest of a model of 2 GB takes at most 1.05 times as long as `sha256sum` of the same bytes.

The model is four safetensors files with tensors from a few hundred bytes to a few hundred megabytes, written to a
temporary folder and removed. Three ways to digest the same files take turns, in another order each round:
ours (`tensors_digest`: every tensor by itself, all cores), the program sha256sum (one file after the other), and
hashlib.file_digest in a plain loop, since sha256sum uses the processor's SHA instructions on some systems only.
The files lie in the page cache throughout. Printed are medians and quartiles over the rounds, wall and processor
time, and by how much our memory grew.

    python benchmarks/model_digest.py [--gigabytes 2] [--rounds 5]
"""

import argparse
import hashlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from provenance.generate.weights import tensors_digest

PROMISE = 1.05
FILES = 4


def make_model(folder: Path, gigabytes: float) -> list[Path]:
    """Write `FILES` files of random weights: one large tensor, then halves of it, then many small ones, in each."""
    random = np.random.default_rng(1)
    paths = []
    for number in range(FILES):
        left, side = int(gigabytes * 1e9 / FILES), int(gigabytes * 1e9 / FILES / 2)
        tensors: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = {}
        while left > 0:
            size = min(left, max(side, 300))
            tensors[f"block.{number}.{len(tensors)}"] = np.frombuffer(random.bytes(size), np.uint8)
            left -= size
            side = side // 2 if len(tensors) < 400 else left
        path = folder / f"model-{number + 1:05}-of-{FILES:05}.safetensors"
        save_file(tensors, path)
        paths.append(path)
    return paths


def ours(paths: Sequence[Path]) -> None:
    """Digest by tensors, on all cores."""
    tensors_digest(paths)


def sha256sum(paths: Sequence[Path]) -> None:
    """Run the program."""
    subprocess.run(["sha256sum", *map(str, paths)], check=True, stdout=subprocess.DEVNULL)


def plain_loop(paths: Sequence[Path]) -> None:
    """Digest file after file with hashlib."""
    for path in paths:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")


def timed(way: Callable[[Sequence[Path]], None], paths: Sequence[Path]) -> tuple[float, float]:
    """Give wall and processor seconds, those of child processes too."""
    before, started = os.times(), time.perf_counter()
    way(paths)
    after = os.times()
    return time.perf_counter() - started, sum(after[:4]) - sum(before[:4])


def spread(values: Sequence[float]) -> str:
    """Write the median and the quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def main() -> int:
    """Measure and print; 1 if the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    ways = {"prov, by tensors": ours, "hashlib, file by file": plain_loop}
    if shutil.which("sha256sum"):
        ways["sha256sum"] = sha256sum
    else:
        print("sha256sum is not here; the plain loop stands for it.")
    with tempfile.TemporaryDirectory(prefix="model-digest-") as name:
        paths = make_model(Path(name), wanted.gigabytes)
        size = sum(path.stat().st_size for path in paths) / 1e9
        plain_loop(paths)  # into the page cache
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        measured: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for number in range(wanted.rounds):
            for way in sorted(ways, reverse=number % 2 == 1):
                measured[way].append(timed(ways[way], paths))
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown
    return report(measured, size, grown)


def report(measured: dict[str, list[tuple[float, float]]], size: float, grown: int) -> int:
    """Print the figures of all rounds."""
    peer = "sha256sum" if "sha256sum" in measured else "hashlib, file by file"
    print(f"{size:.2f} GB in {FILES} files, {len(measured[peer])} rounds; load {os.getloadavg()[0]:.1f} on "
          f"{len(os.sched_getaffinity(0))} cores; our memory grew by {grown / 1024:.0f} MiB at most")  # fmt: skip
    for way, rounds in measured.items():
        wall, cpu = [one for one, _ in rounds], [other for _, other in rounds]
        rate = size / statistics.median(wall)
        print(f"  {way:22} wall {spread(wall)} s ({rate:.2f} GB/s), processor {spread(cpu)} s")
    ratios = [one[0] / other[0] for one, other in zip(measured["prov, by tensors"], measured[peer], strict=True)]
    kept = statistics.median(ratios) <= PROMISE
    print(f"ratio to {peer}, by round: {spread(ratios)}; promise {PROMISE}: {'kept' if kept else 'broken'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
