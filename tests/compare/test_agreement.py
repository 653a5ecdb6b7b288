"""Pictures laid over each other agree where they show the same, and nowhere else."""

import zlib
from dataclasses import replace

import numpy as np
import pytest
from scenes import drawing, look

from provenance.compare import plane
from provenance.compare.agreement import Agreement, agreement, overlaid
from provenance.compare.look import unpack_grey

SAME = np.eye(3)


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


def test_of_what_is_seen_from_a_side_the_share_is_told_by_its_own_size() -> None:
    levels = look(drawing(3)).levels
    seen = plane.square(np.array([[0.5, 0, 0], [0, 0.5, 0]]))  # a quarter of it, and less where it recedes
    seen[2, :2] = 0.002, 0.0
    found = agreement(plane.laid(levels, seen, 160, 160, 255), levels, seen)

    corners = plane.moved(np.array([(0, 0), (160, 0), (160, 160), (0, 160)]), seen)
    (left, right), near, far = corners[:2, 0], *corners[[3, 2], 1]
    area = (right - left) * (near + far) / 2 / 160**2
    assert found.covered == pytest.approx(area, rel=0.05)
    assert found.overlap == 1
    assert found.plain.contained < area + 0.15


def test_where_a_work_recedes_what_agrees_there_is_more_of_it() -> None:
    work = look(drawing(3)).levels
    seen = np.eye(3)
    seen[2, 0] = -0.0035  # the right side of the artwork shows more than the left side of it, and smaller
    seen[:2, :2] *= 0.45
    artwork = plane.laid(work, seen, 160, 160, 255)
    near, far = artwork.copy(), artwork.copy()
    near[:, 80:], far[:, :80] = 255, 255

    parts = [agreement(each, work, seen).plain.contained for each in (artwork, near, far)]
    places = np.indices((160, 160), float)[::-1].reshape(2, -1).T
    sizes = np.abs(np.linalg.det(plane.steps(places, seen))).reshape(160, 160)
    share = sizes[:, 80:].sum() / sizes.sum()
    assert share > 0.7
    assert parts[2] / (parts[1] + parts[2]) == pytest.approx(share, abs=0.1)


def test_how_much_of_a_small_work_is_contained_does_not_depend_on_its_size() -> None:
    work = look(drawing(3)).levels
    small = plane.square(np.array([[4.0, 0, 0], [0, 4, 0]]))  # the artwork shows it at a quarter of its size
    artwork = plane.laid(work, small, 40, 40, 255)
    half = artwork.copy()
    half[20:] = plane.laid(look(drawing(8)).levels, small, 40, 40, 255)[20:]

    assert agreement(artwork, work, small).plain.contained > 0.9
    assert 0.3 < agreement(half, work, small).plain.contained < 0.7


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
    assert overlaid(first, second, np.array([[1.0, 0, 500], [0, 1, 0], [0, 0, 1]])) is None


def test_where_nothing_overlaps_nothing_is_said() -> None:
    levels = look(drawing(1)).levels

    assert agreement(levels, levels, np.array([[1.0, 0, 500], [0, 1, 0], [0, 0, 1]])) == Agreement()


def test_pictures_without_structure_agree_on_nothing() -> None:
    white = np.full((160, 160), 255, np.float32)
    found = agreement(white, white, SAME)

    assert (found.plain.agreeing, found.plain.contained) == (0.0, 0.0)


def test_the_thinnest_pictures_are_measured() -> None:
    line = unpack_grey(bytes([1, 0, 160, 0]) + zlib.compress(bytes(range(160))))

    assert agreement(line.astype(np.float32), line.astype(np.float32), SAME).overlap > 0
