"""What a training is of, checked in full before anything begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.errors import UsageError
from provenance.generate.gan_categories import NAMELESS, named
from provenance.train.gan_settings import GanSettings, check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from provenance.generate.gan_network import Architecture


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training is of; nothing of it changes."""

    settings: GanSettings
    architecture: "Architecture"
    works: "Tensor"
    """uint8 (works, 3, size, size), on the CPU."""
    categories: "Tensor | None"
    """int64 (works,), on the CPU; None where no loss and no network asks for them."""
    names: tuple[str, ...]
    """What the categories are called."""
    seed: int
    device: str
    mixed: bool
    """bfloat16 where it is accurate enough."""
    folder: Path


def plan(
    settings: GanSettings,
    pixels: "NDArray[np.uint8]",
    categories: "NDArray[np.int64] | None",
    names: Sequence[str],
    *,
    seed: int,
    device: str,
    folder: Path,
) -> Plan:
    """Check everything that is asked for. Raises UsageError."""
    import torch

    from provenance.generate.gan_network import Architecture

    check(settings)
    _check_works(settings, pixels)
    asked = settings.conditional or settings.loss == "can"
    names = [named(name) for name in names]
    if asked:
        _check_categories(settings, categories, names, len(pixels))
    architecture = Architecture(
        size=settings.size,
        latent=settings.latent,
        width=settings.width,
        categories=tuple(names) if settings.conditional else (),
    )
    return Plan(
        settings=settings,
        architecture=architecture,
        works=torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()),
        categories=torch.from_numpy(categories.copy()) if asked and categories is not None else None,
        names=tuple(names) if asked else (),
        seed=seed,
        device=device,
        mixed=_mixed(settings.precision, device),
        folder=folder,
    )


def _check_works(settings: GanSettings, pixels: "NDArray[np.uint8]") -> None:
    side = settings.size
    if pixels.dtype != "uint8" or pixels.ndim != 4 or pixels.shape[1:] != (side, side, 3):
        raise UsageError(
            f"The works must come as uint8 of shape (works, {side}, {side}, 3), not {pixels.dtype} of {pixels.shape}."
        )
    if len(pixels) < 2:
        raise UsageError(
            f"A GAN learns from two works at least, better from a hundred; there are {len(pixels)}. "
            "Add works to the dataset, or see which were kept out: prov dataset check."
        )
    if (pixels == pixels[0]).all():
        raise UsageError(
            f"The {len(pixels)} works are all alike at {side} pixels, so that there is nothing to learn. "
            "Add other works to the dataset."
        )


def _check_categories(
    settings: GanSettings, categories: "NDArray[np.int64] | None", names: Sequence[str], works: int
) -> None:
    what = "The loss can" if settings.loss == "can" else "A conditional model"
    if categories is None or categories.shape != (works,):
        raise UsageError(f"{what} needs the category of every work. Give works one, in the column category.")
    present = sorted(set(categories.tolist()))
    if not names or len(set(names)) < len(names) or present[0] < 0 or present[-1] >= len(names):
        raise UsageError(f"{what} needs a name of its own for each category.")
    if len(present) < 2:
        only = names[present[0]]
        there = "none has one" if only == NAMELESS else f"all {works} are of {only!r}"
        raise UsageError(
            f"{what} needs works of two categories at least; {there}. "
            "Give works a category, or train with the loss hinge and without conditional."
        )


def _mixed(precision: str, device: str) -> bool:
    """Say whether to compute in bfloat16: where the device has instructions for it."""
    import torch

    if precision != "auto":
        return precision == "bfloat16"
    kind = device.partition(":")[0]
    if kind == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capable = torch.cpu.get_capabilities()
    return kind == "cpu" and bool(capable.get("avx512_bf16") or capable.get("amx_bf16"))
