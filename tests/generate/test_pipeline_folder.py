"""A pipeline folder read from outside: what is missing, a pickle, code, or lying is named; nothing of it is run."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_pipeline import tiny_lora, tiny_pipeline

from provenance.digest import Json
from provenance.errors import EngineError, NotFoundError
from provenance.generate.engine import Weights
from provenance.generate.pipeline_folder import read_folder
from provenance.generate.pipeline_identity import (
    Lora,
    change,
    difference,
    identify,
    identity_digest,
    lora_identity,
    stored_dtype,
)
from provenance.generate.pipeline_size import natural_size

UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_pipeline(), tmp_path / "pipeline"))


def identity(folder: Path) -> dict[str, Any]:
    return identify(read_folder(folder), [], "float32")


def edit(path: Path, **changes: object) -> None:
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | changes))


def shard(folder: Path, names: tuple[str, str] = ("part-1.safetensors", "part-2.safetensors")) -> None:
    """Cut the weights of the unet into two files, as large models come."""
    tensors = load_file(folder / UNET)
    placed = {name: names[place % 2] for place, name in enumerate(sorted(tensors))}
    (folder / UNET).unlink()
    for file in names:
        save_file({name: tensors[name] for name, where in placed.items() if where == file}, folder / "unet" / file)
    (folder / f"{UNET}.index.json").write_text(json.dumps({"weight_map": placed}))


def test_a_pipeline_is_read_with_its_components() -> None:
    found = read_folder(tiny_pipeline())

    assert found.kind == "StableDiffusionPipeline"
    assert {component.name: component.kind for component in found.components} == {
        "scheduler": "diffusers.DDIMScheduler",
        "text_encoder": "transformers.CLIPTextModel",
        "tokenizer": "transformers.CLIPTokenizer",
        "unet": "diffusers.UNet2DConditionModel",
        "vae": "diffusers.AutoencoderKL",
    }
    assert [path.parent.name for path in found.weights] == ["text_encoder", "unet", "vae"]
    assert (found.variant, found.settings) == (None, {"requires_safety_checker": False})


@pytest.mark.parametrize("name", ["scheduler", "text_encoder", "tokenizer", "unet", "vae"])
@pytest.mark.parametrize("emptied", [False, True])
def test_a_missing_component_is_named(folder: Path, name: str, emptied: bool) -> None:
    shutil.rmtree(folder / name)
    if emptied:
        (folder / name).mkdir()

    with pytest.raises(EngineError, match=rf"\b{name}\b.*(Download|export)"):
        read_folder(folder)


def test_missing_weights_are_named_and_a_pickle_is_not_taken_instead(folder: Path) -> None:
    (folder / UNET).unlink()
    with pytest.raises(EngineError, match=r"component unet of .* lacks its weights"):
        read_folder(folder)

    torch.save({}, folder / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(EngineError, match=r"component unet of .* pickle only .*safe_serialization=True"):
        read_folder(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"_class_name": ["pipeline", "Mine"]}, "names no class of diffusers"),
        ({"_class_name": None}, "names no class"),
        ({"unet": ["diffusers", "../../evil"]}, "does not say what 'unet' is"),
        ({"unet": ["diffusers"]}, "does not say what 'unet' is"),
        ({"../unet": ["diffusers", "UNet2DModel"]}, "which is no name"),
    ],
)
def test_an_index_that_names_other_code_or_nothing_is_refused(
    folder: Path, change: dict[str, object], reason: str
) -> None:
    edit(folder / "model_index.json", **change)

    with pytest.raises(EngineError, match=reason):
        read_folder(folder)


def test_code_in_a_folder_is_refused(folder: Path) -> None:
    (folder / "unet" / "diffusers.py").write_text("raise SystemExit")
    with pytest.raises(EngineError, match=r"code of its own \(unet/diffusers\.py\), which prov never runs"):
        read_folder(folder)

    (folder / "unet" / "diffusers.py").unlink()
    edit(folder / "text_encoder/config.json", auto_map={"AutoModel": "someone/else--model.Model"})
    with pytest.raises(EngineError, match=r"code of its own .auto_map in text_encoder"):
        read_folder(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": ' * 100_000, "\udc80"])
def test_an_index_that_is_no_json_is_a_sentence(folder: Path, text: str) -> None:
    (folder / "model_index.json").write_bytes(text.encode("utf-8", "surrogateescape"))

    with pytest.raises(EngineError, match="JSON"):
        read_folder(folder)


def test_what_is_no_folder_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"PK\x03\x04")
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")

    with pytest.raises(NotFoundError, match="There is no folder"):
        read_folder(tmp_path / "absent")
    with pytest.raises(EngineError, match=r"holds no model_index\.json"):
        read_folder(tmp_path)
    with pytest.raises(EngineError, match="pickle checkpoint"):
        read_folder(tmp_path / "model.ckpt")
    with pytest.raises(EngineError, match=r"from_single_file\('IN'\)"):
        read_folder(tmp_path / "model.safetensors")


def test_shards_and_passing_facts_leave_the_identity_as_it_is(folder: Path) -> None:
    before = identity(folder)

    shard(folder)
    edit(folder / "unet/config.json", _name_or_path="/home/somebody", _diffusers_version="0.1")
    (folder / "README.md").write_text("# A card")
    (folder / "unet" / "flax_model.msgpack").write_bytes(b"not read")

    assert identity(folder) == before
    assert identity_digest(identity(folder)) == identity_digest(before)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("part-1.safetensors", "../../vae/x.safetensors"), "does not name the safetensors files beside it"),
        (("part-1.safetensors", "part-2.bin"), "does not name the safetensors files beside it"),
    ],
)
def test_shards_elsewhere_or_as_pickles_are_refused(folder: Path, names: tuple[str, str], reason: str) -> None:
    (folder / f"{UNET}.index.json").write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1]}}))
    (folder / UNET).unlink()

    with pytest.raises(EngineError, match=reason):
        read_folder(folder)


def test_a_missing_shard_is_named_and_two_forms_at_once_are_refused(folder: Path) -> None:
    shard(folder)
    shutil.copy(folder / "unet/part-1.safetensors", folder / UNET)
    with pytest.raises(EngineError, match="programs differ in which they load"):
        read_folder(folder)

    (folder / UNET).unlink()
    (folder / "unet/part-1.safetensors").unlink()
    with pytest.raises(EngineError, match=r"lack the shard part-1\.safetensors"):
        read_folder(folder)


def test_the_half_precision_variant_is_found_where_there_is_no_other(folder: Path) -> None:
    for name in ("unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"):
        halves = {key: tensor.half() for key, tensor in load_file(folder / f"{name}.safetensors").items()}
        save_file(halves, folder / f"{name}.fp16.safetensors")
    assert read_folder(folder).variant is None

    for name in ("unet/diffusion_pytorch_model", "text_encoder/model"):
        (folder / f"{name}.safetensors").unlink()

    found = read_folder(folder)
    assert found.variant == "fp16"
    assert all(path.name.endswith(".fp16.safetensors") for path in found.weights)
    assert stored_dtype(found) == "float16"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (UNET, "The weights of the component unet have changed"),
        ("text_encoder/model.safetensors", "The weights of the component text_encoder have changed"),
        ("tokenizer/tokenizer.json", "The configuration of the component tokenizer has changed"),
        ("scheduler/scheduler_config.json", "The configuration of the component scheduler has changed"),
        ("vae/config.json", "The configuration of the component vae has changed"),
    ],
)
def test_a_change_is_named_by_its_component(folder: Path, file: str, sentence: str) -> None:
    before = identity(folder)
    data = bytearray((folder / file).read_bytes())
    if file.endswith(".safetensors"):
        data[-1] ^= 1
    else:
        place = data.rindex(b"1")
        data[place : place + 1] = b"2"
    (folder / file).write_bytes(data)

    after = identity(folder)

    assert identity_digest(after) != identity_digest(before)
    assert difference(before, after, ()) == sentence


def test_another_class_or_component_is_named(folder: Path) -> None:
    before = identity(folder)
    edit(folder / "model_index.json", scheduler=["diffusers", "PNDMScheduler"])
    assert difference(before, identity(folder), ()) == (
        "The component scheduler was a diffusers.DDIMScheduler and is a diffusers.PNDMScheduler"
    )

    edit(folder / "model_index.json", vae=[None, None])
    assert difference(before, identity(folder), ()).startswith("The component scheduler")
    assert "The component vae is gone" in difference(identity(tiny_pipeline()), _without(before, "vae"), ())


def _without(said: dict[str, Any], name: str) -> dict[str, Any]:
    return said | {"components": {key: value for key, value in said["components"].items() if key != name}}


def test_a_lora_is_its_tensors_its_settings_and_its_scale_and_no_name(tmp_path: Path) -> None:
    renamed = Path(shutil.copy(tiny_lora(), tmp_path / "other.safetensors"))
    tensors = load_file(tiny_lora())
    save_file(tensors, tmp_path / "set.safetensors", metadata={"lora_adapter_metadata": '{"lora_alpha": 64}'})

    known = lora_identity(Lora(path=tiny_lora(), scale=0.8))

    assert lora_identity(Lora(path=renamed, scale=0.8)) == known
    assert lora_identity(Lora(path=renamed, scale=0.7)) != known
    assert lora_identity(Lora(path=tmp_path / "set.safetensors", scale=0.8)) != known


def test_the_natural_size_is_that_of_the_model_or_of_the_picture(folder: Path) -> None:
    picture = torch.zeros(51, 77, 3, dtype=torch.uint8).numpy()

    assert natural_size(folder, None) == (64, 64)
    assert natural_size(folder, picture) == (76, 50)
    edit(folder / "unet/config.json", sample_size=[12, 20])
    assert natural_size(folder, None) == (40, 24)
    edit(folder / "unet/config.json", sample_size=None)
    assert natural_size(folder, None) == (256, 256)


def test_a_changed_byte_is_told_with_the_file_that_it_is_in(folder: Path, tmp_path: Path) -> None:
    loras = tuple(
        Lora(path=Path(shutil.copy(tiny_lora(), tmp_path / f"{name}.safetensors"))) for name in ("one", "two")
    )
    before = identify(read_folder(folder), loras, "float32")
    said: list[Json] = [{"path": str(lora.path), "scale": lora.scale} for lora in loras]
    settings: dict[str, Json] = {"dtype": "float32", "identity": before, "loras": said}
    weights = Weights(path=folder, digest=identity_digest(before), settings=settings)
    assert change(weights) is None

    _flip(loras[1].path)
    assert change(weights) == (
        f"The weights of the LoRA two have changed since the model was registered ({loras[1].path})."
    )

    _flip(folder / UNET)
    assert change(weights) == (
        f"The weights of the component unet have changed since the model was registered ({folder})."
    )


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
