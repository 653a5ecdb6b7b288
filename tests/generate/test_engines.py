"""What our engines promise, each kept to its word."""

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from provenance.digest import Json
from provenance.generate.engine import Needs, needs_of
from provenance.generate.registry import engines, find, render, request_for

NAMES = [supplied.engine.name for supplied in engines() if needs_of(supplied.engine) == Needs()]
"""Engines that draw from a seed alone; the others have tests of their own."""

STYLES = [(name, style) for name in NAMES for style in find(name).engine.styles]
QUICK: Mapping[str, Mapping[str, float]] = {"gray-scott": {"growth": 0.4, "detail": 0.5}, "clifford": {"visits": 0.25}}
"""Options that make the slow ones quick."""


def draw(
    name: str, width: int = 96, height: int = 96, *, seed: int = 5, fill: int = 0, **asked: Any
) -> tuple[NDArray[np.uint8], Mapping[str, Json]]:
    engine = find(name).engine
    parameters = {**QUICK.get(name, {}), **asked.pop("parameters", {})}
    out = np.full((height, width, 3), fill, np.uint8)
    request = request_for(engine, seed=seed, width=width, height=height, parameters=parameters, device="cpu", **asked)
    return out, render(engine, request, out)


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_the_same_request_gives_the_same_pixels_and_fills_all_of_them(name: str, style: str) -> None:
    first, choices = draw(name, 67, 45, style=style, fill=0)
    second, again = draw(name, 67, 45, style=style, fill=255)

    assert np.array_equal(first, second)
    assert choices == again


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_tiles_do_not_show(name: str, style: str) -> None:
    assert find(name).engine.promise.tiles
    whole, _ = draw(name, 110, 70, style=style, tile=512)

    for tile in (16, 45):
        assert np.array_equal(whole, draw(name, 110, 70, style=style, tile=tile)[0])


@pytest.mark.parametrize(
    ("name", "style"), [*((n, s) for n, s in STYLES if n == "cppn"), *((n, None) for n in NAMES[1:])]
)
def test_threads_do_not_show(name: str, style: str | None) -> None:
    assert find(name).engine.promise.threads
    one, _ = draw(name, 200, 70, style=style)
    torch.set_num_threads(2)
    two, _ = draw(name, 200, 70, style=style)

    assert np.array_equal(one, two)


@pytest.mark.parametrize("name", NAMES)
def test_the_choices_make_the_picture_again(name: str) -> None:
    first, choices = draw(name, seed=2**63 + 11, parameters={"grain": 0.4})
    found: dict[str, Any] = json.loads(json.dumps(choices))

    engine = find(name).engine
    again = np.zeros_like(first)
    request = request_for(
        engine,
        seed=int(found["seed"]),
        width=96,
        height=96,
        style=found["style"],
        palette=found["palette"],
        parameters=found["parameters"],
        device="cpu",
    )
    repeated = render(engine, request, again)

    assert np.array_equal(first, again)
    assert repeated == choices
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in found["palette"])
    assert found["style"] in engine.styles


@pytest.mark.parametrize("name", NAMES)
def test_another_palette_keeps_the_composition(name: str) -> None:
    grey: dict[str, Any] = {"parameters": {"grain": 0.0}, "style": next(iter(find(name).engine.styles))}
    one, chosen = draw(name, palette=["#101010", "#808080", "#f0f0f0"], **grey)
    other, again = draw(name, palette=["#000000", "#777777", "#ffffff"], **grey)

    assert chosen.get("attempt") == again.get("attempt")
    assert np.corrcoef(one.flatten(), other.flatten())[0, 1] > 0.95
    assert np.ptp(one.astype(int), axis=2).max() <= (60 if name == "cppn" else 4)


@pytest.mark.parametrize("name", NAMES)
def test_other_seeds_give_other_pictures(name: str) -> None:
    style = next(iter(find(name).engine.styles))
    pictures = [draw(name, 48, 48, seed=seed, style=style)[0].tobytes() for seed in (0, 1, 2**32, 2**64 - 1)]

    assert len(set(pictures)) == 4


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**64 - 1), width=st.integers(1, 70), height=st.integers(1, 70))
def test_every_seed_and_size_gives_a_picture(seed: int, width: int, height: int) -> None:
    for name in ("cppn", "flow"):
        first, _ = draw(name, width, height, seed=seed, fill=0)
        second, _ = draw(name, width, height, seed=seed, fill=255)
        assert np.array_equal(first, second)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 200), (16_384, 16), (3, 2)])
def test_extreme_sizes_are_pictures_too(name: str, width: int, height: int) -> None:
    out, _ = draw(name, width, height, fill=77)

    assert out.shape == (height, width, 3)
    if width > 1000:
        assert out.std() > 4
        assert not (out == 77).all(axis=2).any()


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_a_print_has_the_composition_of_its_preview(name: str, style: str) -> None:
    assert find(name).engine.promise.scale
    calm: dict[str, Any] = {"style": style, "parameters": {"grain": 0.0}, "seed": 12}
    preview, chosen = draw(name, 90, 60, **calm)
    large, same = draw(name, 360, 240, **calm)

    reduced = np.asarray(Image.fromarray(large).resize((90, 60), Image.Resampling.BOX))
    assert chosen == same
    assert np.abs(reduced.astype(int) - preview).mean() < 12
    assert np.corrcoef(reduced.flatten(), preview.flatten())[0, 1] > 0.93


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_not_dull(name: str) -> None:
    for seed in range(4):
        out, _ = draw(name, 64, 64, seed=seed)
        grey = np.asarray(Image.fromarray(out).convert("L"), dtype=float)
        assert grey.std() > 8, f"{name} {seed}"


@pytest.mark.parametrize("name", NAMES)
def test_grain_is_subtle_and_can_be_left_out(name: str) -> None:
    none, _ = draw(name, parameters={"grain": 0.0})
    usual, _ = draw(name)

    change = np.abs(usual.astype(int) - none)
    assert 0.3 < change.mean() < 4
    assert change.max() < 24


@pytest.mark.parametrize("name", NAMES)
def test_a_file_in_memory_is_as_good_as_an_array(name: str, tmp_path: Path) -> None:
    engine = find(name).engine
    request = request_for(engine, seed=5, width=96, height=96, parameters=QUICK.get(name, {}), device="cpu")
    out = np.memmap(tmp_path / "canvas", np.uint8, "w+", shape=(96, 96, 3))

    render(engine, request, out)

    assert np.array_equal(out, draw(name)[0])


@pytest.mark.parametrize("name", NAMES)
def test_progress_rises_to_one(name: str) -> None:
    heard: list[float] = []

    draw(name, 300, 200, tile=64, progress=heard.append)

    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) > 3


@pytest.mark.parametrize("name", [supplied.engine.name for supplied in engines()])
def test_options_explain_themselves(name: str) -> None:
    for option in dataclasses.fields(find(name).engine.Options):
        assert option.metadata["help"]
        free = isinstance(option.default, bool | str)
        assert ("low" in option.metadata and "high" in option.metadata) or "choices" in option.metadata or free
