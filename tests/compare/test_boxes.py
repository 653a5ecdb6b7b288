"""Whole pictures, and things on plain ground, are laid over each other by their outline."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scenes import look

from provenance.compare import plane
from provenance.compare.agreement import agreement
from provenance.compare.boxes import best_turn, boxes_of, fitted
from provenance.fingerprint.method import ORIENTATIONS

TURNS = (
    lambda x: x,
    np.fliplr,
    np.flipud,
    lambda x: x[::-1, ::-1],
    np.transpose,
    np.rot90,
    lambda x: np.rot90(x, -1),
    lambda x: x[::-1, ::-1].T,
)


def sign(left: int = 60, size: int = 100) -> Image.Image:
    """Draw one thing without symmetry on plain ground."""
    image = Image.new("RGB", (220, 160), "white")
    pen = ImageDraw.Draw(image)
    pen.rectangle((left, 20, left + size, 20 + size), fill=(60, 90, 160))
    pen.polygon([(left + 10, 20 + size - 10), (left + size - 15, 30), (left + 20, 50)], fill=(240, 200, 40))
    pen.ellipse((left + size * 0.6, 20 + size * 0.6, left + size * 0.9, 20 + size * 0.9), fill=(20, 20, 20))
    return image


@pytest.mark.parametrize("turn", range(8), ids=ORIENTATIONS)
def test_each_orientation_is_laid_back(turn: int) -> None:
    levels = look(sign()).levels
    turned = np.ascontiguousarray(TURNS[turn](levels))
    here, there = boxes_of(turned), boxes_of(levels)

    alike, matrix = best_turn(here.turned(), here, there)

    assert alike > 0.95
    assert agreement(turned, levels, matrix).followed.contained > 0.9


def test_a_thing_that_was_moved_and_scaled_on_its_ground_is_found_by_its_box() -> None:
    first, second = look(sign(left=8, size=70)), look(sign(left=100, size=110))
    alike, matrix = best_turn(first.boxes.turned(), first.boxes, second.boxes)

    assert alike > 0.7
    assert agreement(first.levels, second.levels, fitted(first.levels, second.levels, matrix)).plain.contained > 0.8


def test_exchanged_light_and_dark_correlates_below_zero() -> None:
    levels = look(sign()).levels
    inverted = boxes_of(255 - levels)
    alike, _ = best_turn(inverted.turned(), inverted, boxes_of(levels))

    assert alike < -0.9


def test_fitting_finds_a_small_turn() -> None:
    image = sign()
    first, second = look(image.rotate(4, fillcolor="white")).levels, look(image).levels
    start = np.eye(3)

    better = fitted(first, second, start)

    assert agreement(first, second, better).plain.agreeing > agreement(first, second, start).plain.agreeing


def test_fitting_finds_what_was_seen_from_a_side() -> None:
    levels = look(sign()).levels
    seen = plane.square(np.array([[0.95, 0.02, 2], [0.01, 0.9, 3]]))
    seen[2, :2] = 0.001, -0.0005
    first = plane.laid(levels, seen, levels.shape[1], levels.shape[0], 255)

    affine, better = (fitted(first, levels, np.eye(3), from_a_side=each) for each in (False, True))

    assert plane.is_affine(affine)
    assert agreement(first, levels, better).plain.close > agreement(first, levels, affine).plain.close + 0.05
    np.testing.assert_allclose(
        plane.moved(np.array([(80, 60)]), better), plane.moved(np.array([(80, 60)]), seen), atol=1
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 160), (160, 2), (20, 20)])
def test_pictures_of_any_shape_have_boxes(shape: tuple[int, int]) -> None:
    flat = np.full(shape, 200, np.float32)
    boxes = boxes_of(flat)
    alike, matrix = best_turn(boxes.turned(), boxes, boxes)

    assert alike == pytest.approx(0)
    assert fitted(flat, flat, matrix).shape == (3, 3)


def test_a_thing_says_what_share_of_the_picture_it_takes() -> None:
    held = look(sign(left=60, size=100)).boxes

    assert held.thing == pytest.approx(100 * 100 / (220 * 160), rel=0.1)
    assert held.shares[0] == pytest.approx((0, 0, 1, 1))
    assert look(Image.effect_noise((100, 80), 90).convert("RGB")).boxes.thing == pytest.approx(1)
