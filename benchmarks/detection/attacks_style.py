"""Attacks that draw a picture anew: sketch, paint, posters, outlines, warps, and another picture's manner."""

from collections.abc import Sequence
from functools import partial

import cv2
import numpy as np

from benchmarks.detection.attack import Attack, Pixels, Random, as_pixels, chanced, family, grey, plain, resized, within
from benchmarks.detection.attacks_tone import curve

_STYLE_SIDE = 320
_OIL_LEVELS = 8


def pencil(pixels: Pixels) -> Pixels:
    """Draw it in pencil: luma divided by its blurred negative (colour dodge), as photo editors do."""
    luma = grey(pixels)
    soft = cv2.GaussianBlur(255 - luma, (0, 0), 8)
    drawn = cv2.divide(luma, 255 - soft, scale=256)
    return as_pixels(np.repeat(drawn[..., None], 3, axis=2))


def paint(pixels: Pixels) -> Pixels:
    """Paint it in flat strokes: bilateral filters at half size, and fewer tones."""
    height, width = pixels.shape[:2]
    small = resized(pixels, width // 2, height // 2)
    for _ in range(3):
        small = as_pixels(cv2.bilateralFilter(small, 7, 40, 7))
    levels = np.round(np.arange(256) / 24) * 24
    return resized(curve(small, levels), width, height)


def oil(pixels: Pixels, radius: int = 4) -> Pixels:
    """Paint in oil: each pixel takes the mean colour of the commonest of eight tones round it (mode filter)."""
    tone = grey(pixels).astype(np.int32) * _OIL_LEVELS // 256
    box = (2 * radius + 1, 2 * radius + 1)
    most, colour = np.full(tone.shape, -1.0, np.float32), np.zeros(pixels.shape, np.float32)
    for level in range(_OIL_LEVELS):
        here = (tone == level).astype(np.float32)
        if not here.any():
            continue
        count = cv2.boxFilter(here, -1, box, normalize=False)
        mean = cv2.boxFilter(pixels * here[..., None], -1, box, normalize=False)
        wins = count > most
        most[wins] = count[wins]
        colour[wins] = mean[wins] / np.maximum(count[wins], 1)[:, None]
    return as_pixels(colour)


def posterised(pixels: Pixels, levels: int) -> Pixels:
    """Print it with `levels` tones a channel."""
    steps = np.floor(np.arange(256) / 256 * levels) * 255 / (levels - 1)
    return curve(pixels, steps)


def outlined(pixels: Pixels) -> Pixels:
    """Trace it: dark lines along the edges of any channel, on white."""
    soft = cv2.GaussianBlur(pixels, (0, 0), 1.2)
    edges = np.maximum.reduce([cv2.Canny(np.ascontiguousarray(soft[..., c]), 40, 110) for c in range(3)])
    lines = 255 - cv2.dilate(edges, np.ones((2, 2), np.uint8))
    return as_pixels(np.repeat(lines[..., None], 3, axis=2))


def elastic(pixels: Pixels, random: Random, *, reach: float) -> Pixels:
    """Bend it smoothly: every point moves by up to about `reach` % of the side, over bumps of an eighth of it."""
    height, width = pixels.shape[:2]
    bumps = random.normal(0, 1, (9, 9, 2)).astype(np.float32)
    moves = np.asarray(cv2.resize(bumps, (width, height), interpolation=cv2.INTER_CUBIC))
    moves = moves * (reach / 100 * max(height, width) / max(1e-6, float(moves.std())) / 4)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    bent = cv2.remap(
        pixels, columns + moves[..., 0], rows + moves[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return as_pixels(bent)


def halftone(pixels: Pixels, cell: int = 6) -> Pixels:
    """Print it in black dots on white, as newspapers do."""
    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    turned = ((rows + columns) / cell, (rows - columns) / cell)
    screen = (np.cos(np.pi * turned[0]) * np.cos(np.pi * turned[1]) + 1) * 127.5
    dots = (cv2.GaussianBlur(grey(pixels), (0, 0), cell / 4) > screen) * 255
    return as_pixels(np.repeat(dots[..., None], 3, axis=2))


def watercolour(pixels: Pixels, random: Random) -> Pixels:
    """Let the colours run a little, lighten them, and let the paper's grain show."""
    run = elastic(pixels, random, reach=0.8)
    soft = cv2.edgePreservingFilter(run, flags=cv2.RECURS_FILTER, sigma_s=20, sigma_r=0.35)
    grain = cv2.GaussianBlur(random.normal(0, 30, pixels.shape[:2]).astype(np.float32), (0, 0), 1.5)
    return as_pixels(30 + soft * 0.88 + grain[..., None])


def in_manner_of(pixels: Pixels, random: Random, others: Sequence[Pixels], *, colour: str) -> Pixels:
    """Redraw it in the manner of another picture, by our own engine `style` at 320 pixels, as gently as it can."""
    from provenance.generate.registry import request_for
    from provenance.generate.style import Style

    given = {"content": within(pixels, _STYLE_SIDE), "style": within(others[0], _STYLE_SIDE)}
    height, width = given["content"].shape[:2]
    request = request_for(
        Style(),
        seed=int(random.integers(1 << 31)),
        width=width,
        height=height,
        parameters={"effort": 0.5, "colour": colour, "strength": 0.15, "detail": 1.0},
        device="cpu",
        pictures=given,
    )
    out = np.zeros((height, width, 3), np.uint8)
    Style().generate(request, out)
    return resized(out, round(width * 1.6), round(height * 1.6))


STYLE = (
    *family(
        "style",
        pencil=plain(pencil),
        paint=plain(paint),
        oil=plain(oil),
        poster_4=plain(partial(posterised, levels=4)),
        poster_2=plain(partial(posterised, levels=2)),
        outlines=plain(outlined),
        halftone=plain(halftone),
        watercolour=chanced(watercolour),
        elastic_2=chanced(partial(elastic, reach=2)),
        elastic_5=chanced(partial(elastic, reach=5)),
    ),
    *(
        Attack(
            name=f"manner-colours-{word}",
            family="style",
            others=1,
            slow=True,
            rich=True,
            change=partial(in_manner_of, colour=colour),
        )
        for word, colour in (("taken", "take"), ("kept", "keep"))
    ),
)
