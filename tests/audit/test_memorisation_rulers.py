"""How near pictures are to works, by three rulers."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pictures import picture

from provenance.audit.memorisation_rulers import KEPT, RULERS, Nearest, Search, layout, tiled_distance

SIDE = 32
Pixels = NDArray[np.uint8]


def drawings(*seeds: int) -> Pixels:
    return np.stack([picture(seed, SIDE, SIDE).pixels for seed in seeds])


def vectors(pixels: Pixels) -> NDArray[np.float32]:
    """Stand in for embeddings: any vectors of length 1 will do."""
    flat = pixels.reshape(len(pixels), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True), np.float32)


def searched(pictures: Pixels, works: Pixels, *, parts: int = 1, twins: list[int] | None = None) -> dict[str, Nearest]:
    marks = np.array(twins or [-1] * len(pictures), np.int64)
    search = Search(pictures, vectors(pictures), marks)
    for some in np.array_split(np.arange(len(works)), parts):
        search.show(works[some], vectors(works[some]), some.astype(np.int64), int(some[0]))
    return dict(search.nearest())


@given(st.integers(0, 1000), st.integers(0, 1000), st.sampled_from([4, 6, 18, 32]))
@settings(max_examples=15, deadline=None)
def test_the_distance_of_tiles_is_that_of_the_worst_tile(first: int, second: int, side: int) -> None:
    one, other = (np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8) for seed in (first, second))
    edges = list(pairwise(np.linspace(0, side, 5).round().astype(int)))
    apart = ((one.astype(float) - other) / 255) ** 2
    worst = max(apart[top:bottom, left:right].mean() for top, bottom in edges for left, right in edges)

    measured = tiled_distance(one[None], other[None])[0, 0]

    assert measured == pytest.approx(np.sqrt(worst), abs=2e-3)
    assert measured == pytest.approx(tiled_distance(other[None], one[None])[0, 0], abs=1e-5)


def test_white_and_black_are_as_far_apart_as_pictures_can_be() -> None:
    white, black = np.full((1, SIDE, SIDE, 3), 255, np.uint8), np.zeros((1, SIDE, SIDE, 3), np.uint8)

    assert tiled_distance(white, black)[0, 0] == pytest.approx(1)
    assert tiled_distance(white, white)[0, 0] == 0


def test_a_plain_picture_has_no_layout() -> None:
    plain = layout(np.full((1, SIDE, SIDE, 3), 200, np.uint8))

    faint = np.full((2, SIDE, SIDE, 3), 200, np.uint8)
    faint[:, 5, 5] = 201
    first, second = layout(faint)

    assert np.abs(plain).max() == 0
    assert first @ second < 0.1


@pytest.mark.parametrize("change", ["plain", "mirrored", "moved"])
def test_a_copy_finds_its_work_by_every_ruler(change: str) -> None:
    works = drawings(*range(12))
    copy = works[7:8]
    if change == "mirrored":
        copy = np.ascontiguousarray(copy[:, :, ::-1])
    if change == "moved":
        copy = np.roll(copy, (2, 2), (1, 2))

    found = searched(copy, works)

    assert found["layout"].places[0, 0] == 7
    assert found["layout"].nearness[0, 0] > 0.85
    if change != "moved":
        assert found["tiles"].places[0, 0] == 7
        assert found["tiles"].nearness[0, 0] == pytest.approx(0, abs=1e-3)


def test_works_shown_in_parts_are_found_as_works_shown_at_once() -> None:
    works, asked = drawings(*range(30)), drawings(*range(100, 108))

    at_once, in_parts = searched(asked, works), searched(asked, works, parts=4)

    for ruler in RULERS:
        assert (at_once[ruler.name].places == in_parts[ruler.name].places).all()
        assert np.allclose(at_once[ruler.name].nearness, in_parts[ruler.name].nearness, atol=1e-5)
        assert (np.diff(at_once[ruler.name].nearness) <= 0).all()


def test_a_picture_is_not_held_against_its_twins() -> None:
    works = drawings(0, 1, 2, 3, 4, 5, 6)

    found = searched(works[3:4], works, twins=[3])

    alone = searched(works[:1], works[:1], twins=[0])
    assert all(3 not in found[ruler.name].places for ruler in RULERS)
    assert all((alone[ruler.name].places == -1).all() for ruler in RULERS)


def test_where_there_are_few_works_places_stay_empty() -> None:
    found = searched(drawings(9), drawings(0, 1))

    for ruler in RULERS:
        assert found[ruler.name].places.shape == (1, KEPT)
        assert (found[ruler.name].places[0, 2:] == -1).all()
        assert np.isneginf(found[ruler.name].nearness[0, 2:]).all()
