"""Surfaces over grids."""

import pytest
import torch

from provenance.generate.spline import Surface

PLACES = torch.linspace(3, 12, 40, dtype=torch.float64)


def test_a_surface_keeps_planes_exactly() -> None:
    rows, columns = torch.arange(16.0)[:, None], torch.arange(20.0)[None, :]
    surface = Surface((2 * rows - 3 * columns)[None])

    right, down = surface.slopes(PLACES, PLACES)

    expected = 2 * PLACES[:, None] - 3 * PLACES[None, :]
    assert torch.allclose(surface.at(PLACES, PLACES)[0].double(), expected, atol=1e-4)
    assert torch.allclose(right, torch.full_like(right, -3), atol=1e-4)
    assert torch.allclose(down, torch.full_like(down, 2), atol=1e-4)


def test_a_surface_is_the_same_point_by_point_as_at_once() -> None:
    surface = Surface(torch.rand(2, 16, 16, generator=torch.Generator().manual_seed(2)))

    whole = surface.at(PLACES, PLACES)

    parts = torch.cat([surface.at(PLACES[i : i + 7], PLACES) for i in range(0, 40, 7)], dim=1)
    assert torch.equal(whole, parts)
    parts = torch.cat([surface.at(PLACES, PLACES[i : i + 7]) for i in range(0, 40, 7)], dim=2)
    assert torch.equal(whole, parts)


@pytest.mark.parametrize("place", [-9.0, -1.0, 0.0, 15.0, 16.0, 40.0])
def test_past_its_edges_the_edge_goes_on(place: float) -> None:
    surface = Surface(torch.ones(1, 16, 16))

    value = surface.at(torch.tensor([place], dtype=torch.float64), torch.tensor([place], dtype=torch.float64))

    assert float(value) == pytest.approx(1.0)
