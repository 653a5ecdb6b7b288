"""What benchmarks of an index share: pictures of a corpus, sizes to measure at, and a scratch folder for each."""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was asked on the command line."""

    corpus: Path
    sizes: Sequence[int]
    works: int
    """Real works that are read."""
    scratch: Path | None
    """Where the folders are made; None takes the system's place."""


def options(purpose: str, *, sizes: Sequence[int], works: int) -> Options | None:
    """Read the command line; `sizes` and `works` are taken where it names none. None, said aloud, without a corpus.

    Whatever faiss does after that is done on one thread.
    """
    asked = argparse.ArgumentParser(description=purpose.splitlines()[0])
    asked.add_argument("--corpus", type=Path, default=None)
    asked.add_argument("--sizes", type=int, nargs="+", default=list(sizes))
    asked.add_argument("--works", type=int, default=works, help="real works that are read")
    asked.add_argument("--scratch", type=Path, default=None)
    found = asked.parse_args()
    if found.corpus is None:
        print("not measured: --corpus names no folder of pictures")
        return None
    faiss.omp_set_num_threads(1)
    return Options(corpus=found.corpus, sizes=found.sizes, works=found.works, scratch=found.scratch)


def measured(chosen: Options, measure: Callable[[Path, int], bool]) -> int:
    """Measure at each size, in an empty folder; say whether the promise was kept, and give the exit code."""
    kept = True
    for size in chosen.sizes:
        with tempfile.TemporaryDirectory(dir=chosen.scratch) as folder:
            kept = measure(Path(folder), size) and kept
    print("kept" if kept else "BROKEN")
    return 0 if kept else 1
