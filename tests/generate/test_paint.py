"""Ramps, grain and the last step to bytes."""

import numpy as np
import pytest
import torch

from provenance.generate.frame import Tile
from provenance.generate.oklab import from_srgb
from provenance.generate.paint import Ramp, grain_at, is_dull, mirror, write
from provenance.generate.palettes import PALETTES

WHOLE = Tile(top=0, left=0, bottom=40, right=60)


def test_a_ramp_begins_and_ends_with_its_colours_and_is_clipped_outside() -> None:
    out = np.zeros((1, 4, 3), np.uint8)
    lab = Ramp(("#0b1a2f", "#3f6b94", "#eef0e6"))(torch.tensor([[-1.0, 0.0, 0.5, 2.0]]))

    write(out, Tile(top=0, left=0, bottom=1, right=4), lab, seed=1, grain=0)

    texts = [bytes(pixel).hex() for pixel in out[0]]
    assert texts[0] == texts[1] == "0b1a2f"
    assert texts[3] == "eef0e6"
    assert np.abs(out[0, 2].astype(int) - [0x3F, 0x6B, 0x94]).max() <= 1


def test_every_colour_survives_oklab_and_back() -> None:
    levels = np.array([0, 1, 10, 11, 60, 128, 254, 255], np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    out = np.zeros_like(colours)
    lab = torch.from_numpy(from_srgb(colours)).float().permute(2, 0, 1)

    write(out, Tile(top=0, left=0, bottom=1, right=colours.shape[1]), lab, seed=1, grain=0)

    assert np.abs(out.astype(int) - colours).max() <= 1


def test_grain_belongs_to_the_pixel_whatever_tile_it_is_drawn_with() -> None:
    whole = grain_at(9, WHOLE)
    part = grain_at(9, Tile(top=13, left=7, bottom=31, right=52))

    assert torch.equal(part, whole[13:31, 7:52])


def test_grain_has_no_bias_no_pattern_and_hangs_on_the_seed() -> None:
    tile = Tile(top=0, left=0, bottom=400, right=400)
    one, other = grain_at(9, tile), grain_at(10 + 2**40, tile)

    together = torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1]
    rows = torch.corrcoef(torch.stack([one[:-5].flatten(), one[5:].flatten()]))[0, 1]
    assert abs(float(one.mean())) < 0.01
    assert -1 <= float(one.min()) < float(one.max()) <= 1
    assert abs(float(together)) < 0.02
    assert abs(float(rows)) < 0.02


def test_mirroring_runs_to_and_fro() -> None:
    assert mirror(torch.tensor([0.0, 0.25, 1.0, 1.25, 2.0, -0.25])).tolist() == [0.0, 0.25, 1.0, 0.75, 0.0, 0.25]


@pytest.mark.parametrize(
    ("name", "dull"),
    [("flat", True), ("spot", True), ("noise", True), ("gradient", False)],
)
def test_dull_pictures_are_told_from_lively_ones(name: str, *, dull: bool) -> None:
    spot = torch.zeros(64, 64)
    spot[:20, :20] = 1
    across = torch.linspace(0, 1, 64).expand(64, 64)
    pictures = {
        "flat": torch.full((64, 64), 0.4),
        "spot": spot,
        "noise": torch.rand(64, 64, generator=torch.Generator().manual_seed(1)),
        "gradient": across,
    }

    assert is_dull(pictures[name]) is dull


def test_every_named_palette_spans_dark_to_light() -> None:
    for name, colours in PALETTES.items():
        lightness = from_srgb(np.array([list(bytes.fromhex(colour[1:])) for colour in colours], np.uint8))[:, 0]
        assert list(lightness) == sorted(lightness), name
        assert lightness[-1] - lightness[0] > 0.5, name
