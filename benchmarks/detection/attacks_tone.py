"""Attacks on tone: light, colour, inversion, blur and noise."""

from functools import partial

import cv2
import numpy as np

from benchmarks.detection.attack import Pixels, Random, as_pixels, chanced, family, grey, plain, resized

_LEVELS = np.arange(256, dtype=np.float64)
_PALETTE_LEVELS = 6


def curve(pixels: Pixels, levels: np.ndarray) -> Pixels:
    """Replace each of the 256 levels by another, in all channels."""
    return as_pixels(cv2.LUT(pixels, as_pixels(levels)))


def contrast(pixels: Pixels, factor: float) -> Pixels:
    """Draw the levels away from middle grey, or towards it."""
    return curve(pixels, 128 + (_LEVELS - 128) * factor)


def gamma(pixels: Pixels, power: float) -> Pixels:
    """Raise the levels to a power."""
    return curve(pixels, 255 * (_LEVELS / 255) ** power)


def shaded(pixels: Pixels) -> Pixels:
    """Darken towards the corners, as filters for photographs do."""
    height, width = pixels.shape[:2]
    rows, columns = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    return as_pixels(pixels * (1 - 0.35 * (rows**2 + columns**2))[..., None])


def saturation(pixels: Pixels, factor: float) -> Pixels:
    """Draw the colours away from grey, or towards it."""
    flat = grey(pixels)[..., None].astype(np.float32)
    return as_pixels(flat + (pixels - flat) * factor)


def hue(pixels: Pixels, degrees: float) -> Pixels:
    """Turn the colour wheel."""
    wheel = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    wheel[..., 0] = (wheel[..., 0].astype(np.int16) + round(degrees / 2)) % 180
    return as_pixels(cv2.cvtColor(wheel, cv2.COLOR_HSV2RGB))


def sepia(pixels: Pixels) -> Pixels:
    """Tint as old photographs are."""
    matrix = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]], np.float32)
    return as_pixels(cv2.transform(pixels, matrix))


def recoloured(pixels: Pixels, random: Random) -> Pixels:
    """Redraw it in another palette: each of the main colours becomes another of about the same lightness.

    Colours are told apart on a cube of six levels a channel; what is nearly white or black stays so.
    """
    wheel = random.uniform(-1, 1, (_PALETTE_LEVELS**3, 3)) * 90
    step = 256 / _PALETTE_LEVELS
    cells = (pixels / step).astype(np.int32)
    index = (cells[..., 0] * _PALETTE_LEVELS + cells[..., 1]) * _PALETTE_LEVELS + cells[..., 2]
    chroma = wheel[:, :] - (wheel @ np.array([0.299, 0.587, 0.114]))[:, None]  # moves colour and leaves luma
    luma = grey(pixels).astype(np.float32)
    room = np.minimum(luma, 255 - luma)[..., None] / 64
    return as_pixels(pixels + chroma[index] * room.clip(0, 1))


def duotone(pixels: Pixels, random: Random) -> Pixels:
    """Print it from one dark and one light ink."""
    dark, light = random.uniform(0, 90, 3), random.uniform(165, 255, 3)
    share = grey(pixels)[..., None] / 255
    return as_pixels(dark + (light - dark) * share)


def dark_mode(pixels: Pixels) -> Pixels:
    """Invert the lightness and keep the hues, as dark themes do."""
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    lab[..., 0] = 255 - lab[..., 0]
    return as_pixels(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """Blur by a Gaussian of `sigma` pixels."""
    return as_pixels(cv2.GaussianBlur(pixels, (0, 0), sigma))


def motion(pixels: Pixels) -> Pixels:
    """Blur along a line of 15 pixels."""
    kernel = np.zeros((15, 15), np.float32)
    kernel[7] = 1 / 15
    return as_pixels(cv2.filter2D(pixels, -1, kernel))


def noise(pixels: Pixels, random: Random, *, spread: float) -> Pixels:
    """Add Gaussian noise of deviation `spread`, of 255."""
    grain = random.standard_normal(pixels.shape, dtype=np.float32)
    return as_pixels(pixels + grain * np.float32(spread))


def salt_and_pepper(pixels: Pixels, random: Random) -> Pixels:
    """Make one pixel in fifty white, and one in fifty black."""
    chance = random.random(pixels.shape[:2], dtype=np.float32)
    out = pixels.copy()
    out[chance < 0.02] = 255
    out[chance > 0.98] = 0
    return out


def coarse(pixels: Pixels, block: int) -> Pixels:
    """Show it in blocks of `block` pixels."""
    height, width = pixels.shape[:2]
    small = resized(pixels, width // block, height // block)
    return as_pixels(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST))


def sharpened(pixels: Pixels) -> Pixels:
    """Sharpen too much, by an unsharp mask."""
    return as_pixels(cv2.addWeighted(pixels, 2.5, cv2.GaussianBlur(pixels, (0, 0), 2), -1.5, 0))


TONE = (
    *family(
        "photometric",
        darker=plain(lambda p: curve(p, _LEVELS * 0.5)),
        brighter=plain(lambda p: curve(p, _LEVELS * 1.5)),
        less_contrast=plain(partial(contrast, factor=0.5)),
        more_contrast=plain(partial(contrast, factor=1.6)),
        gamma_half=plain(partial(gamma, power=0.5)),
        gamma_2=plain(partial(gamma, power=2)),
        shaded_corners=plain(shaded),
        faded=plain(lambda p: curve(p, 60 + _LEVELS * 0.7)),
    ),
    *family(
        "colour",
        saturation_2=plain(partial(saturation, factor=2)),
        saturation_half=plain(partial(saturation, factor=0.5)),
        grey=plain(partial(saturation, factor=0)),
        hue_54=plain(partial(hue, degrees=54)),
        hue_180=plain(partial(hue, degrees=180)),
        channels_swapped=plain(lambda p: as_pixels(p[..., [1, 2, 0]])),
        recoloured=chanced(recoloured),
        duotone=chanced(duotone),
        sepia=plain(sepia),
    ),
    *family(
        "inversion",
        inverted=plain(lambda p: as_pixels(255 - p)),
        dark_mode=plain(dark_mode),
        negative_grey=plain(lambda p: as_pixels(255 - saturation(p, 0))),
    ),
    *family(
        "blur/noise",
        blur_2=plain(partial(blur, sigma=2)),
        blur_6=plain(partial(blur, sigma=6)),
        blur_motion=plain(motion),
        noise_10=chanced(partial(noise, spread=10)),
        noise_40=chanced(partial(noise, spread=40)),
        salt_and_pepper=chanced(salt_and_pepper),
        coarse_8=plain(partial(coarse, block=8)),
        sharpened=plain(sharpened),
    ),
)
