"""Attacks of several steps, as pictures go through on their way from hand to hand."""

import cv2
import numpy as np

from benchmarks.detection.attack import Attack, Pixels, Random, as_pixels, canvas, chanced, resized, scaled, within
from benchmarks.detection.attacks_overlay import bordered, captioned, letterboxed, stickered
from benchmarks.detection.attacks_shape import crop, jpeg, perspective, rotate, webp
from benchmarks.detection.attacks_tone import blur, contrast, gamma, hue, noise, saturation


def cropped_coloured(pixels: Pixels, random: Random) -> Pixels:
    """Crop a fifth, turn the hues, raise the contrast, store badly."""
    part = crop(pixels, random, cut=0.2, centred=False)
    return jpeg(contrast(hue(part, float(random.uniform(20, 60))), 1.3), 50)


def mirrored_captioned(pixels: Pixels, random: Random) -> Pixels:
    """Mirror, crop 15 %, write a caption."""
    return captioned(crop(as_pixels(pixels[:, ::-1]), random, cut=0.15, centred=False), random, places=(0.85,))


def turned_bordered(pixels: Pixels, random: Random) -> Pixels:
    """Turn by up to 12 degrees, put a border round it, store as JPEG."""
    degrees = float(random.uniform(6, 12) * random.choice((-1, 1)))
    colour = tuple(int(level) for level in random.integers(0, 256, 3))
    return jpeg(bordered(rotate(pixels, degrees), 0.06, (colour[0], colour[1], colour[2])), 50)


def meme(pixels: Pixels, random: Random) -> Pixels:
    """Write captions above and below on white bands, store as a small JPEG."""
    height, width = pixels.shape[:2]
    band = canvas(width, round(height * 0.18))
    whole = np.vstack([band, pixels, band])
    written = captioned(whole, random, places=(0.07, 0.93), share=0.09)
    return jpeg(within(written, 480), 60)


def passed_on(pixels: Pixels, random: Random) -> Pixels:
    """Send it through four messengers: each scales it and stores it anew."""
    for quality in (80, 65, 55, 45):
        factor = float(random.uniform(0.7, 1.25))
        pixels = jpeg(scaled(pixels, min(factor, 800 / max(pixels.shape))), quality)
    return pixels


def generated_like(pixels: Pixels, random: Random) -> Pixels:
    """Do what an overfitted generator does: learnt at 96 pixels, softened, noisy, colours a little off."""
    height, width = pixels.shape[:2]
    small = noise(blur(within(pixels, 96), 0.7), random, spread=8)
    cast = as_pixels(small * random.uniform(0.9, 1.1, 3))
    return resized(cast, width, height)


def photographed(pixels: Pixels, random: Random) -> Pixels:
    """Photograph a screen: slanting, with stripes, uneven light, soft and noisy."""
    seen = perspective(bordered(pixels, 0.08, (20, 20, 22)), random, share=0.08)
    height, width = seen.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width]
    stripes = 6 * np.sin(rows / 2.1 + columns / 9.0)
    light = np.linspace(0.8, 1.1, width)[None] * np.linspace(1.05, 0.9, height)[:, None]
    return jpeg(noise(blur(as_pixels(seen * light[..., None] + stripes[..., None]), 1.0), random, spread=6), 75)


def shop_item(pixels: Pixels, random: Random) -> Pixels:
    """Cut a tenth off, mirror it or not, fade it, stick things on it, letterbox it."""
    part = crop(pixels, random, cut=0.1, centred=False)
    part = part if random.random() < 0.5 else as_pixels(part[:, ::-1])
    return webp(letterboxed(stickered(saturation(gamma(part, 0.8), 0.7), random)), 50)


def small_and_turned(pixels: Pixels, random: Random) -> Pixels:
    """Scale to a third, turn by a quarter, store badly, scale up again."""
    small = jpeg(scaled(pixels, 1 / 3), 40)
    return as_pixels(scaled(as_pixels(np.rot90(small, int(random.choice((1, 3))))), 2.5))


def sketch_cropped(pixels: Pixels, random: Random) -> Pixels:
    """Make it grey, crop a quarter, sharpen the contrast, lay paper's grain on it."""
    part = saturation(crop(pixels, random, cut=0.25, centred=False), 0)
    grain = cv2.GaussianBlur(random.normal(0, 25, part.shape[:2]).astype(np.float32), (0, 0), 1)
    return as_pixels(contrast(part, 1.4) + grain[..., None])


COMBINED = tuple(
    Attack(name=name, family="combined", change=chanced(change))
    for name, change in (
        ("crop-hue-jpeg", cropped_coloured),
        ("mirror-crop-text", mirrored_captioned),
        ("rotate-border-jpeg", turned_bordered),
        ("meme", meme),
        ("passed-on", passed_on),
        ("generator-like", generated_like),
        ("photo-of-screen", photographed),
        ("shop-item", shop_item),
        ("small-turned-jpeg", small_and_turned),
        ("grey-crop-grain", sketch_cropped),
    )
)
