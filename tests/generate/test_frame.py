"""The plane that engines draw in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.generate.frame import REACH_LIMIT, Frame

sides = st.integers(1, 16_384)


def test_a_square_reaches_from_minus_one_to_one() -> None:
    frame = Frame.of(640, 640)

    assert frame.reach == (1.0, 1.0)
    assert (frame.x(0), frame.x(640), frame.y(320)) == (-1.0, 1.0, 0.0)


@given(width=sides, height=sides)
def test_no_picture_reaches_past_the_limit(width: int, height: int) -> None:
    assert max(Frame.of(width, height).reach) <= REACH_LIMIT * (1 + 1e-9)


@given(width=st.integers(1, 2000), height=st.integers(1, 2000), factor=st.integers(2, 8))
def test_a_print_shows_the_same_part_of_the_plane_as_its_preview(width: int, height: int, factor: int) -> None:
    preview, large = Frame.of(width, height), Frame.of(width * factor, height * factor)

    assert large.reach == pytest.approx(preview.reach)


@given(width=st.integers(1, 300), height=st.integers(1, 300), side=st.integers(1, 400))
def test_tiles_cover_every_pixel_once_and_end_at_one(width: int, height: int, side: int) -> None:
    tiles = list(Frame.of(width, height).tiles(max(side, 20)))

    area = sum((tile.bottom - tile.top) * (tile.right - tile.left) for tile, _ in tiles)
    assert area == width * height
    assert len({(tile.top, tile.left) for tile, _ in tiles}) == len(tiles)
    assert tiles[-1][1] == 1.0
