"""One call of a pipeline: its arguments, all of them, as the pipeline's own signature has them; and what it said."""

import hashlib
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from provenance.digest import Digest, Json
from provenance.errors import EngineError
from provenance.generate.engine import Request
from provenance.generate.weights import tensors_digest

if TYPE_CHECKING:
    from numpy.typing import NDArray

_UNRECORDED = frozenset({"self", "args", "kwargs", "prompt", "generator", "callback_on_step_end"})
"""Arguments that are recorded elsewhere: the prompt with the run, the generator by its seed."""


@dataclass(slots=True, kw_only=True)
class Watch:
    """Hears every step: passes the finished share on, and digests the first and the last latents."""

    progress: Callable[[float], None]
    raised: BaseException | None = None
    """What the listener raised: its wish, and no failure of the pipeline."""
    latents: dict[str, Json] = field(default_factory=dict)

    def __call__(self, pipeline: Any, step: int, _timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        """Do as diffusers asks of `callback_on_step_end`; `step` counts from 0."""
        steps = max(1, int(getattr(pipeline, "num_timesteps", 0) or 1))
        for place, name in ((0, "after_first_step"), (steps - 1, "after_last_step")):
            if step == place and "latents" in tensors:
                self.latents[name] = str(tensors_digest({"latents": tensors["latents"]}))
        try:
            self.progress(min(1.0, (step + 1) / steps))
        except BaseException as wish:
            self.raised = wish
            raise
        return {}


def generator_seed(seed: int) -> int:
    """Give the seed for torch's CPU generator, which takes in 32 bits only: a larger one is hashed into them."""
    if seed < 1 << 32:
        return seed
    return int.from_bytes(hashlib.sha256(str(seed).encode()).digest()[:4], "big")


def arguments(pipeline: Any, request: Request, given: Mapping[str, object]) -> dict[str, Any]:  # noqa: ANN401
    """Put together what the pipeline is called with: the request, and the options that somebody gave.

    Raises EngineError for what this pipeline does not take.
    """
    name, takes = type(pipeline).__name__, inspect.signature(pipeline.__call__).parameters
    for option in given:
        if option not in takes:
            raise EngineError(f"The pipeline {name} takes no {option}. Leave that parameter out.")
    call: dict[str, Any] = {**given, **_prompt(name, takes, request), **_pictures(request)}
    sizes = {"width": request.width, "height": request.height}
    call |= {side: pixels for side, pixels in sizes.items() if side in takes}
    if "generator" in takes:
        import torch

        call["generator"] = torch.Generator("cpu").manual_seed(generator_seed(request.seed))
    return call | {option: value for option, value in _OURS.items() if option in takes}


def run(pipeline: Any, call: Mapping[str, Any], watch: Watch) -> Any:  # noqa: ANN401
    """Call the pipeline. Raises EngineError where it refuses or runs out of memory, and what the listener raised."""
    import torch

    if "callback_on_step_end" in inspect.signature(pipeline.__call__).parameters:
        call = {**call, "callback_on_step_end": watch}
    try:
        return pipeline(**call)
    except torch.OutOfMemoryError as cause:
        raise EngineError(
            f"The pipeline {type(pipeline).__name__} ran out of memory. Try offload=model, tiling=yes, "
            "dtype=float16, or a smaller size."
        ) from cause
    except (ValueError, TypeError) as cause:
        if cause is watch.raised:
            raise
        raise EngineError(f"The pipeline {type(pipeline).__name__} does not take this: {cause}") from cause


def fill(result: Any, out: "NDArray[np.uint8]", name: str) -> None:  # noqa: ANN401
    """Put the picture of `result` into `out`. Raises EngineError if it has another size."""
    image = result.images[0].convert("RGB")
    height, width = out.shape[:2]
    if image.size != (width, height):
        made = f"{image.width} x {image.height}"
        raise EngineError(f"The pipeline {name} makes {made} pixels, not {width} x {height}. Ask for {made}.")
    out[:] = np.asarray(image)


def recorded_call(pipeline: Any, call: Mapping[str, Any]) -> dict[str, Json]:  # noqa: ANN401
    """Say what the pipeline was called with, the defaults that nobody chose too."""
    takes = inspect.signature(pipeline.__call__).parameters
    defaults = {name: taken.default for name, taken in takes.items() if taken.default is not inspect.Parameter.empty}
    said = {**defaults, **call}
    return {name: plain(said[name]) for name in sorted(said) if name not in _UNRECORDED}


def plain(value: Any) -> Json:  # noqa: ANN401
    """Write a value of a configuration or a call as JSON; pictures and tensors become their digest."""
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, Image.Image):
        return {"pixels": str(Digest.of(value.tobytes())), "size": list(value.size), "mode": value.mode}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return str(value)


def prompt_tokens(pipeline: Any, prompt: str | None) -> dict[str, Json]:  # noqa: ANN401
    """Say how many tokens the prompt has and how many the first text encoder reads: the rest had no effect."""
    tokenizer = getattr(pipeline, "tokenizer", None)
    most = getattr(tokenizer, "model_max_length", 0)
    if prompt is None or tokenizer is None or not 0 < most < 1 << 20:
        return {}
    count = len(tokenizer(prompt, truncation=False).input_ids)
    return {"prompt_tokens": {"given": count, "read": min(count, most)}}


def _prompt(name: str, takes: Mapping[str, Any], request: Request) -> dict[str, Any]:
    if "prompt" not in takes:
        if request.prompt:
            raise EngineError(f"The pipeline {name} takes no prompt. Leave --prompt out.")
        return {}
    if request.prompt is None:
        raise EngineError(f"The pipeline {name} needs a prompt: give --prompt, an empty one if you mean that.")
    return {"prompt": request.prompt}


def _pictures(request: Request) -> dict[str, Any]:
    """Scale the given pictures to the size that is asked for; white in the mask is painted anew."""
    size = (request.width, request.height)
    given = {role: _scaled(pixels, size) for role, pixels in request.pictures.items()}
    names = {"image": given.get("image"), "mask_image": given["mask"].convert("L") if "mask" in given else None}
    return {name: image for name, image in names.items() if image is not None}


def _scaled(pixels: "NDArray[np.uint8]", size: Sequence[int]) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return image if image.size == tuple(size) else image.resize((size[0], size[1]), Image.Resampling.LANCZOS)


_OURS: Mapping[str, object] = {"num_images_per_prompt": 1, "output_type": "pil", "return_dict": True}
