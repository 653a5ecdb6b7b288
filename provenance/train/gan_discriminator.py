"""The discriminator: it judges pictures, draws real ones again from what it saw, and may name their category.

After B. Liu et al., ICLR 2021 (a discriminator that must reconstruct needs fewer pictures) and T. Karras et al.,
ICLR 2018, section 3 (minibatch standard deviation). Nothing of it is kept with the finished weights.
"""

import math
from itertools import pairwise
from typing import NamedTuple

import torch  # noqa: TID253  (networks are classes of torch: the training imports this file inside its functions)
from torch import Tensor, nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from provenance.generate.gan_network import double, gated

_EVEN = math.sqrt(0.5)
"""Keeps the size of a sum of two like that of one."""

_WIDTHS = {128: 24, 64: 32, 32: 64, 16: 96, 8: 160, 4: 192}


class Judged(NamedTuple):
    """What the discriminator says about a batch."""

    scores: Tensor
    """(batch,): above 0 for real."""
    eight: Tensor
    """What it saw at 8 x 8 pixels, for the decoder."""
    styles: Tensor | None
    """(batch, categories): logits, if it names categories."""


class Discriminator(nn.Module):
    """Pictures (batch, 3, size, size) in -1 to 1 become scores."""

    def __init__(self, size: int, width: float, *, styles: int = 0, classes: int = 0, decoder: int = 64) -> None:
        super().__init__()
        widths = {side: max(8, round(value * width / 8) * 8) for side, value in _WIDTHS.items()}
        sides = [side for side in sorted(_WIDTHS, reverse=True) if side <= size // 2]
        last = widths[4]
        self.stem = nn.Conv2d(3, widths[sides[0]], 4, 2, 1)
        self.halvings = nn.ModuleList(Halving(widths[high], widths[low]) for high, low in pairwise(sides))
        self.look = nn.Conv2d(last + 1, last, 3, padding=1)
        self.score = nn.Conv2d(last, 1, 4)
        self.style = nn.Linear(last * 16, styles) if styles else None
        self.classes = nn.Linear(classes, last, bias=False) if classes else None
        self.decoder = Decoder(widths[8], decoder)

    def forward(self, pictures: Tensor, shares: Tensor | None = None, *, halves: int = 1) -> Judged:
        """Judge; `halves` is 2 where real and generated pictures come together, so that their spreads do not mix."""
        values = functional.leaky_relu(self.stem(pictures), 0.2)
        eight = values
        for halving in self.halvings:
            eight = values if values.shape[-1] == 8 else eight
            values = halving(values)
        seen = torch.cat([_with_spread(half) for half in values.chunk(halves)])
        hidden = functional.leaky_relu(self.look(seen), 0.2)
        scores = self.score(hidden).flatten()
        if self.classes is not None:
            assert shares is not None, "a discriminator with classes is told them"
            scores = scores + (self.classes(shares) * hidden.mean((2, 3))).sum(1) / hidden.shape[1] ** 0.5
        styles = None if self.style is None else self.style(values.flatten(1))
        return Judged(scores, eight, styles)


class Halving(nn.Module):
    """Halves width and height, along two ways that are added."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 4, 2, 1)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, values: Tensor) -> Tensor:
        """Make (batch, inputs, side, side) into (batch, outputs, side / 2, side / 2)."""
        long = functional.leaky_relu(self.convolution(values), 0.2)
        short = functional.leaky_relu(self.skip(functional.avg_pool2d(values, 2)), 0.2)
        return (long + short) * _EVEN


class Decoder(nn.Module):
    """Draws a picture of 32 x 32 pixels from what the discriminator saw at 8 x 8."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, 2 * width, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(2 * width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        self.colour = nn.Conv2d(width // 2, 3, 3, padding=1)

    def forward(self, eight: Tensor) -> Tensor:
        """Draw (batch, 3, 32, 32)."""
        values = gated(self.first_norm(double(eight, self.first.weight)))
        values = gated(self.second_norm(double(values, self.second.weight)))
        colour: Tensor = self.colour(values)
        return colour


def _with_spread(values: Tensor) -> Tensor:
    """Add a channel with the mean standard deviation over the batch."""
    spread = values.float().std(0, correction=0).mean().to(values.dtype)
    return torch.cat([values, spread.expand(len(values), 1, *values.shape[2:])], 1)
