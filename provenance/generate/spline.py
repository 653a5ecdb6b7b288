"""A grid of values read as a smooth surface: uniform cubic B-splines, so that a small grid fills a large print.

The surface smooths as it interpolates (C. de Boor, "A Practical Guide to Splines", 1978, chapter IX).
It is evaluated per point, so that tiles do not show.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class Surface:
    """Values on a grid, shape (channels, rows, columns), float32; cell (i, j) has its middle at (i, j)."""

    def __init__(self, values: "Tensor") -> None:
        self._values = values

    def at(self, rows: "Tensor", columns: "Tensor") -> "Tensor":
        """Evaluate at every pair of `rows` and `columns` (float64, CPU, in cells): (channels, rows, columns).

        Outside the grid the edge goes on. The result lies on the device of the grid.
        """
        return self._evaluate(rows, columns, slope_down=False, slope_right=False)

    def slopes(self, rows: "Tensor", columns: "Tensor") -> "tuple[Tensor, Tensor]":
        """Give the slopes to the right and down, per cell."""
        right = self._evaluate(rows, columns, slope_down=False, slope_right=True)
        return right, self._evaluate(rows, columns, slope_down=True, slope_right=False)

    def _evaluate(self, rows: "Tensor", columns: "Tensor", *, slope_down: bool, slope_right: bool) -> "Tensor":
        cells, weights = _taps(columns, slope=slope_right)
        last = self._values.shape[2] - 1
        low, high = (min(max(int(end), 0), last) for end in (cells[0].min(), cells[3].max()))
        down, heights = _taps(rows, slope=slope_down)
        window = self._values[:, :, low : high + 1]
        strip = _gather(window, 1, down, [weight[:, None] for weight in heights])
        return _gather(strip, 2, [cell - low for cell in cells], weights)


def _gather(values: "Tensor", axis: int, cells: "list[Tensor]", weights: "list[Tensor]") -> "Tensor":
    limit = values.shape[axis] - 1
    parts = [
        values.index_select(axis, cell.clamp(0, limit).to(values.device)) * weight.to(values.device)
        for cell, weight in zip(cells, weights, strict=True)
    ]
    return (parts[0] + parts[1]) + (parts[2] + parts[3])


def _taps(places: "Tensor", *, slope: bool) -> "tuple[list[Tensor], list[Tensor]]":
    """Give the four cells around each place, and the weight of each (or its derivative)."""
    first = places.floor()
    t = places - first
    s = 1 - t
    if slope:
        weights = [-s * s / 2, (3 * t * t - 4 * t) / 2, (-3 * t * t + 2 * t + 1) / 2, t * t / 2]
    else:
        weights = [s**3 / 6, (3 * t**3 - 6 * t * t + 4) / 6, (3 * s**3 - 6 * s * s + 4) / 6, t**3 / 6]
    start = first.long()
    return [start - 1 + tap for tap in range(4)], [weight.float() for weight in weights]
