"""Where one picture lies in another: outlines on both, what happened on the way, and one laid over the other.

All places are 0 to 1, across and down, so that they hold for a picture of any size.
"""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from provenance.audit.copies import Relation
from provenance.compare import plane
from provenance.digest import Json
from provenance.export.audit_report import Matrix, Outline, ReportedMatch

_FRAME: Final = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
_UNIT: Final = (1.0, 1.0)
_LEAST: Final = 1e-6
_AROUND: Final = 0.04  # of the artwork, shown around the region
_TURNED: Final = 2  # degrees
_SPREAD: Final = 1.12  # of width to height
_INVERTED: Final = "inverted, light for dark"


def unit_matrix(
    matrix: plane.Matrix, *, artwork: tuple[int, int], other: tuple[int, int], side: int, mirrored: bool
) -> Matrix | None:
    """Rewrite what a comparison found for places of 0 to 1; None if it lays a picture onto a line.

    `matrix` takes pixels of a small copy of the artwork, mirrored first if `mirrored`, to pixels of a small
    copy of the other one; `artwork` and `other` are their full sizes, width first, `side` is the copies' longest side.
    """
    (width, height), (other_width, other_height) = _small(artwork, side), _small(other, side)
    into = np.array([[width, 0, -0.5], [0, height, -0.5], [0, 0, 1]])
    if mirrored:
        into = into @ np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1]])
    out = np.array([[1 / other_width, 0, 0.5 / other_width], [0, 1 / other_height, 0.5 / other_height], [0, 0, 1]])
    found = out @ matrix @ into
    return tuple((a, b, c) for a, b, c in plane.rows(found)) if _sound(found) else None


def recorded_matrix(evidence: Mapping[str, Json], *, artwork: tuple[int, int], other: tuple[int, int]) -> Matrix | None:
    """Give the `unit_matrix` of what the check for copies recorded; None if it recorded none that can be read."""
    try:
        matrix = np.array(evidence.get("matrix"), np.float64)
    except (ValueError, TypeError):
        return None
    side, change = evidence.get("matrix_side"), evidence.get("change")
    if matrix.shape not in {(2, 3), (3, 3)} or not isinstance(side, int) or not isinstance(change, str):
        return None
    return unit_matrix(_square(matrix), artwork=artwork, other=other, side=side, mirrored="mirrored" in change)


def regions(match: ReportedMatch) -> tuple[tuple[Outline, ...], tuple[Outline, ...]]:
    """Give the regions in the artwork and in the other picture: those that are known, else what both show.

    Where only the style is alike there are none.
    """
    if match.relation is Relation.STYLE:
        return (), ()
    if match.in_artwork or match.in_other or match.matrix is None:
        return _clipped(match.in_artwork), _clipped(match.in_other)
    forth = _square(match.matrix)
    if not _sound(forth):
        return (), ()
    there = _intersection(_moved(_FRAME, np.asarray(np.linalg.inv(forth), np.float64)))
    return ((there,), (_intersection(_moved(there, forth)),)) if len(there) > 2 else ((), ())


def share(outlines: tuple[Outline, ...]) -> float | None:
    """Give the share of the picture that regions take up, 0 to 1, by their areas; None if there is none."""
    if not outlines:
        return None
    return min(1.0, sum(_area(outline) for outline in outlines))


def way(match: ReportedMatch, artwork: tuple[int, int], other: tuple[int, int]) -> tuple[str, ...]:
    """Say what the other picture went through until it lay in the artwork: `mirrored`, `turned by 11°`, ...

    The sizes are of the pictures, width first: only their shape matters.
    """
    if match.matrix is None or not _sound(_square(match.matrix)):
        return (_INVERTED,) if match.inverted else ()
    forth = _square(match.matrix)
    linear = np.diag(other) @ plane.middle(forth, _UNIT) @ np.diag((1 / artwork[0], 1 / artwork[1]))
    back = np.linalg.inv(linear)
    mirrored = bool(np.linalg.det(back) < 0)
    if mirrored:
        back = back @ np.diag((-1, 1))
    degrees = round(math.degrees(math.atan2(back[1, 0] - back[0, 1], back[0, 0] + back[1, 1])))
    large, small = np.linalg.svd(back, compute_uv=False)
    said = {
        "mirrored": mirrored,
        f"turned by {abs(degrees)}°": abs(degrees) >= _TURNED,
        "stretched": large > _SPREAD * small,
        "seen from a side": plane.foreshortened(forth, _UNIT) > _SPREAD,
        _INVERTED: match.inverted,
    }
    return tuple(text for text, true in said.items() if true)


def laid_over(
    match: ReportedMatch, artwork: Image.Image, other: Image.Image, side: int
) -> tuple[Image.Image, Image.Image] | None:
    """Give the matched part of the artwork, and the other picture moved to lie on it, both of one size.

    The longest side is `side`. Outside the other picture its copy is clear. None if nobody knows how they lie.
    """
    if match.matrix is None or not _sound(_square(match.matrix)):
        return None
    left, top, right, bottom = _window(regions(match)[0])
    box = (left * artwork.width, top * artwork.height, right * artwork.width, bottom * artwork.height)
    width, height = max(1.0, box[2] - box[0]), max(1.0, box[3] - box[1])
    scale = side / max(width, height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    part = artwork.resize(size, Image.Resampling.LANCZOS, box=box)
    from_window = np.array([[(right - left) / size[0], 0, left], [0, (bottom - top) / size[1], top], [0, 0, 1]])
    whole = _square(match.matrix) @ from_window
    return part, _laid(_inverted(other) if match.inverted else other, whole, size)


def _laid(picture: Image.Image, whole: plane.Matrix, size: tuple[int, int]) -> Image.Image:
    """Draw `picture` where `whole`, from pixels of the drawing to 0 to 1 of it, says."""
    corners = np.array(_FRAME) * size
    steps = np.array([[picture.width], [picture.height]]) * plane.steps(corners, whole)
    shrink = 1 / max(float(np.linalg.norm(steps, axis=1).max()), _LEAST)
    if shrink < 1:  # else single pixels would be picked out of many
        smaller = max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))
        picture = picture.resize(smaller, Image.Resampling.LANCZOS)
    into = np.diag((picture.width, picture.height, 1)) @ whole
    coefficients = tuple(float(value) for value in (into / into[2, 2]).ravel()[:8])
    return picture.convert("RGBA").transform(
        size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=(0, 0, 0, 0)
    )


def _inverted(picture: Image.Image) -> Image.Image:
    return ImageOps.invert(picture.convert("RGB"))


def _window(outlines: tuple[Outline, ...]) -> tuple[float, float, float, float]:
    """Give the box around regions, with something around it: left, top, right, bottom."""
    corners = [point for outline in outlines for point in outline] or list(_FRAME)
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return (
        max(0.0, min(across) - _AROUND),
        max(0.0, min(down) - _AROUND),
        min(1.0, max(across) + _AROUND),
        min(1.0, max(down) + _AROUND),
    )


def _small(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Say how large a small copy is, as `fingerprint.local.grey` makes it."""
    longest = max(size)
    return max(1, round(size[0] * side / longest)), max(1, round(size[1] * side / longest))


def _square(matrix: Matrix | NDArray[np.float64]) -> plane.Matrix:
    held = np.asarray(matrix, np.float64)
    return held if len(held) == 3 else plane.square(held)


def _sound(matrix: plane.Matrix) -> bool:
    if not np.isfinite(matrix).all() or abs(float(np.linalg.det(matrix[:2, :2]))) <= _LEAST:
        return False
    return plane.is_affine(matrix) or plane.is_level(matrix, _UNIT, _UNIT)


def _moved(outline: Outline, matrix: plane.Matrix) -> Outline:
    return tuple((float(x), float(y)) for x, y in plane.moved(np.array(outline), matrix))


def _clipped(outlines: tuple[Outline, ...]) -> tuple[Outline, ...]:
    cut_off = (_intersection(outline) for outline in outlines if np.isfinite(outline).all())
    return tuple(outline for outline in cut_off if len(outline) > 2)


def _intersection(outline: Outline) -> Outline:
    """Cut an outline off at the picture's edges (Sutherland and Hodgman 1974)."""
    for axis, edge, inward in ((0, 0.0, 1), (0, 1.0, -1), (1, 0.0, 1), (1, 1.0, -1)):
        kept: list[tuple[float, float]] = []
        for number, here in enumerate(outline):
            before = outline[number - 1]
            inside, was_inside = inward * (here[axis] - edge) >= 0, inward * (before[axis] - edge) >= 0
            if inside != was_inside:
                kept.append(_crossing(before, here, axis, edge))
            if inside:
                kept.append(here)
        outline = tuple(kept)
    return outline


def _crossing(before: tuple[float, float], here: tuple[float, float], axis: int, edge: float) -> tuple[float, float]:
    part = (edge - before[axis]) / (here[axis] - before[axis])
    return before[0] + part * (here[0] - before[0]), before[1] + part * (here[1] - before[1])


def _area(outline: Outline) -> float:
    """Give the area of a polygon (the shoelace formula)."""
    pairs = zip(outline, (*outline[1:], *outline[:1]), strict=True)
    return abs(sum(x * down - across * y for (x, y), (across, down) in pairs)) / 2
