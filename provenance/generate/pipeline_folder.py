"""A diffusers pipeline folder read from outside: which components it names, and whether each is there and harmless.

Nothing of the folder is run, and neither torch nor diffusers is imported.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.digest import Json
from provenance.errors import EngineError, NotFoundError
from provenance.generate.weights import PICKLES, refuse_pickle

INDEX = "model_index.json"

_LARGEST_TEXT = 256 << 20
_READ = frozenset({".json", ".txt", ".model", ".jinja"})
"""What else a component is made from: configurations, vocabularies, templates."""
_WITHOUT_WEIGHTS = re.compile(r"Tokenizer|Processor|Extractor|Scheduler|Guidance")
_NAME = re.compile(r"[A-Za-z0-9_]{1,100}")
_BASES = {"transformers": "model", "diffusers": "diffusion_pytorch_model"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One part of a pipeline."""

    name: str
    """What the pipeline calls it: unet, vae, scheduler, ..."""
    kind: str
    """Its library and class: diffusers.UNet2DConditionModel."""
    weights: tuple[Path, ...]
    """The safetensors files that are loaded: none, one, or its shards."""
    texts: tuple[Path, ...]
    """The configurations and vocabularies that are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A pipeline folder."""

    path: Path
    kind: str
    """The class of the pipeline: StableDiffusionPipeline."""
    components: tuple[Component, ...]
    """By name."""
    settings: Mapping[str, Json]
    """What else its index hands to that class."""
    variant: str | None
    """Which of several files of weights are loaded: None, fp16, ..."""

    @property
    def weights(self) -> tuple[Path, ...]:
        """All files of weights."""
        return tuple(path for component in self.components for path in component.weights)


def components(path: Path) -> tuple[str, ...]:
    """Name the components that the pipeline folder at `path` says it has. Raises NotFoundError, EngineError."""
    return tuple(name for name, kind in _index(path).items() if isinstance(kind, list))


def read_folder(path: Path) -> Folder:
    """Read the pipeline folder at `path` as diffusers would, with safetensors only and no code but its own.

    Raises NotFoundError when there is none; EngineError that names the component that is missing, is a pickle,
    or brings code of its own.
    """
    index = _index(path)
    kind = index.get("_class_name")
    if not isinstance(kind, str) or _NAME.fullmatch(kind) is None:
        raise EngineError(
            f"{path / INDEX} names no class of diffusers ({str(kind)[:80]!r}), and prov runs no other code."
        )
    wanted = {name: _kind(path, name, said) for name, said in index.items() if isinstance(said, list) and any(said)}
    for name in sorted(wanted):
        _check_component(path, name, wanted[name])
    variant = _variant(path, wanted)
    components = tuple(_component(path, name, wanted[name], variant) for name in sorted(wanted))
    settings = {name: said for name, said in index.items() if name[:1] != "_" and not isinstance(said, list)}
    return Folder(path=path, kind=kind, components=components, settings=settings, variant=variant)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object; numbers that JSON does not have become texts. Raises EngineError."""
    try:
        if path.stat().st_size > _LARGEST_TEXT:
            raise EngineError(f"{path} is larger than {_LARGEST_TEXT >> 20} MiB. Is it a configuration?")
        value = json.loads(path.read_text(encoding="utf-8"), parse_constant=str)
    except (OSError, ValueError, RecursionError) as cause:
        raise EngineError(f"{path} cannot be read as JSON: {cause}. Download or export it again.") from cause
    if not isinstance(value, dict):
        raise EngineError(f"{path} holds no JSON object. Download or export it again.")
    return value


def _index(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise NotFoundError(f"There is no folder {path}. Give the folder of a diffusers pipeline.")
    if path.is_file():
        if path.suffix.lower() in {*PICKLES, ".gguf"}:
            refuse_pickle(path)
        raise EngineError(
            f"{path} is one file; the engine diffusers takes a pipeline folder. Make one in Python with the class that "
            "fits: diffusers.StableDiffusionPipeline.from_single_file('IN').save_pretrained('OUT')."
        )
    if not (path / INDEX).is_file():
        raise EngineError(
            f"{path} holds no {INDEX}, so it is no diffusers pipeline. Give the folder that save_pretrained made."
        )
    return read_json(path / INDEX)


def _kind(path: Path, name: str, said: list[object]) -> str:
    if len(said) != 2 or not all(isinstance(part, str) and _NAME.fullmatch(part) for part in said):
        raise EngineError(
            f"{path / INDEX} does not say what {name[:80]!r} is: {str(said)[:200]}. Export the pipeline again."
        )
    return ".".join(map(str, said))


def _check_component(path: Path, name: str, kind: str) -> None:
    folder = path / name
    if _NAME.fullmatch(name) is None:
        raise EngineError(
            f"{path / INDEX} names a component {name[:80]!r}, which is no name. Export the pipeline again."
        )
    if not folder.is_dir():
        raise EngineError(
            f"The pipeline in {path} lacks its component {name} ({kind}). Download or export the whole pipeline again."
        )
    code = sorted(file.name for file in folder.glob("*.py"))
    config = folder / "config.json"
    if code or (config.is_file() and "auto_map" in read_json(config)):
        what = f"{name}/{code[0]}" if code else f"auto_map in {name}/config.json"
        raise EngineError(f"The pipeline in {path} brings code of its own ({what}), which prov never runs.")
    needed = "scheduler_config.json" if "Scheduler" in kind else "config.json"
    if ("Scheduler" in kind or _has_weights(kind)) and not (folder / needed).is_file():
        raise EngineError(
            f"The component {name} of {path} lacks {needed}. Download or export the whole pipeline again."
        )
    if not any(_texts(folder)):
        raise EngineError(f"The component {name} of {path} is empty. Download or export the whole pipeline again.")


def _has_weights(kind: str) -> bool:
    return _WITHOUT_WEIGHTS.search(kind) is None


def _variant(path: Path, kinds: Mapping[str, str]) -> str | None:
    """Choose the files that diffusers is told to load: the plain ones, or the variant that all the others share."""
    lacking = [
        _variants(path / name, kind)
        for name, kind in kinds.items()
        if _has_weights(kind) and not _plain(path / name, kind)
    ]
    if not lacking:
        return None
    shared = set.intersection(*lacking)
    return min(shared, key=lambda found: (found != "fp16", found), default=None)


def _plain(folder: Path, kind: str) -> bool:
    return any((folder / name).exists() for name in _names(folder, kind, None))


def _variants(folder: Path, kind: str) -> set[str]:
    base = _base(folder, kind)
    whole = {
        file.name.removeprefix(f"{base}.").removesuffix(".safetensors") for file in folder.glob(f"{base}.*.safetensors")
    }
    marks = f"{base}.safetensors.index."
    cut = {file.name.removeprefix(marks).removesuffix(".json") for file in folder.glob(f"{marks}*.json")}
    return {found for found in whole | cut if _NAME.fullmatch(found)}


def _base(folder: Path, kind: str) -> str:
    """Say how its library names the files of a model; classes beside a pipeline follow either."""
    known = _BASES.get(kind.partition(".")[0])
    return known or ("model" if any(folder.glob("model*.safetensors*")) else _BASES["diffusers"])


def _names(folder: Path, kind: str, variant: str | None) -> tuple[str, str]:
    """Name the whole file and the index of shards, as diffusers and transformers do."""
    base = _base(folder, kind)
    if variant is None:
        return f"{base}.safetensors", f"{base}.safetensors.index.json"
    return f"{base}.{variant}.safetensors", f"{base}.safetensors.index.{variant}.json"


def _component(path: Path, name: str, kind: str, variant: str | None) -> Component:
    folder = path / name
    weights = _weight_files(folder, kind, variant) if _has_weights(kind) else ()
    return Component(name=name, kind=kind, weights=weights, texts=tuple(sorted(_texts(folder))))


def _weight_files(folder: Path, kind: str, variant: str | None) -> tuple[Path, ...]:
    chosen = variant if variant is not None and variant in _variants(folder, kind) else None
    whole, index = (folder / name for name in _names(folder, kind, chosen))
    if whole.exists() and index.exists():
        raise EngineError(
            f"{folder} holds {whole.name} and {index.name}, and programs differ in which they load. Keep one."
        )
    if index.exists():
        return _shards(index)
    if not whole.exists():
        raise _no_weights(folder, whole)
    return (whole,)


def _shards(index: Path) -> tuple[Path, ...]:
    said = read_json(index).get("weight_map")
    names = set(said.values()) if isinstance(said, dict) else set[object]()
    if not names or not all(isinstance(name, str) and re.fullmatch(r"[\w.-]+\.safetensors", name) for name in names):
        raise EngineError(f"{index} does not name the safetensors files beside it. Download or export it again.")
    files = tuple(index.parent / str(name) for name in sorted(map(str, names)))
    for file in files:
        if not file.is_file():
            raise EngineError(f"The weights of {index.parent} lack the shard {file.name}. Download the pipeline again.")
    return files


def _no_weights(folder: Path, whole: Path) -> EngineError:
    pickles = sorted(file for file in folder.iterdir() if file.suffix.lower() in PICKLES)
    if pickles:
        return EngineError(
            f"The component {folder.name} of {folder.parent} has its weights as a pickle only ({pickles[0].name}): "
            "reading that could run whatever code it holds. Load it where that does not matter, and save it again with "
            "save_pretrained(..., safe_serialization=True)."
        )
    return EngineError(
        f"The component {folder.name} of {folder.parent} lacks its weights ({whole.name}). "
        "Download or export the whole pipeline again."
    )


def _texts(folder: Path) -> Iterator[Path]:
    """Name what a component is made from, beside its weights."""
    for file in _files(folder):
        indexed = ".safetensors.index." in file.name or file.name.endswith(".bin.index.json")
        if file.suffix.lower() in _READ and not indexed:
            yield file


def _files(folder: Path) -> Iterable[Path]:
    return (file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
