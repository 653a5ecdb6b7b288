"""What the two networks of a GAN are told to make smaller: batches in, one number out, gradients go through."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def judge_loss(real: "Tensor", made: "Tensor") -> "Tensor":
    """Hinge loss of the discriminator (J. H. Lim and J. C. Ye, "Geometric GAN", 2017): scores (batch,) each."""
    return (1 - real).relu().mean() + (1 + made).relu().mean()


def maker_loss(made: "Tensor") -> "Tensor":
    """Hinge loss of the generator: scores (batch,)."""
    return -made.mean()


def style_loss(logits: "Tensor", categories: "Tensor") -> "Tensor":
    """Cross entropy of naming the categories of real works: logits (batch, categories), categories int64 (batch,)."""
    from torch.nn import functional

    return functional.cross_entropy(logits, categories)


def ambiguity_loss(logits: "Tensor") -> "Tensor":
    """Cross entropy between an even distribution and what the discriminator names.

    A. Elgammal et al., "CAN: creative adversarial networks", ICCC 2017, section 3.3: smallest, log(categories),
    where no category is likelier than another. logits is (batch, categories).
    """
    return -logits.log_softmax(1).mean()


def ambiguity(logits: "Tensor") -> "Tensor":
    """Say how undecided the naming is: 0 certain, 1 even. The mean entropy, over log(categories)."""
    import math

    logs = logits.detach().float().log_softmax(1)
    return -(logs.exp() * logs).sum(1).mean() / math.log(logits.shape[1])


def reconstruction_loss(drawn: "Tensor", shown: "Tensor") -> "Tensor":
    """Mean absolute difference of what the decoder drew and what the discriminator was shown, at the drawing's size."""
    from torch.nn import functional

    side = drawn.shape[-1]
    small = shown if shown.shape[-1] == side else functional.interpolate(shown, size=(side, side), mode="area")
    return functional.l1_loss(drawn, small)


def gradient_penalty(score: "Callable[[Tensor], Tensor]", pictures: "Tensor") -> "Tensor":
    """Half the squared gradient of the score at real pictures (L. Mescheder et al., ICML 2018, R1)."""
    import torch

    pictures = pictures.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(score(pictures).sum(), pictures, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2
