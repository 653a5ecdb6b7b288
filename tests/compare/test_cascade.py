"""A picture is held against many: its copies are found and measured, others are not."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from scenes import drawing, look

from provenance.compare.candidate import Candidate
from provenance.compare.cascade import candidates
from provenance.compare.gallery import MemoryGallery
from provenance.compare.promise import Promise

WALL = MemoryGallery([look(drawing(seed)) for seed in range(20)])


def best(image: Image.Image, without: tuple[int, ...] = ()) -> Candidate:
    """Give the one that agrees most of all that were proposed, worth measuring or not."""
    found = candidates(look(image), WALL, without=without, promise=Promise.shipped().of_all())
    return max(found, key=lambda each: each.agreement.strength)


def collage(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (400, 400))
    for number, each in enumerate((drawing(101), image, drawing(102), drawing(103))):
        sheet.paste(each.resize((200, 200)), (200 * (number % 2), 200 * (number // 2)))
    return sheet


@pytest.mark.parametrize(
    "attack",
    [
        lambda image: image,
        ImageOps.mirror,
        ImageOps.invert,
        lambda image: image.rotate(30, expand=True, fillcolor="white"),
        lambda image: image.crop((40, 40, 200, 200)),
        lambda image: ImageOps.expand(image, 70, "black"),
        collage,
    ],
    ids=["copy", "mirrored", "inverted", "turned", "cropped", "framed", "collage"],
)
def test_a_copy_is_found_and_agrees(attack: Callable[[Image.Image], Image.Image]) -> None:
    found = best(attack(drawing(9)))

    assert found.place == 9
    assert found.agreement.strength > 0.5


def test_a_traced_copy_is_found_by_its_lines() -> None:
    edges = cv2.Canny(np.asarray(drawing(9)), 40, 110)
    asked = look(Image.fromarray(255 - edges).convert("RGB").crop((30, 30, 240, 240)))

    found = candidates(asked, WALL, promise=Promise.shipped().of_all())
    copy = next(each for each in found if each.place == 9)

    assert copy.line_points.places == max(each.line_points.places for each in found)
    assert copy.line_points.places >= 10
    assert copy.drawn.strength > 0.4 > copy.agreement.strength


def test_a_copy_has_the_colours_of_the_work_and_one_in_other_colours_has_not() -> None:
    copy = best(drawing(9).crop((40, 40, 200, 200))).colours
    red, green, blue = drawing(9).split()
    other = best(Image.merge("RGB", (blue, red, green))).colours

    assert copy is not None
    assert other is not None
    assert copy.apart < 15 < other.apart
    assert copy.together > 0.8


def test_a_stranger_agrees_with_nothing() -> None:
    assert best(drawing(77)).agreement.strength < 0.35


def test_among_few_pictures_none_is_ahead_only_because_there_are_few() -> None:
    alone, asked = MemoryGallery([look(drawing(3))]), look(drawing(9))

    (found,) = candidates(asked, alone, promise=Promise.shipped().of_all())

    assert found.ahead == pytest.approx(found.cosine - 0.185)


def test_what_is_left_out_is_not_found() -> None:
    assert best(drawing(9), without=(9,)).place != 9


def test_a_white_picture_is_like_nothing() -> None:
    assert best(Image.new("RGB", (200, 200), "white")).agreement.strength < 0.1
