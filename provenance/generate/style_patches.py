"""A picture put together anew from the patches of another: the nearest ones, overlapping, averaged.

Texture optimisation (V. Kwatra, I. Essa, A. Bobick and N. Kwatra, "Texture optimization for example-based synthesis",
SIGGRAPH 2005) as style transfer without a network (M. Elad and P. Milanfar, "Style transfer via texture synthesis",
IEEE TIP 26, 2017); the search counts how well a patch of the style is liked elsewhere, so that not one flat patch
wins everywhere (N. Granot, B. Feinstein, A. Shocher, S. Bagon and M. Irani, "Drop the GAN: in defense of patches
nearest neighbors as single image generative models", CVPR 2022).
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.generate.chance import Chance

if TYPE_CHECKING:
    from torch import Tensor

_KEYS = 16_384
"""Patches of the style that are looked through."""
_ASKED = 200_000
"""About as many patches of the picture are replaced in a round, if that leaves no pixel out."""
_WIDEST = 4
_DIMENSIONS = 32
_BAND = 4096
"""Patches of the picture that are in memory at a time."""
_FEW = 4096
"""Up to so many patches the search counts how well each patch of the style is liked elsewhere."""
_FAIRNESS = 0.01
_CHOOSY = 0.3
"""The distance, as a share of the usual one, at which a patch counts a third: the smaller, the crisper."""


def assemble(picture: "Tensor", style: "Tensor", *, patch: int, chance: Chance) -> "Tensor":
    """Replace each patch of `picture` by the nearest one of `style`; where patches overlap, near ones count more.

    Both are float32 of shape (1, 3, height, width), with more than `patch` pixels each way. Memory beside the
    pictures is bounded.
    """
    import torch
    import torch.nn.functional as F  # noqa: N812

    keys = _Keys.of(style, patch, chance)
    rim = patch - 1
    wide = F.pad(picture, (rim,) * 4, mode="reflect")
    step = min(_WIDEST, patch, max(1, math.ceil(math.sqrt(wide.shape[2] * wide.shape[3] / _ASKED))))
    down, right = (chance.whole(0, step - 1) for _ in range(2))
    seen = wide[..., down:, right:]
    rows, columns = ((side - patch) // step + 1 for side in seen.shape[-2:])
    scale = _CHOOSY * _usual_distance(seen, keys, patch, step)
    total, weight = torch.zeros_like(seen), torch.zeros_like(seen[:, :1])
    many = max(1, _BAND // columns)
    for top in range(0, rows, many):
        band = slice(top * step, (min(top + many, rows) - 1) * step + patch)
        nearest, distance = keys.nearest(F.unfold(seen[..., band, :], patch, stride=step)[0].T)
        near = (-distance / scale).exp() + 1e-3
        size = (band.stop - band.start, seen.shape[3])
        chosen = (keys.patches[nearest] * near[:, None]).T[None]
        total[..., band, :] += F.fold(chosen, size, patch, stride=step)
        weight[..., band, :] += F.fold(near.expand(1, patch * patch, -1), size, patch, stride=step)
    made = wide.clone()
    made[..., down:, right:] = torch.where(weight > 0, total / weight.clamp(min=1e-9), seen)
    return made[..., rim:-rim, rim:-rim]


def _usual_distance(seen: "Tensor", keys: "_Keys", patch: int, step: int) -> float:
    """Measure the mean distance to the nearest patch, on a sample."""
    import torch.nn.functional as F  # noqa: N812

    height, width = seen.shape[-2:]
    sparse = max(step, math.ceil(math.sqrt(height * width / _BAND)))
    return float(keys.nearest(F.unfold(seen, patch, stride=sparse)[0].T, fair=False)[1].mean()) + 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """Patches of the style, and what they are found by: their main components."""

    patches: "Tensor"
    """(count, 3 * patch * patch)."""
    middle: "Tensor"
    basis: "Tensor"
    codes: "Tensor"
    half_square: "Tensor"

    @classmethod
    def of(cls, style: "Tensor", patch: int, chance: Chance) -> "_Keys":
        import torch
        import torch.nn.functional as F  # noqa: N812

        height, width = style.shape[-2:]
        step = max(1, math.ceil(math.sqrt(height * width / _KEYS)))
        down, right = (chance.whole(0, min(step - 1, side - patch)) for side in (height, width))
        patches = F.unfold(style[..., down:, right:], patch, stride=step)[0].T.contiguous()
        middle = patches.mean(0)
        away = (patches - middle).double()
        _, vectors = torch.linalg.eigh(away.T @ away)
        basis = vectors[:, -_DIMENSIONS:].float()
        codes = (patches - middle) @ basis
        return cls(patches=patches, middle=middle, basis=basis, codes=codes, half_square=codes.square().sum(1) / 2)

    def nearest(self, asked: "Tensor", *, fair: bool = True) -> "tuple[Tensor, Tensor]":
        """Find the nearest patch of each (count, 3 * patch * patch): its number, and the squared distance."""
        codes = (asked - self.middle) @ self.basis
        if fair and max(len(asked), len(self.codes)) <= _FEW:
            return self._fairly(codes)
        return self._plainly(codes)

    def _fairly(self, codes: "Tensor") -> "tuple[Tensor, Tensor]":
        squares = codes.square().sum(1, keepdim=True) + 2 * (self.half_square - codes @ self.codes.T)
        squares.clamp_(min=0)
        liked = squares.min(0)[0] + _FAIRNESS
        nearest = (squares / liked).argmin(1)
        return nearest, squares.gather(1, nearest[:, None])[:, 0]

    def _plainly(self, codes: "Tensor", block: int = 512) -> "tuple[Tensor, Tensor]":
        import torch

        found = [self._best(codes[start : start + block]) for start in range(0, len(codes), block)]
        nearest, score = (torch.cat(parts) for parts in zip(*found, strict=True))
        return nearest, (codes.square().sum(1) - 2 * score).clamp(min=0)

    def _best(self, codes: "Tensor", block: int = 1024) -> "tuple[Tensor, Tensor]":
        """Find the highest score of each code, looking at so few keys at a time that the scores stay in the cache."""
        import torch

        best = torch.full((len(codes),), -torch.inf, device=codes.device)
        nearest = torch.zeros(len(codes), dtype=torch.long, device=codes.device)
        for start in range(0, len(self.codes), block):
            scores = torch.addmm(-self.half_square[start : start + block], codes, self.codes[start : start + block].T)
            place = _argmax(scores)
            value = scores.gather(1, place[:, None])[:, 0]
            better = value > best
            best, nearest = torch.where(better, value, best), torch.where(better, place + start, nearest)
        return nearest, best


def _argmax(scores: "Tensor") -> "Tensor":
    """Find the place of the greatest number of each row; numpy does it in vector registers, torch does not."""
    import torch

    if scores.device.type != "cpu":
        return scores.argmax(1)
    return torch.from_numpy(np.argmax(scores.numpy(), axis=1))
