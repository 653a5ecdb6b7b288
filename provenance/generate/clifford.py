"""Clifford attractors: the places that a point visits when two sines send it on and on.

x' = sin(a y) + c cos(a x), y' = sin(b x) + d cos(b y), after C. A. Pickover, "Chaos and Graphics", 1990.
Millions of visits are counted on a grid; the picture is the density, smoothed and toned.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

from provenance.digest import Json
from provenance.errors import EngineError
from provenance.generate.chance import Chance
from provenance.generate.engine import Promise, Request
from provenance.generate.frame import Frame, Tile
from provenance.generate.paint import Ramp, blend, write
from provenance.generate.palettes import PALETTES, choose
from provenance.generate.spline import Surface

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_GRID_LIMIT = 4096
"""The grid has a cell for each pixel, but no more than this on a side: larger prints are smoothed up from it."""

_ORBITS = 1 << 16
_VISITS = 6_000_000
"""The fewest visits that are counted; larger grids get more."""

_PER_CELL = 6
_SIDE = 256
_ATTEMPTS = 200
_RIM = 4

_STYLES: Mapping[str, str] = {
    "lumen": "Light in the dark, brightest where the point comes by most.",
    "ink": "Ink on paper, washed out to the finest traces.",
    "veil": "Two colours that tell where the point came from.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be asked of the attractor."""

    palette: str = field(
        default="auto", metadata={"help": "a named palette; auto lets the seed choose", "choices": ("auto", *PALETTES)}
    )
    depth: float = field(
        default=1.0, metadata={"help": "how much of the faint traces is seen", "low": 0.2, "high": 3.0}
    )
    visits: float = field(
        default=1.0,
        metadata={"help": "how many visits are counted: more is smoother and slower", "low": 0.25, "high": 16.0},
    )
    grain: float = field(default=0.25, metadata={"help": "grain, 0 none, 1 strong", "low": 0.0, "high": 1.0})


class Clifford:
    """Densities of Clifford attractors."""

    name: ClassVar[str] = "clifford"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Strange attractors drawn by millions of visits of one wandering point."
    styles: ClassVar[Mapping[str, str]] = _STYLES
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=True, scale=True)
    Options: ClassVar[type[Options]] = Options

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; the choices name style, palette, the four parameters and the attempt that gave them."""
        import torch

        options = request.options or Options()
        style = request.style or Chance(request.seed, "clifford style").pick(tuple(_STYLES))
        palette = choose(request.palette, options.palette, Chance(request.seed, "clifford palette"))
        frame = Frame.of(request.width, request.height)
        with torch.inference_mode():
            orbit, attempt = _first_lively(request.seed)
            density = _Density(request, frame, orbit, options.visits)
            tone = _Tone(style, density, Ramp(palette.colours, request.device), options.depth)
            for tile, share in frame.tiles(min(request.tile, _SIDE)):
                write(out, tile, tone.draw(tile), seed=request.seed, grain=options.grain)
                request.progress(0.5 + share / 2)
        return {
            "seed": str(request.seed),
            "style": style,
            "palette": list(palette.colours),
            "palette_name": palette.name,
            "parameters": asdict(options),
            "attempt": attempt,
            "attractor": [repr(number) for number in orbit.numbers],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Orbit:
    """The parameters of an attractor, and where it lies: seen small, once, so that every size shows the same."""

    numbers: tuple[float, float, float, float]
    middle: tuple[float, float]
    reach: tuple[float, float]
    usual: float
    """The density that counts as bright: visits per unit of area, of one visit in all."""


def _first_lively(seed: int) -> tuple[_Orbit, int]:
    """Try parameters until the point fills a fair part of the plane. Raises EngineError if none does."""
    for attempt in range(_ATTEMPTS):
        chance = Chance(seed, "clifford", attempt)
        a, b = (chance.number(1.2, 2.3) * chance.pick((-1, 1)) for _ in range(2))
        c, d = (chance.number(0.3, 1.7) * chance.pick((-1, 1)) for _ in range(2))
        orbit = _look_at((a, b, c, d), chance)
        if orbit is not None:
            return orbit, attempt
    raise EngineError(f"No lively attractor was found for the seed {seed} in {_ATTEMPTS} attempts: try another seed.")


def _look_at(numbers: tuple[float, float, float, float], chance: Chance) -> _Orbit | None:
    """Count 200,000 visits on a coarse grid; None if they keep to a few cells or spread like fog."""
    import torch

    x, y = chance.uniform(4000, low=-1, high=1), chance.uniform(4000, low=-1, high=1)
    visits = []
    for step in range(70):
        x, y = _move(numbers, x, y)
        if step >= 20:
            visits.append(torch.stack([x, y]))
    places = torch.cat(visits, 1)
    ordered = places.sort(1).values
    clipped = places.shape[1] // 500
    low, high = ordered[:, clipped], ordered[:, -1 - clipped]
    if float((high - low).min()) < 0.4:
        return None
    cells = ((places - low[:, None]) / (high - low)[:, None] * 64).long()
    inside = (cells >= 0).all(0) & (cells < 64).all(0)
    counts = (cells[1] * 64 + cells[0])[inside].bincount(minlength=4096).double()
    shares = counts / counts.sum()
    fullness = float((-shares * (shares + 1e-12).log()).sum()) / math.log(4096)
    if not 0.76 < fullness < 0.93:
        return None
    area = float((high - low).prod()) / 4096
    bright = float(shares.sort().values[-82]) / area
    middle, reach = ((low + high) / 2).tolist(), ((high - low) / 2).tolist()
    return _Orbit(numbers=numbers, middle=(middle[0], middle[1]), reach=(reach[0], reach[1]), usual=bright)


def _move(numbers: tuple[float, float, float, float], x: "Tensor", y: "Tensor") -> "tuple[Tensor, Tensor]":
    a, b, c, d = numbers
    return (a * y).sin() + c * (a * x).cos(), (b * x).sin() + d * (b * y).cos()


class _Density:
    """Counted visits on a grid that covers the picture and a rim, on the CPU: counting there is exact and ordered."""

    def __init__(self, request: Request, frame: Frame, orbit: _Orbit, visits: float) -> None:
        import torch

        self.ratio = min(1.0, _GRID_LIMIT / max(frame.width, frame.height))
        across, down = (math.ceil(side * self.ratio) + 2 * _RIM for side in (frame.width, frame.height))
        fits = [room / size for room, size in zip(frame.reach, orbit.reach, strict=True)]
        self._zoom = 0.9 * max(min(fits), 0.5 * max(fits))
        self._scale = self._zoom * frame.scale * self.ratio
        self._origin = [
            side * self.ratio / 2 + _RIM - self._scale * middle
            for side, middle in zip((frame.width, frame.height), orbit.middle, strict=True)
        ]
        self._shape = (down, across)
        rounds = math.ceil(max(_VISITS, _PER_CELL * across * down) * visits / _ORBITS)
        counts = self._count(request, orbit, rounds)
        bright = orbit.usual / self._scale**2 * rounds * _ORBITS
        total = counts[0] + counts[1]
        origin = torch.where(total > 0, counts[0] / total.clamp_min(1), 0.5)
        counts[0], counts[1] = total / bright, origin
        self.surface = Surface(counts.to(request.device))

    def _count(self, request: Request, orbit: _Orbit, rounds: int) -> "Tensor":
        """Count visits that came from the right and from the left: float32, shape (2, rows, columns)."""
        import torch

        chance = Chance(request.seed, "clifford visits")
        x, y = (chance.uniform(_ORBITS, low=-1, high=1).float().to(request.device) for _ in range(2))
        for _ in range(20):
            x, y = _move(orbit.numbers, x, y)
        down, across = self._shape
        cells = down * across
        counts = torch.zeros(2 * cells + 1, dtype=torch.int32)
        together = max(16, cells // _ORBITS)
        waiting = []
        for number in range(rounds):
            before = x
            x, y = _move(orbit.numbers, x, y)
            column = (x * self._scale + self._origin[0]).floor().int()
            row = (y * self._scale + self._origin[1]).floor().int()
            outside = (column < 0) | (column >= across) | (row < 0) | (row >= down)
            place = (row * across + column) + cells * (before < orbit.middle[0])
            waiting.append(place.masked_fill_(outside, 2 * cells).cpu())
            if len(waiting) == together or number == rounds - 1:
                places = torch.cat(waiting)
                waiting.clear()
                counts += places.bincount(minlength=2 * cells + 1)
                request.progress(0.5 * number / rounds)
        return counts[:-1].view(2, down, across).float()


class _Tone:
    """From density to colour, tile by tile."""

    def __init__(self, style: str, density: _Density, ramp: Ramp, depth: float) -> None:
        self._style, self._density, self._ramp = style, density, ramp
        self._strength = 60.0 * depth

    def draw(self, tile: Tile) -> "Tensor":
        """Draw a tile as OKLab planes."""
        rows, columns = (self._places(*ends) for ends in ((tile.top, tile.bottom), (tile.left, tile.right)))
        amount, origin = self._density.surface.at(rows, columns)
        tone = (self._strength * amount).log1p() / math.log1p(self._strength)
        if self._style == "lumen":
            lab = self._ramp(tone * (0.72 + 0.28 * origin))
            lab[0] += 0.10 * (tone - 0.85).clamp(0, 0.5)
            return lab
        if self._style == "ink":
            return self._ramp(1 - tone * (0.8 + 0.2 * origin))
        colour = self._ramp(0.2 + 0.6 * origin)
        paper = self._ramp(1 + 0 * tone)
        return blend(paper, colour, tone.clamp(0, 1))

    def _places(self, start: int, stop: int) -> "Tensor":
        """Say where in the grid the middles of some rows or columns lie."""
        import torch

        middles = torch.arange(start, stop, dtype=torch.float64) + 0.5
        return middles * self._density.ratio + _RIM - 0.5
