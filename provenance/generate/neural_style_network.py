"""The convolutional layers of VGG-16 and VGG-19, from a file of weights that is checked before it is used."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from provenance.errors import EngineError
from provenance.generate.weights import Header

if TYPE_CHECKING:
    from torch import Tensor

_BLOCKS: Mapping[str, tuple[int, ...]] = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions in each block (K. Simonyan and A. Zisserman, ICLR 2015, table 1, columns D and E)."""
_WIDTHS = (64, 128, 256, 512, 512)
_DTYPES = frozenset({"float32", "float16", "bfloat16"})
_LARGEST = 1 << 30
"""Bytes of a file: VGG-19 with the layers that we leave out has 575 MB."""
_MEAN, _SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the pictures that torchvision's weights learnt from, channel by channel."""
_CONTENT = (3, 1)
"""The layer that knows shapes: conv4_2, as block and place in it from 0."""


def architecture_of(header: Header, path: Path) -> str:
    """Tell by names and shapes whether a file holds vgg16 or vgg19. Raises EngineError for anything else."""
    if header.size > _LARGEST:
        raise EngineError(f"{path} has {header.size:,} bytes; the weights of a VGG network have 600 million at most.")
    found = {name: entry.shape for name, entry in header.tensors.items() if not name.startswith("classifier.")}
    strange = next((name for name, entry in header.tensors.items() if entry.dtype not in _DTYPES), None)
    for architecture in _BLOCKS:
        if found == dict(_shapes(architecture)) and strange is None:
            return architecture
    raise EngineError(
        f"{path} does not hold the weights of VGG-16 or VGG-19 under torchvision's names (features.0.weight, ...), "
        "as float32, float16 or bfloat16. Export `torchvision.models.vgg19(weights=...).state_dict()` as .safetensors."
    )


def _shapes(architecture: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    channels = 3
    for number, width in _layers(architecture):
        yield f"features.{number}.weight", (width, channels, 3, 3)
        yield f"features.{number}.bias", (width,)
        channels = width


def _layers(architecture: str) -> Iterator[tuple[int, int]]:
    """Give the number, in torchvision's counting, and the width of each convolution."""
    number = 0
    for count, width in zip(_BLOCKS[architecture], _WIDTHS, strict=True):
        for _ in range(count):
            yield number, width
            number += 2  # the activation has a number too
        number += 1  # and so has the pooling


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What the network answers to a picture: RGB from 0 to 1, float32 of shape (1, 3, height, width)."""

    architecture: str
    layers: "tuple[tuple[Tensor, Tensor], ...]"
    """Weight and bias of each convolution."""

    @classmethod
    def of(cls, architecture: str, tensors: "Mapping[str, Tensor]", device: str) -> Self:
        """Take the convolutions; other layers are left out."""
        import torch

        layers = tuple(
            (
                tensors[f"features.{number}.weight"].to(device, torch.float32, memory_format=torch.channels_last),
                tensors[f"features.{number}.bias"].to(device, torch.float32),
            )
            for number, _ in _layers(architecture)
        )
        return cls(architecture=architecture, layers=layers)

    def manner(self, picture: "Tensor") -> "list[Tensor]":
        """Give the first layer of each block, conv1_1 to conv5_1."""
        return self.both(picture)[0]

    def shapes(self, picture: "Tensor") -> "Tensor":
        """Give conv4_2."""
        return self.both(picture)[1]

    def both(self, picture: "Tensor") -> "tuple[list[Tensor], Tensor]":
        """Give the layers of the manner and that of the shapes; blocks are joined by averages, as Gatys et al. do."""
        import torch
        import torch.nn.functional as F  # noqa: N812

        mean, spread = (picture.new_tensor(each)[None, :, None, None] for each in (_MEAN, _SPREAD))
        values = ((picture - mean) / spread).contiguous(memory_format=torch.channels_last)
        manner: list[Tensor] = []
        shapes = values
        layers = iter(self.layers)
        for block, count in enumerate(_BLOCKS[self.architecture]):
            if block:
                values = F.avg_pool2d(values, 2)
            # What lies behind the first layer of the last block is not asked for.
            for place in range(count if block < len(_WIDTHS) - 1 else 1):
                weight, bias = next(layers)
                values = F.relu(F.conv2d(values, weight, bias, padding=1))
                if place == 0:
                    manner.append(values)
                if (block, place) == _CONTENT:
                    shapes = values
        return manner, shapes
