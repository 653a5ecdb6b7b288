"""Pictures of many kinds, made here: what a hash meets in an archive, and what breaks hashes."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from provenance.picture import Picture

SIZES = (
    *((1, 1), (1, 40), (40, 1), (2, 3), (31, 33), (32, 32), (32, 64), (64, 32), (64, 64), (65, 63), (96, 73)),
    *((69, 59), (100, 150), (150, 100), (120, 226), (226, 120), (3, 300), (300, 3), (257, 129), (128, 128)),
)
"""(height, width): smaller than a square, odd, and on both sides of where Pillow changes the order of its passes."""


def _noise(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _smooth(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    coarse = Image.fromarray(rng.integers(0, 256, (7, 5, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


def _flat(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), rng.integers(0, 256), dtype=np.uint8)


def _gradient(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    across = np.linspace(0, rng.integers(1, 256), width)
    return np.broadcast_to(across[None, :, None], (height, width, 3)).astype(np.uint8)


def _symmetric(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    quarter = _smooth(rng, height, width)
    mirrored = np.maximum(quarter, quarter[:, ::-1])
    return np.maximum(mirrored, mirrored[::-1])


def _text(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    image = Image.new("RGB", (width, height), "white")
    for line in range(0, height, 11):
        ImageDraw.Draw(image).text((3, line), "".join(map(chr, rng.integers(65, 90, 40))), fill="black")
    return np.asarray(image)


def _dot(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    pixels = np.full((height, width, 3), 255, dtype=np.uint8)
    top, left = rng.integers(0, height), rng.integers(0, width)
    pixels[top : top + max(1, height // 9), left : left + max(1, width // 9)] = rng.integers(0, 200, 3)
    return pixels


def _checks(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    side = int(rng.integers(1, 30))
    rows, columns = np.indices((height, width)) // side
    return np.repeat(((rows + columns) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)


def _veiled(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    return np.dstack([_smooth(rng, height, width), _gradient(rng, height, width)[..., 0]])


def _cut_out(rng: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    return np.dstack([_noise(rng, height, width), _checks(rng, height, width)[..., 0]])


KINDS = (_noise, _smooth, _flat, _gradient, _symmetric, _text, _dot, _checks, _veiled, _cut_out)


@pytest.fixture(scope="session")
def pictures() -> list[tuple[str, Picture]]:
    """Two hundred pictures, each with what it is."""
    rng = np.random.default_rng(20)
    return [
        (f"{make.__name__} {height} x {width}", Picture(np.ascontiguousarray(make(rng, height, width))))
        for make in KINDS
        for height, width in SIZES
    ]


@pytest.fixture(scope="session")
def painting() -> Picture:
    """A picture with detail and without symmetry, that any hash can tell."""
    return Picture(np.ascontiguousarray(_smooth(np.random.default_rng(3), 90, 140)))
