"""Labels come from the nearest works, and their error from works that are as near."""

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.audit.bias_labels import LEAST, MOST_GROUPS, NEIGHBOURS, OTHER, UNSAID, grouped, label, nearest
from provenance.errors import UsageError


def cloud(seed: int, count: int, *, around: int = 0, spread: float = 0.3) -> NDArray[np.float32]:
    centre = np.random.default_rng(around).normal(size=32)
    vectors = centre / np.linalg.norm(centre) + np.random.default_rng([seed]).normal(0, spread / 6, (count, 32))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_small_groups_count_together_and_silence_is_a_group() -> None:
    names, rows = grouped([*["a"] * 30, *["b"] * 25, *["c"] * (LEAST - 1), *[None] * 40])

    assert names == (UNSAID, "a", "b", OTHER)
    assert np.bincount(rows).tolist() == [40, 30, 25, LEAST - 1]


def test_no_more_groups_than_can_be_told_apart() -> None:
    names, rows = grouped([str(each) for each in range(30) for _ in range(LEAST)])

    assert len(names) == MOST_GROUPS
    assert np.bincount(rows)[-1] == (30 - MOST_GROUPS + 1) * LEAST


def test_a_group_that_is_called_other_is_joined_by_small_ones() -> None:
    names, rows = grouped([*[OTHER] * 50, *["a"] * 30, *["b"] * 3])

    assert names == (OTHER, "a")
    assert np.bincount(rows).tolist() == [53, 30]


def test_neighbours_are_the_nearest_in_order() -> None:
    works, outputs = cloud(1, 60), cloud(2, 9)
    found = nearest(outputs, works)

    slow = np.argsort(-(outputs @ works.T), axis=1)[:, :NEIGHBOURS]
    assert (found.rows == slow).all()
    assert (np.diff(found.cosines, axis=1) <= 0).all()


def test_variants_of_a_design_do_not_label_each_other() -> None:
    """Twenty designs in five variants each, labels by chance: variants would make every label right."""
    designs = np.random.default_rng(3).normal(size=(20, 32))
    works = np.repeat(designs, 5, axis=0) + np.random.default_rng(4).normal(0, 0.01, (100, 32))
    unit = np.asarray(works / np.linalg.norm(works, axis=1, keepdims=True), np.float32)
    truth = np.repeat(np.random.default_rng(5).integers(0, 2, 20), 5)
    kin = np.repeat(np.arange(20), 5)

    found = nearest(unit, unit, kin)
    told = label(("a", "b"), truth, works=found, outputs=found)
    assert (kin[found.rows] != kin[:, None]).all()
    assert told.right < 80
    alone = nearest(unit, unit, np.arange(100))
    assert label(("a", "b"), truth, works=alone, outputs=alone).right == 100


def test_a_copy_has_the_label_of_its_work_whatever_others_say() -> None:
    works = np.concatenate([cloud(1, 40), cloud(2, 40)])
    truth = np.repeat([0, 1], 40)
    told = label(("a", "b"), truth, works=nearest(works, works, np.arange(80)), outputs=nearest(works[:10], works))

    assert told.copied.tolist() == [10, 0]
    assert told.told.sum() == 0


def test_outputs_far_from_all_works_have_no_label() -> None:
    works = np.concatenate([cloud(1, 40), cloud(2, 40, around=1)])
    far = cloud(3, 25, around=7)
    told = label(
        ("a", "b"), np.repeat([0, 1], 40), works=nearest(works, works, np.arange(80)), outputs=nearest(far, works)
    )

    assert (told.unlike, told.outputs) == (25, 0)


def test_the_error_is_that_of_works_as_near_as_the_outputs() -> None:
    """Half of the works lie close together and are labelled well, half are scattered and are not."""
    tight = np.concatenate([cloud(1, 60, spread=0.3), cloud(2, 60, around=1, spread=0.3)])
    loose = np.random.default_rng(9).normal(size=(120, 32))
    works = np.concatenate([tight, np.asarray(loose / np.linalg.norm(loose, axis=1, keepdims=True), np.float32)])
    truth = np.concatenate([np.repeat([0, 1], 60), np.random.default_rng(8).integers(0, 2, 120)])
    near = nearest(works, works, np.arange(240))
    scattered = np.random.default_rng(10).normal(size=(80, 32))
    outputs = np.asarray(scattered / np.linalg.norm(scattered, axis=1, keepdims=True), np.float32)

    told = label(("a", "b"), truth, works=near, outputs=nearest(outputs, works))
    plain = told.right / told.works
    alike = np.trace(told.weighted) / told.weighted.sum()
    assert plain > 0.7
    assert alike < 0.62
    assert told.weighted.sum() < told.works


@pytest.mark.parametrize("works", [0, 1, NEIGHBOURS])
def test_too_few_works_cannot_label(works: int) -> None:
    with pytest.raises(UsageError, match="designs are needed"):
        nearest(cloud(1, 3), cloud(2, works))
