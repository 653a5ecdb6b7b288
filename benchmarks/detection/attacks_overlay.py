"""Attacks that lay something on a picture, or put something round it."""

import math
from functools import lru_cache, partial

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.detection.attack import WHITE, Pixels, Random, as_pixels, canvas, chanced, family, pasted, plain

_SENTENCES = (
    "BIG SALE TODAY",
    "Follow for more art",
    "50 % OFF EVERYTHING",
    "When you finally get it",
    "Happy Birthday, Anna!",
    "LIMITED EDITION",
    "me on a monday morning",
    "Visit our new shop",
)
_INKS = ((255, 255, 255), (0, 0, 0), (220, 30, 40), (250, 210, 40), (30, 90, 210))
_STICKERS = 5


@lru_cache(maxsize=32)
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Give the font that comes with Pillow, the same on every machine."""
    return ImageFont.load_default(max(1, size))


def sentence(random: Random) -> str:
    """Draw a sentence by chance."""
    return _SENTENCES[random.integers(len(_SENTENCES))]


def fitting(text: str, width: float, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Give the largest font up to `size` in which `text` is at most `width` pixels wide."""
    return font(max(8, min(size, int(size * width / max(1.0, font(size).getlength(text))))))


def captioned(pixels: Pixels, random: Random, *, places: tuple[float, ...] = (0.5,), share: float = 0.13) -> Pixels:
    """Write a sentence over the picture at each of `places`, shares of the height, as memes have it."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    width, height = image.size
    ink = _INKS[random.integers(len(_INKS))]
    outline = (0, 0, 0) if sum(ink) > 400 else (255, 255, 255)
    for place in places:
        text = sentence(random)
        size = fitting(text, width * 0.92, max(8, round(height * share)))
        stroke = max(1, round(height * share / 14))
        at = (width / 2, height * place)
        draw.text(at, text, fill=ink, font=size, anchor="mm", stroke_width=stroke, stroke_fill=outline)
    return as_pixels(image)


def logo(pixels: Pixels, random: Random, *, share: float) -> Pixels:
    """Put an opaque badge of the share `share` of the area somewhere on it."""
    height, width = pixels.shape[:2]
    radius = round(math.sqrt(share * width * height / math.pi))
    radius = max(1, min(radius, min(width, height) // 2 - 1))
    centre = (
        int(random.integers(radius, max(radius + 1, width - radius))),
        int(random.integers(radius, max(radius + 1, height - radius))),
    )
    ink = _colour(random.integers(0, 200, 3))
    out = cv2.circle(pixels.copy(), centre, radius, ink, -1, cv2.LINE_AA)
    cv2.circle(out, centre, round(radius * 0.86), WHITE, max(1, radius // 18), cv2.LINE_AA)
    image = Image.fromarray(as_pixels(out))
    size = fitting("PRINTCO", radius * 1.5, radius)
    ImageDraw.Draw(image).text(centre, "PRINTCO", fill=WHITE, font=size, anchor="mm")
    return as_pixels(image)


def watermarked(pixels: Pixels, random: Random) -> Pixels:
    """Repeat a half transparent slanting mark all over, as stock agencies do."""
    height, width = pixels.shape[:2]
    side = math.ceil(math.hypot(width, height))
    sheet = Image.new("L", (side, side))
    draw = ImageDraw.Draw(sheet)
    step = max(24, side // 7)
    for row, top in enumerate(range(0, side, step // 2)):
        for left in range(-step * (row % 2), side, step * 2):
            draw.text((left, top), "stockpics", fill=255, font=font(max(8, step // 3)))
    turned = np.asarray(sheet.rotate(30 if random.random() < 0.5 else -30))
    top, left = (side - height) // 2, (side - width) // 2
    mask = turned[top : top + height, left : left + width, None] / 255 * 0.45
    return as_pixels(pixels * (1 - mask) + 140 * mask)


def stickered(pixels: Pixels, random: Random) -> Pixels:
    """Stick smiling faces, stars and hearts on it."""
    image = Image.fromarray(pixels)
    draw = ImageDraw.Draw(image)
    for _ in range(_STICKERS):
        radius = min(image.size) * random.uniform(0.06, 0.11)
        x, y = (random.uniform(radius, side - radius) for side in image.size)
        (_smile, _star, _heart)[random.integers(3)](draw, x, y, radius)
    return as_pixels(image)


def barred(pixels: Pixels, random: Random) -> Pixels:
    """Cover a band of 15 % of the height, all across, by one colour."""
    height = pixels.shape[0]
    top = int(random.uniform(0.2, 0.65) * height)
    out = pixels.copy()
    out[top : top + round(0.15 * height)] = random.integers(0, 256, 3)
    return out


def signed(pixels: Pixels, random: Random) -> Pixels:
    """Sign it in a corner with another name."""
    image = Image.fromarray(pixels)
    width, height = image.size
    ink = _INKS[random.integers(1, len(_INKS))]
    text = fitting("© art by jo 2026", width * 0.45, round(height * 0.07))
    ImageDraw.Draw(image).text((width * 0.97, height * 0.97), "© art by jo 2026", fill=ink, font=text, anchor="rs")
    return as_pixels(image)


def scribbled(pixels: Pixels, random: Random) -> Pixels:
    """Draw over it with a thick pen."""
    height, width = pixels.shape[:2]
    points = np.cumsum(random.normal(0, 0.16, (14, 2)), axis=0) % 1.0
    line = np.rint(points * (width, height)).astype(np.int32)
    ink = _colour(random.integers(0, 256, 3))
    return as_pixels(cv2.polylines(pixels.copy(), [line], isClosed=False, color=ink, thickness=max(3, width // 60)))


def bordered(pixels: Pixels, share: float, colour: tuple[int, int, int] = WHITE) -> Pixels:
    """Put a margin of `share` of the longer side all round."""
    rim = round(max(pixels.shape[:2]) * share)
    return as_pixels(cv2.copyMakeBorder(pixels, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=colour))


def letterboxed(pixels: Pixels, ratio: float = 16 / 9) -> Pixels:
    """Fill up with black to a shape of `ratio`; what is wider already becomes a square."""
    height, width = pixels.shape[:2]
    wide, tall = (round(height * ratio), height) if width < height * ratio * 0.95 else (max(width, height),) * 2
    return pasted(canvas(wide, tall, (0, 0, 0)), pixels, (wide - width) // 2, (tall - height) // 2)


def framed(pixels: Pixels, random: Random) -> Pixels:
    """Hang it in a wooden frame with a mat."""
    matted = bordered(pixels, 0.06, (245, 240, 230))
    wood = np.array([120, 78, 40]) + random.integers(-30, 30, 3)
    lines = bordered(matted, 0.012, _colour(wood * 0.55))
    outer = bordered(lines, 0.06, _colour(wood))
    grain = random.normal(0, 9, (outer.shape[0], 1, 1)) + random.normal(0, 4, (*outer.shape[:2], 1))
    rim = round(max(lines.shape[:2]) * 0.06)
    return pasted(as_pixels(outer + grain), lines, rim, rim)


def instant(pixels: Pixels) -> Pixels:
    """Put it in the white card of an instant photograph, on grey."""
    height, width = pixels.shape[:2]
    rim = round(0.07 * max(height, width))
    card = pasted(canvas(width + 2 * rim, height + 5 * rim, (250, 250, 248)), pixels, rim, rim)
    return bordered(card, 0.05, (128, 130, 134))


def rounded(pixels: Pixels) -> Pixels:
    """Round its corners, as applications' icons have them, on white."""
    image = Image.fromarray(pixels)
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), min(image.size) * 0.2, fill=255)
    return as_pixels(Image.composite(image, Image.new("RGB", image.size, WHITE), mask))


def _colour(levels: NDArray[np.floating] | NDArray[np.integer]) -> tuple[int, int, int]:
    return int(levels[0]), int(levels[1]), int(levels[2])


def _smile(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    draw.circle((x, y), radius, fill=(255, 205, 50), outline=(60, 40, 0), width=2)
    for side in (-1, 1):
        draw.circle((x + side * radius * 0.35, y - radius * 0.25), radius * 0.12, fill=(60, 40, 0))
    box = (x - radius * 0.5, y - radius * 0.4, x + radius * 0.5, y + radius * 0.55)
    draw.arc(box, 20, 160, fill=(60, 40, 0), width=max(2, int(radius * 0.12)))


def _star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    tips = [(radius if i % 2 == 0 else radius * 0.4, math.pi * (i / 5 - 0.5)) for i in range(10)]
    draw.polygon([(x + r * math.cos(a), y + r * math.sin(a)) for r, a in tips], fill=(250, 120, 30))


def _heart(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    for side in (-1, 1):
        draw.circle((x + side * radius * 0.45, y - radius * 0.3), radius * 0.52, fill=(230, 30, 70))
    tips = [(x - radius * 0.93, y - radius * 0.05), (x + radius * 0.93, y - radius * 0.05), (x, y + radius)]
    draw.polygon(tips, fill=(230, 30, 70))


OVERLAY = (
    *family(
        "overlay",
        text=chanced(captioned),
        logo_10=chanced(partial(logo, share=0.10)),
        logo_25=chanced(partial(logo, share=0.25)),
        watermarks=chanced(watermarked),
        stickers=chanced(stickered),
        bar=chanced(barred),
        signature=chanced(signed),
        scribble=chanced(scribbled),
    ),
    *family(
        "border",
        border_white_5=plain(partial(bordered, share=0.05)),
        border_black_15=plain(partial(bordered, share=0.15, colour=(0, 0, 0))),
        border_white_25=plain(partial(bordered, share=0.25)),
        letterbox=plain(letterboxed),
        frame=chanced(framed),
        instant_photo=plain(instant),
        rounded_corners=plain(rounded),
    ),
)
