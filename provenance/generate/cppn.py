"""Compositional pattern producing networks: small untrained networks that turn a place into a colour.

K. O. Stanley, "Compositional pattern producing networks", Genetic Programming and Evolvable Machines
8(2), 2007. The picture is a function on the plane, so that it has every size: a thumbnail and a print
differ in nothing but pixels. There are no weights to keep; the seed is the network.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

from provenance.digest import Json
from provenance.generate.chance import Chance
from provenance.generate.cppn_styles import STYLES, Field, Painter, Style
from provenance.generate.engine import Promise, Request
from provenance.generate.frame import Frame, Tile
from provenance.generate.paint import Ramp, is_dull, pool, write
from provenance.generate.palettes import PALETTES, choose

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

_CELL = 64
"""The CPU evaluates squares of this many pixels, whole ones at the edges too: rounding cannot depend on tiles."""

_ATTEMPTS = 24
_WIDTH = 32
_GROUPS = 4
_NEUTRAL = ("#000000", "#ffffff")
_SQUARE = Frame.of(_CELL, _CELL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be asked of the networks."""

    palette: str = field(
        default="auto", metadata={"help": "a named palette; auto lets the seed choose", "choices": ("auto", *PALETTES)}
    )
    detail: float = field(
        default=1.0, metadata={"help": "how much happens in the picture: lower is calmer", "low": 0.25, "high": 4.0}
    )
    grain: float = field(default=0.25, metadata={"help": "grain, 0 none, 1 strong", "low": 0.0, "high": 1.0})


class Cppn:
    """Abstract pictures from untrained networks, at any size."""

    name: ClassVar[str] = "cppn"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Abstract pictures from small untrained networks; the seed is the network."
    styles: ClassVar[Mapping[str, str]] = {name: style.summary for name, style in STYLES.items()}
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=True, scale=True)
    Options: ClassVar[type[Options]] = Options

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; the choices name the style, the palette and the attempt whose network was not dull."""
        import torch

        options = request.options or Options()
        style = request.style or Chance(request.seed, "cppn style").pick(tuple(STYLES))
        palette = choose(request.palette, options.palette, Chance(request.seed, "cppn palette"))
        frame = Frame.of(request.width, request.height)
        with torch.inference_mode():
            attempt = _first_lively(request.seed, style, options.detail)
            scene = _Scene(
                request.seed, style, attempt, detail=options.detail, colours=palette.colours, device=request.device
            )
            side = _CELL if request.device == "cpu" else max(1, round(request.tile / _CELL)) * _CELL
            samples = _samples(request, STYLES[style])
            for tile, share in frame.tiles(side):
                write(out, tile, scene.draw(frame, tile, side, samples), seed=request.seed, grain=options.grain)
                request.progress(share)
        return {
            "seed": str(request.seed),
            "style": style,
            "palette": list(palette.colours),
            "palette_name": palette.name,
            "parameters": asdict(options),
            "attempt": attempt,
        }


def _first_lively(seed: int, style: str, detail: float) -> int:
    """Find the first attempt that is not dull, seen small, square, in grey and on the CPU: the same at every size."""
    tile = Tile(top=0, left=0, bottom=_CELL, right=_CELL)
    for attempt in range(_ATTEMPTS):
        scene = _Scene(seed, style, attempt, detail=detail, colours=_NEUTRAL, device="cpu")
        if not is_dull(scene.draw(_SQUARE, tile, _CELL, samples=1)[0]):
            return attempt
    return 0


def _samples(request: Request, style: Style) -> int:
    """Take more samples a pixel where steps would show: in small pictures, and at hard edges up to 4,096 pixels."""
    longest = max(request.width, request.height)
    if longest <= 256:
        return 3 if style.edges else 2
    return 2 if longest <= (4096 if style.edges else 512) else 1


class _Scene:
    """Everything that the seed settles for one picture, ready to be drawn tile by tile."""

    def __init__(
        self, seed: int, style: str, attempt: int, *, detail: float, colours: tuple[str, ...], device: str
    ) -> None:
        chance = Chance(seed, f"cppn {style}", attempt)
        self._device = device
        self._painter = Painter(style, chance, Ramp(colours, device), len(colours))
        self._network = _Network(chance, STYLES[style], detail)
        value, slope_x, slope_y = self._values(_SQUARE, 0, 0, _CELL, 1)
        self._network.standardise(value)
        value, slope_x, slope_y = self._values(_SQUARE, 0, 0, _CELL, 1)
        usual = (slope_x.square() + slope_y.square()).flatten(1).double().mean(1).sqrt() + 1e-6
        self._usual = tuple(usual.tolist())
        self._network.move(device)

    def draw(self, frame: Frame, tile: Tile, side: int, samples: int) -> "Tensor":
        """Draw a tile as OKLab planes; a whole square of `side` pixels is evaluated even where the picture ends."""
        value, slope_x, slope_y = self._values(frame, tile.left, tile.top, side, samples)
        for output, usual in enumerate(self._usual):
            slope_x[output] /= usual
            slope_y[output] /= usual
        step = 1 / frame.scale / samples
        lab = self._painter.paint(Field(value=value, slope_x=slope_x, slope_y=slope_y, usual=self._usual, step=step))
        return pool(lab, samples)[:, : tile.bottom - tile.top, : tile.right - tile.left]

    def _values(self, frame: Frame, left: int, top: int, side: int, samples: int) -> "tuple[Tensor, Tensor, Tensor]":
        """Evaluate a square with a rim of one sample: the outputs, and their slopes right and down."""
        step = 1 / frame.scale / samples
        x, y = (self._line(start, step, side * samples) for start in (frame.x(left), frame.y(top)))
        x, y = x[None, :].expand(len(y), -1), y[:, None].expand(-1, len(x))
        value = self._network(*self._painter.fold(x, y))
        slope_x = (value[:, 1:-1, 2:] - value[:, 1:-1, :-2]) / (2 * step)
        slope_y = (value[:, 2:, 1:-1] - value[:, :-2, 1:-1]) / (2 * step)
        return value[:, 1:-1, 1:-1], slope_x, slope_y

    def _line(self, start: float, step: float, count: int) -> "Tensor":
        """Give the middles of `count` samples from `start` on, and of one more at each end."""
        import torch

        places = start + (torch.arange(-1, count + 1, dtype=torch.float64) + 0.5) * step
        return places.float().to(self._network.device)


class _Network:
    """Inputs: x, y and the distance to a point; three outputs. Features are rows, so that groups are contiguous."""

    device = "cpu"

    def __init__(self, chance: Chance, style: Style, detail: float) -> None:
        self._layers: list[tuple[Tensor, Tensor, tuple[str, ...]]] = []
        self._east: float
        self._south: float
        self._east, self._south = (0.0, 0.0) if style.centred else chance.normal(2, spread=1.5).tolist()
        self._round = 0.02 if style.centred else 0.4
        inputs = 3
        for depth in range(style.depth):
            weight = chance.normal(_WIDTH, inputs, spread=style.gain / math.sqrt(inputs))
            if depth == 0:
                weight *= style.scale * detail * math.sqrt(inputs)
                weight[:, 2] *= style.round
            kinds = tuple(chance.pick(style.kinds) for _ in range(_GROUPS))
            self._layers.append((weight.float(), chance.normal(_WIDTH, 1, spread=0.5).float(), kinds))
            inputs = _WIDTH
        self._layers.append((chance.normal(3, _WIDTH).float(), chance.normal(3, 1).float(), ()))

    def standardise(self, values: "Tensor") -> None:
        """Change the last layer so that outputs like `values` have mean 0 and deviation 1."""
        weight, bias, _ = self._layers[-1]
        flat = values.flatten(1).double()
        spread = flat.std(1, keepdim=True) + 1e-3
        self._layers[-1] = (weight / spread.float(), ((bias - flat.mean(1, keepdim=True)) / spread).float(), ())

    def move(self, device: str) -> None:
        """Bring the weights to `device`."""
        self.device = device
        self._layers = [(weight.to(device), bias.to(device), kinds) for weight, bias, kinds in self._layers]

    def __call__(self, x: "Tensor", y: "Tensor") -> "Tensor":
        """Evaluate points: x and y of shape (height, width) give (3, height, width)."""
        import torch

        away = ((x - self._east).square() + (y - self._south).square() + self._round).sqrt()
        values = torch.stack([x, y, away]).view(3, -1)
        for weight, bias, kinds in self._layers:
            values = torch.addmm(bias, weight, values)
            for kind, group in zip(kinds, values.chunk(_GROUPS), strict=False):
                _bend(kind, group)
        return values.view(3, *x.shape)


def _bend(kind: str, values: "Tensor") -> None:
    """Apply an activation in place."""
    if kind == "sine":
        values.mul_(1.6).sin_()
    elif kind == "tanh":
        values.tanh_()
    elif kind == "bell":
        values.square_().neg_().exp_().mul_(2).sub_(1)
    elif kind == "fold":
        values.abs_().sub_(0.6)
    else:  # wave: a triangle wave of period pi
        values.mul_(1 / math.pi).sub_((values + 0.5).floor()).abs_().mul_(4).sub_(1)
