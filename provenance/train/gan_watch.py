"""Seeing that a training goes wrong: losses or weights that are no numbers, losses that explode, samples all alike."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from provenance.generate.gan_network import Generator
    from provenance.train.gan_state import State

EXPLODED = 1000.0
"""A loss of this size is no longer one: hinge losses lie about 1."""

VARIED = 0.25
"""Samples with this share of the variety of the works have begun to be different from each other ..."""

ALIKE = 0.03
"""... and if they fall below this share again, they have collapsed."""

_MANY = 64
_SIDE = 16


def odd_loss(losses: Mapping[str, float]) -> str | None:
    """Say what is wrong with losses, if anything is."""
    for name, value in losses.items():
        if not math.isfinite(value):
            return f"the loss {name} is no number any more"
        if abs(value) > EXPLODED:
            return f"the loss {name} exploded to {value:,.0f}"
    return None


def odd_weight(state: "State") -> str | None:
    """Say which weight is no number any more, if one is."""
    for network in (state.maker, state.judge, state.average):
        for name, value in network.named_parameters():
            if not value.isfinite().all():
                return f"the weight {name} of the {type(network).__name__.lower()} is no number any more"
    return None


def variety(pictures: "Tensor") -> float:
    """Measure how far pictures (count, 3, side, side) in -1 to 1 lie from each other.

    It is the root of the mean squared difference of two of them, at 16 x 16 pixels: root two times the deviation.
    """
    from torch.nn import functional

    small = functional.adaptive_avg_pool2d(pictures.float(), _SIDE)
    return float((2 * small.var(0, correction=0).mean()).sqrt())


def variety_of_works(pixels: "Tensor") -> float:
    """Measure it for works, uint8 (works, 3, size, size), 1,024 at most."""
    return variety(pixels[:: max(1, len(pixels) // 1024)].float() / 127.5 - 1)


def variety_of_samples(average: "Generator", latents: "Tensor", shares: "Tensor | None") -> float:
    """Measure it for what the average of the weights makes, normalised by the batch itself."""
    import torch

    with torch.no_grad():
        made = average.train()(latents, shares)
    average.eval()
    return variety(made)
