"""Reaction and diffusion: two substances on a plane, from which spots, mazes and corals grow.

P. Gray and S. K. Scott, 1984; J. E. Pearson, "Complex patterns in a simple system", Science 261, 1993.
The reaction runs on a grid of its own, the same for every picture size; a spline makes it smooth.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

from provenance.digest import Json
from provenance.generate.chance import Chance
from provenance.generate.engine import Promise, Request
from provenance.generate.frame import REACH_LIMIT, Frame, Tile
from provenance.generate.paint import Ramp, is_dull, pool, smooth, write
from provenance.generate.palettes import PALETTES, choose
from provenance.generate.spline import Surface

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_CELLS = 128
"""Cells of the grid per unit of the plane."""

_SIDE = 256
_ATTEMPTS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Regime:
    summary: str
    feed: tuple[float, float]
    """The rate at which the first substance comes in: it changes over the picture between these two."""
    kill: tuple[float, float]
    """The rate at which the second one goes away."""
    seeds: float
    """Drops of the second substance per square unit of the plane."""
    steps: int = 2400


_REGIMES: Mapping[str, _Regime] = {
    "coral": _Regime(
        summary="Branches that grow towards each other and never touch.",
        feed=(0.052, 0.058), kill=(0.0613, 0.0632), seeds=16,
    ),
    "maze": _Regime(
        summary="Walls and ways, like a fingerprint.",
        feed=(0.030, 0.040), kill=(0.0575, 0.0605), seeds=12,
    ),
    "spots": _Regime(
        summary="Cells that divide until there is no room.",
        feed=(0.030, 0.036), kill=(0.0612, 0.0642), seeds=30,
    ),
    "lace": _Regime(
        summary="A net whose holes run together.",
        feed=(0.040, 0.046), kill=(0.0590, 0.0614), seeds=12,
    ),
    "garden": _Regime(
        summary="Spots, worms and mazes, each in its own bed.",
        feed=(0.028, 0.056), kill=(0.0585, 0.0642), seeds=24, steps=2800,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be asked of the reaction."""

    palette: str = field(
        default="auto", metadata={"help": "a named palette; auto lets the seed choose", "choices": ("auto", *PALETTES)}
    )
    detail: float = field(
        default=1.0,
        metadata={"help": "how fine the pattern is; the time grows with its square", "low": 0.5, "high": 3.0},
    )
    growth: float = field(
        default=1.0, metadata={"help": "how long it grows; 1 is until it is full", "low": 0.2, "high": 3.0}
    )
    relief: float = field(default=0.6, metadata={"help": "how strong the light falls on it", "low": 0.0, "high": 1.0})
    grain: float = field(default=0.25, metadata={"help": "grain, 0 none, 1 strong", "low": 0.0, "high": 1.0})


class GrayScott:
    """Patterns that grow by reaction and diffusion."""

    name: ClassVar[str] = "gray-scott"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Corals, mazes, spots and waves, grown by reaction and diffusion."
    styles: ClassVar[Mapping[str, str]] = {name: regime.summary for name, regime in _REGIMES.items()}
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=True, scale=True)
    Options: ClassVar[type[Options]] = Options

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; the choices name style, palette, and the attempt that grew."""
        import torch

        options = request.options or Options()
        style = request.style or Chance(request.seed, "gray-scott style").pick(tuple(_REGIMES))
        palette = choose(request.palette, options.palette, Chance(request.seed, "gray-scott palette"))
        frame = Frame.of(request.width, request.height)
        with torch.inference_mode():
            grid, attempt = _grow(request, style, options, frame)
            ramp = Ramp(palette.colours, request.device)
            scene = _Scene(request, style, options=options, frame=frame, ramp=ramp, grid=grid)
            for tile, share in frame.tiles(min(request.tile, _SIDE)):
                write(out, tile, scene.draw(tile), seed=request.seed, grain=options.grain)
                request.progress(0.5 + share / 2)
        return {
            "seed": str(request.seed),
            "style": style,
            "palette": list(palette.colours),
            "palette_name": palette.name,
            "parameters": asdict(options),
            "attempt": attempt,
        }


def _grow(request: Request, style: str, options: Options, frame: Frame) -> "tuple[Tensor, int]":
    """Let the reaction run: second substance and age, both 0 to 1, shape (2, rows, columns); and the attempt."""
    regime = _REGIMES[style]
    for attempt in range(_ATTEMPTS):
        chance = Chance(request.seed, f"gray-scott {style}", attempt)
        grid = _react(request, regime, options, chance, frame)
        if not is_dull(0.9 * grid[0]) or attempt == _ATTEMPTS - 1:
            break
    return grid, attempt


def _react(request: Request, regime: _Regime, options: Options, chance: Chance, frame: Frame) -> "Tensor":
    import torch

    cells = _CELLS * options.detail
    across, down = (max(8, round(2 * reach * cells)) for reach in frame.reach)
    region = [part.to(request.device) for part in _regions(chance, across, down, cells)]
    feed, kill = (
        low + (high - low) * part for (low, high), part in zip((regime.feed, regime.kill), region, strict=True)
    )
    reaction = _Reaction(torch.stack(_start(chance, regime, across, down, cells)).to(request.device), feed, kill)
    age = torch.zeros((down, across), device=request.device)
    steps = round(regime.steps * options.growth)
    for step in range(steps):
        reaction.step()
        if step % 8 == 0:
            age += reaction.second > 0.18
            reaction.second.add_(1e-12)  # where nothing grows it would fade to numbers so small that they are slow
            request.progress(0.5 * step / steps)
    return torch.stack([_stretch(reaction.second), _stretch(age), region[1]])


class _Reaction:
    """Two substances on a grid with a rim that repeats the edge, so that nothing flows out; stepped in place."""

    def __init__(self, state: "Tensor", feed: "Tensor", kill: "Tensor") -> None:
        import torch

        self._padded = torch.nn.functional.pad(state[None], (1, 1, 1, 1), mode="replicate")[0]
        self._state = self._padded[:, 1:-1, 1:-1]
        self._feed = feed
        rates = torch.tensor([1.0, 0.5], device=state.device)[:, None, None]
        self._spread = 0.05 * rates
        self._keep = 1 - 1.8 * rates - torch.stack([feed, feed + kill])
        self._columns = self._padded[:, 1:-1].clone()
        self._next = state.clone()
        self._used = feed.clone()

    @property
    def second(self) -> "Tensor":
        """The second substance, shape (rows, columns): a view."""
        return self._state[1]

    def step(self) -> None:
        """Take one step of unit time (explicit Euler).

        The nine-point Laplacian (0.05, 0.2, 0.05; 0.2, -1, 0.2; ...) is 0.05 (1, 4, 1) x (1, 4, 1) less 1.8.
        """
        import torch

        padded, columns, after, used = self._padded, self._columns, self._next, self._used
        torch.add(padded[:, :-2], padded[:, 2:], out=columns).add_(padded[:, 1:-1], alpha=4)
        torch.add(columns[..., :-2], columns[..., 2:], out=after).add_(columns[..., 1:-1], alpha=4)
        after.mul_(self._spread).addcmul_(self._state, self._keep)
        torch.mul(self._state[1], self._state[1], out=used).mul_(self._state[0])
        after[0].sub_(used).add_(self._feed)
        after[1].add_(used)
        self._state.copy_(after)
        padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
        padded[..., 0], padded[..., -1] = padded[..., 1], padded[..., -2]


def _start(chance: Chance, regime: _Regime, across: int, down: int, cells: float) -> "tuple[Tensor, Tensor]":
    """Drop the second substance here and there. The drops lie in the plane: another size has the same ones."""
    import torch

    count = round(regime.seeds * 4 * REACH_LIMIT**2)
    places = chance.uniform(count, 2, low=-REACH_LIMIT, high=REACH_LIMIT)
    sizes = chance.uniform(count, low=2.5, high=6.0)
    x, y = _middles(across, cells), _middles(down, cells)
    second = torch.zeros((down, across))
    for (east, south), size in zip(places.tolist(), (sizes / cells).tolist(), strict=True):
        if abs(east) > float(x[-1]) + 0.1 or abs(south) > float(y[-1]) + 0.1:
            continue
        drop = (-((x - east) / size).square()).exp()[None, :] * (-((y - south) / size).square()).exp()[:, None]
        second = torch.maximum(second, drop.float())
    return 1 - 0.5 * second, 0.45 * second


def _regions(chance: Chance, across: int, down: int, cells: float) -> "tuple[Tensor, Tensor]":
    """Divide the plane softly into regions, twice: two maps from 0 to 1, shape (down, across)."""
    x, y = _middles(across, cells)[None, :], _middles(down, cells)[:, None]
    maps = []
    for _ in range(2):
        waves, phases = chance.normal(4, 2, spread=1.3).tolist(), chance.uniform(4, high=2 * math.pi).tolist()
        total = sum((a * x + b * y + phase).sin() for (a, b), phase in zip(waves, phases, strict=True))
        maps.append((0.9 * total).sigmoid().float())
    return maps[0], maps[1]


def _middles(count: int, cells: float) -> "Tensor":
    """Give the places of the middles of `count` cells about the origin."""
    import torch

    return (torch.arange(count, dtype=torch.float64) + 0.5 - count / 2) / cells


def _stretch(values: "Tensor") -> "Tensor":
    """Bring values to 0..1, the outermost two in a hundred clipped."""
    ordered = values.flatten().sort().values
    low, high = float(ordered[len(ordered) // 50]), float(ordered[-1 - len(ordered) // 50])
    return ((values - low) / max(high - low, 1e-6)).clamp(0, 1)


class _Scene:
    """The grown pattern, to be drawn tile by tile."""

    def __init__(
        self, request: Request, style: str, *, options: Options, frame: Frame, ramp: Ramp, grid: "Tensor"
    ) -> None:
        chance = Chance(request.seed, f"gray-scott {style} light")
        self._frame, self._ramp = frame, ramp
        self._surface = Surface(grid)
        self._grid = grid.shape[1:]
        self._cells = _CELLS * options.detail
        self._relief = options.relief
        self._turn = chance.number(0, 2 * math.pi)
        self._inverse = chance.pick((False, True))
        self._samples = min(6, max(1, math.ceil(1.5 * self._cells / frame.scale)))

    def draw(self, tile: Tile) -> "Tensor":
        """Draw a tile as OKLab planes."""
        rows = self._places(tile.top, tile.bottom, self._frame.y(0), self._grid[0])
        columns = self._places(tile.left, tile.right, self._frame.x(0), self._grid[1])
        value, age, region = self._surface.at(rows, columns)
        right, down = (slope[0] for slope in self._surface.slopes(rows, columns))
        toward = 4 * (right * math.cos(self._turn) + down * math.sin(self._turn))
        light = toward / (1 + 16 * (right * right + down * down)).sqrt()
        body = smooth(value, 0.1, 0.9)
        ground, figure = 0.03 + 0.3 * region, 1 - 0.3 * age * region
        position = ground + (figure - ground) * body
        lab = self._ramp(1 - position if self._inverse else position)
        lab[0] += self._relief * (0.16 * light + 0.14 * light.clamp(0, 1) ** 8 * body)
        return pool(lab, self._samples)

    def _places(self, start: int, stop: int, edge: float, cells: int) -> "Tensor":
        """Say where in the grid the samples of some rows or columns lie."""
        import torch

        samples = torch.arange(start * self._samples, stop * self._samples, dtype=torch.float64) + 0.5
        plane = edge + samples / self._samples / self._frame.scale
        return plane * self._cells + cells / 2 - 0.5
