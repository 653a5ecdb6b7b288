"""Colours of one picture brought to another: what style transfer starts from, so that patches only have to add texture.

First the linear map that carries mean and covariance over with the least movement (F. Pitié and A. Kokaram,
"The linear Monge-Kantorovitch linear colour mapping for example-based colour transfer", CVMP 2007), then part of the
way of the iterative distribution transfer (F. Pitié, A. Kokaram and R. Dahyot, "Automated colour grading using
colour distribution transfer", CVIU 107, 2007), which also finds palettes of a few flat colours.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.generate.chance import Chance

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_SAMPLES = 20_000
_LEVELS = np.linspace(0.0, 1.0, 257)
_TURNS = 12
_SHARE = 0.5
"""How far each turn goes: the whole way tears smooth gradients apart."""
_NOISE = 0.01
"""Variance below which a direction of the colour space holds noise and is not stretched; values run from -1 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoloured:
    """A picture in the colours of another, float32 of shape (1, 3, height, width), about -1 to 1."""

    smooth: "Tensor"
    """By the linear map alone: fine detail stays as it was."""
    matched: "Tensor"
    """With the other's palette, which may be of a few flat colours."""


def recolour(picture: "Tensor", like: "Tensor", chance: Chance) -> Recoloured:
    """Bring the colours of `picture` to those of `like`; both float32, shape (1, 3, height, width), -1 to 1."""
    smooth = _linear(picture, like).clamp(-1, 1)
    return Recoloured(smooth=smooth, matched=_matched(smooth, like, chance).clamp(-1, 1))


def luminance(picture: "Tensor") -> "Tensor":
    """Give the luma of Rec. 601, shape (1, 1, height, width)."""
    return picture[:, :1] * 0.299 + picture[:, 1:2] * 0.587 + picture[:, 2:] * 0.114


def _linear(picture: "Tensor", like: "Tensor") -> "Tensor":
    mean, spread = _moments(picture)
    wanted, wanted_spread = _moments(like)
    root, inverse = _power(spread, 0.5), _power(spread, -0.5)
    change = inverse @ _power(root @ wanted_spread @ root, 0.5) @ inverse
    moved = change.float() @ (picture[0].flatten(1) - mean.float()) + wanted.float()
    return moved.view_as(picture)


def _moments(picture: "Tensor") -> "tuple[Tensor, Tensor]":
    import torch

    colours = picture[0].flatten(1).double()
    mean = colours.mean(1, keepdim=True)
    away = colours - mean
    noise = _NOISE * torch.eye(3, dtype=torch.float64, device=picture.device)
    return mean, away @ away.T / away.shape[1] + noise


def _power(matrix: "Tensor", exponent: float) -> "Tensor":
    import torch

    values, vectors = torch.linalg.eigh(matrix)
    powers: Tensor = vectors @ torch.diag(values.clamp(min=1e-9) ** exponent) @ vectors.T
    return powers


def _matched(picture: "Tensor", like: "Tensor", chance: Chance) -> "Tensor":
    """Match the marginals along turned axes, one after another; the maps are fitted to samples and used on all."""
    colours = picture[0].flatten(1).cpu().numpy().copy()
    sample, wanted = _sample(picture), _sample(like)
    for _ in range(_TURNS):
        axes = _axes(chance)
        turned, part, goal = axes @ colours, axes @ sample, axes @ wanted
        for axis in range(3):
            places, values = _curve(part[axis], goal[axis])
            turned[axis] = np.interp(turned[axis], places, values)
            part[axis] = np.interp(part[axis], places, values)
        colours += _SHARE * (axes.T @ turned - colours)
        sample += _SHARE * (axes.T @ part - sample)
    return picture.new_tensor(colours).view_as(picture)


def _curve(
    have: "NDArray[np.float32]", want: "NDArray[np.float32]"
) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """Give the monotone map between two marginals as places and values; places rise strictly."""
    rising = np.arange(len(_LEVELS)) * 1e-6
    return (np.quantile(have, _LEVELS) + rising).astype(np.float32), np.quantile(want, _LEVELS).astype(np.float32)


def _sample(picture: "Tensor") -> "NDArray[np.float32]":
    colours = picture[0].flatten(1)
    sampled: NDArray[np.float32] = colours[:, :: max(1, colours.shape[1] // _SAMPLES)].cpu().numpy().copy()
    return sampled


def _axes(chance: Chance) -> "NDArray[np.float32]":
    import torch

    turned, _ = torch.linalg.qr(chance.normal(3, 3))
    axes: NDArray[np.float32] = turned.float().numpy()
    return axes
