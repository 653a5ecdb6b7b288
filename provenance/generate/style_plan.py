"""What style transfer will do, settled before it starts: sizes from coarse to fine, rounds, and how content holds."""

import math
from dataclasses import dataclass

from provenance.errors import EngineError

NATURAL = 1024
"""The longer side of a picture whose size nobody gave, in pixels."""
LONGEST = 2048
"""Pixels of the longer side of the largest picture."""
SHORTEST = 16
"""Pixels of the shorter side of the smallest picture: below, there is no room for patches."""

_GENTLE, _STRONG = 256, 24
"""The longer side of the coarsest level at strength 0 and 1: a small one lets large parts follow the style."""
_ROUNDS = (2, 3, 4)
"""Rounds at the finest level, at the next, and at all coarser ones."""
_SLICES = 5
_MOST_STYLE = 4
"""The style has at most so many times the pixels of a level."""
_SLIMMEST = 16
"""The longer side of a style is at most so many times the shorter; what lies beyond is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One size at which the picture is worked on."""

    height: int
    width: int
    style_height: int
    style_width: int
    rounds: int
    slices: int
    """Steps of distribution matching after each round."""
    hold: float
    """How far the picture is pulled back to its content after a round, 0 to 1; it fades over the rounds."""


def plan(
    height: int,
    width: int,
    style: tuple[int, int],
    *,
    strength: float,
    detail: float,
    scale: float,
    effort: float,
    patch: int,
) -> tuple[Level, ...]:
    """Lay out the levels for a picture of `height` x `width` and a style of `style` (height, width) pixels.

    Raises EngineError where the sizes leave no room.
    """
    check_size(height, width)
    left, top, right, bottom = style_box(*style)
    coarsest = min(max(height, width), _GENTLE * (_STRONG / _GENTLE) ** strength)
    steps = round(math.log2(max(height, width) / coarsest))
    ratio = (coarsest / max(height, width)) ** (1 / steps) if steps else 1.0
    levels = []
    for number in range(steps + 1):
        factor = ratio ** (steps - number)
        share = number / steps if steps else 1.0
        rounds = _ROUNDS[min(steps - number, len(_ROUNDS) - 1)]
        high, wide = (max(patch + 1, round(side * factor)) for side in (height, width))
        style_high, style_wide = style_size((bottom - top, right - left), high * wide, scale=scale, patch=patch)
        levels.append(
            Level(
                height=high,
                width=wide,
                style_height=style_high,
                style_width=style_wide,
                rounds=max(1, round(rounds * effort)),
                slices=_SLICES,
                hold=min(0.95, max(0.1, 1.2 - strength)) * (1 - share * (0.7 - 0.6 * detail)),
            )
        )
    return tuple(levels)


def natural_size(width: int, height: int) -> tuple[int, int]:
    """Give the size, width and height, of a picture from a content of so many pixels.

    Raises EngineError for a shape that has room for patches at no size.
    """
    longer, shorter = max(width, height), min(width, height)
    if longer * SHORTEST > shorter * LONGEST:
        raise EngineError(
            f"A content of {width} x {height} pixels is too slim for style transfer: one side may be at most "
            f"{LONGEST // SHORTEST} times as long as the other. Crop it to a less extreme shape."
        )
    factor = max(min(1.0, NATURAL / longer), SHORTEST / shorter)
    return max(1, round(width * factor)), max(1, round(height * factor))


def check_size(height: int, width: int) -> None:
    """Raise EngineError where a picture is too narrow or too large to be worked on."""
    if max(height, width) > LONGEST:
        raise EngineError(
            f"Style transfer makes pictures up to {LONGEST} pixels on the longer side; {width} x {height} are asked "
            f"for. Ask for a smaller --size, or enlarge the finished picture."
        )
    if min(height, width) < SHORTEST:
        raise EngineError(
            f"A picture of {width} x {height} pixels has no room for patches: the shorter side needs {SHORTEST} "
            "pixels at least. Crop the content to a less extreme shape, or ask for a larger --size."
        )


def style_box(height: int, width: int) -> tuple[int, int, int, int]:
    """Give the part (left, top, right, bottom) of a style that is used: all, or the middle of an extreme shape."""
    high, wide = min(height, _SLIMMEST * width), min(width, _SLIMMEST * height)
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def style_size(style: tuple[int, int], pixels: int, *, scale: float, patch: int) -> tuple[int, int]:
    """Give height and width of the style at a level of so many `pixels`, in its own shape.

    It has at most 4 times the pixels of the level, and room for a patch each way.
    """
    high, wide = style
    factor = min(scale, math.sqrt(_MOST_STYLE)) * math.sqrt(pixels / (high * wide))
    factor = max(factor, (patch + 1) / min(high, wide))
    return max(patch + 1, round(high * factor)), max(patch + 1, round(wide * factor))
