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
    """Judge whether `after` may be an edit of `before`: alike by fingerprint, or much of it untouched in place."""
    one, two = fingerprint_all(before), fingerprint_all(after)
    alike = any(  # the edit in each of its eight orientations against the parent as it is
        np.bitwise_count(two[name].matrix ^ one[name].matrix[0]).sum(axis=1).min() <= limit
        for name, limit in _ALIKE.items()
    )
    return bool(alike) or _untouched_share(before, after) >= _KEPT_SHARE


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
