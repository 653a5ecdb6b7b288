"""A pipeline brought into memory: its files are checked against what was recorded, then diffusers loads them.

No network, no pickle, no code from the folder. What the library prints and keeps globally is as before afterwards.
"""

import contextlib
import importlib
import inspect
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provenance.errors import EngineError, ProvenanceError
from provenance.generate.engine import Weights
from provenance.generate.pipeline_folder import Folder, read_folder
from provenance.generate.pipeline_identity import Lora, change, dtype_of, loras_of
from provenance.generate.weights import file_state

INSTALL = "pip install 'provenance-archive[diffusers]'"

TASKS: Mapping[str, str] = {
    "text": "AutoPipelineForText2Image",
    "image": "AutoPipelineForImage2Image",
    "mask": "AutoPipelineForInpainting",
}
"""What diffusers calls the family of pipelines that starts from a text, a picture, a picture with a mask."""

_WANTED: Mapping[str, str] = {"text": "prompt", "image": "image", "mask": "mask_image"}
"""The argument by which a pipeline's own class shows that it can do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and how a pipeline is to run."""

    device: str
    dtype: str
    """float32, float16 or bfloat16, or `model`: as it was registered."""
    offload: str
    """none, model or sequential: what waits in main memory while it is not needed."""
    task: str
    """text, image or mask."""


def load_pipeline(weights: Weights, place: Place) -> Any:  # noqa: ANN401  (a pipeline of any class)
    """Check the files of `weights`, load the pipeline with its adapters, and put it in `place`.

    Raises NotFoundError, and EngineError that names what is missing, what changed, or what cannot be loaded.
    """
    diffusers = library()
    folder = read_folder(weights.path)
    loras = loras_of(weights.settings)
    before = _states(folder, loras)
    if (what := change(weights)) is not None:
        raise EngineError(
            f"{what} Bring the recorded files back, or register what is there now with `prov model add`: "
            "under the same name it becomes the next version."
        )
    dtype = dtype_of(weights.settings) if place.dtype == "model" else place.dtype
    with quiet():
        pipeline = _from_folder(diffusers, folder, dtype)
        _lay_on(pipeline, loras)
        _own(pipeline)
        if _states(folder, loras) != before:
            raise EngineError(f"The files in {folder.path} changed while they were read. Wait for the other program.")
        pipeline = _fitting(diffusers, pipeline, place.task)
        _put(pipeline, place)
    return pipeline


def library() -> Any:  # noqa: ANN401  (a module without types)
    """Import diffusers and what it needs. Raises EngineError that says how to install them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import diffusers

            for needed in ("transformers", "accelerate"):  # diffusers gives up much later, and less plainly
                importlib.import_module(needed)
    except ImportError as cause:
        raise EngineError(f"The engine diffusers needs libraries that are not here ({cause}): {INSTALL}") from cause
    return diffusers


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the libraries offline and silent, and leave them as they were."""
    import diffusers.utils.logging as diffusers_logging
    import huggingface_hub.constants as hub
    import transformers.utils.logging as transformers_logging

    modules: tuple[Any, ...] = (diffusers_logging, transformers_logging)
    loggings = [(each, each.get_verbosity(), each.is_progress_bar_enabled()) for each in modules]
    offline = hub.HF_HUB_OFFLINE
    try:
        hub.HF_HUB_OFFLINE = True
        for each, _, _ in loggings:
            each.set_verbosity_error()
            each.disable_progress_bar()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        hub.HF_HUB_OFFLINE = offline
        for each, verbosity, bars in loggings:
            each.set_verbosity(verbosity)
            (each.enable_progress_bar if bars else each.disable_progress_bar)()


def _own(pipeline: Any) -> None:  # noqa: ANN401
    """Copy weights that are still windows into their files: whoever changes a file must not change the model."""
    import torch

    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            for tensor in (*part.parameters(), *part.buffers()):
                tensor.data = tensor.data.clone()


def _states(folder: Folder, loras: Sequence[Lora]) -> list[tuple[int, int, int]]:
    files = [path for component in folder.components for path in (*component.weights, *component.texts)]
    files += [lora.path for lora in loras]
    return [file_state(path) for path in files]


def _from_folder(diffusers: Any, folder: Folder, dtype: str) -> Any:  # noqa: ANN401
    import torch

    try:
        return diffusers.DiffusionPipeline.from_pretrained(
            str(folder.path),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            variant=folder.variant,
            torch_dtype=getattr(torch, dtype),  # newer releases say dtype; all before 1.0 know this name
        )
    except Exception as cause:  # whatever a foreign configuration makes the libraries do
        raise EngineError(
            f"diffusers cannot load the pipeline in {folder.path}: {_first_line(cause)} "
            "Is it whole, and is diffusers new enough for it?"
        ) from cause


def _lay_on(pipeline: Any, loras: Sequence[Lora]) -> None:  # noqa: ANN401
    if not loras:
        return
    try:
        import peft  # noqa: F401
    except ImportError as cause:
        raise EngineError(f"LoRAs need peft, which is not here: {INSTALL}") from cause
    names = [f"lora_{place}" for place in range(len(loras))]
    for name, lora in zip(names, loras, strict=True):
        _lay_on_one(pipeline, name, lora)
    pipeline.set_adapters(names, adapter_weights=[lora.scale for lora in loras])


def _lay_on_one(pipeline: Any, name: str, lora: Lora) -> None:  # noqa: ANN401
    try:
        pipeline.load_lora_weights(
            str(lora.path.parent),
            weight_name=lora.path.name,
            adapter_name=name,
            local_files_only=True,
            use_safetensors=True,
        )
        used = {adapter for found in pipeline.get_list_adapters().values() for adapter in found}
    except Exception as cause:  # whatever a foreign file makes the libraries do
        raise EngineError(
            f"The LoRA {lora.path} does not fit the pipeline {type(pipeline).__name__}: {_first_line(cause)} "
            "Was it trained for another model?"
        ) from cause
    if name not in used:
        raise EngineError(
            f"The LoRA {lora.path} holds nothing that fits the pipeline {type(pipeline).__name__}. "
            "Was it trained for another model?"
        )


def _fitting(diffusers: Any, pipeline: Any, task: str) -> Any:  # noqa: ANN401
    """Give the pipeline, or the sibling of its class that does `task` with the same components."""
    from diffusers.pipelines.auto_pipeline import (
        AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
        AUTO_INPAINT_PIPELINES_MAPPING,
        AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
    )

    families = {
        "text": AUTO_TEXT2IMAGE_PIPELINES_MAPPING,
        "image": AUTO_IMAGE2IMAGE_PIPELINES_MAPPING,
        "mask": AUTO_INPAINT_PIPELINES_MAPPING,
    }
    if type(pipeline) in families[task].values():
        return pipeline
    try:
        return getattr(diffusers, TASKS[task]).from_pipe(pipeline)
    except ValueError as cause:
        # No family of that name: the class may do it all the same, or make pictures from nothing but noise.
        takes = inspect.signature(pipeline.__call__).parameters
        if task == "text" or _WANTED[task] in takes:
            return pipeline
        what = "mask" if task == "mask" else "picture"
        raise EngineError(f"The pipeline {type(pipeline).__name__} takes no {what}: {_first_line(cause)}") from cause


def _put(pipeline: Any, place: Place) -> None:  # noqa: ANN401
    pipeline.set_progress_bar_config(disable=True)
    if place.offload == "none":
        pipeline.to(place.device)
        return
    if place.device == "cpu":
        raise EngineError("offload saves the memory of a graphics processor; on the CPU leave it at none.")
    try:
        if place.offload == "model":
            pipeline.enable_model_cpu_offload(device=place.device)
        else:
            pipeline.enable_sequential_cpu_offload(device=place.device)
    except (ImportError, ValueError, RuntimeError) as cause:
        raise EngineError(f"offload={place.offload} does not work with this pipeline: {_first_line(cause)}") from cause


def _first_line(cause: BaseException) -> str:
    if isinstance(cause, ProvenanceError):
        return str(cause)
    text = str(cause).strip().splitlines()
    return f"{(text[0] if text else type(cause).__name__)[:300].rstrip('.')}."
