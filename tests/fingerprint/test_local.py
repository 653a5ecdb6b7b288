"""Points of a picture, and what becomes of them when it is mirrored or its light and dark are exchanged."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pictures import picture

from provenance.errors import DamagedArchiveError
from provenance.fingerprint.local import (
    CHANGES,
    SIDE,
    LocalFeatures,
    changed_descriptors,
    features_of,
    local_features,
)
from provenance.picture import Picture


def textured(seed: int = 0) -> NDArray[np.uint8]:
    """Make soft blobs, uint8 (240, 320): many points, none like another."""
    dice = np.random.default_rng(seed)
    blobs = np.kron(dice.integers(0, 256, (24, 32)), np.ones((10, 10)))
    return np.asarray((blobs + np.roll(blobs, 3, 0) + np.roll(blobs, 3, 1)) / 3, np.uint8)


def changed(pixels: NDArray[np.uint8], change: int) -> NDArray[np.uint8]:
    mirrored = pixels[:, ::-1] if change & 1 else pixels
    return np.ascontiguousarray(255 - mirrored if change & 2 else mirrored)


@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_descriptors_of_a_changed_picture_are_those_of_the_picture_in_another_order(change: int) -> None:
    features, after = features_of(textured()), features_of(changed(textured(), change))
    predicted = changed_descriptors(features.descriptors)[change]
    points = features.changed_points(change)

    near = np.linalg.norm(points[:, None, :2] - after.points[None, :, :2], axis=2)
    turned = np.abs(np.angle(np.exp(1j * (points[:, None, 3] - after.points[None, :, 3]))))
    same = (near < 1) & (turned < 0.2) & (np.abs(np.log2(points[:, None, 2] / after.points[None, :, 2])) < 0.2)
    found = same.any(axis=1)
    partner = same.argmax(axis=1)
    apart = np.abs(predicted.astype(int) - after.descriptors[partner].astype(int)).mean(axis=1)[found]
    assert found.mean() > 0.8
    assert np.median(apart) < 2


def test_features_survive_packing_to_the_last_bit() -> None:
    features = local_features(picture(3, 90, 120))
    again = LocalFeatures.from_bytes(features.to_bytes())

    assert len(features) > 5
    assert (again.width, again.height) == (features.width, features.height)
    np.testing.assert_array_equal(again.points, features.points)
    np.testing.assert_array_equal(again.descriptors, features.descriptors)


@given(st.binary(max_size=400))
def test_what_was_not_packed_by_us_is_damaged_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(DamagedArchiveError):
        assert LocalFeatures.from_bytes(data).to_bytes()


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 900), (3, 2000), (7, 7)])
def test_pictures_of_any_shape_have_points_or_none(height: int, width: int) -> None:
    features = local_features(Picture(np.full((height, width, 3), 255, np.uint8)))

    assert len(features) == 0
    assert max(features.width, features.height) == SIDE


def test_a_transparent_picture_is_seen_on_white() -> None:
    pixels = np.zeros((40, 40, 4), np.uint8)

    assert len(local_features(Picture(pixels))) == 0
