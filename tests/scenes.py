"""Drawings for comparing: shapes with corners and words of lines, none like another."""

import numpy as np
from PIL import Image, ImageDraw

from provenance.compare.look import Look, look_at
from provenance.picture import Picture


def drawing(seed: int, side: int = 256) -> Image.Image:
    """Draw stars, bars and dots on paper of a light colour."""
    dice = np.random.default_rng(seed)
    image = Image.new("RGB", (side, side), tuple(int(value) for value in dice.integers(200, 256, 3)))
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        colour = tuple(int(value) for value in dice.integers(0, 200, 3))
        x, y, reach = dice.uniform((0.1, 0.1, 0.06), (0.9, 0.9, 0.2))
        corners = int(dice.integers(3, 8))
        angles = np.sort(dice.uniform(0, 2 * np.pi, corners))
        reaches = dice.uniform(0.4, 1, corners) * reach
        points = [
            (side * (x + far * np.cos(angle)), side * (y + far * np.sin(angle)))
            for angle, far in zip(angles, reaches, strict=True)
        ]
        pen.polygon(points, fill=colour, outline=(20, 20, 20), width=2)
    return image


def look(image: Image.Image) -> Look:
    """Reduce a picture; 16 x 16 grey pixels stand for the embedding."""
    small = np.asarray(image.convert("L").resize((16, 16)), np.float32).ravel()
    small -= small.mean()
    return look_at(Picture.from_image(image), small / (np.linalg.norm(small) + 1e-6))
