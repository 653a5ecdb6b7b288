"""What pictures say of their making is read as other readers read it, and costs no more than it may."""

import io
import json
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sd_parsers import ParserManager

from provenance.collect.parameters import Claims, parameters_of_texts, read_parameters
from provenance.collect.parameters_text import user_comment, without_texts
from provenance.picture import Picture

WEBUI = (
    "a harbour 🐈, boats\nat (night:1.2) <lora:ink:0.8>\nNegative prompt: blurry,\nhands\n"
    "Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7, Seed: 42, Size: 512x640, Model hash: abc123, "
    'Model: dream_8, Lora hashes: "ink: 12ab, paper: 34cd", Hashes: {"model": "abc123", "vae": "1"}, Version: v1.9.3'
)
GRAPH: dict[str, dict[str, Any]] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            "seed": 7,
            "steps": 25,
            "cfg": 6.5,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1.0,
            "model": ["10", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "10": {
        "class_type": "LoraLoader",
        "inputs": {"lora_name": "ink.safetensors", "strength_model": 0.7, "model": ["4", 0], "clip": ["4", 1]},
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 640, "height": 480}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "boats at night", "clip": ["10", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "people", "clip": ["10", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0]}},
}
STRAIGHT = GRAPH | {"3": {"class_type": "KSampler", "inputs": GRAPH["3"]["inputs"] | {"model": ["4", 0]}}}
"""Without an adapter: sd-parsers 0.6 takes the link of one for the model's name."""

LINKS = [[1, "6", 0, "3", 1, "CONDITIONING"], [2, "7", 0, "3", 2, "CONDITIONING"], [3, "4", 0, "3", 0, "MODEL"]]
INVOKE = {
    "app_version": "5.1.0",
    "generation_mode": "sdxl_txt2img",
    "positive_prompt": "a lake",
    "negative_prompt": "fog",
    "seed": 99,
    "steps": 30,
    "scheduler": "ddim",
    "cfg_scale": 5.5,
    "width": 512,
    "height": 768,
    "model": {"key": "k", "hash": "blake3:ff", "model_name": "juggernaut", "base": "sdxl"},
    "loras": [{"model": {"name": "ink"}, "weight": 0.5}],
}


def png(**texts: str) -> bytes:
    info = PngInfo()
    for name, text in texts.items():
        info.add_itxt(name, text)
    file = io.BytesIO()
    picture(1).image().save(file, "PNG", pnginfo=info)
    return file.getvalue()


def with_chunks(*chunks: tuple[bytes, bytes]) -> bytes:
    data = png()
    made = b"".join(struct.pack(">I", len(c)) + k + c + struct.pack(">I", zlib.crc32(k + c)) for k, c in chunks)
    return data[:33] + made + data[33:]


def told(data: bytes) -> Claims:
    claims = read_parameters(data)
    assert claims is not None
    return claims


def judged(data: bytes, tmp_path: Path) -> tuple[set[str], set[str], dict[str, str], str]:
    """Read with sd-parsers: prompts, negative prompts, sampler parameters as texts, and model."""
    path = tmp_path / "judged.png"
    path.write_bytes(data)
    found = ParserManager().parse(path)
    assert found is not None
    sampler = found.samplers[0]
    parameters = {"sampler": sampler.name, **{name: str(value) for name, value in sampler.parameters.items()}}
    model = sampler.model.name if sampler.model else ""
    return set(map(str, found.prompts)), set(map(str, found.negative_prompts)), parameters, model or ""


@pytest.mark.parametrize(
    ("texts", "program"),
    [
        ({"parameters": WEBUI}, "AUTOMATIC1111"),
        ({"prompt": json.dumps(STRAIGHT), "workflow": json.dumps({"links": LINKS, "nodes": []})}, "ComfyUI"),
        ({"invokeai_metadata": json.dumps(INVOKE)}, "InvokeAI"),
    ],
)
def test_an_independent_reader_reads_the_same(texts: dict[str, str], program: str, tmp_path: Path) -> None:
    data = png(**texts)
    ours, (prompts, negatives, parameters, model) = told(data), judged(data, tmp_path)

    assert ours.program == program
    assert ({ours.prompt}, {ours.negative_prompt}) == (prompts, negatives)
    assert ours.model == model
    assert ours.seed == parameters.get("seed", parameters.get("Seed"))
    assert ours.steps == parameters.get("steps", parameters.get("Steps"))
    assert parameters["sampler"] in {ours.sampler, ours.scheduler}


def test_what_a_web_ui_writes_is_read_whole_with_quotes_lines_and_commas() -> None:
    claims = told(png(parameters=WEBUI))

    assert claims.prompt == "a harbour 🐈, boats\nat (night:1.2) <lora:ink:0.8>"
    assert claims.negative_prompt == "blurry,\nhands"
    assert (claims.guidance, claims.scheduler, claims.size) == ("7", "Karras", "512x640")
    assert (claims.model, claims.model_hash, claims.program_version) == ("dream_8", "abc123", "v1.9.3")
    assert claims.loras == ("ink 0.8",)
    assert claims.more["Lora hashes"] == "ink: 12ab, paper: 34cd"
    assert json.loads(claims.more["Hashes"]) == {"model": "abc123", "vae": "1"}
    assert claims.raw["parameters"] == WEBUI
    assert claims.notes == ()


@pytest.mark.parametrize(
    ("ending", "program"),
    [
        ("Version: f2.0.1v1.10.1", "Forge"),
        ("App: SD.Next, Version: 2eb", "SD.Next"),
        ("Version: Fooocus v2.5", "Fooocus"),
        ("Clip skip: 2", "AUTOMATIC1111 or kin"),
    ],
)
def test_kin_of_the_web_ui_are_told_apart_by_what_they_say(ending: str, program: str) -> None:
    claims = told(png(parameters=f"boats\nSteps: 4, Sampler: LCM, Seed: 1, {ending}"))

    assert claims.program == program


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-16"])
@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_a_comment_in_either_byte_order_is_read_from_jpeg_and_webp(encoding: str, kind: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + WEBUI.encode(encoding)
    file = io.BytesIO()
    picture(1).image().save(file, kind, exif=exif)

    assert told(file.getvalue()).prompt == "a harbour 🐈, boats\nat (night:1.2) <lora:ink:0.8>"


def test_the_other_character_codes_of_a_comment_are_known() -> None:
    assert user_comment(b"ASCII\0\0\0boats") == "boats"
    assert user_comment(b"\0" * 8 + "Bööte".encode()) == "Bööte"
    assert user_comment(b"JIS\0\0\0\0\0" + "船".encode("iso2022_jp")) == "船"
    assert user_comment(b"boats alone") == "boats alone"


def test_a_graph_is_followed_to_model_adapters_texts_and_size() -> None:
    claims = told(png(prompt=json.dumps(GRAPH)))

    assert (claims.prompt, claims.negative_prompt) == ("boats at night", "people")
    assert (claims.seed, claims.steps, claims.guidance, claims.size) == ("7", "25", "6.5", "640x480")
    assert (claims.model, claims.loras) == ("sdxl.safetensors", ("ink.safetensors 0.7",))
    assert json.loads(claims.raw["prompt"]) == GRAPH


def test_a_graph_whose_sampler_is_put_together_from_nodes_is_followed_too() -> None:
    graph = {
        "1": {
            "class_type": "SamplerCustomAdvanced",
            "inputs": {"noise": ["2", 0], "guider": ["3", 0], "sampler": ["4", 0], "sigmas": ["5", 0]},
        },
        "2": {"class_type": "RandomNoise", "inputs": {"noise_seed": ["9", 0]}},
        "3": {"class_type": "BasicGuider", "inputs": {"model": ["6", 0], "conditioning": ["7", 0]}},
        "4": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}},
        "5": {"class_type": "BasicScheduler", "inputs": {"scheduler": "beta", "steps": 8, "model": ["6", 0]}},
        "6": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux.safetensors"}},
        "7": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["8", 0]}},
        "8": {"class_type": "CLIPTextEncode", "inputs": {"text": ["10", 0]}},
        "9": {"class_type": "PrimitiveInt", "inputs": {"value": 1234}},
        "10": {"class_type": "Text", "inputs": {"string": "linked boats"}},
    }
    claims = told(png(prompt=json.dumps(graph)))

    assert (claims.prompt, claims.seed, claims.steps) == ("linked boats", "1234", "8")
    assert (claims.sampler, claims.scheduler, claims.model) == ("euler", "beta", "flux.safetensors")


def test_a_graph_that_bites_its_own_tail_is_read_to_an_end() -> None:
    graph = {
        str(n): {
            "class_type": "KSampler",
            "inputs": {name: [str((n + 1) % 300), 0] for name in ("positive", "negative", "model", "seed", "steps")},
        }
        for n in range(300)
    }

    assert told(png(prompt=json.dumps(graph))).program == "ComfyUI"


def test_what_invokeai_wrote_before_is_read() -> None:
    image = {
        "prompt": [{"prompt": "a lake [fog]", "weight": 1}],
        "seed": 5,
        "steps": 9,
        "sampler": "k_lms",
        "cfg_scale": 7,
    }
    old = told(png(**{"sd-metadata": json.dumps({"model_weights": "sd-1.5", "model_hash": "cc", "image": image})}))
    oldest = told(png(Dream='"a lake [fog]" -s 50 -S 123 -W 512 -H 640 -C 7.5 -A k_lms'))

    assert (old.prompt, old.negative_prompt, old.seed, old.model) == ("a lake", "fog", "5", "sd-1.5")
    assert (oldest.prompt, oldest.negative_prompt, oldest.seed, oldest.size) == ("a lake", "fog", "123", "512x640")


def test_programs_with_one_flat_object_are_read() -> None:
    swarm = {
        "sui_image_params": {"prompt": "p", "negativeprompt": "n", "seed": 3, "model": "m", "swarm_version": "0.9"}
    }
    fooocus = {"prompt": "p", "negative_prompt": "n", "seed": "4", "base_model": "jug", "loras": [["ink", 0.5]]}
    novel = {"prompt": "p", "uc": "n", "seed": 5, "steps": 28}

    found = [
        told(png(parameters=json.dumps(swarm))),
        told(png(parameters=json.dumps(fooocus), fooocus_scheme="fooocus")),
        told(png(Software="NovelAI", Source="NAI V3", Comment=json.dumps(novel))),
    ]
    assert [each.program for each in found] == ["SwarmUI", "Fooocus", "NovelAI"]
    assert [each.seed for each in found] == ["3", "4", "5"]
    assert {(each.prompt, each.negative_prompt) for each in found} == {("p", "n")}
    assert found[1].loras == ("ink 0.5",)


def test_a_picture_that_says_nothing_claims_nothing() -> None:
    assert read_parameters(png()) is None
    assert read_parameters(b"no picture") is None
    assert read_parameters(png(Software="GIMP 3.0", Title="Boats")) is None


def test_a_text_that_nobody_understands_is_kept_as_it_is() -> None:
    claims = told(png(parameters="just words"))

    assert (claims.program, claims.prompt) == (None, None)
    assert claims.raw == {"parameters": "just words"}


def test_a_prompt_of_a_megabyte_is_cut_and_that_is_said() -> None:
    claims = told(png(parameters="x" * 1_000_000 + "\nSteps: 1, Sampler: a, Seed: 2"))

    assert claims.prompt == "x" * 20_000
    assert "The prompt has 1,000,000 characters; the first 20,000 are recorded, the file is kept whole." in claims.notes


def test_nul_is_replaced_and_emoji_stay() -> None:
    claims = told(with_chunks((b"tEXt", b"parameters\0" + "a\0b 🐈\nSteps: 1, Sampler: a, Seed: 2".encode())))

    assert claims.prompt == "a\ufffdb 🐈"
    assert any("NUL" in note for note in claims.notes)
    assert "\0" not in json.dumps(claims.to_json(), ensure_ascii=False)


@pytest.mark.parametrize("head", [(b"zTXt", b"parameters\0\0"), (b"iTXt", b"parameters\0\1\0\0\0")])
def test_a_text_that_unpacks_to_far_too_much_is_cut_while_unpacking(head: tuple[bytes, bytes]) -> None:
    claims = told(with_chunks((head[0], head[1] + zlib.compress(b"x" * 40_000_000))))

    assert any("unpacks to more than" in note for note in claims.notes)
    assert len(claims.raw["parameters"]) == 1_000_000


def test_a_picture_that_pillow_refuses_over_a_text_opens_without_its_texts() -> None:
    data = with_chunks((b"zTXt", b"parameters\0\0" + zlib.compress(b"x" * 3_000_000)))

    assert Picture.open(without_texts(data)).digest == picture(1).digest


@pytest.mark.parametrize(
    "text",
    [
        *("a:" * 100_000, "," * 150_000 + ":", 'a: "' * 50_000, "a: [" * 50_000, "a: " + "[" * 150_000),
        *("<lora:" * 50_000 + "\nSteps: 1, Sampler: a, Seed: 2", "\n" * 500_000),
    ],
    ids=["colons", "commas", "quotes", "lists", "deep", "adapters", "lines"],
)
def test_hostile_settings_are_read_in_linear_time(text: str) -> None:
    begun = time.process_time()
    parameters_of_texts({"parameters": f"p\nSteps: 1, {text}"})

    assert time.process_time() - begun < 0.4


def test_a_graph_with_links_without_end_is_left_before_it_costs_much() -> None:
    count, links = 6_000, 24
    nodes: dict[str, Any] = {
        str(n): {"class_type": "X", "inputs": {f"x{k}": [str((n * 7 + k * 131) % count), 0] for k in range(links)}}
        for n in range(count)
    }
    nodes |= {f"end{n}": {"class_type": "SaveImage", "inputs": {"images": [str(n), 0]}} for n in range(20)}
    text = json.dumps(nodes)
    begun = time.process_time()
    parameters_of_texts({"prompt": text})

    assert time.process_time() - begun < 10  # without an end it takes hours


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["class_type", "inputs", "positive", "model", "seed", "steps", "image", "prompt", "loras", "1"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["prompt", "workflow", "invokeai_metadata", "sd-metadata", "parameters", "Comment"]))
def test_no_json_from_a_stranger_raises(value: object, name: str) -> None:
    claims = parameters_of_texts({name: json.dumps(value), "Software": "NovelAI"})

    if claims is not None:
        json.dumps(claims.to_json(), allow_nan=False).encode()


@given(st.binary(max_size=200), st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"comf"]))
def test_no_bytes_in_a_chunk_raise(content: bytes, kind: bytes) -> None:
    read_parameters(with_chunks((kind, content)))


@given(st.binary(max_size=100))
def test_no_comment_raises(comment: bytes) -> None:
    assert isinstance(user_comment(b"UNICODE\0" + comment), str)
