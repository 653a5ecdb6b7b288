"""Files of weights: headers that lie, pickles, and one digest for the same weights however they are cut up."""

import json
import os
import pickle
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from provenance.digest import Digest, Json, canonical_json
from provenance.errors import EngineError, NotFoundError
from provenance.generate.weights import file_digest, load, read_header, tensors_digest

EIGHT = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
TWICE = b'{"a":%b,"a":%b}' % (json.dumps(EIGHT).encode(), json.dumps(EIGHT).encode())


def some_tensors(seed: int = 0) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return {
        "layer.weight": torch.randn(7, 5, generator=chance),
        "layer.bias": torch.randn(7, generator=chance).bfloat16(),
        "half": torch.randn(3, 2, 2, generator=chance).half(),
        "count": torch.tensor(3),
        "none": torch.zeros(0, 4),
        "flags": torch.tensor([True, False]),
    }


def write(path: Path, header: object, data: bytes = b"", *, length: int | None = None) -> Path:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def test_a_header_tells_names_dtypes_shapes_metadata_and_size(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(some_tensors(), path, metadata={"modelspec.title": "Ink"})

    header = read_header(path)

    assert {name: (e.dtype, e.shape) for name, e in header.tensors.items()} == {
        "layer.weight": ("float32", (7, 5)),
        "layer.bias": ("bfloat16", (7,)),
        "half": ("float16", (3, 2, 2)),
        "count": ("int64", ()),
        "none": ("float32", (0, 4)),
        "flags": ("bool", (2,)),
    }
    assert header.metadata == {"modelspec.title": "Ink"}
    assert header.size == path.stat().st_size
    assert max(entry.start + entry.size for entry in header.tensors.values()) == header.size


@pytest.mark.parametrize(
    ("header", "data", "length", "reason"),
    [
        ({"a": EIGHT}, b"\0" * 8, 1 << 60, "header too large"),
        ({"a": EIGHT}, b"\0" * 8, 90_000_000, "invalid header length"),
        ({"a": EIGHT}, b"\0" * 4, None, "not fully covered"),
        ({"a": EIGHT}, b"\0" * 12, None, "not fully covered"),
        ({"a": EIGHT, "b": EIGHT | {"data_offsets": [4, 12]}}, b"\0" * 12, None, "invalid offset"),
        ({"a": EIGHT, "b": EIGHT | {"data_offsets": [12, 20]}}, b"\0" * 20, None, "invalid offset"),
        ({"a": EIGHT | {"data_offsets": [8, 0]}}, b"\0" * 8, None, "safetensors"),
        ({"a": EIGHT | {"shape": [3]}}, b"\0" * 8, None, "invalid shape"),
        ({"a": EIGHT | {"shape": [1 << 40, 1 << 40]}}, b"\0" * 8, None, "overflow"),
        ({"a": EIGHT | {"dtype": "F99"}}, b"\0" * 8, None, "unknown variant"),
        ({"__metadata__": {"x": 1}, "a": EIGHT}, b"\0" * 8, None, "expected a string"),
        (b"[1]", b"", None, "JSON"),
        (b'{"a":' * 100_000, b"", None, "recursion limit"),
        (b"\xff\xfe", b"", None, "header"),
        (TWICE, b"\0" * 8, None, "'a' twice"),
        (b'{"__metadata__":{"a":"1","a":"2"}}', b"", None, "'a' twice"),
    ],
)  # fmt: skip
def test_a_lying_header_is_a_sentence(
    tmp_path: Path, header: object, data: bytes, length: int | None, reason: str
) -> None:
    path = write(tmp_path / "lying.safetensors", header, data, length=length)

    with pytest.raises(EngineError, match=reason) as caught:
        read_header(path)
    assert "lying.safetensors" in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"abc", b"\0" * 8])
def test_a_file_that_is_none_is_a_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "nothing.safetensors"
    path.write_bytes(data)

    with pytest.raises(EngineError, match="no whole safetensors file"):
        read_header(path)


def test_a_pickle_is_never_opened_and_says_how_to_convert(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "sprung"),)

    torch.save({"a": torch.zeros(2)}, tmp_path / "zipped.ckpt")
    torch.save({"a": torch.zeros(2)}, tmp_path / "legacy.bin", _use_new_zipfile_serialization=False)
    (tmp_path / "renamed.safetensors").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "empty.pt").write_bytes(b"")

    for name in ("zipped.ckpt", "legacy.bin", "renamed.safetensors", "empty.pt"):
        with pytest.raises(EngineError, match=r"pickle checkpoint.*never does.*save_file"):
            read_header(tmp_path / name)
        with pytest.raises(EngineError, match="pickle checkpoint"):
            load(tmp_path / name, digest=file_digest(tmp_path / name))
    assert not (tmp_path / "sprung").exists()


def test_the_way_to_convert_a_pickle_works(tmp_path: Path) -> None:
    shared = torch.arange(6.0)
    torch.save({"state_dict": {"a": shared, "b": shared.view(2, 3)}, "epoch": 3}, tmp_path / "in.ckpt")
    with pytest.raises(EngineError) as caught:
        read_header(tmp_path / "in.ckpt")
    program = str(caught.value).split('python -c "')[1].rstrip('"')

    exec(program.replace("'IN'", repr(str(tmp_path / "in.ckpt"))).replace("OUT", str(tmp_path / "out")))

    assert read_header(tmp_path / "out.safetensors").tensors.keys() == {"a", "b"}


def test_other_formats_and_missing_files_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF\3\0\0\0")

    with pytest.raises(EngineError, match="GGUF file, not safetensors"):
        read_header(tmp_path / "model.gguf")
    with pytest.raises(NotFoundError, match="There is no file"):
        read_header(tmp_path / "absent.safetensors")
    with pytest.raises(EngineError, match="cannot be read"):
        read_header(tmp_path)


def test_what_was_recorded_is_loaded_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    tensors = some_tensors()
    save_file(tensors, path)
    expected = {name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()}

    loaded = load(path, digest=Digest.of_file(path), expected=expected)
    path.write_bytes(b"\0" * path.stat().st_size)  # what is loaded is no window into the file

    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in tensors.items())
    assert {tensor.dtype for tensor in loaded.values()} == {tensor.dtype for tensor in tensors.values()}


def test_a_changed_byte_is_found_before_a_tensor_is_made(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(some_tensors(), path)
    digest = file_digest(path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    with pytest.raises(EngineError, match="not those that were recorded"):
        load(path, digest=digest)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"layer.bias": ("float32", (7,))}, "'layer.bias' should be float32 of 7 and is bfloat16 of 7"),
        ({"layer.weight": ("float32", (5, 7))}, "'layer.weight' should be float32 of 5 x 7"),
        ({"more": ("float32", ())}, "1 tensors are missing, 'more' first"),
        ({"count": None}, "1 tensors are too many, 'count' first"),
    ],
)
def test_weights_of_another_architecture_are_named(
    tmp_path: Path, change: Mapping[str, tuple[str, tuple[int, ...]] | None], reason: str
) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(some_tensors(), path)
    fitting = {name: (t.dtype, t.shape) for name, t in some_tensors().items()}
    expected = {name: facts for name, facts in {**fitting, **change}.items() if facts is not None}

    with pytest.raises(EngineError, match=reason):
        load(path, digest=file_digest(path), expected=expected)


def test_the_digest_is_the_published_recipe() -> None:
    tensors = {"b": torch.tensor([1.0, 2.0]), "a": torch.tensor(7, dtype=torch.uint8)}
    rows: list[Json] = [
        ["a", "uint8", [], Digest.of(bytes([7])).hex],
        ["b", "float32", [2], Digest.of(struct.pack("<2f", 1, 2)).hex],
    ]

    assert tensors_digest(tensors) == Digest.of_json(rows)
    assert canonical_json(rows).startswith('[["a","uint8",[],"')


@settings(max_examples=25, deadline=None)
@given(cut=st.lists(st.integers(0, 2), min_size=6, max_size=6), seed=st.integers(0, 3))
def test_sharding_and_order_leave_the_digest_as_it_is(
    cut: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shards")
    tensors = some_tensors(seed)
    for part in range(3):
        chosen = {name: tensors[name] for name, place in zip(reversed(tensors), cut, strict=True) if place == part}
        save_file(chosen, folder / f"{part}.safetensors", metadata={"part": str(part)})

    found = tensors_digest(folder / f"{part}.safetensors" for part in (2, 0, 1))

    assert found == tensors_digest(tensors)


@pytest.mark.parametrize("name", ["layer.weight", "layer.bias", "half", "count", "flags"])
def test_any_changed_tensor_changes_the_digest(name: str) -> None:
    before = tensors_digest(some_tensors())
    changed = some_tensors()
    flat = changed[name].reshape(-1).view(torch.uint8)
    flat[0] ^= 1

    assert tensors_digest(changed) != before
    assert tensors_digest({("x" if n == name else n): t for n, t in some_tensors().items()}) != before
    assert tensors_digest({n: t.reshape(1, *t.shape) if n == name else t for n, t in some_tensors().items()}) != before


def test_a_name_in_two_files_of_one_model_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_file({"a": torch.zeros(2)}, tmp_path / f"{name}.safetensors")

    with pytest.raises(EngineError, match="both hold 'a'"):
        tensors_digest([tmp_path / "one.safetensors", tmp_path / "two.safetensors"])
