"""How much of a picture an edit changed, and whether a picture can be an edit of another at all.

A first, simple measure (`pixels_v1`); regions and registration of moved pictures come as `_v2` beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.digest import Json
from provenance.fingerprint import fingerprint_all
from provenance.picture import Picture

MEASURE = "pixels_v1"

CHANGED_LEVELS = 8
"""A pixel counts as changed when a channel differs by more than this many of 255 levels: re-encoding does not."""

_ASPECT_SLACK = 0.01
_ALIKE = {"phash8_v1": 14, "phash16_v1": 92}
"""Distances up to which an edit may lie from its parent, far wider than for a finding: random pairs of
pictures lie around half of the bits (32 and 128), in the nearest of eight orientations around 24 and 110."""
_KEPT_SHARE = 0.2
_INSIDE = 0.9
_WORKING_SIDE = 256
_LEAST_SIDE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How much of a picture was changed."""

    measure: str
    share: float | None
    """0 to 1; None where the two cannot be laid over each other."""
    evidence: Mapping[str, Json]


def measure_change(before: Picture, after: Picture) -> Change:
    """Measure the share of pixels that changed: after a change of size alone, at the size before."""
    evidence: dict[str, Json] = {
        "levels": CHANGED_LEVELS,
        "size_before": f"{before.width}x{before.height}",
        "size_after": f"{after.width}x{after.height}",
    }
    laid = _laid_over(before, after)
    if laid is None:
        reason = "The proportions differ, so that pixels cannot be compared one by one."
        return Change(measure=MEASURE, share=None, evidence=evidence | {"reason": reason})
    changed = _apart(_rgb(before), laid) > CHANGED_LEVELS
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    if rows.size:
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        evidence["box"] = " ".join(map(str, box))
    return Change(measure=MEASURE, share=float(changed.mean()), evidence=evidence)


def belongs(before: Picture, after: Picture) -> bool:
    """Judge whether `after` may be an edit of `before`: alike by fingerprint, untouched in part, or cut out of it."""
    one, two = fingerprint_all(before), fingerprint_all(after)
    alike = any(  # the edit in each of its eight orientations against the parent as it is
        np.bitwise_count(two[name].matrix ^ one[name].matrix[0]).sum(axis=1).min() <= limit
        for name, limit in _ALIKE.items()
    )
    return bool(alike) or _untouched_share(before, after) >= _KEPT_SHARE or found_inside(before, after) >= _INSIDE


def found_inside(before: Picture, after: Picture) -> float:
    """Give the best normalised cross-correlation, -1 to 1, of `after` laid anywhere within `before`, unscaled.

    Both are reduced alike, until the longer side of `before` has 256 pixels; J. P. Lewis, "Fast Normalized
    Cross-Correlation", 1995. A picture that is larger in any direction, or nearly flat, gives 0.
    """
    from scipy.signal import fftconvolve

    scale = min(1.0, _WORKING_SIDE / max(before.width, before.height))
    image, patch = _small_grey(before, scale), _small_grey(after, scale)
    if min(patch.shape) < _LEAST_SIDE or any(p > i for p, i in zip(patch.shape, image.shape, strict=True)):
        return 0.0
    patch = patch - patch.mean()
    window = np.ones(patch.shape)
    sums = fftconvolve(image, window, mode="valid")
    spread = fftconvolve(image**2, window, mode="valid") - sums**2 / window.size
    energy = np.sqrt(np.maximum(spread, 0) * float((patch**2).sum()))
    likeness = fftconvolve(image, patch[::-1, ::-1], mode="valid")
    told = energy > window.size  # less than a grey level of contrast says nothing
    return float((likeness[told] / energy[told]).max(initial=0.0))


def _small_grey(picture: Picture, scale: float) -> NDArray[np.float64]:
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    grey = picture.on_white().convert("L").resize(size, Image.Resampling.BOX)
    return np.asarray(grey, np.float64)


def _untouched_share(before: Picture, after: Picture) -> float:
    """Give the share of equal pixels in place, without those of the commonest colour: paper is no likeness."""
    laid = _laid_over(before, after)
    if laid is None:
        return 0.0
    pixels = _rgb(before)
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, counts = np.unique(packed, return_counts=True)
    inked = packed != colours[counts.argmax()]
    if not inked.any():
        return 0.0
    return float((_apart(pixels, laid)[inked] <= CHANGED_LEVELS).mean())


def _laid_over(before: Picture, after: Picture) -> NDArray[np.uint8] | None:
    if (before.width, before.height) == (after.width, after.height):
        return _rgb(after)
    if abs(before.width * after.height / (before.height * after.width) - 1) > _ASPECT_SLACK:
        return None
    resized = after.on_white().resize((before.width, before.height), Image.Resampling.LANCZOS)
    return np.asarray(resized)


def _rgb(picture: Picture) -> NDArray[np.uint8]:
    return picture.pixels if picture.pixels.shape[2] == 3 else np.asarray(picture.on_white())


def _apart(one: NDArray[np.uint8], two: NDArray[np.uint8]) -> NDArray[np.uint8]:
    apart: NDArray[np.uint8] = (np.maximum(one, two) - np.minimum(one, two)).max(axis=2)
    return apart
