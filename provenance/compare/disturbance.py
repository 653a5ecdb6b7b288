"""Small things that happen to pictures, for measuring on one's own works how well copies of them are found."""

import io
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from provenance.picture import Picture

Dice = np.random.Generator

_WHITE: Final = (255, 255, 255)


def _cropped(image: Image.Image, dice: Dice) -> Image.Image:
    share = float(np.sqrt(dice.uniform(0.5, 0.9)))
    width, height = max(1, round(image.width * share)), max(1, round(image.height * share))
    left, top = (int(dice.integers(0, room + 1)) for room in (image.width - width, image.height - height))
    return image.crop((left, top, left + width, top + height))


def _turned(image: Image.Image, dice: Dice) -> Image.Image:
    return image.rotate(float(dice.uniform(-25, 25)), resample=Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE)


def _framed(image: Image.Image, dice: Dice) -> Image.Image:
    colour = tuple(int(value) for value in dice.integers(0, 256, 3))
    return ImageOps.expand(image, max(1, round(max(image.size) * float(dice.uniform(0.05, 0.25)))), colour)


def _placed(image: Image.Image, dice: Dice) -> Image.Image:
    side = round(max(image.size) * float(dice.uniform(1.5, 2.2)))
    ground = Image.new("RGB", (side, side), tuple(int(value) for value in dice.integers(0, 256, 3)))
    left, top = (int(dice.integers(0, side - length + 1)) for length in image.size)
    ground.paste(image, (left, top))
    return ground


def _compressed(image: Image.Image, dice: Dice) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=int(dice.integers(15, 70)))
    return Image.open(file).convert("RGB")


def _shrunk(image: Image.Image, dice: Dice) -> Image.Image:
    share = float(dice.uniform(0.25, 0.6))
    return image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))


def _lit(image: Image.Image, dice: Dice) -> Image.Image:
    brighter = ImageEnhance.Brightness(image).enhance(float(dice.uniform(0.6, 1.4)))
    return ImageEnhance.Contrast(brighter).enhance(float(dice.uniform(0.6, 1.5)))


def _recoloured(image: Image.Image, dice: Dice) -> Image.Image:
    hue, saturation, value = image.convert("HSV").split()
    shift = int(dice.integers(40, 216))
    return Image.merge("HSV", (hue.point(lambda level: (level + shift) % 256), saturation, value)).convert("RGB")


def _blurred(image: Image.Image, dice: Dice) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(float(dice.uniform(0.5, 2.5))))


def _grained(image: Image.Image, dice: Dice) -> Image.Image:
    pixels = np.asarray(image, np.float32) + dice.normal(0, float(dice.uniform(5, 25)), (*image.size[::-1], 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


DISTURBANCES: Final[Mapping[str, Callable[[Image.Image, Dice], Image.Image]]] = {
    "as it is": lambda image, _dice: image,
    "cropped": _cropped,
    "turned": _turned,
    "framed": _framed,
    "placed": _placed,
    "compressed": _compressed,
    "shrunk": _shrunk,
    "lit": _lit,
    "recoloured": _recoloured,
    "mirrored": lambda image, _dice: ImageOps.mirror(image),
    "inverted": lambda image, _dice: ImageOps.invert(image),
    "blurred": _blurred,
    "grained": _grained,
}
"""What happens to pictures, by name."""

_LONGEST: Final = 512


def disturbed(picture: Picture, name: str, dice: Dice) -> Picture:
    """Let the disturbance of that name happen to `picture`, on white, its longest side at most 512 pixels before."""
    image = picture.on_white()
    image.thumbnail((_LONGEST, _LONGEST))
    return Picture.from_image(DISTURBANCES[name](image, dice))
