"""Pictures that take long to make, kept without loss."""

import os
from pathlib import Path

import cv2
import numpy as np

from benchmarks.detection.attack import Pixels


def write_png(path: Path, pixels: Pixels) -> None:
    """Keep a picture; a half-written file never bears its name, whoever else writes the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.stem}.{os.getpid()}.half.png")
    cv2.imwrite(str(half), np.ascontiguousarray(pixels[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    half.rename(path)


def read_png(path: Path) -> Pixels:
    """Read what `write_png` wrote."""
    return np.ascontiguousarray(np.asarray(cv2.imread(str(path)), np.uint8)[..., ::-1])
