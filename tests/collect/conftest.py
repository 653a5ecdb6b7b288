"""A folder for works, and pictures to put into it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "works"
    made.mkdir()
    return made


@pytest.fixture
def draw(folder: Path) -> Callable[..., Path]:
    """Save noise of a seed as a picture in the folder; the ending of the name says the format."""

    def save(name: str, *, seed: int = 0, mode: str = "RGB", side: int = 24, **options: object) -> Path:
        pixels = np.random.default_rng(seed).integers(0, 256, (side - 4, side, 3), np.uint8)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(path, **options)  # type: ignore[arg-type]
        return path

    return save
