"""The engine `diffusers`: any local pipeline folder, with LoRAs; from a text, from a picture, or within a mask.

The pipeline's own class, or its sibling for the task, does the work, one picture at a time: in a batch other
pictures change the last bits. All that it was called with is recorded, what nobody chose too.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from provenance.digest import Json
from provenance.errors import EngineError, UsageError
from provenance.generate.engine import Needs, Promise, Request, Weights
from provenance.generate.pipeline_call import (
    Watch,
    arguments,
    fill,
    generator_seed,
    plain,
    prompt_tokens,
    recorded_call,
    run,
)
from provenance.generate.pipeline_folder import components
from provenance.generate.pipeline_identity import loras_of
from provenance.generate.pipeline_load import Place, load_pipeline, quiet
from provenance.generate.pipeline_size import natural_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LONGEST_PROMPT = 20_000
"""In characters: far more than any text encoder reads."""

_SCHEDULERS: Mapping[str, str] = {
    "ddim": "DDIMScheduler",
    "ddpm": "DDPMScheduler",
    "dpm++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-ancestral": "EulerAncestralDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "lcm": "LCMScheduler",
    "pndm": "PNDMScheduler",
    "unipc": "UniPCMultistepScheduler",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What people may choose; what they leave alone is left to the pipeline."""

    steps: int = field(
        default=0, metadata={"help": "Denoising steps; 0 leaves it to the pipeline.", "low": 0, "high": 1000}
    )
    guidance: float = field(
        default=-1.0,
        metadata={"help": "How closely it keeps to the prompt; -1 leaves it to the pipeline.", "low": -1, "high": 100},
    )
    negative_prompt: str = field(
        default="", metadata={"help": "What the picture is to be led away from.", "longest": LONGEST_PROMPT}
    )
    strength: float = field(
        default=-1.0,
        metadata={
            "help": "How far it departs from a given picture, 0 to 1; -1 leaves it to the pipeline.",
            "low": -1,
            "high": 1,
        },
    )
    scheduler: str = field(
        default="own", metadata={"help": "Another sampler than the folder's own.", "choices": ("own", *_SCHEDULERS)}
    )
    dtype: str = field(
        default="model",
        metadata={
            "help": "The precision; model takes the one that was registered.",
            "choices": ("model", "float32", "float16", "bfloat16"),
        },
    )
    offload: str = field(
        default="none",
        metadata={
            "help": "What waits in main memory to save GPU memory: whole models, or layer by layer.",
            "choices": ("none", "model", "sequential"),
        },
    )
    slicing: bool = field(default=False, metadata={"help": "Attention in slices, yes or no: less memory, slower."})
    tiling: bool = field(default=False, metadata={"help": "The decoder in tiles, yes or no: less memory."})


class Diffusers:
    """Pictures by a diffusers pipeline of the user's own."""

    name: ClassVar[str] = "diffusers"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "Any local diffusers pipeline, with LoRAs: from a text, from a picture, or within a mask."
    styles: ClassVar[Mapping[str, str]] = {}
    promise: ClassVar[Promise] = Promise(threads=False)
    needs: ClassVar[Needs] = Needs(
        weights=True,
        prompt=True,
        optional_pictures={
            "image": "The picture to start from.",
            "mask": "What of that picture is painted anew: where the mask is white.",
        },
    )
    Options: ClassVar[type[Options]] = Options

    def __init__(self) -> None:
        self._loaded: tuple[tuple[str, Place], Any] | None = None

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`, uint8 of shape (height, width, 3), and say everything that led to it.

        Raises UsageError for a prompt or pictures that cannot be taken, EngineError if the weights are not the
        recorded ones or the pipeline fails.
        """
        options = request.options or Options()
        weights = _checked(request, options)
        pipeline, own_scheduler = self._ready(weights, _place(request, options))
        with quiet():
            _set_scheduler(pipeline, own_scheduler, options.scheduler)
            _set_memory(pipeline, options)
            call = arguments(pipeline, request, _given(options))
            watch = Watch(progress=request.progress)
            result = run(pipeline, call, watch)
            fill(result, out, type(pipeline).__name__)
            request.progress(1.0)
            return _choices(pipeline, request, weights, call) | _outcome(result, watch)

    def check(self, request: Request) -> None:
        """Refuse what can be known to be wrong without loading the weights. Raises UsageError, EngineError."""
        options = request.options or Options()
        weights = _checked(request, options)
        reads_text = any(name.startswith("tokenizer") for name in components(weights.path))
        if reads_text and request.prompt is None:
            raise UsageError("The model needs a prompt: give --prompt, an empty one if you mean that.")
        if request.prompt and not reads_text:
            raise UsageError("The model takes no prompt. Leave --prompt out.")
        if options.strength >= 0 and "image" not in request.pictures:
            raise UsageError("The strength says how far a given picture is departed from: give one with --image.")
        if 0 < options.steps * max(options.strength, 0) < 1:
            raise UsageError(
                f"{options.steps} steps at strength {options.strength:g} are less than one step. Raise one of the two."
            )

    def natural_size(self, weights: Weights | None, pictures: "Mapping[str, NDArray[np.uint8]]") -> tuple[int, int]:
        """Give width and height in pixels: those of the given picture, else what the pipeline was trained for."""
        if weights is None:
            raise _no_model()
        return natural_size(weights.path, pictures.get("image"))

    def _ready(self, weights: Weights, place: Place) -> tuple[Any, Any]:
        """Give the pipeline and its own scheduler; the last one used stays loaded, and only that one."""
        key = (weights.digest.hex, place)
        if self._loaded is None or self._loaded[0] != key:
            self._loaded = None  # the memory of the one before is needed now
            pipeline = load_pipeline(weights, place)
            self._loaded = (key, (pipeline, getattr(pipeline, "scheduler", None)))
        pipeline, scheduler = self._loaded[1]
        return pipeline, scheduler


def _checked(request: Request, options: Options) -> Weights:
    if request.weights is None:
        raise _no_model()
    for what, text in (("prompt", request.prompt or ""), ("negative prompt", options.negative_prompt)):
        if len(text) > LONGEST_PROMPT:
            raise UsageError(
                f"The {what} has {len(text):,} characters; at most {LONGEST_PROMPT:,} are taken. Shorten it."
            )
        if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
            raise UsageError(f"The {what} holds a character that is no text (NUL, or half a pair). Take it out.")
    if "mask" in request.pictures and "image" not in request.pictures:
        raise UsageError("A mask says which part of a picture is painted anew: give the picture too, with --image.")
    return request.weights


def _no_model() -> EngineError:
    return EngineError("The engine diffusers makes nothing without a model. Add one: `prov model add NAME FOLDER`.")


def _place(request: Request, options: Options) -> Place:
    task = "mask" if "mask" in request.pictures else "image" if "image" in request.pictures else "text"
    return Place(device=request.device, dtype=options.dtype, offload=options.offload, task=task)


def _given(options: Options) -> dict[str, object]:
    """Name the options that somebody chose as diffusers does."""
    chosen: dict[str, object] = {}
    if options.steps:
        chosen["num_inference_steps"] = options.steps
    if options.guidance >= 0:
        chosen["guidance_scale"] = options.guidance
    if options.strength >= 0:
        chosen["strength"] = options.strength
    if options.negative_prompt:
        chosen["negative_prompt"] = options.negative_prompt
    return chosen


def _set_scheduler(pipeline: Any, own: Any, wanted: str) -> None:  # noqa: ANN401
    """Give the pipeline a new scheduler: a used one may remember the steps of the picture before."""
    if own is None:
        return
    kind = type(own)
    if wanted != "own":
        import diffusers

        kind = getattr(diffusers, _SCHEDULERS[wanted])
        if kind not in {type(own), *getattr(own, "compatibles", ())}:
            raise EngineError(f"The scheduler {wanted} does not fit {type(own).__name__}. Leave it at own.")
    pipeline.scheduler = kind.from_config(own.config)


def _set_memory(pipeline: Any, options: Options) -> None:  # noqa: ANN401
    if options.slicing:
        pipeline.enable_attention_slicing()
    elif hasattr(pipeline, "disable_attention_slicing"):
        pipeline.disable_attention_slicing()
    decoder: Any = getattr(pipeline, "vae", None)
    if hasattr(decoder, "enable_tiling"):
        (decoder.enable_tiling if options.tiling else decoder.disable_tiling)()
    elif options.tiling:
        raise EngineError(
            f"The pipeline {type(pipeline).__name__} has no decoder that works in tiles. Leave tiling out."
        )


def _choices(pipeline: Any, request: Request, weights: Weights, call: Mapping[str, Any]) -> dict[str, Json]:  # noqa: ANN401
    return {
        "seed": str(request.seed),
        "parameters": asdict(request.options or Options()),
        "pipeline": type(pipeline).__name__,
        "call": recorded_call(pipeline, call),
        "generator": {"device": "cpu", "seed": str(generator_seed(request.seed))},
        "scheduler": _scheduler(pipeline),
        "components": {name: _component(part) for name, part in pipeline.components.items() if part is not None},
        "loras": [{"name": lora.name, "scale": lora.scale} for lora in loras_of(weights.settings)],
        **prompt_tokens(pipeline, request.prompt),
    }


def _scheduler(pipeline: Any) -> Json:  # noqa: ANN401
    scheduler = getattr(pipeline, "scheduler", None)
    if scheduler is None:
        return None
    config = {name: plain(value) for name, value in scheduler.config.items() if not name.startswith("_")}
    return {"class": type(scheduler).__name__, "config": config}


def _component(part: Any) -> dict[str, Json]:  # noqa: ANN401
    said: dict[str, Json] = {"class": type(part).__name__}
    if hasattr(part, "parameters"):
        said |= {"dtype": str(part.dtype).removeprefix("torch."), "device": str(part.device)}
    return said


def _outcome(result: Any, watch: Watch) -> dict[str, Json]:  # noqa: ANN401
    flagged = getattr(result, "nsfw_content_detected", None)
    said: dict[str, Json] = {"latents": watch.latents}
    return said if flagged is None else said | {"blackened_by_safety_checker": bool(flagged[0])}
