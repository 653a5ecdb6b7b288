"""Small pictures for tests."""

import numpy as np

from provenance.picture import Picture


def picture(seed: int = 0, width: int = 64, height: int = 48) -> Picture:
    """Make a small picture with shapes in it: no two seeds look alike."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    canvas = np.zeros((height, width, 3), np.float64)
    for _ in range(12):
        x, y, radius = random.uniform(0, width), random.uniform(0, height), random.uniform(4, width / 3)
        inside = (columns - x) ** 2 + (rows - y) ** 2 < radius**2
        canvas[inside] = random.uniform(0, 255, 3)
    canvas += random.normal(0, 3, canvas.shape)
    return Picture(canvas.clip(0, 255).astype(np.uint8))
