"""Learn the whitening of shapes, and write `provenance/compare/shape256_v1.safetensors`.

    python -m benchmarks.detection.fit_shape --corpus FOLDER

It learns from the works that the projection of embeddings learns from (`fit_projection.learnt_from`), each in all
eight orientations, and from nothing else: how works come to be altered is not looked at.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.corpus import Work, load, read_corpus
from benchmarks.detection.fit_projection import learnt_from
from provenance.compare.boxes import boxes_of
from provenance.compare.colour import small_colour
from provenance.compare.look import small_grey
from provenance.compare.shape import LENGTH, NUMBERS, WHITENING_FILE, cells, energies, turned
from provenance.digest import Digest
from provenance.picture import Picture


def shapes(work: Work) -> NDArray[np.float32]:
    """Give the cells of a work's boxes in all orientations: (8 n, 384)."""
    picture = Picture(load(work))
    boxes = boxes_of(small_grey(picture).astype(np.float32))
    return turned(cells(energies(small_colour(picture)), boxes.shares)).reshape(-1, NUMBERS)


def fitted(found: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit centre (384,) and matrix (384, 256): the components with the largest spread, brought to equal spread."""
    values, directions = np.linalg.eigh(np.cov(found, rowvar=False))
    largest = np.argsort(-values, kind="stable")[:LENGTH]
    matrix = directions[:, largest] / np.sqrt(values[largest])
    signs = np.sign(np.take_along_axis(matrix, np.abs(matrix).argmax(axis=0)[None], axis=0))
    return found.mean(axis=0), matrix * signs / np.abs(matrix).max()


def main() -> int:
    """Fit and write."""
    from safetensors.numpy import save

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    works = learnt_from(read_corpus(parser.parse_args().corpus))
    centre, matrix = fitted(np.concatenate([shapes(work) for work in works]).astype(np.float64))
    rows = np.ascontiguousarray(matrix, np.float16)  # what lies in columns is written wrongly, and nothing said
    data = save({"centre": centre.astype(np.float32), "matrix": rows})
    WHITENING_FILE.write_bytes(data)
    print(f"{WHITENING_FILE}: {len(works)} works, {len(data)} bytes. WHITENING_DIGEST is {Digest.of(data).hex}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
