"""Which pipeline exactly: an identity component by component, from the files, so that a change can be named.

The digest of tensors is canonical (`weights.tensors_digest`): files may be renamed or cut into shards.
An adapter is digested apart from what it is laid on, and its scale belongs to the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provenance.digest import Digest, Json, canonical_json
from provenance.errors import EngineError
from provenance.generate.engine import Weights
from provenance.generate.pipeline_folder import Component, Folder, read_folder, read_json
from provenance.generate.weights import read_header, tensors_digest

PRECISIONS = ("float32", "float16", "bfloat16")
"""In which dtype a pipeline may be loaded."""

_PASSING = frozenset({"_name_or_path", "_diffusers_version", "transformers_version", "_commit_hash"})
"""Who saved a configuration, and from where: no part of what it configures."""
_ADAPTER_SETTINGS = "lora_adapter_metadata"
"""Where diffusers keeps the rank and the alpha of an adapter, which its effect depends on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """An adapter (LoRA), and how strongly it is laid on."""

    path: Path
    scale: float = 1.0

    @property
    def name(self) -> str:
        """What people call it: its file without the ending."""
        return self.path.stem


def identify(folder: Folder, loras: Sequence[Lora], dtype: str) -> dict[str, Json]:
    """Say what a model is, part by part; `identity_digest` of it names the model.

    All bytes of all weights are read. Raises EngineError that names a file that cannot be.
    """
    return {
        "pipeline": folder.kind,
        "settings": dict(folder.settings),
        "components": {component.name: _component(component) for component in folder.components},
        "loras": [lora_identity(lora) for lora in loras],
        "dtype": dtype,
    }


def identity_digest(identity: Mapping[str, Json]) -> Digest:
    """Digest an identity. Raises EngineError where an index holds what has no canonical form."""
    try:
        return Digest.of_json(identity)
    except (ValueError, UnicodeEncodeError) as cause:
        raise EngineError(f"The configuration of the pipeline cannot be recorded: {cause}. Export it again.") from cause


def lora_identity(lora: Lora) -> dict[str, Json]:
    """Say what an adapter is: its tensors, its settings, its scale."""
    found: dict[str, Json] = {"tensors": str(tensors_digest([lora.path])), "scale": lora.scale}
    settings = read_header(lora.path).metadata.get(_ADAPTER_SETTINGS)
    return found if settings is None else found | {"settings": str(Digest.of(settings.encode()))}


def stored_dtype(folder: Folder) -> str:
    """Say in which dtype most bytes of the weights are kept, as one that a pipeline can be loaded in."""
    counts = dict.fromkeys(PRECISIONS, 0)
    for path in folder.weights:
        for entry in read_header(path).tensors.values():
            if entry.dtype in counts:
                counts[entry.dtype] += entry.size
    return max(counts, key=lambda name: counts[name])


def change(weights: Weights) -> str | None:
    """Say, as a sentence, what is no longer as it was registered; None if every byte that counts is.

    Raises NotFoundError, EngineError for files that are missing or cannot be read.
    """
    folder, loras = read_folder(weights.path), loras_of(weights.settings)
    found = identify(folder, loras, dtype_of(weights.settings))
    if identity_digest(found) == weights.digest:
        return None
    said = weights.settings.get("identity")
    recorded = said if isinstance(said, Mapping) else {}
    what = difference(recorded, found, [lora.name for lora in loras])
    lora = _changed_lora(recorded, found)
    return f"{what} since the model was registered ({weights.path if lora is None else loras[lora].path})."


def loras_of(settings: Mapping[str, Any]) -> tuple[Lora, ...]:
    """Read the adapters from the settings that were recorded with a model."""
    return tuple(Lora(path=Path(said["path"]), scale=float(said["scale"])) for said in settings.get("loras", ()))


def dtype_of(settings: Mapping[str, Any]) -> str:
    """Read in which dtype a model was registered to be loaded. Raises EngineError for one that none can be."""
    dtype = str(settings.get("dtype", PRECISIONS[0]))
    if dtype not in PRECISIONS:
        raise EngineError(f"A pipeline cannot be loaded as {dtype}. Choose one of {', '.join(PRECISIONS)}.")
    return dtype


def difference(recorded: Mapping[str, Any], found: Mapping[str, Any], names: Sequence[str]) -> str:
    """Say, as the beginning of a sentence, how two identities differ; `names` are those of the adapters."""
    before, now = recorded.get("components", {}), found.get("components", {})
    for name in sorted({*before, *now}):
        if before.get(name) != now.get(name):
            return _component_difference(name, before.get(name), now.get(name))
    place = _changed_lora(recorded, found)
    if place is None:
        return "The pipeline's own settings have changed"
    what = "weights" if recorded["loras"][place].get("tensors") != found["loras"][place].get("tensors") else "settings"
    return f"The {what} of the LoRA {names[place] if place < len(names) else place + 1} have changed"


def _changed_lora(recorded: Mapping[str, Any], found: Mapping[str, Any]) -> int | None:
    """Find which adapter differs, the first of several; None where components do: those are named before."""
    if recorded.get("components", {}) != found.get("components", {}):
        return None
    pairs = zip(recorded.get("loras", []), found.get("loras", []), strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), None)


def _component_difference(name: str, before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> str:
    if before is None or now is None:
        return f"The component {name} " + ("was not there" if before is None else "is gone")
    if before.get("class") != now.get("class"):
        return f"The component {name} was a {before.get('class')} and is a {now.get('class')}"
    if before.get("tensors") != now.get("tensors"):
        return f"The weights of the component {name} have changed"
    return f"The configuration of the component {name} has changed"


def _component(component: Component) -> dict[str, Json]:
    found: dict[str, Json] = {"class": component.kind, "config": str(_texts_digest(component.texts))}
    if component.weights:
        found["tensors"] = str(tensors_digest(component.weights))
    return found


def _texts_digest(paths: Sequence[Path]) -> Digest:
    return Digest.of_json({path.name: str(_text_digest(path)) for path in paths})


def _text_digest(path: Path) -> Digest:
    if not path.name.endswith("config.json"):
        try:
            return Digest.of_file(path)
        except OSError as cause:
            raise EngineError(f"{path} cannot be read: {cause.strerror}. Give a folder that you may read.") from cause
    said = {name: value for name, value in read_json(path).items() if name not in _PASSING}
    return Digest.of(canonical_json(said).encode("utf-8", "surrogatepass"))
