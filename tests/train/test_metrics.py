"""Figures are those of the papers, and say so where they say nothing."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from provenance.errors import UsageError
from provenance.train.distances import _distances, density_coverage, kid, nearest_works, precision_recall, told_apart
from provenance.train.metrics import Measured, compare, measure

Features = NDArray[np.float64]


def cloud(seed: int, count: int, *, shift: float = 0, length: int = 16) -> Features:
    return np.random.default_rng(seed).normal(shift, 1, (count, length))


def measured(works: Features, samples: Features, seed: int = 0) -> Measured:
    return measure(works.astype(np.float32), samples.astype(np.float32), seed=seed)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (7, 11), (40, 23)])
def test_kid_is_the_formula_of_the_paper(n: int, m: int) -> None:
    x, y = cloud(1, n, length=5), cloud(2, m, shift=0.4, length=5)

    def k(a: Features, b: Features) -> float:
        return float((a @ b / 5 + 1) ** 3)

    slow = (
        sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
        + sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
        - 2 * sum(k(a, b) for a in x for b in y) / (n * m)
    )
    assert kid(x, y) == pytest.approx(slow, rel=1e-9)


def test_kid_is_without_bias_at_any_size() -> None:
    small = [kid(cloud(2 * seed, 6), cloud(2 * seed + 1, 6)) for seed in range(600)]

    assert abs(np.mean(small)) < 4 * np.std(small) / np.sqrt(600)


@pytest.mark.parametrize(("n", "m", "shift"), [(60, 60, 0.0), (80, 50, 0.3), (1100, 30, 0.1)])
def test_shares_are_those_of_an_independent_library(n: int, m: int, shift: float) -> None:
    real, made = cloud(3, n), cloud(4, m, shift=shift)
    expected3, expected5 = (judged(real, made, neighbours) for neighbours in (3, 5))

    precision, recall = precision_recall(real, made)
    density, coverage = density_coverage(real, made)
    assert (precision, recall) == pytest.approx((expected3["precision"], expected3["recall"]))
    assert (density, coverage) == pytest.approx((expected5["density"], expected5["coverage"]))


def judged(real: Features, made: Features, neighbours: int) -> dict[str, float]:
    from prdc import compute_prdc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = compute_prdc(real_features=real, fake_features=made, nearest_k=neighbours)
    return {name: float(value) for name, value in found.items()}


def test_pictures_all_alike_are_within_reach_of_each_other() -> None:
    one = np.repeat(cloud(5, 1, length=1280), 20, axis=0)

    assert precision_recall(one, one) == (1, 1)
    assert density_coverage(one, one)[1] == 1
    assert kid(one, one) == pytest.approx(0, abs=1e-9)


def test_the_same_picture_is_at_no_distance_at_all() -> None:
    works = cloud(20, 200, shift=3, length=1280)
    _, squares = next(_distances(works, works[50:120]))

    assert (squares[np.arange(50, 120), np.arange(70)] == 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 40), st.integers(8, 40), st.floats(-2, 2))
def test_shares_lie_between_nothing_and_all(seed: int, n: int, m: int, shift: float) -> None:
    found = compare(cloud(seed, n, length=3), cloud(seed + 1, m, shift=shift, length=3))

    assert all(0 <= found[name] <= 1 for name in ("precision", "recall", "coverage"))
    assert found["density"] >= 0


def test_good_samples_reach_the_floor_and_bad_ones_do_not() -> None:
    works = cloud(6, 300)
    good, bad = measured(works, cloud(7, 200)), measured(works, cloud(8, 200, shift=1.5))

    assert good.probability is not None
    assert good.probability > 0.05
    assert bad.probability == pytest.approx(1 / 500)
    for name in ("precision", "coverage", "density"):
        figure = bad.figures[name]
        assert figure is not None
        assert figure.high < figure.floor_low
    near, far = good.figures["kid"], bad.figures["kid"]
    assert near is not None
    assert far is not None
    assert near.low < near.floor_high
    assert far.low > far.floor_high
    assert (near.floor, near.floor_low) == (far.floor, far.floor_low)


def test_one_and_the_same_seed_gives_the_same_figures() -> None:
    works, samples = cloud(9, 60), cloud(10, 40)

    assert measured(works, samples, 4) == measured(works, samples, 4)
    assert measured(works, samples, 4).figures != measured(works, samples, 5).figures


def test_figures_are_json() -> None:
    record = measured(cloud(11, 60), cloud(12, 40)).record()

    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["works"] == 60
    assert record["samples"] == 40
    assert record["compared"] == 30


@pytest.mark.parametrize(
    ("works", "samples", "missing"),
    [
        (1, 1, {"kid", "precision", "recall", "density", "coverage"}),
        (3, 500, {"kid", "precision", "recall", "density", "coverage"}),
        (4, 4, {"precision", "recall", "density", "coverage"}),
        (9, 50, {"density", "coverage"}),
        (50, 3, {"precision", "recall", "density", "coverage"}),
        (12, 6, set()),
    ],
)
def test_too_few_pictures_say_nothing_and_say_so(works: int, samples: int, missing: set[str]) -> None:
    found = measured(cloud(13, works), cloud(14, samples))

    assert {name for name, figure in found.figures.items() if figure is None} == missing
    assert found.cannot_tell
    assert all(sentence.endswith(".") for sentence in found.cannot_tell)
    assert ("density and coverage cannot be said" in " ".join(found.cannot_tell)) == ("density" in missing)
    assert ("KID cannot be said" in " ".join(found.cannot_tell)) == ("kid" in missing)
    assert json.dumps(found.record(), allow_nan=False)


def test_chance_is_rarely_taken_for_a_difference() -> None:
    alarms = sum((told_apart(cloud(seed, 20), cloud(seed + 1000, 20), seed=seed) or 0) <= 0.05 for seed in range(100))

    assert alarms <= 12


def test_samples_that_are_works_are_found_as_such() -> None:
    works = np.abs(cloud(15, 50)).astype(np.float32)
    learnt, new = works[[7, 31, 7]], np.abs(cloud(16, 3)).astype(np.float32)

    copied = nearest_works(works, learnt)
    assert copied.indices == (7, 31, 7)
    assert copied.cosines == pytest.approx((1, 1, 1))
    assert copied.above == 3
    other = nearest_works(works, new)
    assert other.highest < 0.999
    assert other.works_p95 == copied.works_p95 == pytest.approx(leave_one_out_p95(works), abs=1e-6)


def leave_one_out_p95(works: NDArray[np.float32]) -> float:
    unit = works / np.linalg.norm(works, axis=1, keepdims=True)
    best = [max(float(a @ b) for j, b in enumerate(unit) if j != i) for i, a in enumerate(unit)]
    return float(np.quantile(best, 0.95))


def test_a_picture_without_features_is_like_nothing() -> None:
    found = nearest_works(np.abs(cloud(17, 5)).astype(np.float32), np.zeros((2, 16), np.float32))

    assert found.cosines == (0, 0)


def test_a_single_work_has_no_other_to_be_like() -> None:
    found = measured(cloud(18, 1), cloud(19, 5))

    assert found.nearest.works_p95 is None
    assert found.nearest.indices == (0,) * 5


@pytest.mark.parametrize(
    ("works", "samples", "sentence"),
    [
        (np.zeros((0, 4)), np.zeros((3, 4)), "features of the works have the shape"),
        (np.zeros((3, 4)), np.zeros(4), "features of the samples have the shape"),
        (np.zeros((3, 4)), np.full((3, 4), np.nan), "not all finite"),
        (np.zeros((3, 4)), np.zeros((3, 5)), "Take one extractor for both"),
    ],
)
def test_what_cannot_be_compared_is_refused(works: Features, samples: Features, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        measured(works, samples)
