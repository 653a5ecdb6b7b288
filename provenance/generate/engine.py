"""All that an author of an engine needs: what comes in, what goes out, what is promised.

An engine is one class in one file. It imports torch inside its methods, never at the top, so that
listing engines is quick; it never imports another engine; it knows neither database nor signing.
Installed engines are found by the entry point `provenance.engines.v1`.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from provenance.digest import Digest, Json
from provenance.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED_LIMIT = 1 << 64
"""Seeds are whole numbers from 0 up to, not including, this."""

SIDE_LIMIT = 16_384
"""The longest side that an engine is asked for, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What an engine promises about making the same picture again on the same kind of device.

    True means bit-identical pixels; False means that small differences are possible.
    """

    same_run: bool = True
    """The same request again, on the same machine."""
    tiles: bool = True
    """Another tile size."""
    threads: bool = True
    """Another number of threads."""
    scale: bool = False
    """The same composition at another size (resolution independent), not the same pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What an engine takes beside a seed and a size. An engine without the attribute `needs` takes nothing."""

    weights: bool = False
    """It makes nothing without weights: people name a model, not the engine."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Pictures that it must be given, by role (`content`, `style`), with a sentence each."""
    optional_pictures: Mapping[str, str] = field(default_factory=dict)
    """Pictures that it may be given, by role (`image`, `mask`), with a sentence each."""
    prompt: bool = False
    """It takes a text; the model decides whether it must be given."""
    like: int = 0
    """How many earlier pictures of the same model may guide it: 1 near one, 2 between two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What an engine learnt or was given, and which exactly."""

    path: Path
    """A .safetensors file, or the folder of a pipeline."""
    digest: Digest
    """What the engine has to find there: the file's SHA-256, or the folder's digest as its engine makes it."""
    settings: Mapping[str, Json] = field(default_factory=dict)
    """What was recorded with them: architecture, size in pixels, adapters, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One picture that is asked for."""

    seed: int
    """0 <= seed < 2**64; all randomness comes from a CPU generator seeded with it."""
    width: int
    height: int
    style: str | None = None
    """One of the engine's styles; None lets the seed choose."""
    options: Any = None
    """The engine's own frozen `Options`; None means its defaults."""
    palette: tuple[str, ...] | None = None
    """Colours as `#rrggbb`, two or more, that replace the engine's own; None lets the seed choose."""
    device: str = "cpu"
    """cpu, cuda, cuda:N or mps: resolved already, never auto."""
    tile: int = 512
    """The side of the square tiles that bound the memory, in pixels."""
    progress: Callable[[float], None] = field(default=lambda _: None)
    """Called with the finished share, 0 to 1, now and then; it may raise to stop the engine."""
    weights: Weights | None = None
    """The model's weights, for engines that need them."""
    pictures: Mapping[str, "NDArray[np.uint8]"] = field(default_factory=dict)
    """Given pictures by role, each uint8 of shape (its height, its width, 3), sRGB."""
    prompt: str | None = None
    like: tuple[Mapping[str, Json], ...] = ()
    """The recorded choices of earlier pictures of the same model that guide this one, at most `needs.like`."""


class Engine(Protocol):
    """Code that makes pictures."""

    name: ClassVar[str]
    """The name people type: lower case, no spaces."""
    version: ClassVar[str]
    """Raised whenever the same request gives other pixels."""
    summary: ClassVar[str]
    """One sentence for lists."""
    styles: ClassVar[Mapping[str, str]]
    """Style names with a sentence each; empty if the engine has none."""
    promise: ClassVar[Promise]
    Options: ClassVar[type[Any]]
    """A frozen dataclass; each field has a default and `metadata={"help": ..., "low": ..., "high": ...}`."""

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`, uint8 of shape (height, width, 3), which may be a memory-mapped file.

        Returns every choice that led to the picture, those the seed made too (style, palette, ...),
        as JSON values with seeds as text. Memory beside `out` stays bounded for every size.
        Raises EngineError if the picture cannot be made here.
        """
        ...


class Batching(Engine, Protocol):
    """An engine that makes several pictures at once quicker than one after another."""

    batch: ClassVar[int]
    """How many at most. A picture comes out the same, bit for bit, whatever others are made with it."""

    def generate_many(
        self, requests: Sequence[Request], outs: "Sequence[NDArray[np.uint8]]"
    ) -> Sequence[Mapping[str, Json]]:
        """Do what `generate` does for each request; they differ in `seed`, and in nothing else."""
        ...


class Shaped(Engine, Protocol):
    """An engine whose weights or pictures say how large a picture is when nobody else does."""

    def natural_size(self, weights: Weights | None, pictures: "Mapping[str, NDArray[np.uint8]]") -> tuple[int, int]:
        """Give width and height in pixels. Raises EngineError if the weights cannot be read."""
        ...


class Checking(Engine, Protocol):
    """An engine that can tell a wrong request before a run is written down."""

    def check(self, request: Request) -> None:
        """Look at the request without making anything. Raises UsageError or EngineError."""
        ...


def needs_of(engine: Engine) -> Needs:
    """Say what `engine` needs."""
    needs: Needs = getattr(engine, "needs", Needs())
    return needs


def read_options(engine: Engine | type[Engine], given: Mapping[str, str | int | float | bool]) -> Any:  # noqa: ANN401
    """Make the engine's options from `given`, texts from a command line or values from Python.

    Raises UsageError that names the option and what it takes.
    """
    fields = {f.name: f for f in dataclasses.fields(engine.Options)}
    values: dict[str, object] = {}
    for name, value in given.items():
        if name not in fields:
            known = ", ".join(sorted(fields)) or "none"
            message = f"The engine {engine.name} has no parameter {name!r}. Its parameters: {known}."
            raise UsageError(message)
        values[name] = _option(engine.name, fields[name], value)
    return engine.Options(**values)


def _option(engine: str, option: "dataclasses.Field[Any]", value: str | float | bool) -> object:  # noqa: FBT001
    kind = type(option.default)
    convert: Callable[[Any], Any] = _truth if kind is bool else kind
    try:
        read = convert(value)
        fractional = kind is int and isinstance(value, float) and value != read
    except ValueError:
        fractional = True
        read = None
    if fractional or read is None or read != read:  # noqa: PLR0124  (NaN is the only value unlike itself)
        message = f"The parameter {option.name} of {engine} takes {_KINDS[kind]}, not {value!r}."
        raise UsageError(message)
    low, high = option.metadata.get("low"), option.metadata.get("high")
    if (low is not None and read < low) or (high is not None and read > high):
        message = f"The parameter {option.name} of {engine} must lie from {low} to {high}; it is {value!r}."
        raise UsageError(message)
    choices = option.metadata.get("choices")
    if choices is not None and read not in choices:
        message = f"The parameter {option.name} of {engine} is one of {', '.join(choices)}; not {value!r}."
        raise UsageError(message)
    return read


_KINDS: Mapping[type, str] = {int: "a whole number", float: "a number", bool: "yes or no", str: "a text"}


def _truth(value: object) -> bool | None:
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(str(value).lower())
