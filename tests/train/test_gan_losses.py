"""The losses, against what can be said without them."""

import math

import pytest
import torch

from provenance.train import gan_losses as losses


def test_the_hinge_asks_for_a_margin_and_no_more() -> None:
    far = losses.judge_loss(torch.tensor([1.0, 5.0]), torch.tensor([-1.0, -9.0]))
    even = losses.judge_loss(torch.zeros(2), torch.zeros(2))

    assert (far.item(), even.item()) == (0, 2)
    assert losses.maker_loss(torch.tensor([1.0, 3.0])).item() == -2


def test_ambiguity_is_greatest_where_every_category_is_as_likely() -> None:
    even, sure = torch.zeros(3, 4), torch.eye(4)[:3] * 50

    assert losses.ambiguity(even).item() == pytest.approx(1)
    assert losses.ambiguity(sure).item() == pytest.approx(0, abs=1e-6)
    assert losses.ambiguity_loss(even).item() == pytest.approx(math.log(4))
    assert losses.ambiguity_loss(sure).item() > losses.ambiguity_loss(even).item()


def test_naming_a_category_rightly_costs_little() -> None:
    logits = torch.eye(4) * 50

    assert losses.style_loss(logits, torch.arange(4)).item() == pytest.approx(0, abs=1e-6)
    assert losses.style_loss(logits, torch.arange(4).roll(1)).item() > 10


def test_a_drawing_is_compared_at_its_own_size() -> None:
    shown = torch.rand(2, 3, 64, 64)

    assert losses.reconstruction_loss(torch.nn.functional.avg_pool2d(shown, 2), shown).item() == pytest.approx(
        0, abs=1e-6
    )
    assert losses.reconstruction_loss(torch.zeros(2, 3, 32, 32), torch.ones(2, 3, 32, 32)).item() == 1


def test_the_penalty_is_half_the_squared_slope() -> None:
    slope = torch.randn(3, 4, 4)

    penalty = losses.gradient_penalty(lambda shown: (shown * slope).sum((1, 2, 3)), torch.rand(5, 3, 4, 4))

    assert penalty.item() == pytest.approx(slope.square().sum().item() / 2, rel=1e-5)
