"""Every hyperparameter of the GAN training, with its default: what is recorded is this, whole."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provenance.errors import UsageError


def _number(default: float, help_: str, low: float, high: float) -> Any:  # noqa: ANN401  (as dataclasses.field)
    return field(default=default, metadata={"help": help_, "low": low, "high": high})


def _choice(default: str, help_: str, *choices: str) -> Any:  # noqa: ANN401
    return field(default=default, metadata={"help": help_, "choices": choices})


@dataclass(frozen=True, slots=True, kw_only=True)
class GanSettings:
    """How a GAN is trained. Each field has a default and `metadata={"help": ..., "low": ..., "high": ...}`."""

    size: int = _number(64, "width and height of the pictures in pixels: 32, 64, 128 or 256", 32, 256)
    steps: int = _number(4000, "how many steps", 1, 10_000_000)
    batch: int = _number(32, "works in each step", 4, 1024)
    first_batch: int = _number(
        8, "works in each step at the beginning, if fewer: more steps find the outlines sooner", 4, 1024
    )
    full_from: int = _number(900, "the step from which on a step has all its works", 0, 10_000_000)
    learning_rate: float = _number(4e-4, "of both networks", 1e-6, 1e-1)
    momentum: float = _number(0.0, "the first beta of Adam", 0.0, 0.99)
    memory: float = _number(0.99, "the second beta of Adam", 0.5, 0.9999)
    latent: int = _number(128, "how many numbers a picture is made from", 2, 1024)
    width: float = _number(1.0, "multiplies the channels of both networks", 0.125, 8.0)
    decoder: int = _number(64, "channels of the decoder that draws real works again", 16, 512)
    loss: str = _choice(
        "hinge", "hinge, or can: a creative adversarial network, pulled away from every category", "hinge", "can"
    )
    conditional: bool = field(default=False, metadata={"help": "learn to be asked for a category"})
    ambiguity: float = _number(1.0, "the weight of the ambiguity of styles; for the loss can only", 0.0, 10.0)
    reconstruction: float = _number(1.0, "the weight of drawing real works again", 0.0, 10.0)
    penalty: float = _number(1.0, "the weight of the gradient penalty R1", 0.0, 100.0)
    penalty_every: int = _number(8, "steps from one gradient penalty to the next", 1, 1000)
    average: float = _number(0.998, "how slowly the average of the weights moves; 0 follows at once", 0.0, 0.99999)
    flip: bool = field(default=True, metadata={"help": "show half of the works mirrored"})
    brightness: float = _number(0.6, "augmentation: the range of what is added to all colours, of 2", 0.0, 2.0)
    saturation: float = _number(0.8, "augmentation: saturation times 1 - this to 1 + this", 0.0, 1.0)
    contrast: float = _number(0.4, "augmentation: contrast times 1 - this to 1 + this", 0.0, 1.0)
    translation: float = _number(0.125, "augmentation: the farthest move, as a share of the side", 0.0, 0.5)
    cutout: float = _number(0.4, "augmentation: the square left out, as a share of the side", 0.0, 0.9)
    precision: str = _choice(
        "auto",
        "of the training; auto takes bfloat16 where the device is quicker with it",
        "auto",
        "bfloat16",
        "float32",
    )
    checkpoint_every: int = _number(100, "steps from one checkpoint to the next", 1, 1_000_000)
    sheet_every: int = _number(500, "steps from one sheet of samples to the next", 1, 1_000_000)


def check(settings: GanSettings) -> None:
    """Raise UsageError, a sentence, if a setting lies outside its range or two do not go together."""
    for option in dataclasses.fields(settings):
        _check_one(option.name, getattr(settings, option.name), type(option.default), option.metadata)
    if settings.size & (settings.size - 1):
        raise UsageError(f"The size must be 32, 64, 128 or 256; it is {settings.size}.")
    if settings.loss == "can" and settings.conditional:
        raise UsageError(
            "The loss can pulls pictures away from every category, so nobody can ask for one: "
            "choose the loss can or conditional, not both."
        )


def batch_at(settings: GanSettings, step: int) -> int:
    """Say how many works a step has: `first_batch`, doubled in even stages, and `batch` from `full_from` on."""
    if step >= settings.full_from or settings.first_batch >= settings.batch:
        return settings.batch
    stages = math.ceil(math.log2(settings.batch / settings.first_batch))
    return settings.first_batch << (step * stages // settings.full_from)


def _check_one(name: str, value: Any, kind: type, metadata: Mapping[str, Any]) -> None:  # noqa: ANN401
    if kind is float and type(value) is int:
        kind = int
    if type(value) is not kind:
        raise UsageError(f"The setting {name} takes a {kind.__name__}, not {value!r}.")
    low, high, choices = metadata.get("low"), metadata.get("high"), metadata.get("choices")
    if low is not None and high is not None and not low <= value <= high:
        raise UsageError(f"The setting {name} must lie from {low} to {high}; it is {value!r}.")
    if choices is not None and value not in choices:
        raise UsageError(f"The setting {name} is one of {', '.join(choices)}; not {value!r}.")
