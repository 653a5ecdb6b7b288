"""Shapes are the same whatever a picture is drawn with, and turn as the picture does."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scenes import drawing, look
from turns import TURNS

from provenance.compare import shape
from provenance.compare.boxes import boxes_of
from provenance.compare.colour import small_colour
from provenance.compare.look import Look, small_grey
from provenance.compare.shape import best_shape, drawn, shapes_of, turned_shapes
from provenance.errors import EngineError
from provenance.picture import Picture


def traced(image: Image.Image) -> Image.Image:
    """Draw dark lines along the edges, on white."""
    edges = cv2.Canny(cv2.GaussianBlur(np.asarray(image), (0, 0), 1.2), 40, 110)
    return Image.fromarray(255 - cv2.dilate(edges, np.ones((2, 2), np.uint8))).convert("RGB")


def alike(here: Look, there: Look) -> float:
    return best_shape(turned_shapes(here.colour, here.boxes), here.boxes, there.shapes)[0]


def whole(image: Image.Image) -> NDArray[np.float32]:
    picture = Picture.from_image(image)
    first: NDArray[np.float32] = shapes_of(
        small_colour(picture), boxes_of(small_grey(picture).astype(np.float32))
    ).vectors[0]
    return first


def test_a_traced_picture_has_the_shape_of_the_picture_and_no_other() -> None:
    others = [look(drawing(seed)) for seed in range(30)]

    found = [alike(look(traced(drawing(9))), other) for other in others]

    assert int(np.argmax(found)) == 9
    assert sorted(found)[-2] < 0.65 < found[9]


def test_exchanged_light_and_dark_and_other_colours_leave_the_shape() -> None:
    red, green, blue = drawing(4).split()

    for other in (Image.eval(drawing(4), lambda level: 255 - level), Image.merge("RGB", (blue, red, green))):
        assert whole(other) @ whole(drawing(4)) > 0.85


@pytest.mark.parametrize("turn", range(8))
def test_a_turned_picture_has_the_shape_in_another_order(turn: int) -> None:
    image = drawing(5)
    way = TURNS[turn]
    after = look(image if way is None else image.transpose(way))

    before = turned_shapes(look(image).colour, look(image).boxes)[turn, 0]

    assert before @ after.shapes.vectors[0] > 0.999


def test_the_turn_that_was_found_lays_one_over_the_other() -> None:
    asked, work = look(drawing(6).transpose(Image.Transpose.ROTATE_90)), look(drawing(6))

    alike, matrix = best_shape(turned_shapes(asked.colour, asked.boxes), asked.boxes, work.shapes)

    laid = cv2.warpAffine(asked.levels, matrix[:2], (160, 160))
    assert alike > 0.99
    assert np.abs(laid - work.levels)[5:-5, 5:-5].mean() < 12


def test_a_picture_without_edges_has_no_shape() -> None:
    assert not whole(Image.new("RGB", (90, 60), "teal")).any()
    assert drawn(np.full((40, 30), 128, np.float32)).max() < 0.5


@pytest.mark.parametrize("size", [(1, 1), (3000, 4), (2, 700)])
def test_narrow_pictures_have_shapes_too(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), np.uint8)

    held = look(Image.fromarray(noise))

    assert np.isfinite(held.shapes.vectors).all()
    assert held.drawn.shape == held.levels.shape
    assert (held.line_points.height, held.line_points.width) == held.levels.shape


def test_components_that_are_not_those_of_this_version_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape._shipped.cache_clear()
    changed = tmp_path / "shape.safetensors"
    monkeypatch.setattr(shape, "WHITENING_FILE", changed)

    with pytest.raises(EngineError, match="cannot be read"):
        whole(drawing(1))
    changed.write_bytes(b"other")
    with pytest.raises(EngineError, match="not those of this version"):
        whole(drawing(1))
