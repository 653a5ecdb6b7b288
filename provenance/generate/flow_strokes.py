"""The strokes of the `flow` engine: a field, paths through it, and a place for each that keeps its distance.

All of it happens in the plane (see `frame`), on the CPU and in float64: the same strokes for every size.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.generate.chance import Chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_STEP = 0.012
"""How far a path goes at once, in units of the plane."""

_CELL = 0.0055
"""The side of the cells in which it is noted where strokes lie."""

_BATCH = 250
"""So many paths are traced together: starts that are taken by then are not traced at all."""

_MARGIN = 0.12
"""How far past the edges strokes begin and end."""

_RING = np.array([(0.0, 0.0)] + [(math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)) for k in range(8)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the strokes of a style are like; lengths are in units of the plane."""

    summary: str
    widths: tuple[float, ...]
    """From wide to narrow: all of one width are tried before the next."""
    tries: tuple[int, ...]
    """How many strokes of each width look for a place."""
    gap: float
    """The least distance between strokes."""
    length: float
    shortest: float
    """Strokes that find less room than this are left out."""
    steps: int = 0
    """If not 0, directions are rounded to this many."""
    taper: float = 0.0
    """How far strokes thin out towards their ends, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Strokes:
    """Strokes cut into straight segments; float64 in units of the plane. Segments of one stroke are consecutive."""

    start: "Floats"
    """Shape (segments, 2), like `end`."""
    end: "Floats"
    half: "Floats"
    """Half the width at the start and the end, shape (segments, 2)."""
    stroke: "NDArray[np.int64]"
    """Which stroke a segment belongs to, shape (segments,)."""
    tint: "Floats"
    """The colour of each stroke as a place on the palette, 0 to 1, shape (strokes,)."""
    phase: "Floats"
    """A random angle for each stroke, shape (strokes,)."""


def place(seed: int, style: str, look: Look, *, reach: tuple[float, float], turbulence: float, broad: float) -> Strokes:
    """Find room for strokes in a picture that reaches so far from its middle; `broad` multiplies their widths."""
    chance = Chance(seed, f"flow {style}")
    field = _Field(chance, turbulence, look.steps)
    land = _Land(reach)
    paths: list[Floats] = []
    halves: list[float] = []
    for width, tries in zip(look.widths, look.tries, strict=True):
        half = width * broad / 2
        starts = _starts(chance, reach, tries)
        for batch in range(0, tries, _BATCH):
            for path in _trace(field, land.free(starts[batch : batch + _BATCH], half + look.gap), look.length):
                kept = land.take(path, len(path) // 2, half, look.gap, look.shortest)
                if kept is not None:
                    paths.append(kept)
                    halves.append(half)
    return _cut(paths, halves, look.taper, _tints(chance, paths), chance)


class _Field:
    """Directions over the plane: the curl of a sum of waves, rounded to some number of directions if asked."""

    def __init__(self, chance: Chance, turbulence: float, steps: int) -> None:
        self._waves = chance.normal(7, 2, spread=1.25 * turbulence).numpy()
        self._phases = chance.uniform(7, high=2 * math.pi).numpy()
        self._heights = chance.normal(7).numpy() / np.linalg.norm(self._waves, axis=1).clip(0.6)
        self._steps = steps

    def directions(self, places: "Floats") -> "Floats":
        """Give unit vectors for places of shape (n, 2)."""
        slopes = (np.sin(places @ self._waves.T + self._phases) * self._heights) @ self._waves
        angle = np.arctan2(slopes[:, 0], -slopes[:, 1])
        if self._steps:
            part = 2 * math.pi / self._steps
            angle = np.round(angle / part) * part
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)


class _Land:
    """Where strokes lie already, on a grid over the picture and its margin."""

    def __init__(self, reach: tuple[float, float]) -> None:
        self._edge = np.array(reach) + _MARGIN
        self._corner = self._edge + 0.25
        across, down = (math.ceil(2 * float(corner) / _CELL) + 1 for corner in self._corner)
        self._taken: NDArray[np.bool_] = np.zeros((down, across), dtype=np.bool_)

    def free(self, places: "Floats", distance: float) -> "Floats":
        """Keep the places that have nothing at that distance."""
        room: Floats = places[~np.any(self._is_taken(places[:, None, :] + _RING * distance), axis=1)]
        return room

    def take(self, path: "Floats", middle: int, half: float, gap: float, shortest: float) -> "Floats | None":
        """Keep the part of `path` around its middle that has room, and note that it is taken; None if too short."""
        if self._is_taken(path[middle]):
            return None
        blocked: NDArray[np.bool_] = np.any(self._is_taken(path[:, None, :] + _RING * (half + gap)), axis=1)
        blocked |= np.any(np.abs(path) > self._edge, axis=1)
        if blocked[middle]:
            return None
        after, before = np.flatnonzero(blocked[middle:]), np.flatnonzero(blocked[middle::-1])
        last = middle + int(after[0]) if len(after) else len(path)
        first = middle - int(before[0]) + 1 if len(before) else 0
        if (last - first - 1) * _STEP < shortest:
            return None
        self._mark(path[first:last], half)
        return path[first:last]

    def _is_taken(self, places: "Floats") -> "NDArray[np.bool_]":
        cells = ((places + self._corner) / _CELL).astype(np.int64)
        rows = cells[..., 1].clip(0, self._taken.shape[0] - 1)
        taken: NDArray[np.bool_] = self._taken[rows, cells[..., 0].clip(0, self._taken.shape[1] - 1)]
        return taken

    def _mark(self, path: "Floats", half: float) -> None:
        radius = math.ceil(half / _CELL)
        grid = np.mgrid[-radius : radius + 1, -radius : radius + 1].reshape(2, -1)
        disc = grid[:, (grid**2).sum(axis=0) <= (half / _CELL + 0.5) ** 2]
        sparse = path[:: max(1, int(half / _STEP / 2))]
        cells = ((np.concatenate([sparse, path[-1:]]) + self._corner) / _CELL).astype(np.int64)
        rows = (cells[:, 1, None] + disc[0]).clip(0, self._taken.shape[0] - 1)
        columns = (cells[:, 0, None] + disc[1]).clip(0, self._taken.shape[1] - 1)
        self._taken[rows, columns] = True


def _starts(chance: Chance, reach: tuple[float, float], count: int) -> "Floats":
    share = 2 * chance.uniform(count, 2).numpy() - 1
    return np.asarray(share * (np.array(reach) + 0.5 * _MARGIN))


def _trace(field: _Field, starts: "Floats", length: float) -> "Floats":
    """Follow the field both ways from each start (midpoint method): shape (starts, places, 2)."""
    count = round(length / 2 / _STEP)
    places = np.empty((len(starts), 2 * count + 1, 2))
    places[:, count] = starts
    for sign in (1, -1):
        here = starts
        for step in range(1, count + 1):
            halfway = here + sign * _STEP / 2 * field.directions(here)
            here = here + sign * _STEP * field.directions(halfway)
            places[:, count + sign * step] = here
    return places


def _tints(chance: Chance, paths: "list[Floats]") -> "Floats":
    """Choose a colour for each stroke: mostly by region, partly by chance."""
    waves, phases = chance.normal(4, 2, spread=1.1).numpy(), chance.uniform(4, high=2 * math.pi).numpy()
    jitter = chance.normal(len(paths)).numpy()
    middles = np.array([path[len(path) // 2] for path in paths]).reshape(-1, 2)
    region = np.sin(middles @ waves.T + phases).sum(axis=1)
    tints: Floats = 1 / (1 + np.exp(-(0.9 * region + 0.9 * jitter)))
    return tints


def _cut(paths: "list[Floats]", halves: list[float], taper: float, tint: "Floats", chance: Chance) -> Strokes:
    """Cut paths into segments about as long as the stroke's half width: no shorter, so that there are few."""
    parts: list[tuple[Floats, Floats]] = []
    for path, half in zip(paths, halves, strict=True):
        last = len(path) - 1
        cuts = np.linspace(0, last, max(3 if taper else 1, round(last * _STEP / max(_STEP, 0.7 * half))) + 1).round()
        share = 2 * cuts / last - 1
        thick = half * ((1 - taper) + taper * (1 - share * share) ** 0.7)
        parts.append((path[cuts.astype(int)], thick))
    pairs = [np.concatenate([part[which][:-1] for part in parts] or [_NONE[which]]) for which in range(2)]
    ends = [np.concatenate([part[which][1:] for part in parts] or [_NONE[which]]) for which in range(2)]
    return Strokes(
        start=pairs[0],
        end=ends[0],
        half=np.stack([pairs[1], ends[1]], axis=1),
        stroke=np.repeat(np.arange(len(parts)), [len(part[1]) - 1 for part in parts]),
        tint=tint,
        phase=chance.uniform(len(parts), high=2 * math.pi).numpy(),
    )


_NONE = (np.zeros((0, 2)), np.zeros(0))
