"""Colours are compared where two pictures lie over each other, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pictures import picture

from provenance.compare.colour import (
    RECOLOURED,
    SIDE,
    colours,
    pack_colour,
    small_colour,
    unpack_colour,
)
from provenance.errors import DamagedArchiveError
from provenance.picture import Picture

STILL = np.eye(3)
SEEDS = st.integers(0, 30)


def small(seed: int, width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    return small_colour(picture(seed, width, height))


def recoloured(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paint the same design in other colours: red is green now, green blue, and blue red."""
    return np.ascontiguousarray(pixels[..., [2, 0, 1]])


def mirrored(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels[:, ::-1])


def distance(
    first: NDArray[np.uint8], second: NDArray[np.uint8], matrix: NDArray[np.float64] = STILL, *, mirror: bool = False
) -> float:
    found = colours(first, second, matrix, mirrored=mirror)
    assert found is not None
    return found.distance


@given(SEEDS)
def test_a_picture_has_its_own_colours(seed: int) -> None:
    assert distance(small(seed), small(seed)) == 0


@pytest.mark.parametrize("seed", range(4))
def test_a_mirrored_picture_has_the_same_colours_when_it_is_laid_mirrored(seed: int) -> None:
    assert distance(mirrored(small(seed)), small(seed), mirror=True) == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_same_design_in_other_colours_is_far_whichever_way_it_is_laid(seed: int) -> None:
    here = recoloured(small(seed))

    straight = distance(here, small(seed))
    assert straight >= RECOLOURED
    assert distance(mirrored(here), small(seed), mirror=True) == pytest.approx(straight)


def test_colours_that_are_hardly_seen_to_differ_are_no_others() -> None:
    brighter = np.clip(small(1).astype(int) + 3, 0, 255).astype(np.uint8)

    assert 0 < distance(brighter, small(1)) < RECOLOURED / 4


def test_the_distance_is_that_of_the_standard() -> None:
    """CIE 1976 under D65: white to black is 100, and red to green as tables give both."""
    flat = [np.full((8, 8, 3), colour, np.uint8) for colour in ((255,) * 3, (0,) * 3, (255, 0, 0), (0, 255, 0))]
    white, black, red, green = flat

    assert distance(white, black) == pytest.approx(100, abs=0.1)
    assert distance(red, green) == pytest.approx(170.6, abs=0.3)


@given(SEEDS, SEEDS)
def test_which_of_two_pictures_comes_first_does_not_matter(one: int, other: int) -> None:
    assert distance(small(one), small(other)) == pytest.approx(distance(small(other), small(one)))


@pytest.mark.parametrize("left", [0, 4, 12])
def test_what_does_not_lie_over_the_other_picture_does_not_count(left: int) -> None:
    """A part of a work stands in a picture that has other colours around it."""
    work = small(2)
    around = np.full((work.shape[0], work.shape[1] + 12, 3), (255, 0, 255), np.uint8)
    around[:, left : left + work.shape[1]] = work
    there, elsewhere = (np.array([[1, 0, -away], [0, 1, 0], [0, 0, 1]], np.float64) for away in (left, 12 - left))

    assert distance(around, work, there) == pytest.approx(0, abs=1e-3)
    assert distance(around, work, elsewhere) > 5


@pytest.mark.parametrize("away", [64, 100, 1e6])
def test_pictures_that_hardly_overlap_have_no_distance(away: float) -> None:
    apart = np.array([[1, 0, away], [0, 1, 0], [0, 0, 1]], np.float64)

    assert colours(small(1), small(2), apart, mirrored=False) is None


def test_a_picture_of_one_pixel_has_no_distance() -> None:
    one = np.zeros((1, 1, 3), np.uint8)

    assert colours(one, one, STILL, mirrored=False) is None


@pytest.mark.parametrize("size", [(96, 64), (64, 96), (1, 1), (2000, 3), (24, 24)])
def test_a_small_copy_keeps_its_shape_and_comes_back_from_its_bytes(size: tuple[int, int]) -> None:
    copy = small_colour(Picture(np.zeros((size[1], size[0], 3), np.uint8)))

    height, width = copy.shape[:2]
    assert max(height, width) == SIDE
    assert width / height == pytest.approx(size[0] / size[1], rel=0.1) or min(height, width) == 1
    assert (unpack_colour(pack_colour(copy)) == copy).all()


def test_what_can_be_seen_through_is_white() -> None:
    clear = np.zeros((8, 8, 4), np.uint8)

    assert (small_colour(Picture(clear)) == 255).all()


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x02\x02" + bytes(11), b"\x02\x02" + bytes(13), b"\x00\x00"])
def test_bytes_that_are_no_copy_get_a_sentence(data: bytes) -> None:
    with pytest.raises(DamagedArchiveError, match="small colour copy"):
        unpack_colour(data)
