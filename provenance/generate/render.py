"""A picture asked for and made: the request checked in full, the device chosen, the engine run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from provenance.digest import Json, canonical_json
from provenance.errors import EngineError, ProvenanceError, UsageError
from provenance.generate.engine import SEED_LIMIT, SIDE_LIMIT, Batching, Engine, Request, Weights, read_options
from provenance.generate.palettes import PALETTES, read_colour

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TILES = (16, 4096)


def choose_device(wanted: str = "auto") -> str:
    """Settle a device: auto prefers cuda, then mps, then cpu; others are cpu, cuda, cuda:N and mps.

    Imports torch, unless `wanted` is cpu. Raises UsageError if the device is not here.
    """
    if wanted == "cpu":
        return wanted
    import torch

    present = ["cuda"] if torch.cuda.is_available() else []
    present += [f"cuda:{index}" for index in range(torch.cuda.device_count())] if present else []
    present += ["mps"] if torch.backends.mps.is_available() else []
    present += ["cpu"]
    if wanted == "auto":
        return present[0]
    if wanted not in present:
        raise UsageError(f"There is no device {wanted!r} here. There are: {', '.join(present)}; or say auto.")
    return wanted


def request_for(
    engine: Engine,
    *,
    seed: int,
    width: int,
    height: int,
    style: str | None = None,
    parameters: Mapping[str, str | int | float | bool] | None = None,
    palette: Sequence[str] | str | None = None,
    device: str = "auto",
    tile: int = 512,
    progress: Callable[[float], None] | None = None,
    weights: Weights | None = None,
    pictures: "Mapping[str, NDArray[np.uint8]] | None" = None,
    prompt: str | None = None,
    like: tuple[Mapping[str, Json], ...] = (),
) -> Request:
    """Check everything that is asked of `engine` and make its request.

    `palette` is colours as #rrggbb, two or more, or the name of a palette of ours.
    Raises UsageError that says what is wrong and what would be right.
    """
    _check_range("seed", seed, 0, SEED_LIMIT - 1)
    _check_range("width", width, 1, SIDE_LIMIT)
    _check_range("height", height, 1, SIDE_LIMIT)
    _check_range("tile", tile, *_TILES)
    if style is not None and style not in engine.styles:
        known = ", ".join(engine.styles) or "none"
        raise UsageError(f"The engine {engine.name} has no style {style!r}. Its styles: {known}.")
    return Request(
        seed=seed,
        width=width,
        height=height,
        style=style,
        options=read_options(engine, parameters or {}),
        palette=None if palette is None else _palette(palette),
        device=choose_device(device),
        tile=tile,
        progress=progress or (lambda _: None),
        weights=weights,
        pictures=pictures or {},
        prompt=prompt,
        like=like,
    )


def render(engine: Engine, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
    """Let `engine` fill `out`, uint8 of shape (height, width, 3), and give its choices.

    Whatever `request.progress` raises comes through. Raises EngineError for all else that goes wrong inside.
    """
    _check_out(request, out)
    return _rendered(engine, request, lambda watched: [engine.generate(watched, out)])[0]


def render_many(
    engine: Batching, requests: Sequence[Request], outs: "Sequence[NDArray[np.uint8]]"
) -> Sequence[Mapping[str, Json]]:
    """Let `engine` fill several pictures at once, as `render` does one; `progress` is the first request's."""
    for request, out in zip(requests, outs, strict=True):
        _check_out(request, out)

    def make(watched: Request) -> Sequence[Mapping[str, Json]]:
        made = engine.generate_many([watched, *requests[1:]], outs)
        if len(made) != len(requests):
            raise EngineError(f"The engine {engine.name} gave {len(made)} pictures; {len(requests)} were asked for.")
        return made

    return _rendered(engine, requests[0], make)


def _check_out(request: Request, out: "NDArray[np.uint8]") -> None:
    if out.dtype != np.uint8 or out.shape != (request.height, request.width, 3) or not out.flags.writeable:
        raise UsageError(
            f"The picture needs a writable uint8 array of shape {(request.height, request.width, 3)}, "
            f"not {out.dtype} of shape {out.shape}."
        )


def _rendered(
    engine: Engine, request: Request, make: Callable[[Request], Sequence[Mapping[str, Json]]]
) -> Sequence[Mapping[str, Json]]:
    watched = _Watched(request.progress)
    try:
        choices = make(replace(request, progress=watched))
        canonical_json(list(choices))
    except ProvenanceError:
        raise
    except Exception as cause:  # the code of a plugin, or a device that gives up
        if cause is watched.raised:
            raise
        raise EngineError(
            f"The engine {engine.name} failed on {request.width} x {request.height} pixels on {request.device}: "
            f"{type(cause).__name__}: {cause}."
        ) from cause
    return choices


class _Watched:
    """The caller's progress, and what it raised: that is the caller's wish and no failure of the engine."""

    def __init__(self, progress: Callable[[float], None]) -> None:
        self._progress = progress
        self.raised: Exception | None = None

    def __call__(self, share: float) -> None:
        try:
            self._progress(share)
        except Exception as wish:
            self.raised = wish
            raise


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise UsageError(f"The {name} must be a whole number from {low} to {high}; it is {value!r}.")


def _palette(given: Sequence[str] | str) -> tuple[str, ...]:
    if isinstance(given, str):
        if given not in PALETTES:
            raise UsageError(f"There is no palette {given!r}. There are: {', '.join(PALETTES)}.")
        return PALETTES[given]
    colours = tuple(read_colour(colour) for colour in given)
    if len(colours) < 2:
        raise UsageError("A palette needs two colours at least, dark to light, as #rrggbb.")
    return colours
