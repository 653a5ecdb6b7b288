"""From values to pixels, tile by tile: ramps of colour, light, grain, and the last step to bytes.

All of it is arithmetic per pixel on its own position, so that neither tiles nor threads show.
Colours are OKLab planes: tensors of shape (3, height, width), float32.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from provenance.generate.frame import Tile
from provenance.generate.oklab import FROM_CONES, TO_ROOTS
from provenance.generate.palettes import ramp

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

STEPS = 2048
"""How many colours a ramp is cut into: finer than 8 bits can show."""

_MASK = 0xFFFFFFFF


class Ramp:
    """A palette as a continuous ramp on a device, to be looked up by numbers from 0 (first colour) to 1 (last)."""

    def __init__(self, colours: Sequence[str], device: str = "cpu") -> None:
        import torch

        table = ramp(colours, STEPS).T.astype(np.float32)
        self._table = torch.from_numpy(np.ascontiguousarray(table)).to(device)

    def __call__(self, position: "Tensor") -> "Tensor":
        """Look up colours for `position`, shape (height, width): OKLab planes. Outside 0 to 1 it is clipped."""
        index = (position * (STEPS - 1)).round_().clamp_(0, STEPS - 1).int()
        return self._table.index_select(1, index.flatten()).view(3, *position.shape)


def mirror(value: "Tensor") -> "Tensor":
    """Fold any number into 0 to 1, to and fro, so that a ramp can repeat without a seam."""
    return 1 - ((value - 2 * (value / 2).floor()) - 1).abs()


def blend(under: "Tensor", over: "Tensor", cover: "Tensor") -> "Tensor":
    """Lay the planes `over` on `under`, as far as `cover` (0 to 1, shape (height, width)) says."""
    return under + (over - under) * cover


def smooth(value: "Tensor", low: float, high: float) -> "Tensor":
    """Rise from 0 at `low` to 1 at `high` without a corner."""
    t = ((value - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def pool(lab: "Tensor", samples: int) -> "Tensor":
    """Average squares of `samples` x `samples`, summed one after the other: a reduction could round differently."""
    if samples == 1:
        return lab
    parts = [lab[:, row::samples, column::samples] for row in range(samples) for column in range(samples)]
    total = parts[0].clone()
    for part in parts[1:]:
        total += part
    return total / len(parts)


def write(out: "NDArray[np.uint8]", tile: Tile, lab: "Tensor", *, seed: int, grain: float) -> None:
    """Turn the OKLab planes of one tile into bytes in `out`, with grain (0 none, 1 strong) fixed to each pixel."""
    if grain > 0:
        lightness = lab[0]
        weight = 0.35 + 2.6 * (lightness * (1 - lightness)).clamp(0, 0.25)
        speckle = grain_at(seed, tile, str(lab.device)) * weight * (0.055 * grain)
        lab = lab.clone()
        lab[0] += speckle
    pixels = _encode(lab).permute(1, 2, 0).contiguous()
    out[tile.top : tile.bottom, tile.left : tile.right] = pixels.cpu().numpy()


def grain_at(seed: int, tile: Tile, device: str = "cpu") -> "Tensor":
    """Give each pixel of `tile` its grain, -1 to 1 with mean 0: fine specks and softer ones of two pixels.

    It is a hash of (seed, row, column) in whole numbers, so that a pixel has the same grain whatever is drawn with it.
    """
    import torch

    rows = torch.arange(tile.top, tile.bottom, device=device, dtype=torch.int64)[:, None]
    columns = torch.arange(tile.left, tile.right, device=device, dtype=torch.int64)[None, :]
    key = (seed ^ (seed >> 32)) & _MASK
    fine = _triangular(_hash(_hash(rows ^ key) ^ columns))
    coarse = _triangular(_hash(_hash((rows >> 1) ^ key ^ 0x5BD1E995) ^ (columns >> 1)))
    return 0.65 * fine + 0.35 * coarse


def _hash(value: "Tensor") -> "Tensor":
    """Mix 32-bit numbers held in int64 (the constants of "lowbias32", C. Wellons and TheIronBorn, 2018)."""
    value = ((value ^ (value >> 16)) * 0x21F0AAAD) & _MASK
    value = ((value ^ (value >> 15)) * 0x735A2D97) & _MASK
    return value ^ (value >> 15)


def _triangular(hashed: "Tensor") -> "Tensor":
    return ((hashed & 0xFFFF) + (hashed >> 16)).float() * (1 / 65535) - 1


def _encode(lab: "Tensor") -> "Tensor":
    """Turn OKLab planes into sRGB bytes, elementwise: a matrix product could round differently per tile."""
    import torch

    roots = [(lab[0] * one + lab[1] * two + lab[2] * three) for one, two, three in TO_ROOTS]
    cones = [root * root * root for root in roots]
    linear = torch.stack([cones[0] * one + cones[1] * two + cones[2] * three for one, two, three in FROM_CONES])
    linear = linear.clamp_(0, 1)
    encoded = torch.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear.pow(1 / 2.4) - 0.055)
    return (encoded * 255).round_().clamp_(0, 255).byte()


def is_dull(lightness: "Tensor") -> bool:
    """Say whether a preview, lightness 0 to 1 of shape (height, width), is flat, nearly one tone, or noise."""
    spread = float(lightness.std())
    count = float(lightness.numel())
    shares = (lightness * 11.99).long().clamp(0, 11).flatten().bincount(minlength=12).double() / count
    across = float((lightness[:, 1:] - lightness[:, :-1]).abs().mean())
    down = float((lightness[1:] - lightness[:-1]).abs().mean())
    return spread < 0.1 or float(shares.max()) > 0.72 or (across + down) / 2 > 0.55 * spread
