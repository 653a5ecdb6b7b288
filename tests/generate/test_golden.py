"""Every engine and style draws what it drew when its sample was taken.

Written anew by `python tests/generate/test_golden.py`, after raising the engine's version.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from provenance.generate.registry import engines, find, render, request_for

SAMPLES = Path(__file__).parents[1] / "golden" / "engines"
STYLES = [(supplied.engine.name, style) for supplied in engines() for style in supplied.engine.styles]


QUICK: Mapping[str, Mapping[str, float]] = {"gray-scott": {"detail": 0.5}}


def draw(name: str, style: str) -> NDArray[np.uint8]:
    engine = find(name).engine
    out = np.zeros((64, 64, 3), np.uint8)
    request = request_for(
        engine, seed=2026, width=64, height=64, style=style, parameters=QUICK.get(name, {}), device="cpu"
    )
    render(engine, request, out)
    return out


def sample(name: str, style: str) -> Path:
    return SAMPLES / f"{name}_{style}_v{find(name).engine.version}.png"


@pytest.mark.parametrize(("name", "style"), STYLES)
def test_a_style_draws_its_sample(name: str, style: str) -> None:
    with Image.open(sample(name, style)) as image:
        expected = np.asarray(image)

    # Other processors round differently, by a level or two; at a hard edge a pixel may fall to the other side.
    away = np.abs(draw(name, style).astype(int) - expected).max(axis=2)
    assert (away > 2).mean() <= 0.002


def test_every_style_has_a_sample_and_every_sample_a_style() -> None:
    assert {path.name for path in SAMPLES.glob("*.png")} == {sample(*style).name for style in STYLES}


if __name__ == "__main__":
    for old in SAMPLES.glob("*.png"):
        old.unlink()
    for named in STYLES:
        Image.fromarray(draw(*named)).save(sample(*named), optimize=True)
