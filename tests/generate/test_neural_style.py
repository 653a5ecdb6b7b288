"""Style transfer by a network that the user has: only VGG's weights are taken, and only the recorded ones."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pictures import picture
from safetensors.torch import save_file

from provenance.digest import Digest, Json, canonical_json
from provenance.errors import EngineError, NotFoundError
from provenance.generate.engine import Request, Weights
from provenance.generate.neural_style import NeuralStyle, Options
from provenance.generate.neural_style_network import Features

PLACES = {
    "vgg16": (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
    "vgg19": (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34),
}
WIDTHS = {
    "vgg16": (64,) * 2 + (128,) * 2 + (256,) * 3 + (512,) * 6,
    "vgg19": (64,) * 2 + (128,) * 2 + (256,) * 4 + (512,) * 8,
}


def tensors(architecture: str = "vgg16") -> dict[str, torch.Tensor]:
    """Random weights of the right shapes that neither grow nor fade from layer to layer."""
    drawn = torch.Generator().manual_seed(4)
    found: dict[str, torch.Tensor] = {}
    channels = 3
    for place, width in zip(PLACES[architecture], WIDTHS[architecture], strict=True):
        spread = (2 / (9 * channels)) ** 0.5
        found[f"features.{place}.weight"] = torch.randn(width, channels, 3, 3, generator=drawn) * spread
        found[f"features.{place}.bias"] = torch.zeros(width)
        channels = width
    return {name: tensor.bfloat16() for name, tensor in found.items()}


@pytest.fixture(scope="module")
def vgg(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "vgg16.safetensors"
    save_file(tensors(), str(path))
    return path


def transfer(
    path: Path, width: int = 32, height: int = 32, **asked: Any
) -> tuple[NDArray[np.uint8], Mapping[str, Json]]:
    weights = Weights(path=path, digest=asked.pop("digest", None) or Digest.of_file(path), settings={})
    progress: Callable[[float], None] = asked.pop("progress", lambda _: None)
    out = np.zeros((height, width, 3), np.uint8)
    request = Request(
        seed=asked.pop("seed", 3),
        width=width,
        height=height,
        options=Options(**{"effort": 0.02, **asked}),
        pictures={"content": picture(3).pixels, "style": picture(8).pixels},
        weights=weights,
        progress=progress,
    )
    return out, NeuralStyle().generate(request, out)


@pytest.mark.parametrize("architecture", ["vgg16", "vgg19"])
def test_both_networks_are_known_by_their_shapes(tmp_path: Path, architecture: str) -> None:
    path = tmp_path / "weights.safetensors"
    head = {"classifier.6.weight": torch.zeros(10, 4)}  # the layers behind are left out
    save_file(tensors(architecture) | head, str(path))

    assert NeuralStyle.inspect(path) == {"architecture": architecture}


def _without(name: str) -> dict[str, torch.Tensor]:
    return {key: tensor for key, tensor in tensors().items() if key != name}


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight": torch.zeros(4)},
        _without("features.28.bias"),
        tensors() | {"features.0.weight": torch.zeros(64, 4, 3, 3)},
        tensors() | {"extra": torch.zeros(1)},
        tensors() | {"features.0.bias": torch.zeros(64, dtype=torch.int64)},
    ],
)
def test_other_weights_are_refused_with_a_sentence(tmp_path: Path, wrong: dict[str, torch.Tensor]) -> None:
    path = tmp_path / "weights.safetensors"
    save_file(wrong, str(path))

    with pytest.raises(EngineError, match="does not hold the weights of VGG-16 or VGG-19"):
        NeuralStyle.inspect(path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "vgg16.pth"
    torch.save(tensors(), path)

    with pytest.raises(EngineError, match="is a pickle checkpoint"):
        NeuralStyle.inspect(path)
    with pytest.raises(EngineError, match="is a pickle checkpoint"):
        transfer(path)


def test_a_lying_header_and_a_missing_file_are_sentences(tmp_path: Path, vgg: Path) -> None:
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(vgg.read_bytes()[:-100])

    with pytest.raises(EngineError, match="is no whole safetensors file"):
        NeuralStyle.inspect(cut)
    with pytest.raises(NotFoundError, match="There is no file"):
        NeuralStyle.inspect(tmp_path / "none.safetensors")


def test_weights_that_changed_since_they_were_registered_are_refused(vgg: Path) -> None:
    with pytest.raises(EngineError, match="are not those that were recorded"):
        transfer(vgg, digest=Digest.of(b"others"))


def test_the_same_request_gives_the_same_picture_and_another_seed_another(vgg: Path) -> None:
    first, choices = transfer(vgg)
    second, again = transfer(vgg)
    other, _ = transfer(vgg, seed=4)

    assert np.array_equal(first, second)
    assert choices == again
    assert choices["architecture"] == "vgg16"
    assert canonical_json(choices)
    assert not np.array_equal(first, other)


def test_the_picture_comes_nearer_to_the_style_as_the_network_sees_it(vgg: Path) -> None:
    from provenance.generate.neural_style import _gram
    from provenance.generate.weights import load

    network = Features.of("vgg16", load(vgg, digest=Digest.of_file(vgg)), "cpu")

    def manner(pixels: NDArray[np.uint8]) -> list[torch.Tensor]:
        return [_gram(layer) for layer in network.manner(torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None] / 255)]

    wanted = manner(picture(8).pixels)
    weak, strong = (manner(transfer(vgg, strength=strength, effort=0.08)[0]) for strength in (0.0, 1.0))

    assert all(
        (near - goal).square().mean() < (far - goal).square().mean()
        for near, far, goal in zip(strong[:3], weak[:3], wanted[:3], strict=True)
    )


def test_kept_colours_are_those_of_the_content(vgg: Path) -> None:
    kept, _ = transfer(vgg, 64, 48, colour="keep", strength=0.0)
    chroma = kept.astype(int) - kept.mean(axis=2, keepdims=True)
    content = picture(3).pixels.astype(int) - picture(3).pixels.mean(axis=2, keepdims=True)

    assert np.abs(chroma - content).mean() < 12


def test_a_large_picture_is_worked_on_small_first(vgg: Path) -> None:
    heard: list[float] = []

    out, choices = transfer(vgg, 288, 40, progress=heard.append)

    assert out.std() > 5
    assert choices["steps"] == [3, 2]
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) == 6


def test_progress_may_stop_the_work(vgg: Path) -> None:
    def stop(_share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        transfer(vgg, progress=stop)


@pytest.mark.parametrize("size", [(1025, 64), (64, 31)])
def test_a_size_beyond_the_limits_is_refused(vgg: Path, size: tuple[int, int]) -> None:
    with pytest.raises(EngineError, match="sides from 32 to 1024 pixels"):
        transfer(vgg, *size)


def test_nothing_is_made_without_weights_or_pictures(vgg: Path) -> None:
    out = np.zeros((32, 32, 3), np.uint8)
    weights = Weights(path=vgg, digest=Digest.of_file(vgg))

    with pytest.raises(EngineError, match="needs the weights of a VGG network"):
        NeuralStyle().generate(Request(seed=1, width=32, height=32), out)
    with pytest.raises(EngineError, match="needs a picture as content"):
        NeuralStyle().generate(Request(seed=1, width=32, height=32, weights=weights), out)


def test_the_natural_size_is_that_of_the_content_up_to_512() -> None:
    assert NeuralStyle().natural_size(None, {"content": np.zeros((300, 1024, 3), np.uint8)}) == (512, 150)
