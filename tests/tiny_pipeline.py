"""A Stable Diffusion pipeline of 1.2 million parameters and a LoRA for it, made from configurations, without a network.

Their weights are random, so the pictures are noise; everything about them is as with large ones.
They are made once and kept in the folder for temporary files, since importing diffusers is slow.
"""

import os
import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

from provenance.digest import Digest

SIDE = 64
"""The natural side of its pictures, in pixels."""


def tiny_pipeline() -> Path:
    """Give the folder of the pipeline. It is shared: copy it before changing it."""
    return _kept() / "pipeline"


def tiny_lora() -> Path:
    """Give the file of a LoRA that changes its pictures. It is shared: copy it before changing it."""
    return _kept() / "lora" / "ink.safetensors"


def tiny_noise(folder: Path) -> Path:
    """Make an unconditional pipeline in `folder`: it takes no prompt, and has no decoder and no text encoder."""
    import diffusers
    import torch

    from provenance.generate.pipeline_load import quiet

    library: Any = diffusers
    with quiet(), torch.random.fork_rng([]):
        torch.manual_seed(21)
        unet = library.UNet2DModel(
            sample_size=16,
            block_out_channels=(8, 16),
            layers_per_block=1,
            norm_num_groups=4,
            down_block_types=("DownBlock2D", "DownBlock2D"),
            up_block_types=("UpBlock2D", "UpBlock2D"),
        )
        library.DDPMPipeline(unet=unet, scheduler=library.DDPMScheduler()).save_pretrained(folder)
    return folder


def _kept() -> Path:
    versions = "-".join(map(version, ("diffusers", "transformers", "torch")))
    edition = Digest.of_file(Path(__file__)).hex[:8]
    folder = Path(tempfile.gettempdir()) / f"prov-tiny-{os.getuid()}-{edition}-{versions}"
    if not folder.is_dir():
        part = Path(tempfile.mkdtemp(dir=folder.parent))
        _make(part)
        try:
            part.rename(folder)
        except OSError:  # another process was quicker
            shutil.rmtree(part)
    return folder


def _make(folder: Path) -> None:
    import diffusers
    import torch

    library: Any = diffusers  # its classes have no types
    from provenance.generate.pipeline_load import quiet

    with quiet(), torch.random.fork_rng([]), warnings.catch_warnings():
        torch.manual_seed(20)
        pipeline = library.StableDiffusionPipeline(
            vae=_decoder(),
            text_encoder=_text_encoder(),
            tokenizer=_tokenizer(),
            unet=_denoiser(),
            scheduler=library.DDIMScheduler(
                beta_start=0.00085,
                beta_end=0.012,
                beta_schedule="scaled_linear",
                clip_sample=False,
                set_alpha_to_one=False,
                steps_offset=1,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
        pipeline.save_pretrained(folder / "pipeline", safe_serialization=True)
        _save_lora(pipeline, folder / "lora")


def _denoiser() -> Any:
    import diffusers

    library: Any = diffusers
    return library.UNet2DConditionModel(
        sample_size=SIDE // 2,
        block_out_channels=(32, 64),
        layers_per_block=1,
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=8,
    )


def _decoder() -> Any:
    import diffusers

    library: Any = diffusers
    return library.AutoencoderKL(
        sample_size=SIDE,
        block_out_channels=(16, 32),
        norm_num_groups=8,
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
    )


def _text_encoder() -> Any:
    from transformers import CLIPTextConfig, CLIPTextModel

    return CLIPTextModel(
        CLIPTextConfig(
            hidden_size=32,
            intermediate_size=64,
            num_attention_heads=4,
            num_hidden_layers=2,
            vocab_size=600,
            bos_token_id=0,
            pad_token_id=1,
            eos_token_id=2,
        )
    )


def _tokenizer() -> Any:
    """Make a tokenizer that knows every byte and nothing longer."""
    from transformers import CLIPTokenizer, convert_slow_tokenizer

    bytewise: Any = convert_slow_tokenizer
    letters = list(bytewise.bytes_to_unicode().values())
    words = ["<|startoftext|>", "<|pad|>", "<|endoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    return CLIPTokenizer(vocab={word: place for place, word in enumerate(words)}, merges=[], model_max_length=77)


def _save_lora(pipeline: Any, folder: Path) -> None:
    import torch
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    pipeline.unet.add_adapter(
        LoraConfig(r=4, lora_alpha=8, init_lora_weights=False, target_modules=["to_q", "to_v"]), "ink"
    )
    layers = {
        name: torch.randn(tensor.shape) / 2
        for name, tensor in get_peft_model_state_dict(pipeline.unet, adapter_name="ink").items()
    }
    pipeline.save_lora_weights(folder, unet_lora_layers=layers, weight_name="ink.safetensors", safe_serialization=True)
