"""The styles of the `cppn` engine: how the plane is folded first, and how outputs become colour.

A style gets three standardised outputs (mean 0, deviation 1 over the square picture), their slopes (1 is
usual) and what the seed drew for it. It works pixel by pixel and knows nothing of tiles or networks.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.generate.paint import blend, mirror, smooth

if TYPE_CHECKING:
    from torch import Tensor

    from provenance.generate.chance import Chance
    from provenance.generate.paint import Ramp


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a style asks of the network, and its sentence."""

    summary: str
    kinds: tuple[str, ...]
    """The activations that the seed may pick from."""
    depth: int
    scale: float
    """How much of the network's world the plane shows."""
    gain: float
    edges: bool = False
    """Whether it has hard edges, which need more samples."""
    round: bool = True
    """Whether the network knows the distance to a point; without it, straight edges stay straight."""
    centred: bool = False
    """Whether that point is the middle."""


STYLES: Mapping[str, Style] = {
    "nacre": Style(
        summary="Bands of colour that shimmer like the inside of a shell.",
        kinds=("sine", "tanh"), depth=3, scale=0.95, gain=1.0, edges=True,
    ),
    "silk": Style(
        summary="Folded cloth in raking light.",
        kinds=("tanh", "sine"), depth=3, scale=1.15, gain=1.1,
    ),
    "bloom": Style(
        summary="Mirrored forms, like flowers, masks and moths.",
        kinds=("bell", "sine", "tanh"), depth=4, scale=1.4, gain=1.1, centred=True,
    ),
    "drift": Style(
        summary="Dunes and weather, warped by a slow wind.",
        kinds=("sine", "bell"), depth=3, scale=1.0, gain=1.0,
    ),
    "contour": Style(
        summary="A map of hills that are not there, with a line at every height.",
        kinds=("tanh", "sine"), depth=3, scale=1.25, gain=1.15,
    ),
    "papercut": Style(
        summary="Sheets of coloured paper, cut and stacked, each with its shadow.",
        kinds=("tanh", "sine", "bell"), depth=3, scale=1.1, gain=1.1, edges=True,
    ),
    "facet": Style(
        summary="Flat planes with straight edges, like folded paper.",
        kinds=("fold", "wave"), depth=2, scale=0.6, gain=0.9, edges=True, round=False,
    ),
    "kaleido": Style(
        summary="A rosette: one form turned about the middle, three to eight times.",
        kinds=("sine", "bell", "tanh"), depth=4, scale=1.5, gain=1.15, edges=True, centred=True,
    ),
}  # fmt: skip
"""The styles by name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Field:
    """What a style paints from; every tensor has the shape (height, width) after its first axis."""

    value: "Tensor"
    """The three outputs, shape (3, height, width)."""
    slope_x: "Tensor"
    """How they rise to the right: per unit of the plane, divided by what is usual for each output."""
    slope_y: "Tensor"
    """How they rise downwards."""
    usual: tuple[float, ...]
    """The usual slope of each output, per unit of the plane."""
    step: float
    """The distance from one sample to the next, in units of the plane."""

    def steepness(self, output: int) -> "Tensor":
        """Say how steep an output is, 1 being usual; never quite 0."""
        return (self.slope_x[output].square() + self.slope_y[output].square() + 1e-9).sqrt()


class Painter:
    """A style with what the seed drew for it."""

    def __init__(self, style: str, chance: "Chance", ramp: "Ramp", colours: int) -> None:
        self._style = style
        self._ramp = ramp
        self._colours = colours
        self._repeat = chance.number(1.0, 2.2)
        self._phase = chance.number(0, 2)
        self._turn = chance.number(0, 2 * math.pi)
        self._folds = chance.whole(3, 8)
        self._levels = chance.whole(6, 10)
        self._mirrors = chance.whole(1, 3)
        self._wind = chance.normal(5, 5).tolist()

    def fold(self, x: "Tensor", y: "Tensor") -> "tuple[Tensor, Tensor]":
        """Move places of the plane to where the network is asked."""
        if self._style == "drift":
            return self._blown(x, y)
        if self._style == "silk":
            cos, sin = math.cos(self._turn), math.sin(self._turn)
            return 1.3 * (x * cos + y * sin), 0.5 * (y * cos - x * sin)
        if self._style == "bloom":
            return (x.abs() if self._mirrors != 2 else x), (y.abs() if self._mirrors == 2 else y)
        if self._style == "kaleido":
            part = 2 * math.pi / self._folds
            angle = y.atan2(x) + self._turn
            angle = (angle - part * (angle / part).round()).abs()
            radius = (x * x + y * y).sqrt()
            return radius * angle.cos(), radius * angle.sin()
        return x, y

    def paint(self, field: Field) -> "Tensor":
        """Turn outputs into OKLab planes of shape (3, height, width)."""
        lab: Tensor = getattr(self, f"_{self._style}")(field)
        return lab

    def _blown(self, x: "Tensor", y: "Tensor") -> "tuple[Tensor, Tensor]":
        east, south = x, y
        for a, b, start, push_x, push_y in self._wind:
            wave = (1.1 * (a * x + b * y) + 3 * start).sin()
            east, south = east + 0.22 * push_x * wave, south + 0.22 * push_y * wave
        return east, south

    def _lit(self, field: Field, output: int, height: float) -> "Tensor":
        """Light an output as a relief from one side: -1 away from the light, 1 towards it."""
        return self._lit_slopes(field.slope_x[output], field.slope_y[output], height)

    def _lit_slopes(self, x: "Tensor", y: "Tensor", height: float) -> "Tensor":
        toward = x * math.cos(self._turn) + y * math.sin(self._turn)
        return height * toward / (1 + height * height * (x * x + y * y)).sqrt()

    def _nacre(self, field: Field) -> "Tensor":
        value = field.value
        height = value[0] + 0.12 * value[1]
        lab = self._ramp(mirror(0.28 * self._repeat * height + self._phase))
        layers = 1.1 * self._levels
        steep = field.steepness(0) * field.usual[0] * layers * field.step
        layer = height * layers + 0.5 * value[2]
        lab[0] += 0.13 * (layer - layer.floor() - 0.5) * (1 - smooth(steep, 0.2, 0.6))
        lab[0] += 0.05 * self._lit(field, 1, 0.8)
        lab[1] += 0.022 * (2 * value[2]).sin()
        lab[2] += 0.022 * (2 * value[2]).cos()
        return lab

    def _silk(self, field: Field) -> "Tensor":
        pleat = (3.5 * field.value[1]).cos()
        x = field.slope_x[0] + 1.1 * pleat * field.slope_x[1]
        y = field.slope_y[0] + 1.1 * pleat * field.slope_y[1]
        light = self._lit_slopes(x, y, 1.6)
        lab = self._ramp(0.45 + 0.40 * light + 0.14 * field.value[2].tanh())
        lab[0] += 0.12 * light.clamp(0, 1) ** 12
        return lab

    def _bloom(self, field: Field) -> "Tensor":
        value = field.value
        lab = self._ramp(mirror(0.28 * self._repeat * value[0] + self._phase))
        vein = (value[1] * 3 - (value[1] * 3).round()).abs() / (3 * field.usual[1] * field.steepness(1))
        lab[0] += 0.05 * value[2].tanh() - 0.10 * (-vein / 0.012).exp()
        return lab

    def _drift(self, field: Field) -> "Tensor":
        value = field.value
        lab = self._ramp(0.5 + 0.42 * (0.75 * value[0]).tanh() + 0.14 * self._lit(field, 0, 1.2))
        steep = field.steepness(1) * field.usual[1] * 30 * field.step
        crest = ((30 * value[1]).sin() * 0.5 + 0.5) ** 3 * (1 - smooth(steep, 0.5, 2.0))
        lab[0] += 0.06 * self._lit(field, 2, 0.8) + 0.07 * crest * self._lit(field, 0, 2.0)
        return lab

    def _contour(self, field: Field) -> "Tensor":
        per_unit = 0.42 * self._levels
        height = field.value[0] * per_unit
        steep = field.steepness(0) * field.usual[0] * per_unit * field.step
        nearest = height.round()
        away = (height - nearest).abs() / steep
        strong = (nearest - 5 * (nearest / 5).round()).abs() < 0.5
        half = (0.0016 + 0.0016 * strong) / field.step
        line = (half.clamp_min(0.5) - away + 0.5).clamp(0, 1) * (half / 0.5).clamp(0.35, 1)
        line = line * (1 - smooth(steep, 0.35, 0.8))
        ground = self._ramp(0.62 + 0.36 * (0.8 * height.floor() / per_unit).tanh())
        return blend(ground, self._ramp(height.new_zeros(()) * height), line)

    def _papercut(self, field: Field) -> "Tensor":
        count = float(self._levels)
        share = (1.2 * field.value[0]).sigmoid()
        level, below, above = _terraces(field, share, 1.2 * share * (1 - share), count)
        facing = (field.slope_x[0] * math.cos(self._turn) + field.slope_y[0] * math.sin(self._turn)).clamp_min(0)
        facing = facing / field.steepness(0)
        lab = self._ramp(level / (count - 1))
        lab[0] -= (0.10 + 0.14 * facing) * (-below / (0.02 + 0.05 * facing)).exp()
        lab[0] += 0.05 * (-above / 0.006).exp()
        return lab

    def _facet(self, field: Field) -> "Tensor":
        first, second = ((1.6 * field.value[output]).sigmoid() for output in (0, 1))
        count = self._colours
        lab = self._ramp((mirror(1.6 * first + 0.5 * (second * 3).floor() / 3) * count).floor() / (count - 1))
        lab[0] += 0.11 * self._lit(field, 1, 1.0) + 0.05 * self._lit(field, 2, 1.0)
        return lab

    def _kaleido(self, field: Field) -> "Tensor":
        count = 3.0 + self._levels
        share = (1.3 * field.value[0]).sigmoid()
        level, below, above = _terraces(field, share, 1.3 * share * (1 - share), count)
        lab = self._ramp(mirror(level / 5 + self._phase))
        lab[0] -= 0.13 * (-below / 0.025).exp()
        lab[0] += 0.05 * (-above / 0.006).exp() + 0.03 * field.value[1].tanh()
        return lab


def _terraces(field: Field, share: "Tensor", rise: "Tensor", count: float) -> "tuple[Tensor, Tensor, Tensor]":
    """Cut the first output, brought to 0..1 as `share` with the derivative `rise`, into terraces.

    Gives the terrace, and the distances to the next one up and to the last one down, in units of the plane.
    """
    height = share * count
    steep = field.steepness(0) * field.usual[0] * rise * count + 1e-6
    level = height.floor().clamp(0, count - 1)
    return level, (level + 1 - height) / steep, (height - level) / steep
