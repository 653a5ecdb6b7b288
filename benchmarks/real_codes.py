"""Codes of real pictures, millions of them: of random crops, hashed together as pHash does, 256 bits each.

A crop is 60 to 100 % of each side, sampled at 64 x 64 places; the 16 x 16 lowest frequencies of its cosine transform
are held against their median. Run as a file it says how far such codes lie from each other.
"""

import argparse
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.corpus import Work, load, read_corpus

SIDE, KEPT = 64, 16
_AT_ONCE = 500


def codes_of(corpus: Path, count: int, *, seed: int = 0) -> NDArray[np.uint8]:
    """Give `count` codes, uint8 (count, 32), as many of each work as of any other, in no order."""
    works = read_corpus(corpus)
    dice = np.random.default_rng(seed)
    each = -(-count // len(works))
    codes = np.concatenate([_packed(_coefficients(crops(work, each, dice))) for work in works])
    dice.shuffle(codes)
    return codes[:count]


def queries_of(corpus: Path, count: int) -> NDArray[np.uint8]:
    """Give other crops in all eight orientations: uint8 (count, 8, 32)."""
    dice = np.random.default_rng(99)
    works = read_corpus(corpus)
    chosen = [works[place] for place in dice.integers(0, len(works), count)]
    squares = np.concatenate([crops(work, 1, dice) for work in chosen])
    turned = [np.rot90(square, turns, (1, 2)) for square in (squares, squares[:, :, ::-1]) for turns in range(4)]
    return np.stack([_packed(_coefficients(np.ascontiguousarray(each))) for each in turned], axis=1)


def crops(work: Work, count: int, dice: np.random.Generator) -> NDArray[np.float32]:
    """Cut `count` crops out of a work: float32 (count, 64, 64), grey."""
    grey = np.asarray(load(work), np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    shares = dice.uniform(0.6, 1, (count, 2))
    starts = dice.uniform(0, 1, (count, 2)) * (1 - shares)
    steps = (np.arange(SIDE) + 0.5) / SIDE
    rows = ((starts[:, :1] + shares[:, :1] * steps) * grey.shape[0]).astype(np.int64)
    columns = ((starts[:, 1:] + shares[:, 1:] * steps) * grey.shape[1]).astype(np.int64)
    return np.asarray(grey[rows[:, :, None], columns[:, None, :]], np.float32)


def _coefficients(squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the lowest frequencies of the cosine transform (type II): float32 (n, 256)."""
    places = np.pi * (2 * np.arange(SIDE) + 1) / (2 * SIDE)
    basis = np.cos(np.arange(KEPT)[None] * places[:, None]).astype(np.float32)
    parts = []
    for start in range(0, len(squares), _AT_ONCE):
        some = squares[start : start + _AT_ONCE]
        along = (some.reshape(-1, SIDE) @ basis).reshape(-1, SIDE, KEPT).transpose(0, 2, 1)
        down = np.ascontiguousarray(along).reshape(-1, SIDE) @ basis
        parts.append(down.reshape(-1, KEPT * KEPT))
    return np.concatenate(parts)


def _packed(coefficients: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.packbits(coefficients > np.median(coefficients, axis=1, keepdims=True), axis=1)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--corpus", type=Path, default=None)
    asked.add_argument("--count", type=int, default=20_000)
    options = asked.parse_args()
    if options.corpus is None:
        print("not measured: --corpus names no folder of pictures")
        return
    codes = codes_of(options.corpus, options.count)
    flat = faiss.IndexBinaryFlat(256)
    flat.add(codes)
    nearest = flat.search(codes[:1_000], 2)[0][:, 1]
    print(f"{len(codes):,} codes; bits to the nearest other one: {np.percentile(nearest, [5, 25, 50, 75, 95])}")


if __name__ == "__main__":
    main()
