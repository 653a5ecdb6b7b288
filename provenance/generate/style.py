"""Style transfer without a trained network: the shapes of one picture in the patches of another.

From coarse to fine the picture is put together anew from patches of the style (`style_patches`), its patches are
brought to the style's in distribution (`style_slices`), and it is held near its content in the style's colours
(`style_colour`). Nothing but the two pictures goes in: no weights, and so no works that nobody can name.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image

from provenance.digest import Json
from provenance.errors import EngineError
from provenance.generate.chance import Chance
from provenance.generate.engine import Needs, Promise, Request, Weights
from provenance.generate.style_colour import Recoloured, recolour
from provenance.generate.style_patches import assemble
from provenance.generate.style_plan import Level, natural_size, plan, style_box
from provenance.generate.style_slices import flow

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

_SHARE = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What an artist decides."""

    strength: float = field(
        default=0.4,
        metadata={"help": "0 keeps the shapes of the content, 1 lets the style take over", "low": 0.0, "high": 1.0},
    )
    detail: float = field(
        default=0.5, metadata={"help": "how much of the content's fine detail stays", "low": 0.0, "high": 1.0}
    )
    colour: str = field(
        default="take",
        metadata={"help": "take the style's colours, or keep the content's", "choices": ("take", "keep")},
    )
    scale: float = field(
        default=1.0, metadata={"help": "the size of the style's marks, 2 is twice as large", "low": 0.25, "high": 4.0}
    )
    patch: int = field(
        default=7, metadata={"help": "side of the patches in pixels: large ones copy more of it", "low": 3, "high": 13}
    )
    effort: float = field(
        default=1.0,
        metadata={"help": "rounds at each size, times this; 0.5 is a quick draft", "low": 0.25, "high": 4.0},
    )


class Style:
    """One picture in the manner of another."""

    name: ClassVar[str] = "style"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = "One picture in the manner of another, by its patches; no trained network takes part."
    styles: ClassVar[Mapping[str, str]] = {}
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=False, scale=False)
    source_type: ClassVar[str] = "composite"
    """IPTC: several pictures made into one; see docs/decisions/0009-what-style-transfer-is-called.md."""
    needs: ClassVar[Needs] = Needs(
        pictures={
            "content": "The picture whose shapes stay.",
            "style": "The picture whose colours and marks are taken.",
        }
    )
    Options: ClassVar[type[Options]] = Options

    def natural_size(self, weights: Weights | None, pictures: "Mapping[str, NDArray[np.uint8]]") -> tuple[int, int]:  # noqa: ARG002
        """Give width and height of the content, its longer side at most 1024 pixels if that leaves room for patches.

        Raises EngineError for a content so slim that no size does.
        """
        height, width = _given(pictures, "content").shape[:2]
        return natural_size(width, height)

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; a content of another shape is cut to the shape asked for, around its middle.

        Raises EngineError where a picture is missing, too narrow or too large.
        """
        import torch

        options = request.options or Options()
        content, style = (_given(request.pictures, role) for role in ("content", "style"))
        levels = plan(
            request.height,
            request.width,
            style.shape[:2],
            strength=options.strength,
            detail=options.detail,
            scale=options.scale,
            effort=options.effort,
            patch=options.patch,
        )
        box = covering(content.shape[1], content.shape[0], request.width, request.height)
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            whole = _tensor(content, (request.width, request.height), request.device, box)
            used = style_box(*style.shape[:2])
            example = _tensor(style, (levels[-1].style_width, levels[-1].style_height), request.device, used)
            made = _transfer(whole, example, levels, options, request)
            out[...] = _pixels(made)
        request.progress(1.0)
        return {
            "seed": str(request.seed),
            "parameters": asdict(options),
            "content_box": list(box),
            "style_box": list(used),
            "levels": [f"{level.width}x{level.height}" for level in levels],
            "style_levels": [f"{level.style_width}x{level.style_height}" for level in levels],
        }


def covering(width: int, height: int, wanted_width: int, wanted_height: int) -> tuple[int, int, int, int]:
    """Give the largest box (left, top, right, bottom) of the wanted shape in the middle of a picture, in pixels."""
    across = min(width, max(1, round(height * wanted_width / wanted_height)))
    down = min(height, max(1, round(width * wanted_height / wanted_width)))
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def _transfer(
    content: "Tensor", style: "Tensor", levels: tuple[Level, ...], options: Options, request: Request
) -> "Tensor":
    chance = Chance(request.seed, "style")
    colours, style = _coloured(content, style, options, chance)
    total = sum(level.rounds * level.height * level.width for level in levels)
    done = 0
    picture = before = None
    for level in levels:
        size, style_size_ = (level.height, level.width), (level.style_height, level.style_width)
        example = _scaled(style, style_size_).clamp(-1, 1)
        goal = _scaled(colours.matched, size)
        if picture is None or before is None:
            picture = goal
        else:
            fine = _scaled(colours.smooth, size)
            picture = _scaled(picture, size) + options.detail * (fine - _scaled(_scaled(fine, before), size))
        before = size
        for number in range(level.rounds):
            picture = _round(picture, example, goal, level=level, number=number, patch=options.patch, chance=chance)
            done += level.height * level.width
            request.progress(0.99 * done / total)
    assert picture is not None
    return picture


def _round(
    picture: "Tensor", style: "Tensor", goal: "Tensor", *, level: Level, number: int, patch: int, chance: Chance
) -> "Tensor":
    picture = assemble(picture, style, patch=patch, chance=chance)
    last = number == level.rounds - 1
    if not last:
        picture = picture + level.hold * (1 - number / level.rounds) * (goal - picture)
    for step in range(level.slices):
        # The filters of a step are few, and leave grain: at the end the steps become smaller, and it is averaged away.
        share = _SHARE * (1 - step / level.slices) if last else _SHARE
        picture = flow(picture, style, patch=patch, share=share, chance=chance)
    return picture.clamp(-1, 1)


def _coloured(content: "Tensor", style: "Tensor", options: Options, chance: Chance) -> "tuple[Recoloured, Tensor]":
    """Settle whose colours are used: the content is recoloured, or the style is."""
    if options.colour == "take":
        return recolour(content, style, chance), style
    return Recoloured(smooth=content, matched=content), recolour(style, content, chance).matched


def _given(pictures: "Mapping[str, NDArray[np.uint8]]", role: str) -> "NDArray[np.uint8]":
    if role not in pictures:
        raise EngineError(f"Style transfer needs a picture as {role}: give it with --{role}.")
    pixels = pictures[role]
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or 0 in pixels.shape:
        raise EngineError(f"The {role} must be uint8 of shape (height, width, 3), not {pixels.dtype} {pixels.shape}.")
    return pixels


def _tensor(
    pixels: "NDArray[np.uint8]", size: tuple[int, int], device: str, box: tuple[int, int, int, int] | None = None
) -> "Tensor":
    """Bring a picture to `size` (width, height), as float32 of shape (1, 3, height, width), -1 to 1."""
    import torch

    # Pillow reduces bytes in bands: a print of 16384 pixels never becomes floating point as a whole.
    image = Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=3.0)
    scaled = torch.from_numpy(np.array(image)).to(device)
    return scaled.permute(2, 0, 1)[None].float() / 127.5 - 1


def _pixels(picture: "Tensor") -> "NDArray[np.uint8]":
    levels: NDArray[np.uint8] = ((picture[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).cpu().numpy()
    return levels


def _scaled(picture: "Tensor", size: tuple[int, int]) -> "Tensor":
    import torch.nn.functional as F  # noqa: N812

    if tuple(picture.shape[-2:]) == size:
        return picture
    return F.interpolate(picture, size=size, mode="bicubic", antialias=True, align_corners=False)
