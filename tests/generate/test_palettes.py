"""Palettes: named ones, ramps, and palettes taken from pictures."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.errors import UsageError
from provenance.generate.chance import Chance
from provenance.generate.oklab import from_srgb
from provenance.generate.palettes import PALETTES, choose, name_of, palette_of, ramp, read_colour
from provenance.picture import Picture


def blocks(*colours: str) -> Picture:
    rows = [np.full((40, 120, 3), list(bytes.fromhex(colour)), np.uint8) for colour in colours]
    return Picture(np.concatenate(rows))


def near(found: str, wanted: str) -> bool:
    pair: NDArray[np.uint8] = np.array([list(bytes.fromhex(text.lstrip("#"))) for text in (found, wanted)], np.uint8)
    one, other = from_srgb(pair)
    return bool(np.linalg.norm(one - other) < 0.02)


def test_there_are_many_palettes_and_each_is_its_own() -> None:
    assert len(PALETTES) >= 24
    assert len(set(PALETTES.values())) == len(PALETTES)
    for name, colours in PALETTES.items():
        assert re.fullmatch(r"[a-z]+", name)
        assert 4 <= len(colours) <= 6
        assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in colours)


def test_a_ramp_goes_through_all_its_colours_evenly() -> None:
    colours = PALETTES["tidepool"]

    steps = ramp(colours, 401)

    known = from_srgb(np.array([list(bytes.fromhex(colour[1:])) for colour in colours], np.uint8))
    assert np.allclose(steps[::100], known, atol=1e-9)
    assert np.abs(np.diff(steps, axis=0)).max() < 0.01


def test_colours_are_read_with_and_without_hash_and_anything_else_is_refused() -> None:
    assert read_colour("#AbCdEf") == read_colour("abcdef") == "#abcdef"
    with pytest.raises(UsageError, match=r"'teal' is not a colour.*#rrggbb"):
        read_colour("teal")


def test_given_colours_win_over_a_name_and_a_name_over_chance() -> None:
    chance = Chance(1, "palette")

    given = choose(("#000000", "FFFFFF"), "sumi", chance)
    named = choose(None, "sumi", chance)
    drawn = choose(None, "auto", chance)

    assert (given.colours, given.name) == (("#000000", "#ffffff"), None)
    assert (named.colours, named.name) == (PALETTES["sumi"], "sumi")
    assert PALETTES[str(drawn.name)] == drawn.colours
    assert name_of(list(drawn.colours)) == drawn.name


def test_one_colour_or_an_unknown_name_is_no_palette() -> None:
    with pytest.raises(UsageError, match="two colours"):
        choose(("#000000",), "auto", Chance(1, "palette"))
    with pytest.raises(UsageError, match=r"no palette 'mauve'.*sumi"):
        choose(None, "mauve", Chance(1, "palette"))


def test_a_palette_is_taken_from_a_picture_dark_to_light() -> None:
    found = palette_of([blocks("f4ead6", "c8391f", "17171a", "1f4e8c")], 4)

    assert len(found) == 4
    assert all(near(*pair) for pair in zip(found, ("17171a", "1f4e8c", "c8391f", "f4ead6"), strict=True))


def test_colours_of_all_pictures_count_and_an_accent_survives() -> None:
    pixels = np.full((100, 100, 3), 40, np.uint8)
    pixels[40:60, 40:60] = (220, 30, 30)

    found = palette_of([Picture(pixels), blocks("eeeeee")], 3)

    assert [near(colour, wanted) for colour, wanted in zip(found, ("282828", "dc1e1e", "eeeeee"), strict=True)] == [
        True
    ] * 3


def test_look_alikes_are_merged_and_a_lone_colour_gets_a_companion() -> None:
    assert len(palette_of([blocks("203040", "213141", "e0d0c0")], 5)) == 2
    assert len(palette_of([blocks("203040")], 5)) == 2
    assert len(palette_of([blocks("ffffff")], 5)) == 2


def test_a_palette_is_the_same_every_time_and_clear_pixels_count_as_white() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (90, 70, 4), dtype=np.uint8)
    clear = np.zeros((10, 10, 4), np.uint8)
    clear[:5] = (0, 0, 0, 255)

    assert palette_of([Picture(noise)]) == palette_of([Picture(noise)])
    assert palette_of([Picture(clear)], 2) == ("#000000", "#ffffff")


def test_no_pictures_or_a_silly_count_are_refused() -> None:
    with pytest.raises(UsageError, match="name one at least"):
        palette_of([])
    with pytest.raises(UsageError, match="2 to 16 colours, not 1"):
        palette_of([blocks("ffffff")], 1)
