"""Attacks that put a picture among others: on a background, in a collage, on a screen."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.detection.attack import (
    LARGEST,
    Attack,
    Pixels,
    Random,
    as_pixels,
    canvas,
    chanced,
    covering,
    pasted,
    resized,
    scaled,
    within,
)
from benchmarks.detection.attacks_overlay import font
from benchmarks.detection.attacks_shape import jpeg, warped

_SIDE = 640
_CELL = 360
_WIDEST = 4096


def placed(pixels: Pixels, random: Random, others: Sequence[Pixels], *, share: float) -> Pixels:
    """Put it somewhere on another picture; its longer side is `share` of that picture's."""
    below = covering(others[0], _SIDE, _SIDE)
    small = within(pixels, round(_SIDE * share))
    left, top = (int(random.integers(_SIDE - side + 1)) for side in (small.shape[1], small.shape[0]))
    return pasted(below, small, left, top)


def mocked_up(pixels: Pixels, random: Random, others: Sequence[Pixels]) -> Pixels:
    """Show it slanting on another picture, as posters and shirts are advertised."""
    below = covering(others[0], _SIDE, _SIDE)
    small = within(pixels, round(_SIDE * 0.6))
    height, width = small.shape[:2]
    at = np.array([random.uniform(0.05, 0.95) * (_SIDE - width), random.uniform(0.05, 0.95) * (_SIDE - height)])
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]]) + at
    corners = (square + random.uniform(-0.08, 0.08, (4, 2)) * (width, height)).clip(0, _SIDE)
    mask = warped(canvas(width, height, (0, 0, 0)), corners, _SIDE, _SIDE)
    seen = warped(small, corners, _SIDE, _SIDE)
    share = 1 - mask / 255
    return as_pixels(below * (1 - share) + seen * share)


def tiled(pixels: Pixels, random: Random, others: Sequence[Pixels]) -> Pixels:
    """Arrange it with three others, two by two, each cut to a square."""
    cells = [covering(one, _CELL, _CELL) for one in (pixels, *others[:3])]
    first, second, third, fourth = (cells[index] for index in random.permutation(4))
    return np.vstack([np.hstack([first, second]), np.hstack([third, fourth])])


def side_by_side(pixels: Pixels, random: Random, others: Sequence[Pixels], *, count: int) -> Pixels:
    """Put it in a row with others, all of one height and with a gap of white."""
    high = 420
    shown = (pixels, *others[: count - 1])
    widths = [min(_WIDEST, max(1, round(one.shape[1] * high / one.shape[0]))) for one in shown]
    row = [resized(one, wide, high) for one, wide in zip(shown, widths, strict=True)]
    gap = canvas(12, high)
    pieces = [piece for index in random.permutation(count) for piece in (row[index], gap)]
    return within(np.hstack(pieces[:-1]), LARGEST)


def mosaic(pixels: Pixels, random: Random, others: Sequence[Pixels]) -> Pixels:
    """Lay one large and three small pictures out as albums do; ours may be any, whole on white."""
    boxes = [(0, 0, 480, 720), *((480, 240 * row, 240, 240) for row in range(3))]
    sheet = canvas(720, 720)
    for box, one in zip(random.permutation(boxes), (pixels, *others[:3]), strict=True):
        left, top, width, height = (int(value) for value in box)
        factor = min((width - 8) / one.shape[1], (height - 8) / one.shape[0])
        small = scaled(one, factor)
        at = (left + (width - small.shape[1]) // 2, top + (height - small.shape[0]) // 2)
        sheet = pasted(sheet, small, *at)
    return sheet


def windowed(pixels: Pixels, random: Random) -> Pixels:
    """Take a picture of a desktop on which a viewer shows it."""
    shown = within(pixels, 560)
    height, width = shown.shape[:2]
    sheet = Image.new("RGB", (width + 150, height + 170), tuple(int(v) for v in random.integers(40, 160, 3)))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((40, 30, width + 110, height + 130), fill=(240, 240, 242))
    draw.rectangle((40, 30, width + 110, 58), fill=(52, 56, 64))
    draw.text((54, 36), "IMG_2041.png - Viewer", fill=(230, 230, 230), font=font(14))
    for index, colour in enumerate(((240, 90, 80), (240, 190, 70), (90, 200, 90))):
        draw.circle((width + 98 - 22 * index, 44), 7, fill=colour)
    draw.rectangle((0, height + 146, width + 150, height + 170), fill=(24, 26, 32))
    return pasted(np.array(sheet), shown, 75, 80)


def browsed(pixels: Pixels, random: Random) -> Pixels:
    """Take a picture of a page with toolbar, heading and lines of text round it, scaled and stored as JPEG."""
    shown = within(pixels, int(random.integers(330, 430)))
    height, width = shown.shape[:2]
    sheet = Image.new("RGB", (820, max(560, height + 240)), (255, 255, 255))
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((0, 0, 820, 64), fill=(222, 225, 230))
    draw.rounded_rectangle((110, 18, 700, 48), 15, fill=(255, 255, 255))
    draw.text((130, 24), "https://pictures.example/gallery/2041", fill=(70, 70, 70), font=font(15))
    for index in range(3):
        draw.circle((26 + 26 * index, 33), 9, outline=(110, 114, 120), width=2)
    draw.text((40, 84), "Our favourites of the week", fill=(20, 20, 20), font=font(26))
    for line in range((sheet.height - 150) // 20):
        end = 60 + width + 40 + int(random.integers(120, 820 - width - 120))
        draw.rectangle((width + 80, 142 + line * 20, min(end, 790), 150 + line * 20), fill=(205, 207, 212))
    draw.text((40, height + 152), "Liked by 2,041 people", fill=(90, 90, 90), font=font(15))
    return jpeg(scaled(pasted(np.array(sheet), shown, 40, 136), random.uniform(0.7, 1.1)), 70)


def on_phone(pixels: Pixels, random: Random) -> Pixels:
    """Take a picture of a telephone that shows it: black above and below, clock, buttons; then scaled down."""
    width, height = 480, 1000
    part = pixels[: pixels.shape[1] * (height - 160) // width + 1]  # what the screen has room for
    shown = resized(part, width, max(1, round(width * part.shape[0] / part.shape[1])))[: height - 160]
    sheet = Image.new("RGB", (width, height), (0, 0, 0))
    draw = ImageDraw.Draw(sheet)
    draw.text((24, 16), f"{random.integers(8, 20)}:{random.integers(10, 59)}", fill=(255, 255, 255), font=font(20))
    draw.rounded_rectangle((420, 20, 456, 36), 4, outline=(255, 255, 255), width=2)
    draw.text((24, 64), "< Photos", fill=(90, 160, 255), font=font(20))
    for index in range(4):
        draw.circle((75 + 110 * index, height - 48), 14, outline=(230, 230, 230), width=3)
    top = (height - shown.shape[0]) // 2
    return jpeg(scaled(pasted(np.array(sheet), shown, 0, top), 0.8), 80)


PLACE = (
    *(
        Attack(
            name=f"on-background-{share * 100:.0f}",
            family="place",
            others=1,
            change=partial(placed, share=share),
        )
        for share in (0.6, 0.45, 0.3)
    ),
    Attack(name="mock-up", family="place", others=1, change=mocked_up),
    Attack(name="collage-2x2", family="collage", others=3, change=tiled),
    Attack(name="collage-album", family="collage", others=3, change=mosaic),
    *(
        Attack(
            name=name,
            family="collage",
            others=count - 1,
            change=partial(side_by_side, count=count),
        )
        for name, count in (("side-by-side", 2), ("strip-of-3", 3))
    ),
    Attack(name="window", family="screenshot", change=chanced(windowed)),
    Attack(name="web-page", family="screenshot", change=chanced(browsed)),
    Attack(name="phone", family="screenshot", change=chanced(on_phone)),
)
