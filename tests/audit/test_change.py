"""How much an edit changed, and whether a picture can be an edit of another."""

import numpy as np
import pytest
from pictures import picture
from PIL import Image, ImageFilter

from provenance.audit.change import belongs, found_inside, measure_change
from provenance.picture import Picture


def _of(image: Image.Image) -> Picture:
    return Picture.from_image(image)


def test_what_was_painted_over_is_measured_with_its_box() -> None:
    before = picture(1, 100, 80)
    pixels = before.pixels.copy()
    pixels[20:40, 10:60] = (255, 0, 255)
    change = measure_change(before, Picture(pixels))

    assert change.share == pytest.approx(20 * 50 / (100 * 80), abs=0.01)
    assert change.evidence["box"] == "10 20 60 40"


def test_encoding_again_changes_next_to_nothing() -> None:
    before = picture(2, 100, 80)
    softened = _of(before.image().filter(ImageFilter.GaussianBlur(0.1)))

    share = measure_change(before, softened).share
    assert share is not None
    assert share < 0.01


@pytest.mark.parametrize("seed", range(4))
def test_a_cut_out_part_belongs_to_its_picture_and_to_no_other(seed: int) -> None:
    before = picture(seed, 320, 240)
    part = _of(before.image().crop((70, 30, 220, 200)))

    assert belongs(before, part)
    assert found_inside(before, part) > 0.95
    assert not belongs(picture(seed + 50, 320, 240), part)


@pytest.mark.parametrize("seed", range(12))
def test_strangers_do_not_belong(seed: int) -> None:
    assert not belongs(picture(seed, 160, 120), picture(seed + 100, 160, 120))


def test_paper_in_common_is_no_likeness() -> None:
    white = np.full((96, 96, 3), 255, np.uint8)
    one, other = white.copy(), white.copy()
    one[10:30, 10:30] = 0
    other[60:90, 50:90] = (200, 0, 0)

    assert not belongs(Picture(one), Picture(other))


def test_a_flat_picture_is_found_inside_nothing() -> None:
    flat = Picture(np.full((40, 40, 3), 128, np.uint8))

    assert found_inside(picture(1, 160, 120), flat) == 0.0


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_90, Image.Transpose.FLIP_LEFT_RIGHT])
def test_a_turned_picture_belongs(turn: Image.Transpose) -> None:
    before = picture(5, 200, 160)

    assert belongs(before, _of(before.image().transpose(turn)))
