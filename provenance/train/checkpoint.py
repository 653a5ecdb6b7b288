"""Tensors and facts in one safetensors file, which is there whole or not at all: a training can be gone on with.

The facts are JSON in the file's metadata, so that neither can be there without the other. No pickles.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.digest import Json
from provenance.errors import EngineError, StoreError
from provenance.generate.weights import read_header

if TYPE_CHECKING:
    from torch import Tensor

_FACTS = "facts"


def save(path: Path, tensors: "Mapping[str, Tensor]", facts: Mapping[str, Json]) -> None:
    """Write `tensors`, wherever they are, and `facts` to the file at `path`; a file there before is replaced at once.

    Raises StoreError if the disk does not take it; the file before is left as it was.
    """
    from safetensors.torch import save as to_bytes

    on_cpu = {name: value.detach().to("cpu").contiguous() for name, value in tensors.items()}
    metadata = {_FACTS: json.dumps(facts, sort_keys=True, allow_nan=False)}  # one entry: several have no fixed order
    replace(path, to_bytes(on_cpu, metadata))


def replace(path: Path, data: bytes) -> None:
    """Write a file beside `path`, flush it, then give it the name. Raises StoreError."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as cause:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise StoreError(
            f"{path} could not be written: {cause.strerror or cause}. Make room or choose another place, then resume."
        ) from cause


def load(path: Path) -> "tuple[dict[str, Tensor], dict[str, Any]]":
    """Give the tensors, on the CPU, and the facts of the file at `path`.

    Raises NotFoundError if there is none, EngineError if it is no checkpoint or its header lies.
    """
    from safetensors import safe_open

    header = read_header(path)
    try:
        facts = json.loads(header.metadata[_FACTS])
    except (KeyError, ValueError):
        facts = None
    if not isinstance(facts, dict):
        raise EngineError(f"{path} is no checkpoint of a training: it says nothing of one. Train anew without it.")
    with safe_open(str(path), "pt") as file:
        return {name: file.get_tensor(name).clone() for name in header.tensors}, facts


def fit(found: "Mapping[str, Tensor]", wanted: "Mapping[str, Tensor]", path: Path) -> None:
    """Raise EngineError unless `found` has the names, shapes and dtypes of `wanted`."""
    shapes = [{name: (value.dtype, value.shape) for name, value in side.items()} for side in (found, wanted)]
    if shapes[0] == shapes[1]:
        return
    odd = sorted(shapes[0].keys() ^ shapes[1].keys()) or [n for n in shapes[1] if shapes[0][n] != shapes[1][n]]
    raise EngineError(
        f"The checkpoint {path} does not fit the networks: {odd[0]!r} is missing, too many or of another shape. "
        "It comes from another version of prov; train anew without it."
    )
