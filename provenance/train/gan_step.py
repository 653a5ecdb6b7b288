"""One step of the training: the discriminator learns from real works and made pictures, then the generator from it.

Both learn from the same made pictures, which saves one pass through the generator.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.train import gan_losses as losses
from provenance.train.augment import Strengths, augment
from provenance.train.gan_plan import Plan
from provenance.train.gan_settings import GanSettings, batch_at
from provenance.train.gan_state import State, chance

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

    from provenance.train.gan_discriminator import Judged


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a step learns from; `seed` and `step` settle it."""

    works: "Tensor"
    """(batch, 3, size, size), -1 to 1."""
    latents: "Tensor"
    """(batch, latent)."""
    categories: "Tensor | None"
    """int64 (batch,), of the works."""
    shares: "Tensor | None"
    """(batch, categories): 1 for the work's category, 0 elsewhere; the made pictures are asked for the same."""


def draw(plan: Plan, step: int) -> Batch:
    """Choose the works of a step, mirrored or not, and its latents."""
    import torch
    from torch.nn import functional

    settings, device = plan.settings, plan.device
    dice = chance(plan.seed, "batch", step)
    count = batch_at(settings, step)
    which = torch.randint(0, len(plan.works), (count,), generator=dice)
    mirrored = torch.rand((count, 1, 1, 1), generator=dice) < 0.5
    latents = torch.randn((count, settings.latent), generator=dice).to(device)
    works = plan.works[which].to(device).float().div_(127.5).sub_(1)
    if settings.flip:
        works = torch.where(mirrored.to(device), works.flip(3), works)
    if plan.categories is None:
        return Batch(works=works, latents=latents, categories=None, shares=None)
    named = plan.categories[which].to(device)
    shares = functional.one_hot(named, len(plan.names)).float() if settings.conditional else None
    return Batch(works=works, latents=latents, categories=named, shares=shares)


def advance(state: State, plan: Plan, batch: Batch, step: int) -> Mapping[str, "Tensor"]:
    """Take one step; give its losses, each a tensor with one number."""
    change = _Change(plan, step)
    with _precision(plan):
        made = state.maker(batch.latents, batch.shares)
    shown = change(made.float())
    of_judge = _teach_judge(state, plan, batch, change(batch.works), shown.detach(), step=step)
    state.judge.requires_grad_(requires_grad=False)
    of_maker = _teach_maker(state, plan, batch, shown)
    state.judge.requires_grad_(requires_grad=True)
    return {**of_judge, **of_maker}


class _Change:
    """The augmentation of one step: each call changes another way."""

    def __init__(self, plan: Plan, step: int) -> None:
        settings = plan.settings
        self._strengths = Strengths(
            brightness=settings.brightness,
            saturation=settings.saturation,
            contrast=settings.contrast,
            translation=settings.translation,
            cutout=settings.cutout,
        )
        self._dice = chance(plan.seed, "augmentation", step)

    def __call__(self, pictures: "Tensor") -> "Tensor":
        import torch

        changed = augment(pictures, self._strengths, self._dice)
        return changed.contiguous(memory_format=torch.channels_last)


def _teach_judge(
    state: State, plan: Plan, batch: Batch, real: "Tensor", made: "Tensor", *, step: int
) -> dict[str, "Tensor"]:
    import torch

    settings = plan.settings
    shares = None if batch.shares is None else torch.cat([batch.shares, batch.shares])
    with _precision(plan):
        judged: Judged = state.judge(torch.cat([real, made]), shares, halves=2)
        drawn = state.judge.decoder(judged.eight[: len(real)])
    of_real, of_made = judged.scores.float().chunk(2)
    parts = {"discriminator": losses.judge_loss(of_real, of_made)}
    parts["reconstruction"] = settings.reconstruction * losses.reconstruction_loss(drawn.float(), real)
    if judged.styles is not None and batch.categories is not None:
        parts["style"] = losses.style_loss(judged.styles[: len(real)].float(), batch.categories)
    if settings.penalty > 0 and step % settings.penalty_every == 0:
        parts["penalty"] = _penalty(state, settings, batch, real)
    state.judge_steps.zero_grad(set_to_none=True)
    torch.stack(list(parts.values())).sum().backward()  # type: ignore[no-untyped-call]
    state.judge_steps.step()
    parts |= {"real": of_real.mean(), "made": of_made.mean()}
    return {name: value.detach() for name, value in parts.items()}


def _penalty(state: State, settings: GanSettings, batch: Batch, real: "Tensor") -> "Tensor":
    """In full precision, on half of the works, weighed as if it were paid at every step."""
    half = len(real) // 2
    shares = None if batch.shares is None else batch.shares[:half]
    penalty = losses.gradient_penalty(lambda shown: state.judge(shown, shares).scores, real[:half])
    return penalty * (settings.penalty * settings.penalty_every)


def _teach_maker(state: State, plan: Plan, batch: Batch, shown: "Tensor") -> dict[str, "Tensor"]:
    with _precision(plan):
        judged: Judged = state.judge(shown, batch.shares)
    parts = {"generator": losses.maker_loss(judged.scores.float())}
    loss = parts["generator"]
    if judged.styles is not None:
        loss = loss + plan.settings.ambiguity * losses.ambiguity_loss(judged.styles.float())
        parts["ambiguity"] = losses.ambiguity(judged.styles)
    state.maker_steps.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    state.maker_steps.step()
    return {name: value.detach() for name, value in parts.items()}


def _precision(plan: Plan) -> "AbstractContextManager[object]":
    import torch

    return torch.autocast(plan.device.partition(":")[0], dtype=torch.bfloat16, enabled=plan.mixed)
