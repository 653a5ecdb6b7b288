"""What somebody wants trained, read and checked as far as can be told without an archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from provenance.archive.choose import is_engine
from provenance.archive.collect import check_name
from provenance.archive.runs import checked_seed
from provenance.errors import UsageError
from provenance.generate.engine import read_options
from provenance.generate.registry import choose_device
from provenance.train.gan_settings import GanSettings
from provenance.train.gan_settings import check as check_settings
from provenance.train.pictures import Preprocessing

ENGINES = ("gan",)
"""Engines that learn here."""


_MOST_SAMPLES = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOrder:
    """What somebody wants trained."""

    name: str
    """What the model will be called."""
    dataset: str
    """NAME of a dataset, or NAME@VERSION."""
    engine: str = "gan"
    categories: Sequence[str] = ()
    """Only works of these categories; empty means all."""
    settings: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Hyperparameters of `train.gan_settings.GanSettings`, as texts or values."""
    background: str = "#ffffff"
    fit: str = "pad"
    seed: int | None = None
    device: str = "auto"
    by: str | None = None
    resume: bool = False
    """Go on with the latest training of this name that was stopped."""
    samples: int = 512
    """Pictures that the figures of the finished model are measured on."""


class _Options:
    """The settings of a training, for the reader of options."""

    name: ClassVar[str] = "gan"
    Options: ClassVar[type[Any]] = GanSettings


def check_training(order: TrainingOrder) -> tuple[GanSettings, Preprocessing]:
    """Read what an order says, as far as can be told without an archive. Raises UsageError, EngineError."""
    if order.engine not in ENGINES:
        raise UsageError(f"Nothing called {order.engine!r} learns here. There is: {', '.join(ENGINES)}.")
    check_model_name(order.name)
    checked_seed(order.seed)
    if not 2 <= order.samples <= _MOST_SAMPLES:
        raise UsageError(f"A model is measured on 2 to {_MOST_SAMPLES:,} samples; {order.samples} are asked for.")
    settings: GanSettings = read_options(_Options, order.settings)  # type: ignore[arg-type]  # it has what is read
    check_settings(settings)
    preprocessing = Preprocessing(size=settings.size, background=order.background, fit=order.fit)  # type: ignore[arg-type]
    choose_device(order.device)
    return settings, preprocessing


def check_model_name(name: str) -> None:
    """Raise UsageError for what cannot name a model."""
    check_name(name, "a model")
    if is_engine(name):
        raise UsageError(f"{name} is the name of an engine. Call the model something else.")


def versioned(text: str) -> tuple[str, int | None]:
    """Read NAME or NAME@VERSION. Raises UsageError."""
    name, at, number = text.partition("@")
    if not at:
        return name, None
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise UsageError(f"{text!r} names no version of a dataset. Write {name}@2, for example.")
    return name, int(number)
