"""Figures are those of the papers, and their intervals hold what they say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest, entropy

from provenance.audit.bias_diversity import diversity, vendi
from provenance.audit.bias_figures import SMOOTHING, Told, amplification, compare, kl
from provenance.audit.bias_labels import Labelled
from provenance.audit.bias_shares import adjusted, averaged, known, misfit, seen, undo


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def labelled(confusion: list[list[int]], told: list[int], copied: list[int] | None = None) -> Labelled:
    table = np.array(confusion, np.int64)
    return Labelled(
        groups=tuple("abcdefgh"[: len(told)]),
        confusion=table,
        weighted=table.astype(float),
        told=np.array(told, np.int64),
        copied=np.array([0] * len(told) if copied is None else copied, np.int64),
        unlike=0,
    )


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=6).filter(any),
    st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_what_an_error_did_is_undone(counts: list[int], seed: int) -> None:
    shares = np.array(counts) / sum(counts)
    size = len(shares)
    error = 0.6 * np.eye(size) + 0.4 * random(seed).dirichlet(np.ones(size), size)

    assert undo(error[None], (shares @ error)[None])[0] == pytest.approx(shares, abs=1e-6)


def test_adjusted_counts_are_those_of_forman() -> None:
    """(observed - fpr) / (tpr - fpr), for two groups."""
    shares = adjusted(labelled([[80, 20], [10, 90]], [45, 55]), random())

    assert shares.values[0] == pytest.approx((0.45 - 0.1) / (0.8 - 0.1))


def test_copies_have_certain_labels() -> None:
    shares = adjusted(labelled([[50, 50], [50, 50]], [0, 0], copied=[80, 20]), random())

    assert shares.values == pytest.approx([0.8, 0.2])


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    held, trials = 0, 100
    error, truth = np.array([[0.8, 0.15, 0.05], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]]), np.array([0.6, 0.3, 0.1])
    for seed in range(trials):
        chance = random(seed)
        confusion = [list(chance.multinomial(60, row)) for row in error]
        told = list(chance.multinomial(120, truth @ error))
        bounds = adjusted(labelled(confusion, told), chance).bounds()
        held += int(((bounds[:, 0] <= truth) & (truth <= bounds[:, 1])).sum())

    assert 0.93 <= held / (3 * trials) <= 1


def test_an_interval_is_never_narrower_than_that_of_certain_labels() -> None:
    perfect = adjusted(labelled([[500, 0], [0, 500]], [40, 0]), random())

    low, high = binomtest(0, 40).proportion_ci()
    assert tuple(perfect.bounds()[1]) == pytest.approx((low, high))


def test_labels_that_no_mixture_explains_are_noticed() -> None:
    """Each work is often taken for another, so nothing but `a` cannot come of them."""
    odd, fine = labelled([[60, 40], [50, 50]], [200, 0]), labelled([[60, 40], [50, 50]], [110, 90])

    for case, doubtful in ((odd, True), (fine, False)):
        found, by_chance = misfit(case, random())
        assert (found > by_chance) is doubtful


def test_divergence_is_that_of_scipy_after_the_smoothing_that_is_stated() -> None:
    shares, works = np.array([0.8, 0.2, 0.0]), np.array([0.25, 0.25, 0.5])
    smooth = (shares * 100 + SMOOTHING, works * 40 + SMOOTHING)

    assert kl(shares[None], works, of=100, reference_of=40)[0] == pytest.approx(entropy(*smooth))


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((0.7, 0.3), 0.0), ((0.9, 0.1), 0.2), ((0.5, 0.5), -0.2), ((0.3, 0.7), -0.4)],
)
def test_amplification_grows_where_bias_grew(shares: tuple[float, float], expected: float) -> None:
    assert amplification(np.array([shares]), np.array([0.7, 0.3]))[0] == pytest.approx(expected)


def test_equal_shares_have_no_direction_to_amplify() -> None:
    assert amplification(np.array([[0.9, 0.1]]), np.array([0.5, 0.5]))[0] == 0


def test_groups_that_no_work_has_have_no_ratio() -> None:
    compared = compare(seen("ab", np.array([50, 50]), random()), known("ab", np.array([80, 0])))

    assert compared.groups[1].ratio is None
    assert compared.groups[1].told is Told.MORE


def test_a_small_group_that_may_have_vanished_is_not_called_alike() -> None:
    compared = compare(seen("ab", np.array([100, 0]), random()), known("ab", np.array([990, 10])))

    assert compared.groups[1].told is Told.CANNOT_TELL


def test_samples_without_a_difference_are_seldom_told_apart() -> None:
    works = known("abcd", np.array([400, 300, 200, 100]))
    told = 0
    for seed in range(200):
        sample = random(seed).multinomial(100, works.values)
        compared = compare(seen("abcd", sample, random(seed)), works)
        told += any(group.told in {Told.MORE, Told.LESS} for group in compared.groups)

    assert told <= 16  # 5 in 100, and the error of 200 trials


def test_chance_of_divergence_is_what_samples_without_a_difference_have() -> None:
    works = known("abcd", np.array([400, 300, 200, 100]))
    values = []
    for seed in range(100):
        compared = compare(seen("abcd", random(seed).multinomial(100, works.values), random(seed)), works)
        values.append(compared.figures["kl"].value <= compared.chance["kl"])

    assert 0.88 <= np.mean(values) <= 1


def test_mean_shares_have_the_interval_of_the_mean() -> None:
    parts = random().dirichlet((2, 1), 400)
    shares = averaged("ab", parts, random(1))

    error = parts.std(axis=0) / 20
    assert shares.bounds() == pytest.approx(
        np.stack([shares.values - 1.96 * error, shares.values + 1.96 * error], axis=1), abs=0.005
    )


def test_shares_never_leave_nought_to_one() -> None:
    """Where the exact answer would, the nearest is found: here by hand, on a line between two shares."""
    error, told = np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([0.1, 0.9])

    assert undo(error[None], told[None])[0] == pytest.approx([0, 1], abs=1e-6)


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.mark.parametrize("size", [3, 8])
def test_vendi_counts_entirely_different_pictures(size: int) -> None:
    assert vendi(np.eye(size, dtype=np.float32)) == pytest.approx(size)
    assert vendi(np.repeat(np.eye(size, dtype=np.float32), 5, axis=0)) == pytest.approx(size)


def test_vendi_of_one_picture_again_and_again_is_one() -> None:
    assert vendi(unit(np.ones((50, 7)))) == pytest.approx(1)


def test_vendi_is_the_formula_of_the_paper() -> None:
    vectors = unit(random().normal(size=(40, 6)))
    values = np.linalg.eigvalsh(vectors.astype(float) @ vectors.T / 40)

    assert vendi(vectors) == pytest.approx(np.exp(entropy(values.clip(0))), rel=1e-5)


def test_diversity_of_the_same_kind_of_pictures_is_the_same() -> None:
    size, figures = diversity(unit(random(1).normal(size=(200, 20))), unit(random(2).normal(size=(500, 20))), random())

    assert size == 100
    assert figures["ratio"].low <= 1 <= figures["ratio"].high
