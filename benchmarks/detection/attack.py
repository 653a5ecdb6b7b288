"""What an attack is: a picture of somebody's goes in, what a misuser makes of it comes out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""RGB, shape (height, width, 3)."""
Random = np.random.Generator
Change = Callable[[Pixels, Random, Sequence[Pixels]], Pixels]
"""The work, seeded chance, and as many other pictures as `Attack.others` says; what comes in is left as it is."""

WORK_SIDE = 512
"""Works are brought to this longest side before anything is done to them."""
LARGEST = 1024
"""No side of a result is longer."""
WHITE = (255, 255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One transformation."""

    name: str
    family: str
    change: Change
    others: int = 0
    """How many other pictures it takes: a background, partners of a collage, the source of a style."""
    rich: bool = False
    """The others are paintings or photographs: nobody takes the manner of a pictogram."""
    slow: bool = False
    """It takes seconds: it is measured on a few works only."""


def family(name: str, /, **changes: Change) -> tuple[Attack, ...]:
    """Make the attacks of a family: each is called as its argument, with hyphens."""
    return tuple(Attack(name=each.replace("_", "-"), family=name, change=change) for each, change in changes.items())


def plain(change: Callable[[Pixels], Pixels]) -> Change:
    """Make an attack's function of one that needs neither chance nor other pictures."""
    return lambda pixels, _random, _others: change(pixels)


def chanced(change: Callable[[Pixels, Random], Pixels]) -> Change:
    """Make an attack's function of one that needs no other pictures."""
    return lambda pixels, random, _others: change(pixels, random)


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Scale to the size given, in pixels: by areas downwards, cubic upwards."""
    size = (max(1, int(width)), max(1, int(height)))
    smaller = size[0] * size[1] < pixels.shape[0] * pixels.shape[1]
    return as_pixels(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC))


def scaled(pixels: Pixels, factor: float) -> Pixels:
    """Scale both sides by `factor`."""
    height, width = pixels.shape[:2]
    return resized(pixels, round(width * factor), round(height * factor))


def within(pixels: Pixels, side: int = LARGEST) -> Pixels:
    """Scale down, if need be, until no side is longer than `side`."""
    longest = max(pixels.shape[:2])
    return pixels if longest <= side else scaled(pixels, side / longest)


def covering(pixels: Pixels, width: int, height: int) -> Pixels:
    """Scale and cut a picture around its middle so that it fills `width` x `height`."""
    factor = max(width / pixels.shape[1], height / pixels.shape[0])
    large = resized(pixels, max(width, round(pixels.shape[1] * factor)), max(height, round(pixels.shape[0] * factor)))
    top, left = (large.shape[0] - height) // 2, (large.shape[1] - width) // 2
    return large[top : top + height, left : left + width]


def as_pixels(values: object) -> Pixels:
    """Bring numbers of any type to bytes, clipped to 0..255, rounded, in one block of memory."""
    array = np.asarray(values)
    if array.dtype != np.uint8:
        array = np.rint(array).clip(0, 255).astype(np.uint8)
    return np.ascontiguousarray(array)


def canvas(width: int, height: int, colour: tuple[int, int, int] = WHITE) -> Pixels:
    """Give a picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def pasted(ground: Pixels, pixels: Pixels, left: int, top: int) -> Pixels:
    """Lay `pixels` on a copy of `ground`, wholly inside of it."""
    out = ground.copy()
    out[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
    return out


def grey(pixels: Pixels) -> NDArray[np.uint8]:
    """Give the luma (ITU-R BT.601), shape (height, width)."""
    return as_pixels(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))
