"""Style transfer by the layers of a network that learnt to name photographs, for those who have its weights.

L. A. Gatys, A. S. Ecker and M. Bethge, "Image style transfer using convolutional neural networks", CVPR 2016: the
picture is changed until a deep layer answers as it does to the content, and the layers agree among themselves (their
Gram matrices) as they do for the style. It is done small first, then large (Gatys et al., "Controlling perceptual
factors in neural style transfer", CVPR 2017). The weights are VGG-16 or VGG-19 (K. Simonyan and A. Zisserman, ICLR
2015) under the names that torchvision gives them; we bring none.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image

from provenance.digest import Json
from provenance.errors import EngineError
from provenance.generate import weights as files
from provenance.generate.chance import Chance
from provenance.generate.engine import Needs, Promise, Request, Weights
from provenance.generate.neural_style_network import Features, architecture_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

NATURAL = 512
"""The longer side of a picture whose size nobody gave, in pixels at most."""
LONGEST, SHORTEST = 1024, 32
"""Pixels: above, the layers would need more than about 4 GB; below, the deepest have nothing to look at."""

_COARSE = 256
_STEPS = (150, 80)
"""Steps at the small size and at the full one."""
_RATE = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an artist decides."""

    strength: float = field(
        default=0.5,
        metadata={"help": "0 keeps the content, 1 lets the style take over", "low": 0.0, "high": 1.0},
    )
    smoothness: float = field(
        default=0.3, metadata={"help": "how much neighbouring pixels are evened out", "low": 0.0, "high": 1.0}
    )
    colour: str = field(
        default="take",
        metadata={"help": "take the style's colours, or keep the content's", "choices": ("take", "keep")},
    )
    effort: float = field(
        default=1.0, metadata={"help": "steps, times this; 0.3 is a quick draft", "low": 0.02, "high": 4.0}
    )


class NeuralStyle:
    """One picture in the manner of another, as a network sees manners."""

    name: ClassVar[str] = "neural-style"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "One picture in the manner of another, by the layers of a VGG network that you have."
    styles: ClassVar[Mapping[str, str]] = {}
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=False, scale=False)
    source_type: ClassVar[str] = "compositeWithTrainedAlgorithmicMedia"
    """IPTC; see docs/decisions/0009-what-style-transfer-is-called.md."""
    needs: ClassVar[Needs] = Needs(
        weights=True,
        pictures={
            "content": "The picture whose shapes stay.",
            "style": "The picture whose colours and marks are taken.",
        },
    )
    Options: ClassVar[type[Options]] = Options

    @staticmethod
    def inspect(path: Path) -> Mapping[str, Json]:
        """Say which network the .safetensors file at `path` holds: `{"architecture": "vgg16" or "vgg19"}`.

        Only its header is read. Raises EngineError for anything else, NotFoundError where there is no file.
        """
        return {"architecture": architecture_of(files.read_header(path), path)}

    def natural_size(self, weights: Weights | None, pictures: "Mapping[str, NDArray[np.uint8]]") -> tuple[int, int]:  # noqa: ARG002
        """Give width and height of the content, its longer side at most 512 pixels. Raises EngineError."""
        height, width = _given(pictures, "content").shape[:2]
        factor = min(1.0, NATURAL / max(height, width))
        size = max(1, round(width * factor)), max(1, round(height * factor))
        _check_size(*size)
        return size

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; a content of another shape is cut to the shape asked for, around its middle.

        Raises EngineError where weights or a picture are missing or do not fit.
        """
        if request.weights is None:
            raise EngineError("Neural style needs the weights of a VGG network: register them with `prov model add`.")
        _check_size(request.width, request.height)
        options = request.options or Options()
        content, style = (_given(request.pictures, role) for role in ("content", "style"))
        network = _network(request.weights, request.device)
        made = _transfer(network, content, style, options, request)
        out[...] = _pixels(made)
        request.progress(1.0)
        return {
            "seed": str(request.seed),
            "architecture": network.architecture,
            "parameters": asdict(options),
            "content_box": list(_covering(content, request.width, request.height)),
            "steps": [_steps(count, options) for count in _STEPS],
        }


def _network(weights: Weights, device: str) -> Features:
    header = files.read_header(weights.path)
    architecture = architecture_of(header, weights.path)
    expected = {name: (entry.dtype, entry.shape) for name, entry in header.tensors.items()}
    return Features.of(architecture, files.load(weights.path, digest=weights.digest, expected=expected), device)


def _transfer(
    network: Features,
    content: "NDArray[np.uint8]",
    style: "NDArray[np.uint8]",
    options: Options,
    request: Request,
) -> "Tensor":
    """Work at a small size, then at the one asked for; RGB from 0 to 1, shape (1, 3, height, width)."""
    box = _covering(content, request.width, request.height)
    factor = min(1.0, max(_COARSE / max(request.width, request.height), SHORTEST / min(request.width, request.height)))
    sizes = [(max(1, round(request.width * factor)), max(1, round(request.height * factor)))]
    sizes += [(request.width, request.height)] if factor < 1 else []
    work = [_steps(count, options) * width * height for count, (width, height) in zip(_STEPS, sizes, strict=False)]
    chance = Chance(request.seed, "neural style")
    picture: Tensor | None = None
    for number, (width, height) in enumerate(sizes):
        target = _tensor(content, (width, height), request.device, box)
        example = _tensor(style, _style_size(style, width, height), request.device)
        if options.colour == "keep":
            example = _with_luminance_only(example)
        start = _start(target, chance) if picture is None else _scaled(picture, (height, width))
        done, share = sum(work[:number]), work[number]
        picture = _descend(
            network,
            start,
            _with_luminance_only(target) if options.colour == "keep" else target,
            example,
            options=options,
            steps=_steps(_STEPS[number], options),
            progress=lambda part, done=done, share=share: request.progress(  # type: ignore[misc]
                0.99 * (done + share * part) / sum(work)
            ),
        )
    assert picture is not None
    whole = _tensor(content, (request.width, request.height), request.device, box)
    return _in_colours_of(picture, whole) if options.colour == "keep" else picture


def _descend(
    network: Features,
    start: "Tensor",
    content: "Tensor",
    style: "Tensor",
    *,
    options: Options,
    steps: int,
    progress: Callable[[float], None],
) -> "Tensor":
    """Change `start` until the network answers as it should (Adam; D. P. Kingma and J. Ba, ICLR 2015)."""
    import torch

    with torch.no_grad():
        wanted = [_gram(layer) for layer in network.manner(style)]
        shapes = network.shapes(content)
    weight = 10.0 ** (4 * options.strength - 1)
    picture = start.detach().clone().requires_grad_(True)  # noqa: FBT003
    optimiser = torch.optim.Adam([picture], lr=_RATE, betas=(0.9, 0.99))
    for step in range(steps):
        optimiser.zero_grad(set_to_none=True)
        layers, deep = network.both(picture)
        manner = sum(_unlike(_gram(layer), goal) for layer, goal in zip(layers, wanted, strict=True)) / len(wanted)
        loss = weight * manner + _unlike(deep, shapes) + options.smoothness * _roughness(picture)
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        if not math.isfinite(float(loss.detach())):
            raise EngineError("The network answers with numbers that are none: are these the weights of a VGG network?")
        progress((step + 1) / steps)
    return picture.detach()


def _gram(layer: "Tensor") -> "Tensor":
    flat = layer.float().flatten(2)[0]
    product: Tensor = flat @ flat.T / flat.shape[1]
    return product


def _unlike(have: "Tensor", want: "Tensor") -> "Tensor":
    """Give the squared difference as a share of the square of `want`, so that every layer counts alike."""
    return (have - want).float().square().mean() / (want.float().square().mean() + 1e-8)


def _roughness(picture: "Tensor") -> "Tensor":
    across = (picture[..., 1:] - picture[..., :-1]).abs().mean()
    return across + (picture[..., 1:, :] - picture[..., :-1, :]).abs().mean()


def _start(content: "Tensor", chance: Chance) -> "Tensor":
    """Begin with the content and a little noise: the seed settles which of the many pictures comes of it."""
    return (content + chance.normal(*content.shape, spread=0.05).float().to(content.device)).clamp(0, 1)


def _with_luminance_only(picture: "Tensor") -> "Tensor":
    return _luminance(picture).expand_as(picture)


def _in_colours_of(picture: "Tensor", colours: "Tensor") -> "Tensor":
    """Keep the luminance of `picture` alone (Gatys et al., "Preserving color in neural style transfer", 2016)."""
    return (colours + _luminance(picture) - _luminance(colours)).clamp(0, 1)


def _luminance(picture: "Tensor") -> "Tensor":
    return picture[:, :1] * 0.299 + picture[:, 1:2] * 0.587 + picture[:, 2:] * 0.114


def _steps(count: int, options: Options) -> int:
    return max(1, round(count * options.effort))


def _style_size(style: "NDArray[np.uint8]", width: int, height: int) -> tuple[int, int]:
    """Give the style as many pixels as the picture, in its own shape, and no side that is too short or too long."""
    high, wide = style.shape[:2]
    factor = math.sqrt(width * height / (high * wide))
    return tuple(min(2 * LONGEST, max(SHORTEST, round(side * factor))) for side in (wide, high))


def _check_size(width: int, height: int) -> None:
    if max(width, height) > LONGEST or min(width, height) < SHORTEST:
        raise EngineError(
            f"Neural style makes pictures with sides from {SHORTEST} to {LONGEST} pixels; {width} x {height} are asked "
            "for. Choose another --size, or crop the content."
        )


def _given(pictures: "Mapping[str, NDArray[np.uint8]]", role: str) -> "NDArray[np.uint8]":
    if role not in pictures:
        raise EngineError(f"Neural style needs a picture as {role}: give it with --{role}.")
    return pictures[role]


def _covering(pixels: "NDArray[np.uint8]", width: int, height: int) -> tuple[int, int, int, int]:
    """Give the largest box (left, top, right, bottom) of the wanted shape in the middle of a picture, in pixels."""
    high, wide = pixels.shape[:2]
    across = min(wide, max(1, round(high * width / height)))
    down = min(high, max(1, round(wide * height / width)))
    left, top = (wide - across) // 2, (high - down) // 2
    return left, top, left + across, top + down


def _tensor(
    pixels: "NDArray[np.uint8]", size: tuple[int, int], device: str, box: tuple[int, int, int, int] | None = None
) -> "Tensor":
    import torch

    image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    return torch.from_numpy(np.array(image)).to(device).permute(2, 0, 1)[None].float() / 255


def _scaled(picture: "Tensor", size: tuple[int, int]) -> "Tensor":
    import torch.nn.functional as F  # noqa: N812

    return F.interpolate(picture, size=size, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def _pixels(picture: "Tensor") -> "NDArray[np.uint8]":
    levels: Any = (picture[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()
    pixels: NDArray[np.uint8] = levels
    return pixels
