"""Vectors are found again in the cells where they were put, and only in those that are looked through."""

import numpy as np
import pytest

from provenance.compare.cells import Cells

VECTORS = np.random.default_rng(0).standard_normal((400, 16), np.float32)


@pytest.mark.parametrize("probed", [None, 1, 2, 6])
def test_a_vector_is_the_nearest_to_itself_however_few_cells_are_looked_through(probed: int | None) -> None:
    cells = Cells.learn(VECTORS, 20, probed=6)
    kept = cells.filled(VECTORS, np.arange(400))

    assert cells.nearest(VECTORS, 1, [kept], probed=probed)[1].ravel().tolist() == list(range(400))


def test_fewer_cells_answer_with_fewer_vectors_or_farther_ones() -> None:
    cells = Cells.learn(VECTORS, 20, probed=6)
    kept = cells.filled(VECTORS, np.arange(400))

    all_near, all_ids = cells.nearest(VECTORS, 8, [kept])
    same_near, same_ids = cells.nearest(VECTORS, 8, [kept], probed=6)
    near, ids = cells.nearest(VECTORS, 8, [kept], probed=1)

    np.testing.assert_array_equal(all_ids, same_ids)
    np.testing.assert_array_equal(all_near, same_near)
    assert (near >= all_near).all()
    assert (ids != all_ids).any()
