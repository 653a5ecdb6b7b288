"""Places that a report numbers alike lie where they should, whatever was done to the picture."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scenes import drawing

from provenance.compare.alignment import align, unit
from provenance.export.audit_report import Matrix
from provenance.export.audit_report_points import MOST, shared_points
from provenance.export.audit_report_regions import recorded_matrix
from provenance.fingerprint.local import CHANGES, SIDE, LocalFeatures, changed_descriptors, local_features
from provenance.picture import Picture

WORK = drawing(3, side=480).resize((480, 300))
BOX = (90, 30, 420, 260)
"""The part of the work that the artworks show."""


def changed(change: str) -> Image.Image:
    """Cut the part out and change it; its shape is another than the work's."""
    part = WORK.crop(BOX).resize((700, 440))
    part = ImageOps.mirror(part) if "mirrored" in change else part
    return ImageOps.invert(part) if "inverted" in change else part


def true_places(places: NDArray[np.float64], change: str) -> NDArray[np.float64]:
    """Say where places of the artwork are in the work, both 0 to 1."""
    across = 1 - places[:, 0] if "mirrored" in change else places[:, 0]
    left, top, right, bottom = BOX
    x, y = left + across * (right - left), top + places[:, 1] * (bottom - top)
    return np.column_stack([x / WORK.width, y / WORK.height])


def features(image: Image.Image) -> LocalFeatures:
    return local_features(Picture.from_image(image))


def found_matrix(here: LocalFeatures, there: LocalFeatures, change: str, size: tuple[int, int]) -> Matrix:
    """Find how one lies in the other as an audit does, and read it as a report does."""
    number = CHANGES.index(change)
    found = align(here, unit(changed_descriptors(here.descriptors)[number]), there, number)
    assert found is not None
    evidence = {"matrix": found.matrix.tolist(), "matrix_side": SIDE, "change": change}
    matrix = recorded_matrix(evidence, artwork=size, other=WORK.size)
    assert matrix is not None
    return matrix


@pytest.mark.parametrize("change", CHANGES)
def test_places_of_a_changed_part_are_where_they_truly_are(change: str) -> None:
    image = changed(change)
    here, there = features(image), features(WORK)

    matrix = found_matrix(here, there, change, image.size)
    pairs = np.array(shared_points(here, there, matrix, inverted="inverted" in change))

    assert 8 <= len(pairs) <= MOST
    off = (true_places(pairs[:, 0], change) - pairs[:, 1]) * WORK.size
    assert np.median(np.linalg.norm(off, axis=1)) < 1.5  # pixels of the work
    assert np.linalg.norm(off, axis=1).max() < 8


def test_they_are_spread_over_the_picture() -> None:
    here = features(WORK)

    pairs = np.array(shared_points(here, here, ((1, 0, 0), (0, 1, 0)), inverted=False))

    assert np.array_equal(pairs[:, 0], pairs[:, 1])
    assert (np.ptp(pairs[:8, 0], axis=0) > 0.6).all()
    apart = np.linalg.norm(pairs[:, None, 0] - pairs[None, :, 0], axis=2) + np.eye(len(pairs))
    assert apart.min() > 0.02


def test_where_nothing_looks_alike_there_are_none() -> None:
    here, there, flat = features(WORK), features(drawing(77).resize((480, 300))), features(Image.new("L", (9, 9)))

    assert len(shared_points(here, there, ((1, 0, 0), (0, 1, 0)), inverted=False)) < 3
    assert shared_points(here, flat, ((1, 0, 0), (0, 1, 0)), inverted=False) == ()
    assert shared_points(here, there, ((1, 0, 5), (0, 1, 5)), inverted=False) == ()


def test_points_at_one_place_count_once() -> None:
    here = features(WORK)
    crowded = LocalFeatures(
        width=here.width,
        height=here.height,
        points=(np.repeat(here.points[:5], 9, axis=0) + np.arange(45)[:, None] % 9 / 9).astype(np.float32),
        descriptors=np.repeat(here.descriptors[:5], 9, axis=0),
    )

    pairs = np.array(shared_points(crowded, crowded, ((1, 0, 0), (0, 1, 0)), inverted=False))

    assert 1 <= len(pairs) <= 5
