"""The arguments of a call, as what a run can record: plain values, digests of pictures, seeds of generators."""

import contextlib
import enum
import inspect
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np

from provenance.archive.incoming import as_picture
from provenance.digest import Digest, Json
from provenance.errors import ProvenanceError
from provenance.generate.engine import SEED_LIMIT

_MOST = 1_000
"""Things in one list or mapping that are written down one by one."""

_DEEPEST = 6
"""How far into lists and mappings we look."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]+")
"""What a parameter of a manifest must not have in its name."""

_NO_PICTURE = ("embeds", "latents")
"""What the names of arguments end with that are numbers, whatever their shape."""

_LEFT_OUT = ("callback", "progress")
"""What the names of arguments begin with that say nothing about the picture."""

_SECRET = re.compile(r"(?:^|_)(?:key|token|secret|password|passphrase|authorization|auth)$", re.IGNORECASE)
"""What the names of arguments end with that nobody means to publish: what is recorded is signed, and may leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a call was given."""

    parameters: Mapping[str, Json]
    prompt: str | None = None
    seed: int | None = None
    device: str | None = None
    pictures: Mapping[str, Digest] = field(default_factory=dict)
    """The pictures among them, by the argument's name: the digests of their pixels."""
    prompts: tuple[str, ...] = ()
    """Where several prompts were given at once."""
    seeds: tuple[int, ...] = ()
    """Of the generators: one for the call, or one for each picture."""

    @property
    def latent(self) -> bool:
        """Whether latents were asked for."""
        return self.parameters.get("output_type") == "latent"

    def of_picture(self, position: int, count: int) -> tuple[int | None, dict[str, Json]]:
        """Give the seed of one of `count` pictures, and what is its own among the arguments."""
        seed = self.seeds[position] if len(self.seeds) == count else None
        if not self.prompts or count % len(self.prompts):
            return seed, {}
        return seed, {"prompt": self.prompts[position // (count // len(self.prompts))]}


def arguments_of(call: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any]) -> Arguments:
    """Read the arguments of a call, with the defaults of `call`; those that do not fit it are for `call` to refuse.

    Raises ProvenanceError for pictures that cannot be read.
    """
    values = _bound(call, given, named)
    pictures: dict[str, Digest] = {}
    parameters = {
        _plain_name(name): _recordable(value, name, pictures)
        for name, value in values.items()
        if not _left_out(name, value)
    }
    prompt, prompts = _prompts(parameters.pop("prompt", None))
    if prompts:
        parameters["prompts"] = list(prompts)
    seeds = _seeds(values)
    return Arguments(
        parameters=parameters,
        prompt=prompt,
        prompts=prompts,
        seed=seeds[0] if len(set(seeds)) == 1 else None,
        seeds=seeds,
        device=_device(call, values),
        pictures=pictures,
    )


def _bound(call: Callable[..., Any], given: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    try:
        signature = inspect.signature(call)
        bound = signature.bind(*given, **named)
    except (TypeError, ValueError):  # it tells nothing of itself, or will refuse these arguments with its own words
        return {**{f"argument_{number}": value for number, value in enumerate(given, 1)}, **named}
    bound.apply_defaults()
    values: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            values |= value
        else:
            values[name] = value
    return values


def _plain_name(name: str) -> str:
    return _NOT_IN_NAMES.sub("_", name).lstrip("_.-")[:100] or "argument"


def _left_out(name: str, value: object) -> bool:
    unsaid = name == "self" or name.startswith(_LEFT_OUT) or _SECRET.search(name) is not None
    return unsaid or (callable(value) and not _is_torch(value))


def _recordable(value: Any, name: str, pictures: dict[str, Digest], depth: int = 0) -> Json:  # noqa: ANN401
    if isinstance(value, bool | int | str | None):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping) and depth < _DEEPEST:
        return {str(key): _recordable(each, f"{name}.{key}", pictures, depth + 1) for key, each in _first(value)}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEPEST:
        return [
            _recordable(each, f"{name}.{number}", pictures, depth + 1)
            for number, each in enumerate(list(value)[:_MOST])
        ]
    return _special(value, name, pictures)


def _first(value: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    return list(value.items())[:_MOST]


def _special(value: Any, name: str, pictures: dict[str, Digest]) -> Json:  # noqa: ANN401
    if isinstance(value, PurePath | enum.Enum) or _torch_word(value):
        return str(value)
    if _is_generator(value):
        return {"device": str(value.device), "initial_seed": str(value.initial_seed()), "advanced": _advanced(value)}
    if isinstance(value, np.generic):
        return _recordable(value.item(), name, pictures)
    if type(value).__module__.startswith("PIL."):
        return _picture(value, name, pictures)
    if isinstance(value, np.ndarray) or _is_torch(value):
        return _array(value, name, pictures)
    return {"type": f"{type(value).__module__}.{type(value).__qualname__}"}


def _picture(value: Any, name: str, pictures: dict[str, Digest]) -> Json:  # noqa: ANN401
    picture = as_picture(value)
    pictures[name] = picture.digest
    return {"picture": str(pictures[name]), "width": picture.width, "height": picture.height}


def _array(value: Any, name: str, pictures: dict[str, Digest]) -> Json:  # noqa: ANN401
    """Name an array by what it shows, if it is a picture, else by the digest of its bytes."""
    with contextlib.suppress(ProvenanceError):
        if not name.endswith(_NO_PICTURE):
            return _picture(value, name, pictures)
    described: dict[str, Json] = {"shape": "x".join(map(str, value.shape)), "dtype": str(value.dtype)}
    numbers = value if isinstance(value, np.ndarray) else _plain_tensor(value)
    if numbers.dtype.hasobject:
        return described
    return described | {"sha256": Digest.of(np.ascontiguousarray(numbers).tobytes()).hex}


def _plain_tensor(tensor: Any) -> "np.ndarray[Any, Any]":  # noqa: ANN401
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    numbers: np.ndarray[Any, Any] = flat.view(torch.uint8).numpy() if flat.numel() else np.zeros(0, np.uint8)
    return numbers


def _is_torch(value: object) -> bool:
    return type(value).__module__.split(".")[0] == "torch" and hasattr(value, "detach")


def _torch_word(value: object) -> bool:
    kind = type(value)
    return kind.__module__.split(".")[0] == "torch" and kind.__name__ in {"dtype", "device", "Size", "layout"}


def _is_generator(value: object) -> bool:
    return type(value).__module__.split(".")[0] in {"torch", "torch._C"} and hasattr(value, "initial_seed")


def _advanced(generator: Any) -> bool:  # noqa: ANN401
    """Tell whether numbers were drawn from it already: then its seed alone does not make the picture again."""
    import torch

    fresh = torch.Generator(generator.device).manual_seed(generator.initial_seed())
    return not torch.equal(fresh.get_state(), generator.get_state())


def _prompts(prompt: Json) -> tuple[str | None, tuple[str, ...]]:
    if isinstance(prompt, str):
        return prompt, ()
    if isinstance(prompt, list) and prompt and all(isinstance(each, str) for each in prompt):
        texts = tuple(str(each) for each in prompt)
        return (texts[0], ()) if len(set(texts)) == 1 else (None, texts)
    return None, ()


def _seeds(values: Mapping[str, Any]) -> tuple[int, ...]:
    generator: Any = values.get("generator")
    found: Sequence[Any] = generator if isinstance(generator, list | tuple) else [generator]
    if found and all(_is_generator(each) for each in found):
        return tuple(each.initial_seed() % SEED_LIMIT for each in found)
    seed: Any = values.get("seed")
    whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    return (int(seed),) if whole and 0 <= int(seed) < SEED_LIMIT else ()


def _device(call: Any, values: Mapping[str, Any]) -> str | None:  # noqa: ANN401
    for found in (getattr(call, "device", None), values.get("device")):
        if isinstance(found, str) or _torch_word(found):
            return str(found)
    return None
