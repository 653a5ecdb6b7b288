"""The augmentation: what it changes, what it leaves, and that the generator can learn through it."""

import pytest
import torch

from provenance.train.augment import Strengths, augment

NONE = Strengths(brightness=0, saturation=0, contrast=0, translation=0, cutout=0)


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 4, side: int = 16) -> torch.Tensor:
    return torch.rand((count, 3, side, side), generator=chance(9)) * 2 - 1


def only(**strengths: float) -> Strengths:
    return Strengths(**{"brightness": 0, "saturation": 0, "contrast": 0, "translation": 0, "cutout": 0, **strengths})


def test_without_strength_nothing_changes() -> None:
    assert torch.allclose(augment(pictures(), NONE, chance()), pictures(), atol=1e-6)


def test_the_same_chance_makes_the_same_changes() -> None:
    one, again, other = (augment(pictures(), Strengths(), chance(seed)) for seed in (1, 1, 2))

    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_each_picture_is_changed_in_its_own_way() -> None:
    same = pictures(1).expand(6, -1, -1, -1)

    changed = augment(same, Strengths(), chance())

    assert len({picture.numpy().tobytes() for picture in changed}) == 6


def test_colours_change_as_if_one_change_came_after_the_other() -> None:
    strengths, shown = only(brightness=0.6, saturation=0.8, contrast=0.4), pictures()
    brightness, saturation, contrast = torch.rand((3, 4, 1, 1, 1), generator=chance()) * 2 - 1

    expected = shown + brightness * 0.3
    grey = expected.mean(1, keepdim=True)
    expected = (expected - grey) * (1 + saturation * 0.8) + grey
    whole = expected.mean((1, 2, 3), keepdim=True)
    expected = (expected - whole) * (1 + contrast * 0.4) + whole

    assert torch.allclose(augment(shown, strengths, chance()), expected, atol=1e-5)


def test_a_move_shows_a_part_of_the_picture_on_its_ground() -> None:
    shown = pictures(20).clamp(-1, 0.5)

    moved = augment(shown, only(translation=0.25), chance())

    for before, after in zip(shown, moved, strict=True):
        inside = (after != 1).any(0)
        kept = after[:, inside].flatten().tolist()
        assert set(kept) <= set(before.flatten().tolist())
        assert inside.float().mean() >= 0.75**2


def test_what_is_cut_out_is_a_square_of_zeros() -> None:
    cut = augment(torch.ones(50, 3, 20, 20), only(cutout=0.5), chance())

    holes = (cut == 0).all(1)
    assert torch.equal((cut != 1).any(1), holes)
    for hole in holes:
        rows, columns = hole.any(1).sum(), hole.any(0).sum()
        assert hole.sum() == rows * columns
        assert max(rows, columns) <= 10
    assert len({hole.numpy().tobytes() for hole in holes}) > 20


@pytest.mark.parametrize("strengths", [Strengths(), only(translation=0.5), only(cutout=0.9)])
def test_gradients_go_through_every_change(strengths: Strengths) -> None:
    shown = pictures().double().requires_grad_()

    augment(shown, strengths, chance()).square().sum().backward()  # type: ignore[no-untyped-call]

    assert shown.grad is not None
    assert shown.grad.isfinite().all()
    assert (shown.grad != 0).float().mean() > 0.05
