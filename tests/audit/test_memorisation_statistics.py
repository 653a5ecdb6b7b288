"""Outputs are nearer than works are, or not, or it cannot be told."""

import math

import numpy as np
import pytest
from scipy.stats import fisher_exact

from provenance.audit.memorisation_statistics import LEVEL, Told, by_chance, compare


def drawn(seed: int, count: int, middle: float = 0.4) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.random.default_rng(seed).normal(middle, 0.1, count)


def test_outputs_as_near_as_works_are_not_flagged_more_often_than_the_level_says() -> None:
    told = [compare(drawn(2 * seed, 200), drawn(2 * seed + 1, 200)) for seed in range(150)]

    assert sum(each is not None and each.told is Told.NEARER for each in told) <= 1


def test_outputs_that_are_clearly_nearer_are_told() -> None:
    found = compare(drawn(0, 200, 0.6), drawn(1, 100))

    assert found is not None
    assert found.told is Told.NEARER
    assert found.effect > 0.85
    assert found.probability < 1e-6
    assert found.beyond.found > 50 > found.beyond_works.found


def test_a_few_copies_among_many_outputs_are_told() -> None:
    outputs = drawn(0, 500)
    outputs[:12] = 0.99

    found = compare(outputs, drawn(1, 500))

    assert found is not None
    assert found.told is Told.NEARER
    assert found.beyond_all >= 12
    assert found.effect < 0.6


def test_outputs_that_are_farther_off_are_not_flagged() -> None:
    found = compare(drawn(0, 200, 0.2), drawn(1, 100))

    assert found is not None
    assert found.told is Told.NOT_NEARER


@pytest.mark.parametrize(("outputs", "works"), [(49, 100), (200, 19)])
def test_few_pictures_cannot_tell(outputs: int, works: int) -> None:
    found = compare(drawn(0, outputs, 0.9), drawn(1, works))

    assert found is not None
    assert found.told is Told.CANNOT_TELL


def test_nothing_is_compared_with_nothing() -> None:
    assert compare(drawn(0, 50), drawn(1, 0)) is None
    assert compare(drawn(0, 0), drawn(1, 50)) is None


@pytest.mark.parametrize(("found", "outputs", "works"), [(1, 10, 10), (3, 10, 5), (10, 500, 500), (5, 5, 1)])
def test_beyond_the_highest_work_the_highest_must_all_be_outputs(found: int, outputs: int, works: int) -> None:
    logs = math.lgamma(outputs + 1) - math.lgamma(outputs - found + 1)
    logs += math.lgamma(outputs + works - found + 1) - math.lgamma(outputs + works + 1)

    assert by_chance(found, outputs, 0, works) == pytest.approx(math.exp(logs))


def test_chance_is_fishers_exact_test() -> None:
    expected = fisher_exact(np.array([[30, 170], [5, 95]]), alternative="greater").pvalue

    assert by_chance(30, 200, 5, 100) == pytest.approx(expected)


def test_nothing_beyond_all_is_what_chance_always_does() -> None:
    assert by_chance(0, 100, 0, 100) == 1


def test_a_rate_is_surely_over_another_only_with_enough_pictures() -> None:
    assert by_chance(60, 256, 2, 256) < LEVEL
    assert by_chance(3, 10, 0, 10) > LEVEL
    assert by_chance(5, 100, 5, 100) > LEVEL
