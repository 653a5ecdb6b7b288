"""The small grey copy of a picture."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture

from provenance.compare.look import pack_grey, small_grey, unpack_grey
from provenance.errors import DamagedArchiveError
from provenance.picture import Picture


def test_a_small_grey_copy_survives_packing() -> None:
    grey = small_grey(picture(1, 300, 200))

    assert grey.shape == (107, 160)
    np.testing.assert_array_equal(unpack_grey(pack_grey(grey)), grey)


@given(st.binary(max_size=64))
def test_what_was_not_packed_by_us_is_damaged_and_nothing_else(data: bytes) -> None:
    with contextlib.suppress(DamagedArchiveError):
        assert unpack_grey(data).size


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1)])
def test_the_longest_side_is_160_whatever_the_shape(shape: tuple[int, int]) -> None:
    assert max(small_grey(Picture(np.zeros((*shape, 3), np.uint8))).shape) == 160
