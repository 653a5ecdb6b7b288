"""Flow fields: strokes that follow a field and keep out of each other's way.

The directions are the curl of a sum of waves (R. Bridson et al., "Curl-noise for procedural fluid flow",
SIGGRAPH 2007), so that strokes neither crowd nor thin out; strokes are placed widest first wherever
there is room (after B. Jobard and W. Lefer, "Creating evenly-spaced streamlines", 1997).
Everything is placed in the plane once; then each tile draws what reaches into it.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from provenance.digest import Json
from provenance.generate.chance import Chance
from provenance.generate.engine import Promise, Request
from provenance.generate.flow_strokes import Look, Strokes, place
from provenance.generate.frame import Frame, Tile
from provenance.generate.paint import Ramp, blend, pool, write
from provenance.generate.palettes import PALETTES, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_SIDE = 256
"""Tiles are at most this wide: a tile's pairs of stroke and pixel have to fit into memory."""

_FINEST = 110
"""Samples per unit of the plane that show threads apart: smaller pictures take several samples a pixel."""

_LOOKS: Mapping[str, Look] = {
    "ribbon": Look(
        summary="Broad ribbons and narrow ones, side by side.",
        widths=(0.15, 0.09, 0.055, 0.03, 0.016), tries=(60, 160, 400, 900, 1500), gap=0.006, length=1.5, shortest=0.25,
    ),
    "thread": Look(
        summary="Fine threads at even distances, like engraving.",
        widths=(0.0085,), tries=(4500,), gap=0.0065, length=1.6, shortest=0.12,
    ),
    "reed": Look(
        summary="Strokes that turn in steps of 45 degrees.",
        widths=(0.11, 0.06, 0.034, 0.018), tries=(90, 250, 600, 1200), gap=0.006, length=1.6, shortest=0.2, steps=8,
    ),
    "shoal": Look(
        summary="Leaves or fish: short strokes with pointed ends, all going the same way.",
        widths=(0.06, 0.045, 0.032, 0.02), tries=(400, 700, 1000, 1200), gap=0.005, length=0.34, shortest=0.12,
        taper=1.0,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be asked of the field and its strokes."""

    palette: str = field(
        default="auto", metadata={"help": "a named palette; auto lets the seed choose", "choices": ("auto", *PALETTES)}
    )
    ground: str = field(
        default="auto",
        metadata={"help": "what the strokes lie on; auto lets the seed choose", "choices": ("auto", "light", "dark")},
    )
    turbulence: float = field(
        default=1.0, metadata={"help": "how often the field turns: lower is calmer", "low": 0.25, "high": 3.0}
    )
    width: float = field(default=1.0, metadata={"help": "how wide the strokes are", "low": 0.5, "high": 2.5})
    grain: float = field(default=0.25, metadata={"help": "grain, 0 none, 1 strong", "low": 0.0, "high": 1.0})


class Flow:
    """Strokes along a flow field."""

    name: ClassVar[str] = "flow"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Strokes that follow a flow field and keep out of each other's way."
    styles: ClassVar[Mapping[str, str]] = {name: look.summary for name, look in _LOOKS.items()}
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=True, scale=True)
    Options: ClassVar[type[Options]] = Options

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; the choices name style, palette, ground, and how many strokes found room."""
        import torch

        options = request.options or Options()
        style = request.style or Chance(request.seed, "flow style").pick(tuple(_LOOKS))
        palette = choose(request.palette, options.palette, Chance(request.seed, "flow palette"))
        ground = options.ground
        if ground == "auto":
            ground = Chance(request.seed, "flow ground").pick(("light", "light", "dark"))
        frame = Frame.of(request.width, request.height)
        strokes = place(
            request.seed,
            style,
            _LOOKS[style],
            reach=frame.reach,
            turbulence=options.turbulence,
            broad=options.width,
        )
        with torch.inference_mode():
            brush = _Brush(strokes, frame, palette.colours, ground, request.device)
            for tile, share in frame.tiles(min(request.tile, _SIDE)):
                write(out, tile, brush.paint(tile), seed=request.seed, grain=options.grain)
                request.progress(share)
        return {
            "seed": str(request.seed),
            "style": style,
            "palette": list(palette.colours),
            "palette_name": palette.name,
            "parameters": {**asdict(options), "ground": ground},
            "strokes": len(strokes.tint),
        }


class _Brush:
    """Strokes on a device, in pixels of one frame, to be drawn tile by tile."""

    def __init__(self, strokes: Strokes, frame: Frame, colours: tuple[str, ...], ground: str, device: str) -> None:
        import torch

        self._device = device
        inks = colours if ground == "light" else tuple(reversed(colours))
        self._inks, self._ground = Ramp(inks, device), Ramp((inks[-1], inks[-1]), device)
        steps = len(colours) - 1  # the last ink is the ground
        self._samples = min(8, math.ceil(_FINEST / frame.scale))
        scale = frame.scale * self._samples
        shift = np.array([frame.width / 2, frame.height / 2]) * self._samples
        self._start = strokes.start * scale + shift
        self._end = strokes.end * scale + shift
        self._half = strokes.half * scale
        reach = self._half.max(axis=1, initial=0)[:, None] + 1
        self._low = np.minimum(self._start, self._end) - reach
        self._high = np.maximum(self._start, self._end) + reach
        rows = np.concatenate([self._start, self._end - self._start, self._half], axis=1)
        self._rows = torch.from_numpy(rows.astype(np.float32)).to(device)
        self._stroke = torch.from_numpy(strokes.stroke).to(device)
        self._tint = torch.from_numpy((np.floor(strokes.tint * steps) / steps).astype(np.float32)).to(device)
        self._phase = torch.from_numpy(strokes.phase.astype(np.float32)).to(device)

    def paint(self, tile: Tile) -> "Tensor":
        """Draw a tile as OKLab planes, from several samples a pixel if the picture is small."""
        ends = (tile.top, tile.left, tile.bottom, tile.right)
        top, left, bottom, right = (end * self._samples for end in ends)
        return pool(self._draw(Tile(top=top, left=left, bottom=bottom, right=right)), self._samples)

    def _draw(self, tile: Tile) -> "Tensor":
        """Draw a tile of samples."""
        import torch

        height, width = tile.bottom - tile.top, tile.right - tile.left
        lab = self._ground(torch.zeros((height, width), device=self._device))
        segment, pixel = self._pairs(tile)
        if len(segment) == 0:
            return lab
        depth, _, _ = self._measure(segment, pixel, tile)
        # The deepest segment wins a pixel; a maximum of whole numbers is the same in any order.
        key = ((depth.clamp(-2, 1e5) + 4) * 256).long() << 32 | segment
        best = torch.zeros(height * width, dtype=torch.int64, device=self._device)
        best.scatter_reduce_(0, pixel, key, "amax")
        inside = (best > 0).nonzero().flatten()
        winner = best[inside] & 0xFFFFFFFF
        depth, half, across = self._measure(winner, inside, tile)
        ink = self._ink(winner, across)
        cover = (depth + 0.5).clamp(0, 1) * (2 * half).clamp(0, 1)  # a line thinner than a pixel is faint
        flat = lab.view(3, -1)
        flat[:, inside] = blend(flat[:, inside], ink, cover)
        return lab

    def _pairs(self, tile: Tile) -> "tuple[Tensor, Tensor]":
        """List every segment with every pixel of its box in the tile: segment numbers, and pixels counted by rows."""
        import torch

        origin, size = np.array([tile.left, tile.top]), np.array([tile.right - tile.left, tile.bottom - tile.top])
        low = np.clip(np.floor(self._low - origin), 0, size).astype(np.int64)
        high = np.clip(np.ceil(self._high - origin), 0, size).astype(np.int64)
        span = high - low
        near = np.flatnonzero((span > 0).all(axis=1))
        count = span[near].prod(axis=1)
        first = torch.from_numpy(np.cumsum(count) - count).to(self._device)
        chosen, counts = torch.from_numpy(near).to(self._device), torch.from_numpy(count).to(self._device)
        place = torch.arange(int(count.sum()), device=self._device) - first.repeat_interleave(counts)
        wide = torch.from_numpy(span[near, 0]).to(self._device).repeat_interleave(counts)
        corner = torch.from_numpy(low[near, 1] * size[0] + low[near, 0]).to(self._device).repeat_interleave(counts)
        row = place // wide
        return chosen.repeat_interleave(counts), corner + row * int(size[0]) + (place - row * wide)

    def _measure(self, segment: "Tensor", pixel: "Tensor", tile: Tile) -> "tuple[Tensor, ...]":
        """For pairs, say how deep in the stroke the pixel lies, its half width, where across (-1 to 1)."""
        width = tile.right - tile.left
        row = pixel // width
        x, y = (pixel - row * width + tile.left).float() + 0.5, (row + tile.top).float() + 0.5
        start_x, start_y, run, rise, half, half_end = self._rows[segment].unbind(1)
        east, south = x - start_x, y - start_y
        share = ((east * run + south * rise) / (run * run + rise * rise).clamp_min(1e-12)).clamp(0, 1)
        off_x, off_y = east - share * run, south - share * rise
        away = (off_x * off_x + off_y * off_y).sqrt()
        half = half + (half_end - half) * share
        side = (run * off_y - rise * off_x).sign()
        return half - away, half, side * away / half.clamp_min(1e-6)

    def _ink(self, segment: "Tensor", across: "Tensor") -> "Tensor":
        """Colour points of strokes: flat ink with the marks of bristles, a little darker at the rims."""
        stroke = self._stroke[segment]
        phase = self._phase[stroke]
        lab = self._inks(self._tint[stroke])
        bristles = (11 * across + phase).sin() + (23 * across + 3 * phase).sin()
        lab[0] += 0.012 * bristles - 0.05 * across.square().square() + 0.02 * phase.cos()
        return lab
