"""What is laid on white by bands is what is laid on white at once."""

import numpy as np
import pytest

from provenance.fingerprint.white import grey_on_white, pixels_on_white
from provenance.picture import Picture


@pytest.mark.parametrize("shape", [(1300, 1000, 4), (1300, 1000, 3), (3, 1_100_000, 4), (1, 1, 4)])
def test_bands_change_no_pixel(shape: tuple[int, ...]) -> None:
    each = Picture(np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8))

    assert np.array_equal(pixels_on_white(each), np.asarray(each.on_white()))
    assert np.array_equal(grey_on_white(each), np.asarray(each.on_white().convert("L")))


def test_pixels_without_alpha_are_not_copied() -> None:
    each = Picture(np.zeros((5, 6, 3), np.uint8))

    assert np.shares_memory(pixels_on_white(each), each.pixels)
