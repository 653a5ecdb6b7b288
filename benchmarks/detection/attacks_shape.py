"""Attacks on shape and storage: compression, size, crops, rotations, flips, perspective."""

import math
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.detection.attack import (
    WHITE,
    Attack,
    Pixels,
    Random,
    as_pixels,
    chanced,
    plain,
    resized,
    scaled,
)

_TRIES = 8


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Store as JPEG with the usual halved colour, and read again."""
    return _stored(pixels, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def webp(pixels: Pixels, quality: int) -> Pixels:
    """Store as lossy WebP and read again."""
    return _stored(pixels, ".webp", [cv2.IMWRITE_WEBP_QUALITY, quality])


def crop(pixels: Pixels, random: Random, *, cut: float, centred: bool) -> Pixels:
    """Cut off the share `cut` of the surface, both sides alike: around the middle, or elsewhere.

    The share is of the surface, as in Copydays (Douze and others 2009, section 5). Off-centre, of eight places by
    chance the one with most that differs from the paper is taken, as no one crops a picture down to its empty corner.
    """
    height, width = pixels.shape[:2]
    kept = math.sqrt(1 - cut)
    tall, wide = min(height, max(8, round(height * kept))), min(width, max(8, round(width * kept)))
    top, left = (height - tall) // 2, (width - wide) // 2
    if not centred:
        ink = cv2.integral(drawn(pixels))
        places = [
            (int(random.integers(height - tall + 1)), int(random.integers(width - wide + 1))) for _ in range(_TRIES)
        ]
        top, left = max(
            places,
            key=lambda at: int(
                ink[at[0] + tall, at[1] + wide] - ink[at[0], at[1] + wide] - ink[at[0] + tall, at[1]] + ink[at]
            ),
        )
    return pixels[top : top + tall, left : left + wide].copy()


def drawn(pixels: Pixels) -> Pixels:
    """Mark with 1 what differs from the colour of the border, shape (height, width)."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper = np.median(border, axis=0)
    marked: Pixels = (np.abs(pixels.astype(np.int16) - paper.astype(np.int16)).max(axis=2) > 24).astype(np.uint8)
    return marked


def rotate(pixels: Pixels, degrees: float, *, inner: bool = False) -> Pixels:
    """Turn around the middle: on a white sheet that holds all of it, or cut to what has no empty corner."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    if inner:
        share = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
        wide, tall = width * share, height * share
    else:
        wide, tall = width * cosine + height * sine, width * sine + height * cosine
    size = (round(wide), round(tall))
    matrix[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    return as_pixels(cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderValue=WHITE))


def perspective(pixels: Pixels, random: Random, *, share: float) -> Pixels:
    """See the picture from a side: each corner moves inwards by up to `share` of the sides, one by all of it."""
    height, width = pixels.shape[:2]
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moves = random.uniform(0, share, (4, 2))
    moves[random.integers(4)] = share
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    seen = (square + inwards * moves * (width, height)).astype(np.float32)
    return warped(pixels, seen, width, height)


def warped(pixels: Pixels, corners: NDArray[np.floating], width: int, height: int) -> Pixels:
    """Bring the picture's corners (from upper left clockwise) to `corners` on a white sheet."""
    tall, wide = pixels.shape[:2]
    square = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], np.float32)
    matrix = cv2.getPerspectiveTransform(square, corners.astype(np.float32))
    return as_pixels(cv2.warpPerspective(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR, borderValue=WHITE))


def shear(pixels: Pixels, share: float) -> Pixels:
    """Slant it by `share` of its height."""
    height, width = pixels.shape[:2]
    wide = round(width + height * share)
    corners = np.array([[height * share, 0], [wide, 0], [width, height], [0, height]], np.float32)
    return warped(pixels, corners, wide, height)


def stretched(pixels: Pixels, across: float, down: float) -> Pixels:
    """Scale the sides differently."""
    return resized(pixels, round(pixels.shape[1] * across), round(pixels.shape[0] * down))


def _stored(pixels: Pixels, suffix: str, how: list[int]) -> Pixels:
    done, data = cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), how)
    assert done
    return as_pixels(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])


def _crop(cut: float, *, centred: bool = True) -> Attack:
    name = f"crop-{cut * 100:.0f}" + ("" if centred else "-off-centre")
    return Attack(
        name=name,
        family="crop<=20" if cut <= 0.2 else "crop30-60" if cut <= 0.6 else "crop>60",
        change=chanced(lambda pixels, random: crop(pixels, random, cut=cut, centred=centred)),
    )


def _rotation(degrees: float, *, inner: bool = False) -> Attack:
    return Attack(
        name=f"rotate-{degrees:.0f}" + ("-cut" if inner else ""),
        family="rotate<=5" if degrees <= 5 else "rotate10-45",
        change=chanced(lambda pixels, random: rotate(pixels, degrees * random.choice((-1, 1)), inner=inner)),
    )


def _turned(name: str, turn: Callable[[Pixels], Pixels]) -> Attack:
    return Attack(name=name, family="flip/90", change=plain(lambda pixels: as_pixels(turn(pixels))))


SHAPE = (
    Attack(name="as-it-is", family="none", change=plain(np.copy)),
    *(
        Attack(name=f"jpeg-{quality}", family="jpeg", change=plain(partial(jpeg, quality=quality)))
        for quality in (90, 70, 50, 30, 10)
    ),
    Attack(name="webp-20", family="jpeg", change=plain(partial(webp, quality=20))),
    *(
        Attack(
            name=f"resize-{factor:g}",
            family="resize",
            change=plain(partial(scaled, factor=factor)),
        )
        for factor in (0.25, 0.5, 2)
    ),
    Attack(name="resize-wide", family="resize", change=plain(lambda p: stretched(p, 1.33, 1))),
    Attack(name="resize-narrow", family="resize", change=plain(lambda p: stretched(p, 0.75, 1))),
    *(_crop(cut) for cut in (0.05, 0.1, 0.2)),
    *(_crop(cut, centred=False) for cut in (0.1, 0.2)),
    *(_crop(cut) for cut in (0.3, 0.45, 0.6)),
    *(_crop(cut, centred=False) for cut in (0.3, 0.45, 0.6)),
    *(_crop(cut, centred=False) for cut in (0.75, 0.85)),
    *(_rotation(degrees) for degrees in (1, 3, 5)),
    _rotation(3, inner=True),
    *(_rotation(degrees) for degrees in (10, 20, 30, 45)),
    _rotation(20, inner=True),
    _turned("mirror", np.fliplr),
    _turned("upside-down", np.flipud),
    *(_turned(f"turn-{quarters * 90}", partial(np.rot90, k=quarters)) for quarters in (1, 2, 3)),
    *(
        Attack(
            name=f"perspective-{share * 100:.0f}",
            family="perspective",
            change=chanced(partial(perspective, share=share)),
        )
        for share in (0.1, 0.25)
    ),
    Attack(name="shear-20", family="perspective", change=plain(lambda p: shear(p, 0.2))),
)
