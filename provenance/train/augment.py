"""Changes of colour and place that real and generated pictures go through alike before the discriminator sees them.

S. Zhao et al., "Differentiable augmentation for data-efficient GAN training", NeurIPS 2020: the generator
learns through the changes, so that it does not learn the changes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Strengths:
    """How much is changed at most."""

    brightness: float = 0.6
    """The width of the range of what is added, of 2 from black to white."""
    saturation: float = 0.8
    """1 at most: colours are multiplied by 1 - this to 1 + this."""
    contrast: float = 0.4
    """1 at most: multiplied by 1 - this to 1 + this."""
    translation: float = 0.125
    """The farthest move, as a share of the side."""
    cutout: float = 0.4
    """The side of the square that is left out, as a share of the side."""


def augment(pictures: "Tensor", strengths: Strengths, chance: "Generator", *, ground: float = 1.0) -> "Tensor":
    """Change pictures (batch, 3, side, side) in -1 to 1, each in its own way; gradients go through.

    `chance` is a CPU generator. What a move uncovers is filled with `ground`: -1 black to 1 white.
    """
    changed = _colour(pictures, strengths, chance)
    if strengths.translation > 0:
        changed = _move(changed, strengths.translation, chance, ground)
    if strengths.cutout > 0:
        changed = changed * _holes(len(pictures), pictures.shape[-1], strengths.cutout, chance).to(pictures)
    return changed


def _colour(pictures: "Tensor", strengths: Strengths, chance: "Generator") -> "Tensor":
    """Change brightness, saturation about the mean of a pixel, contrast about that of the picture, in one sum."""
    import torch

    draws = torch.rand((3, len(pictures), 1, 1, 1), generator=chance) * 2 - 1
    brightness, saturation, contrast = draws.to(pictures)
    brightness = brightness * (strengths.brightness / 2)
    saturation, contrast = 1 + saturation * strengths.saturation, 1 + contrast * strengths.contrast
    grey = pictures.mean(1, keepdim=True)
    whole = grey.mean((2, 3), keepdim=True)
    shift = contrast * (1 - saturation) * grey + ((1 - contrast) * whole + brightness)
    return torch.addcmul(shift, pictures, contrast * saturation)


def _move(pictures: "Tensor", share: float, chance: "Generator", ground: float) -> "Tensor":
    """Move each picture by whole pixels."""
    import torch
    from torch.nn import functional

    side = pictures.shape[-1]
    most = max(1, round(side * share))
    wide = functional.pad(pictures, (most, most, most, most), value=ground)
    places = torch.randint(0, 2 * most + 1, (len(pictures), 2), generator=chance).tolist()
    moved = [one[:, y : y + side, x : x + side] for one, (y, x) in zip(wide.unbind(0), places, strict=True)]
    return torch.stack(moved)


def _holes(count: int, side: int, share: float, chance: "Generator") -> "Tensor":
    """Give (count, 1, side, side): 0 in a square somewhere, 1 elsewhere."""
    import torch

    half = max(1, round(side * share) // 2)
    middles = torch.randint(0, side, (2, count, 1), generator=chance)
    near = (torch.arange(side) - middles).abs() < half
    return (~(near[0][:, :, None] & near[1][:, None, :]))[:, None].float()
