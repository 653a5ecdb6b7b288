"""Where the pixels of a picture lie in the plane that engines draw in, and the tiles it is drawn by.

The plane has its origin in the middle of the picture; x runs right and y runs down. A square picture
reaches from -1 to 1; others have the same area of 4, until the longer side would reach past 2.4.
So a preview and a print show the same part of the plane.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

REACH_LIMIT = 2.4
"""No side reaches further from the middle than this: a panorama 1,000 times as wide as high stays a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A rectangle of pixels: rows `top` to `bottom`, columns `left` to `right`, the ends not included."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A picture's size in pixels, and how many pixels one unit of the plane has."""

    width: int
    height: int
    scale: float

    @classmethod
    def of(cls, width: int, height: int) -> Self:
        """Fit the plane to a picture of `width` x `height` pixels."""
        longest = max(width, height)
        scale = max(math.sqrt(width * height) / 2, longest / 2 / REACH_LIMIT)
        return cls(width=width, height=height, scale=scale)

    @property
    def reach(self) -> tuple[float, float]:
        """How far the picture reaches from its middle, right and down, in units of the plane."""
        return self.width / 2 / self.scale, self.height / 2 / self.scale

    def x(self, column: float) -> float:
        """Say where the left edge of a column lies."""
        return (column - self.width / 2) / self.scale

    def y(self, row: float) -> float:
        """Say where the upper edge of a row lies."""
        return (row - self.height / 2) / self.scale

    def tiles(self, side: int) -> Iterator[tuple[Tile, float]]:
        """Cut the picture into tiles of `side` pixels, row by row, each with the share finished after it."""
        rows, columns = range(0, self.height, side), range(0, self.width, side)
        count = len(rows) * len(columns)
        for index in range(count):
            top, left = rows[index // len(columns)], columns[index % len(columns)]
            bottom, right = min(top + side, self.height), min(left + side, self.width)
            yield Tile(top=top, left=left, bottom=bottom, right=right), (index + 1) / count
