"""Pictures laid over each other agree where they show the same, and nowhere else."""

import zlib
from dataclasses import replace

import numpy as np
from scenes import drawing, look

from provenance.compare.agreement import Agreement, agreement, overlaid
from provenance.compare.look import unpack_grey

SAME = np.eye(3)[:2]


def test_a_picture_agrees_with_itself_everywhere() -> None:
    levels = look(drawing(1)).levels
    found = agreement(levels, levels, SAME)

    assert found.plain.correlation > 0.98
    assert found.plain.agreeing > 0.98
    assert min(found.plain.explained, found.plain.contained) > 0.95
    assert (found.overlap, found.covered) == (1.0, 1.0)


def test_brightness_and_contrast_do_not_matter() -> None:
    levels = look(drawing(1)).levels

    assert agreement(levels, 60 + 0.4 * levels, SAME).plain.agreeing > 0.95


def test_other_drawings_do_not_agree() -> None:
    found = agreement(look(drawing(1)).levels, look(drawing(2)).levels, SAME)

    assert found.plain.correlation < 0.3
    assert found.plain.contained < 0.35


def test_a_part_is_contained_as_far_as_it_goes() -> None:
    whole = look(drawing(3)).levels
    part = np.ascontiguousarray(whole[:80])
    found = agreement(part, whole, SAME)

    assert found.plain.explained > 0.95
    assert 0.3 < found.plain.contained < 0.7
    assert found.covered == np.float64(0.5)


def test_a_bent_copy_agrees_once_its_movement_is_followed() -> None:
    levels = look(drawing(5)).levels
    rows, columns = np.mgrid[:160, :160]
    bent = levels[rows, np.clip(columns + np.rint(3 * np.sin(rows / 12)).astype(int), 0, 159)]
    found = agreement(bent, levels, SAME)

    assert found.followed.agreeing > found.plain.agreeing + 0.1
    assert 0 < found.moved < 9


def test_what_is_much_alike_agrees_less_in_small_windows() -> None:
    levels = look(drawing(5)).levels
    alike = levels + np.random.default_rng(1).normal(0, 25, levels.shape).astype(np.float32)
    found = agreement(alike, levels, SAME).plain

    assert found.close < found.correlation - 0.05
    assert agreement(levels, levels, SAME).plain.close > 0.95


def test_as_they_lie_pictures_are_measured_before_what_moves_is_followed() -> None:
    first, second = look(drawing(5)).levels, look(drawing(5).rotate(2, fillcolor="white")).levels
    quick = overlaid(first, second, SAME)

    assert quick is not None
    assert replace(quick.agreement().plain, close=0.0) == quick.plain
    assert overlaid(first, second, np.array([[1.0, 0, 500], [0, 1, 0]])) is None


def test_where_nothing_overlaps_nothing_is_said() -> None:
    levels = look(drawing(1)).levels

    assert agreement(levels, levels, np.array([[1.0, 0, 500], [0, 1, 0]])) == Agreement()


def test_pictures_without_structure_agree_on_nothing() -> None:
    white = np.full((160, 160), 255, np.float32)
    found = agreement(white, white, SAME)

    assert (found.plain.agreeing, found.plain.contained) == (0.0, 0.0)


def test_the_thinnest_pictures_are_measured() -> None:
    line = unpack_grey(bytes([1, 0, 160, 0]) + zlib.compress(bytes(range(160))))

    assert agreement(line.astype(np.float32), line.astype(np.float32), SAME).overlap > 0
