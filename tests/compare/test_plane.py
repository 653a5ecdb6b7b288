"""Perspective transformations take points, pictures and areas along."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from provenance.compare import plane

SIDE = 100.0
FRAME = np.array([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)])


@some.composite
def seen(draw: some.DrawFn) -> np.ndarray:
    """Give a transformation without a horizon in the frame."""
    values = [draw(some.floats(low, high)) for low, high in ((-2, 2), (-2, 2), (-30, 30)) * 2]
    matrix = plane.square(np.array(values).reshape(2, 3))
    matrix[2, :2] = draw(some.floats(-0.003, 0.003)), draw(some.floats(-0.003, 0.003))
    assume(abs(np.linalg.det(matrix[:2, :2])) > 0.05)
    assume(abs(np.linalg.det(matrix)) > 0.05)
    return matrix


@given(seen())
def test_what_is_moved_forth_and_back_lies_where_it_was(matrix: np.ndarray) -> None:
    there = plane.moved(FRAME, matrix)

    np.testing.assert_allclose(plane.moved(there, np.linalg.inv(matrix)), FRAME, atol=1e-3)


@given(seen(), some.floats(0.1, 8))
def test_pictures_that_are_both_larger_are_laid_alike(matrix: np.ndarray, factor: float) -> None:
    larger = plane.moved(factor * FRAME, plane.scaled(matrix, factor))

    np.testing.assert_allclose(larger, factor * plane.moved(FRAME, matrix), rtol=1e-6, atol=1e-6)


@given(seen())
def test_steps_are_what_a_small_step_becomes(matrix: np.ndarray) -> None:
    step = 1e-5
    across = (plane.moved(FRAME + np.array([step, 0]), matrix) - plane.moved(FRAME - np.array([step, 0]), matrix)) / (
        2 * step
    )
    down = (plane.moved(FRAME + np.array([0, step]), matrix) - plane.moved(FRAME - np.array([0, step]), matrix)) / (
        2 * step
    )

    np.testing.assert_allclose(plane.steps(FRAME, matrix), np.stack([across, down], axis=2), atol=1e-3, rtol=1e-3)


@given(some.lists(some.floats(-20, 20), min_size=4, max_size=4))
def test_an_affine_matrix_is_sound_by_its_singular_values(values: list[float]) -> None:
    linear = np.array(values).reshape(2, 2)
    large, small = np.linalg.svd(linear, compute_uv=False)
    margins = np.array([3 * small - large, 12 - large, small - 1 / 12])

    if np.abs(margins).min() > 1e-9:
        assert plane.is_sound(plane.square(np.column_stack([linear, [5, 7]]))) == bool((margins > 0).all())


@pytest.mark.parametrize(("slant", "sound"), [(0.001, True), (-0.005, True), (-0.0095, False), (-0.02, False)])
def test_a_horizon_in_a_picture_is_not_sound(slant: float, sound: bool) -> None:
    matrix = np.eye(3)
    matrix[2, 0] = slant

    assert plane.is_sound(matrix, (SIDE, SIDE), (SIDE, SIDE)) is sound


def test_a_horizon_in_the_other_picture_is_not_sound_either() -> None:
    matrix = np.eye(3)
    matrix[2, 0] = 0.006

    assert plane.is_sound(matrix, (SIDE, SIDE), (SIDE, SIDE))
    assert not plane.is_sound(matrix, (SIDE, SIDE), (2 * SIDE, SIDE))


def test_a_picture_is_drawn_where_its_points_go() -> None:
    picture = np.zeros((50, 60), np.float32)
    picture[20:23, 30:33] = 200
    matrix = plane.square(np.array([[0.5, 0.1, 3], [-0.1, 0.6, 8]]))
    matrix[2, :2] = 0.001, 0.002

    found = plane.laid(picture, matrix, 150, 80, -1)

    (there,) = plane.moved(np.array([(31.0, 21.0)]), np.asarray(np.linalg.inv(matrix), np.float64))
    rows, columns = np.nonzero(found > 100)
    np.testing.assert_allclose((columns.mean(), rows.mean()), there, atol=0.7)
    assert found[79, 149] == -1


def test_how_much_nearer_a_corner_is_seen() -> None:
    matrix = np.eye(3)
    assert plane.foreshortened(matrix, (SIDE, SIDE)) == 1
    matrix[2, 0] = 0.002
    assert plane.foreshortened(matrix, (SIDE, SIDE)) == pytest.approx(1.2)


def test_it_is_written_in_two_rows_unless_it_needs_three() -> None:
    matrix = np.eye(3)
    assert plane.rows(matrix) == [[1, 0, 0], [0, 1, 0]]
    matrix[2, 1] = 1 / 3000
    assert plane.rows(matrix)[2] == [0, 1 / 3000, 1]
