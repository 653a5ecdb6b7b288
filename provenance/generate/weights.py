"""Weights in files: what a safetensors file holds, whether its header tells the truth, and which weights exactly.

A pickle checkpoint is never opened: reading one runs whatever code it holds.
Nothing about a file's digest is remembered between calls. Size, time and inode can be kept by whoever swaps the
bytes, and what we promise is that the bytes are the recorded ones; sha256 reads about 1.5 GB/s on one core.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from provenance.digest import Digest, canonical_json
from provenance.errors import EngineError, NotFoundError
from provenance.settings import processors

if TYPE_CHECKING:
    from torch import Tensor

PICKLES = frozenset({".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth"})
"""The names of files that are pickles as a rule."""

_PIECE = 1 << 20
_STARTS: Mapping[bytes, str] = {
    b"PK\x03\x04": "a pickle checkpoint (of torch.save)",
    b"\x80\x02": "a pickle checkpoint",
    b"\x80\x03": "a pickle checkpoint",
    b"\x80\x04": "a pickle checkpoint",
    b"\x80\x05": "a pickle checkpoint",
    b"GGUF": "a GGUF file",
    b"\x89HDF": "an HDF5 file",
}
_DTYPES: Mapping[str, str] = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "C64": "complex64", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8_e8m0fnu",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
}  # fmt: skip
"""The names that torch has for the dtypes of the format; two of less than a byte have none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a header says of one tensor."""

    dtype: str
    """As torch calls it: float32, bfloat16, int64, ..."""
    shape: tuple[int, ...]
    start: int
    """Where its bytes begin, from the start of the file."""
    size: int
    """How many bytes it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a safetensors file holds, as its header says and its size allows."""

    tensors: Mapping[str, Entry]
    metadata: Mapping[str, str]
    """What the file says of itself; claimed."""
    size: int
    """Bytes of the whole file."""


Expected: TypeAlias = Mapping[str, tuple[object, Iterable[int]]]
"""Names with the dtype (`float32` or `torch.float32`) and the shape that each must have."""


def read_header(path: Path) -> Header:
    """Read the header of the safetensors file at `path`; no tensor is read.

    The library checks that names, dtypes, shapes and offsets cover the file exactly, without gaps or overlaps.
    Raises NotFoundError, and EngineError for a pickle, another format, or a header that does not fit its file.
    """
    from safetensors import SafetensorError, safe_open

    refuse_pickle(path)
    try:
        with safe_open(str(path), "np"), path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            text = file.read(length)
            size = os.fstat(file.fileno()).st_size
    except SafetensorError as cause:
        reason = str(cause).removeprefix("Error while deserializing header: ")
        raise EngineError(
            f"{path} is no whole safetensors file: {reason}. Download or export it again; it may have been cut off."
        ) from cause
    except OSError as cause:
        raise _unreadable(path, cause) from cause
    said = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, path))
    metadata = said.pop("__metadata__", None) or {}
    tensors = {name: _entry(facts, 8 + length) for name, facts in said.items()}
    return Header(tensors=tensors, metadata=metadata, size=size)


def load(path: Path, *, digest: Digest, expected: Expected | None = None, device: str = "cpu") -> "dict[str, Tensor]":
    """Load the tensors of the file at `path`, whose SHA-256 must be `digest`.

    The header, the names, dtypes and element counts (`expected`) and the digest are checked before a tensor is made.
    Raises NotFoundError, and EngineError that says what is not as it should be.
    """
    from safetensors import safe_open

    before = file_state(path)
    header = read_header(path)
    if expected is not None:
        _compare(header, expected, path)
    if (found := file_digest(path)) != digest:
        raise EngineError(
            f"The weights in {path} are not those that were recorded: their digest is {found}, not {digest}. "
            "Bring the recorded file back, or add these weights as a new version."
        )
    with safe_open(str(path), "pt", device=device) as file:
        # The library's tensors on the CPU are windows into the file; a copy stays as it was checked.
        tensors = {name: file.get_tensor(name).clone() for name in header.tensors}
    if file_state(path) != before:
        raise EngineError(f"The weights in {path} changed while they were read. Wait for the other program, try again.")
    return tensors


def tensors_digest(source: "Mapping[str, Tensor] | Iterable[Path]") -> Digest:
    """Digest weights, in memory or in safetensors files, whatever their order and however they are cut into files.

    It is SHA-256 over the canonical JSON of the sorted rows [name, dtype, shape, SHA-256 of the bytes].
    All cores work, with one buffer of 1 MiB each for files. Raises NotFoundError, EngineError.
    """
    with ThreadPoolExecutor(processors()) as threads:
        if isinstance(source, Mapping):
            rows = sorted(threads.map(_tensor_row, source.items()))
        else:
            # The largest first: so no core is left alone with a large one at the end.
            parts = sorted(_parts(source), key=lambda part: -part[2].size)
            rows = sorted(threads.map(_file_row, parts))
    return Digest.of(canonical_json(rows).encode())


def file_digest(path: Path) -> Digest:
    """Digest the bytes of a file of weights. Raises NotFoundError, EngineError."""
    try:
        return Digest.of_file(path)
    except OSError as cause:
        raise _unreadable(path, cause) from cause


def file_state(path: Path) -> tuple[int, int, int]:
    """Give inode, size and time of the last change in ns: another triple later means that the file changed meanwhile.

    Raises NotFoundError, EngineError.
    """
    try:
        facts = path.stat()
    except OSError as cause:
        raise _unreadable(path, cause) from cause
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def refuse_pickle(path: Path) -> None:
    """Raise EngineError that says how to convert if the file is a pickle or another format; NotFoundError if absent."""
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except OSError as cause:
        raise _unreadable(path, cause) from cause
    if start[8:] == b"{":  # the length of a header, and its beginning: some lengths begin as a pickle does
        return
    what = next((what for mark, what in _STARTS.items() if start.startswith(mark)), None)
    if what is None and path.suffix.lower() in PICKLES:
        what = "a pickle checkpoint by its name"
    if what is None:
        return
    advice = "Export it as .safetensors from the program that made it."
    if "pickle" in what:
        advice = (
            "Opening it could run whatever code it holds, so prov never does. Convert it on a machine where that "
            "does not matter: python -c \"import torch, safetensors.torch as s; d = torch.load('IN', 'cpu', "
            "weights_only=True); d = d.get('state_dict', d); s.save_file({k: v.clone() for k, v in d.items() "
            "if hasattr(v, 'clone')}, 'OUT.safetensors')\""
        )
    raise EngineError(f"{path} is {what}, not safetensors. {advice}")


def _once(pairs: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise EngineError(
            f"The header of {path} names {twice[:80]!r} twice, and programs differ in which they take. Export it again."
        )
    return found


def _entry(facts: Mapping[str, Any], data: int) -> Entry:
    start, end = facts["data_offsets"]
    name = facts["dtype"]
    return Entry(
        dtype=_DTYPES.get(name, name.lower()), shape=tuple(facts["shape"]), start=data + start, size=end - start
    )


def _compare(header: Header, expected: Expected, path: Path) -> None:
    wanted = {name: (str(dtype).removeprefix("torch."), tuple(shape)) for name, (dtype, shape) in expected.items()}
    found = {name: (entry.dtype, entry.shape) for name, entry in header.tensors.items()}
    if wanted == found:
        return
    missing, extra = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    if missing:
        problem = f"{len(missing)} tensors are missing, {missing[0]!r} first"
    elif extra:
        problem = f"{len(extra)} tensors are too many, {extra[0][:80]!r} first"
    else:
        name = next(name for name in sorted(wanted) if wanted[name] != found[name])
        problem = f"{name!r} should be {_words(wanted[name])} and is {_words(found[name])}"
    raise EngineError(f"The weights in {path} do not fit the model: {problem}. Were they made by another architecture?")


def _words(facts: tuple[str, tuple[int, ...]]) -> str:
    dtype, shape = facts
    return f"{dtype} of {' x '.join(map(str, shape)) or 'one number'}"


def _parts(paths: Iterable[Path]) -> Iterator[tuple[Path, str, Entry]]:
    names: dict[str, Path] = {}
    for path in paths:
        for name, entry in read_header(path).tensors.items():
            if name in names:
                raise EngineError(f"{names[name]} and {path} both hold {name!r}. Keep the parts of one model together.")
            names[name] = path
            yield path, name, entry


Row: TypeAlias = tuple[str, str, tuple[int, ...], str]


def _file_row(part: tuple[Path, str, Entry]) -> Row:
    path, name, entry = part
    hasher = hashlib.sha256()
    buffer = memoryview(bytearray(min(_PIECE, entry.size)))
    left = entry.size
    # Read, not mapped: a mapped file that somebody cuts off meanwhile would kill the process.
    with _opened(path) as file:
        file.seek(entry.start)
        while left:
            count = file.readinto(buffer[: min(left, len(buffer))])
            if not count:
                raise EngineError(f"{path} was cut off while it was read. Wait for the other program, then try again.")
            hasher.update(buffer[:count])
            left -= count
    return name, entry.dtype, entry.shape, hasher.hexdigest()


def _tensor_row(item: "tuple[str, Tensor]") -> Row:
    import torch

    name, tensor = item
    flat = tensor.detach().to("cpu").contiguous().reshape(-1)
    data: Any = flat.view(torch.uint8).numpy()
    digest = hashlib.sha256(data).hexdigest()
    return name, str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape), digest


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with path.open("rb", buffering=0) as file:
            yield file
    except OSError as cause:
        raise _unreadable(path, cause) from cause


def _unreadable(path: Path, cause: OSError) -> NotFoundError | EngineError:
    if isinstance(cause, FileNotFoundError):
        return NotFoundError(f"There is no file {path}. Give the path of a .safetensors file.")
    return EngineError(
        f"The weights in {path} cannot be read: {cause.strerror or cause}. Give a file that you may read."
    )
