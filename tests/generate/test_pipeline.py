"""The engine diffusers on a tiny pipeline: what it makes, what it records, and what it refuses."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file
from sqlalchemy import select
from tiny_pipeline import tiny_lora, tiny_noise, tiny_pipeline

from provenance import schema
from provenance.archive.add_model import add_model
from provenance.archive.archive import Archive
from provenance.archive.create import Order, generate
from provenance.digest import Json, canonical_json
from provenance.errors import EngineError, ProvenanceError, UsageError
from provenance.generate.engine import Request, Weights
from provenance.generate.pipeline import LONGEST_PROMPT, Diffusers
from provenance.generate.pipeline_folder import read_folder
from provenance.generate.pipeline_identity import Lora, identify, identity_digest
from provenance.generate.render import render

Picture = NDArray[np.uint8]


@pytest.fixture(scope="module")
def engine() -> Diffusers:
    return Diffusers()


def registered(folder: Path, *loras: Lora, dtype: str = "float32") -> Weights:
    identity = identify(read_folder(folder), loras, dtype)
    said: list[Mapping[str, str | float]] = [{"name": x.name, "path": str(x.path), "scale": x.scale} for x in loras]
    settings: dict[str, Json] = {"dtype": dtype, "identity": identity, "loras": said}
    return Weights(path=folder, digest=identity_digest(identity), settings=settings)


def draw(
    engine: Diffusers, weights: Weights | None = None, *, size: tuple[int, int] = (64, 64), **asked: Any
) -> tuple[Picture, dict[str, Any]]:
    options = engine.Options(**{"steps": 2, **asked.pop("options", {})})
    request = Request(
        **{
            "seed": 5,
            "width": size[0],
            "height": size[1],
            "options": options,
            "weights": weights or registered(tiny_pipeline()),
            "prompt": "a cat in the rain",
            **asked,
        }
    )
    out = np.zeros((size[1], size[0], 3), np.uint8)
    choices = render(engine, request, out)
    return out, json.loads(canonical_json(choices))


def test_the_same_request_gives_the_same_pixels_and_every_seed_others(engine: Diffusers) -> None:
    first, choices = draw(engine)
    again, repeated = draw(engine)
    others = [draw(engine, seed=seed)[0].tobytes() for seed in (6, 5 + 2**32, 5 + 2**63, 2**64 - 1)]

    assert np.array_equal(first, again)
    assert choices == repeated
    assert len({first.tobytes(), *others}) == 5
    assert first.std() > 4


def test_it_is_what_diffusers_makes_alone(engine: Diffusers) -> None:
    import torch

    from provenance.generate.pipeline_load import library, quiet

    with quiet():
        pipeline = library().DiffusionPipeline.from_pretrained(tiny_pipeline(), local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        generator = torch.Generator("cpu").manual_seed(5)
        alone = pipeline("a cat in the rain", num_inference_steps=2, generator=generator).images[0]

    assert np.array_equal(draw(engine)[0], np.asarray(alone))


def test_everything_that_led_to_the_picture_is_recorded(engine: Diffusers) -> None:
    _, said = draw(engine, seed=2**32 + 5, options={"guidance": 3.5, "negative_prompt": "dogs"})

    call, scheduler = said["call"], said["scheduler"]
    assert (said["seed"], said["pipeline"]) == (str(2**32 + 5), "StableDiffusionPipeline")
    assert (call["guidance_scale"], call["negative_prompt"], call["num_inference_steps"]) == (3.5, "dogs", 2)
    assert (call["eta"], call["clip_skip"], call["output_type"]) == (0.0, None, "pil")  # nobody chose them
    assert (scheduler["class"], scheduler["config"]["steps_offset"]) == ("DDIMScheduler", 1)
    assert said["components"]["unet"] == {"class": "UNet2DConditionModel", "dtype": "float32", "device": "cpu"}
    assert said["generator"]["device"] == "cpu"
    assert int(said["generator"]["seed"]) < 2**32
    assert set(said["latents"]) == {"after_first_step", "after_last_step"}
    assert len(set(said["latents"].values())) == 2
    assert "prompt" not in call  # the run has it
    assert str(tiny_pipeline().parent) not in json.dumps(said)


def test_a_lora_changes_the_picture_by_its_scale_and_leaves_the_base_alone(engine: Diffusers) -> None:
    base, _ = draw(engine)
    strong, said = draw(engine, registered(tiny_pipeline(), Lora(path=tiny_lora(), scale=0.8)))
    weak, _ = draw(engine, registered(tiny_pipeline(), Lora(path=tiny_lora(), scale=0.1)))
    none, _ = draw(engine, registered(tiny_pipeline(), Lora(path=tiny_lora(), scale=0.0)))
    two, _ = draw(engine, registered(tiny_pipeline(), Lora(path=tiny_lora()), Lora(path=tiny_lora(), scale=-1.0)))

    assert said["loras"] == [{"name": "ink", "scale": 0.8}]
    away = [np.abs(base.astype(int) - other).mean() for other in (none, weak, strong)]
    assert away[0] == 0 < away[1] < away[2]
    assert np.abs(base.astype(int) - two).max() <= 2  # they cancel out


def test_a_picture_and_a_mask_are_taken_by_the_siblings_of_the_class(engine: Diffusers) -> None:
    given = np.random.default_rng(0).integers(0, 256, (40, 90, 3)).astype(np.uint8)
    mask = np.zeros((64, 64, 3), np.uint8)
    mask[:, :32] = 255

    _, text = draw(engine)
    varied, image = draw(engine, pictures={"image": given}, options={"steps": 4, "strength": 0.5})
    other, _ = draw(engine, pictures={"image": given[:, ::-1]}, options={"steps": 4, "strength": 0.5})
    _, both = draw(engine, pictures={"image": given, "mask": mask}, options={"strength": 1.0})

    assert [text["pipeline"], image["pipeline"], both["pipeline"]] == [
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
    ]
    assert image["call"]["image"]["size"] == [64, 64]
    assert image["call"]["strength"] == 0.5
    assert both["call"]["mask_image"]["mode"] == "L"
    assert not np.array_equal(varied, other)


def test_options_pass_through_and_do_not_stay(engine: Diffusers) -> None:
    plain, _ = draw(engine)
    options = {"scheduler": "euler", "slicing": True, "tiling": True, "dtype": "bfloat16"}
    other, said = draw(engine, options=options)
    after, again = draw(engine)

    assert said["scheduler"]["class"] == "EulerDiscreteScheduler"
    assert {part.get("dtype", "bfloat16") for part in said["components"].values()} == {"bfloat16"}
    assert said["parameters"]["tiling"] is True
    assert not np.array_equal(plain, other)
    assert np.array_equal(plain, after)
    assert again["scheduler"]["class"] == "DDIMScheduler"


def test_progress_is_heard_and_may_stop_it(engine: Diffusers) -> None:
    heard: list[float] = []
    draw(engine, progress=heard.append, options={"steps": 4})

    def stop(share: float) -> None:
        raise ValueError(f"enough at {share}")

    assert heard == sorted(heard)
    assert (len(heard) >= 4, heard[-1]) == (True, 1.0)
    with pytest.raises(ValueError, match=r"enough at 0\.5"):
        draw(engine, progress=stop)


@pytest.mark.parametrize("prompt", ["", "🐈‍⬛ 猫 في المطر", "a cat " * 3000, "\n\t<|endoftext|>"])
def test_strange_prompts_are_fine(engine: Diffusers, prompt: str) -> None:
    _, said = draw(engine, prompt=prompt)

    assert said["prompt_tokens"]["read"] == min(said["prompt_tokens"]["given"], 77)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"prompt": None}, "needs a prompt"),
        ({"prompt": "a\0b"}, "The prompt holds a character that is no text"),
        ({"prompt": "a\ud800b"}, "The prompt holds a character that is no text"),
        ({"prompt": "x" * 1_000_000}, f"has 1,000,000 characters; at most {LONGEST_PROMPT:,} are taken"),
        ({"options": {"negative_prompt": "\0"}}, "The negative prompt holds"),
        ({"size": (61, 64)}, "StableDiffusionPipeline does not take this: .*divisible by 8"),
        ({"options": {"strength": 0.5}}, "StableDiffusionPipeline takes no strength"),
        ({"options": {"offload": "model"}}, "on the CPU leave it at none"),
        ({"pictures": {"mask": np.zeros((64, 64, 3), np.uint8)}}, "give the picture too"),
    ],
)
def test_what_cannot_be_taken_is_a_sentence(engine: Diffusers, asked: dict[str, Any], reason: str) -> None:
    with pytest.raises(ProvenanceError, match=reason):
        draw(engine, **asked)


def test_without_a_model_it_says_how_to_add_one() -> None:
    with pytest.raises(EngineError, match="prov model add"):
        render(Diffusers(), Request(seed=1, width=64, height=64), np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(EngineError, match="prov model add"):
        Diffusers().natural_size(None, {})


def test_without_the_libraries_it_says_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = registered(tiny_pipeline())
    monkeypatch.setitem(sys.modules, "accelerate", None)

    with pytest.raises(EngineError, match=r"pip install 'provenance-archive\[diffusers\]'"):
        draw(Diffusers(), weights)


def test_a_pipeline_without_a_text_is_asked_for_nothing_else(engine: Diffusers, tmp_path: Path) -> None:
    weights = registered(tiny_noise(tmp_path / "noise"))

    out, said = draw(engine, weights, prompt=None, size=(16, 16))

    assert (engine.natural_size(weights, {}), said["pipeline"]) == ((16, 16), "DDPMPipeline")
    assert out.std() > 4
    with pytest.raises(EngineError, match="DDPMPipeline takes no prompt"):
        draw(engine, weights, size=(16, 16))
    with pytest.raises(EngineError, match="makes 16 x 16 pixels, not 32 x 16"):
        draw(engine, weights, prompt=None, size=(32, 16))
    with pytest.raises(EngineError, match="DDPMPipeline takes no picture"):
        draw(engine, weights, prompt=None, size=(16, 16), pictures={"image": out})


def test_what_changed_since_it_was_registered_is_named(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_pipeline(), tmp_path / "pipeline"))
    lora = Path(shutil.copy(tiny_lora(), tmp_path / "ink.safetensors"))
    weights = registered(folder, Lora(path=lora))
    file = folder / "vae/diffusion_pytorch_model.safetensors"
    whole = file.read_bytes()

    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(EngineError, match=r"The weights of the component vae have changed since .*prov model add"):
        draw(Diffusers(), weights)

    file.write_bytes(whole[:-1])
    with pytest.raises(EngineError, match="no whole safetensors file"):
        draw(Diffusers(), weights)

    file.write_bytes(whole)
    save_file({name: tensor * 2 for name, tensor in load_file(lora).items()}, lora)
    with pytest.raises(EngineError, match="The weights of the LoRA ink have changed"):
        draw(Diffusers(), weights)


def test_files_that_change_afterwards_do_not_change_the_model(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_pipeline(), tmp_path / "pipeline"))
    weights, engine = registered(folder), Diffusers()
    before, _ = draw(engine, weights)

    for file in read_folder(folder).weights:
        with file.open("r+b") as open_file:  # in place: a mapped file would show through
            open_file.seek(20_000)
            open_file.write(bytes(file.stat().st_size - 20_000))

    assert np.array_equal(draw(engine, weights)[0], before)


def test_a_lora_for_another_model_is_refused(tmp_path: Path) -> None:
    tensors = load_file(tiny_lora())
    wider = {name: tensor.repeat(1, 2) if "lora_A" in name else tensor.repeat(2, 1) for name, tensor in tensors.items()}
    save_file(wider, tmp_path / "wide.safetensors")
    save_file({f"transformer.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "other.safetensors")
    save_file({"nonsense": next(iter(tensors.values()))}, tmp_path / "none.safetensors")

    for name in ("wide", "other", "none"):
        with pytest.raises(EngineError, match=rf"The LoRA .*{name}\.safetensors .*another model"):
            draw(Diffusers(), registered(tiny_pipeline(), Lora(path=tmp_path / f"{name}.safetensors")))


def test_the_libraries_are_left_as_they_were(engine: Diffusers) -> None:
    import huggingface_hub.constants as hub
    from diffusers.utils import logging

    before = (hub.HF_HUB_OFFLINE, logging.get_verbosity(), logging.is_progress_bar_enabled())
    draw(engine)

    assert (hub.HF_HUB_OFFLINE, logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_a_registered_pipeline_generates_with_its_lineage(plain_archive: Archive, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_pipeline(), tmp_path / "pipeline"))
    added = add_model(plain_archive, "harbour", folder, loras=[(tiny_lora(), 0.8)])
    order = Order(model="harbour", count=2, seed=5, prompt="a cat in the rain", parameters={"steps": 2}, device="cpu")

    made = generate(plain_archive, order)
    repeated = generate(plain_archive, order)

    shown = [plain_archive.store.path(digest) for digest in plain_archive.store.digests()]
    assert len(made.artworks) == len(repeated.artworks) == 2
    assert added.new
    assert len(shown) >= 4
    shutil.move(folder, tmp_path / "moved")
    with pytest.raises(ProvenanceError, match=r"are not at .*pipeline any more"):
        generate(plain_archive, order)
    assert not add_model(plain_archive, "harbour", tmp_path / "moved", loras=[(tiny_lora(), 0.8)]).new
    assert len(generate(plain_archive, order).artworks) == 2


def test_a_wrong_option_is_a_usage_error() -> None:
    from provenance.generate.engine import read_options

    with pytest.raises(UsageError, match="strength of diffusers must lie from -1 to 1"):
        read_options(Diffusers, {"strength": "1.5"})
    assert read_options(Diffusers, {"tiling": "yes", "steps": "7"}).steps == 7


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({}, "needs a prompt"),
        ({"prompt": "x", "parameters": {"strength": 0.5}}, "give one with --image"),
        ({"prompt": "x" * 25_000}, "25,000 characters"),
        ({"prompt": "x", "pictures": {"mask": "mask.png"}}, "give the picture too"),
    ],
)
def test_what_the_pipeline_cannot_take_is_refused_before_a_run_is_written(
    plain_archive: Archive, tmp_path: Path, asked: dict[str, Any], sentence: str
) -> None:
    add_model(plain_archive, "harbour", tiny_pipeline())
    Image.new("L", (64, 64)).save(tmp_path / "mask.png")
    given = {role: str(tmp_path / name) for role, name in asked.pop("pictures", {}).items()}

    with pytest.raises(UsageError, match=sentence):
        generate(plain_archive, Order(model="harbour", device="cpu", pictures=given, **asked))

    with plain_archive.database.read() as session:
        assert session.scalars(select(schema.Run)).all() == []
