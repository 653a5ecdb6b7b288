"""Shapes are searched by their signs first, and named by their products."""

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.compare.shape_search import codes_of, nearest_shapes, packed_shapes


def shapes(count: int, seed: int = 0) -> list[NDArray[np.float32]]:
    """Give one or two vectors for each of some pictures."""
    dice = np.random.default_rng(seed)
    found = [dice.standard_normal((int(dice.integers(1, 3)), 256), np.float32) for _ in range(count)]
    return [each / np.linalg.norm(each, axis=1, keepdims=True) for each in found]


def near(vector: NDArray[np.float32], seed: int, apart: float) -> NDArray[np.float32]:
    moved = vector + apart * np.random.default_rng(seed).standard_normal(256, np.float32) / 16
    return moved / np.linalg.norm(moved)


@pytest.mark.parametrize("count", [1, 40, 9_000])
def test_what_is_near_comes_first_in_the_order_of_products(count: int) -> None:
    held = shapes(count)
    of = count // 2
    asked = np.stack([near(held[of][-1], 1, 0.8), near(held[0][0], 2, 1.0)])

    found = nearest_shapes(asked, *packed_shapes(held), 3, ())

    products = [max(float((each.astype(np.float16) @ asked.T).max()), -1) for each in held]
    assert found[0] == int(np.argmax(products))
    assert of in found
    assert 0 in found


def test_what_is_left_out_is_not_named_and_the_next_ones_are() -> None:
    held = packed_shapes(shapes(300))
    asked = shapes(1, seed=5)[0]
    every = nearest_shapes(asked, *held, 300, ())

    assert nearest_shapes(asked, *held, 5, every[:4]) == every[4:9]


def test_nothing_is_named_among_nothing() -> None:
    assert nearest_shapes(shapes(1)[0], *packed_shapes([]), 5, ()) == []


def test_a_picture_with_one_shape_has_it_twice() -> None:
    codes, vectors = packed_shapes([shapes(1)[0][:1]])

    assert codes.shape == (1, 2, 32)
    assert (codes[0, 0] == codes[0, 1]).all()
    assert (codes_of(vectors[0]) == codes[0]).all()
