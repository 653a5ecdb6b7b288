"""One picture is laid over another by points that look alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from PIL import Image
from plain_alignment import plainly_aligned
from scenes import drawing, look

from provenance.compare import plane
from provenance.compare.alignment import Alignment, align, unit
from provenance.fingerprint.local import LENGTH, LocalFeatures, changed_descriptors


def test_a_turned_and_scaled_part_is_laid_where_it_came_from() -> None:
    whole = drawing(1)
    part = whole.rotate(20, fillcolor="white").crop((60, 60, 200, 200))
    asked, other = look(part), look(whole)

    found = align(asked.local, unit(asked.local.descriptors), other.local, 0)

    assert found is not None
    assert found.agreeing.places >= 6
    middle = plane.moved(np.array([(160, 160)]), found.matrix)[
        0
    ]  # the middle of the part is near the middle of the whole
    np.testing.assert_allclose(middle, (320 * 130 / 256,) * 2, atol=16)
    turn = np.degrees(np.arctan2(found.matrix[1, 0], found.matrix[0, 0]))
    assert turn == pytest.approx(20, abs=2)


def test_a_copy_agrees_exactly_and_a_bent_one_roughly() -> None:
    image = drawing(1)
    pixels = np.asarray(image)
    rows, columns = np.mgrid[:256, :256]
    moved = np.clip(rows + np.rint(5 * np.sin(columns / 25)).astype(int), 0, 255)
    bent = Image.fromarray(pixels[moved, columns])

    same, roughly = (aligned(each, image).agreeing for each in (image, bent))

    assert same.exact == same.places >= 20
    assert roughly.exact < 0.6 * roughly.places
    assert same.alike > 0.99 > roughly.alike > 0.75


def test_a_picture_seen_from_a_side_is_laid_as_it_was_seen() -> None:
    image = drawing(6)
    seen = plane.square(np.array([[0.8, 0.1, 10], [0.05, 0.7, 14]]))
    seen[2, :2] = 0.0012, 0.0006  # its farthest corner is seen two thirds as large as the nearest
    drawn = np.stack(
        [plane.laid(band, seen, 256, 256, 255) for band in np.moveaxis(np.asarray(image, np.float32), 2, 0)], 2
    )

    found = aligned(Image.fromarray(drawn.astype(np.uint8)), image)

    truth = plane.scaled(seen, 320 / 256)
    corners = np.array([(40, 40), (280, 40), (280, 280), (40, 280)])
    off, affinely = (
        np.linalg.norm(plane.moved(corners, each) - plane.moved(corners, truth), axis=1).max()
        for each in (found.matrix, found.affine)
    )
    assert off < 4 < affinely
    assert found.agreeing.exact > 0.7 * found.agreeing.places


def test_a_picture_seen_from_the_front_is_laid_affinely() -> None:
    image = drawing(6)

    found = aligned(image.rotate(12, fillcolor="white"), image)

    assert found.matrix is found.affine
    assert plane.is_affine(found.matrix)


@pytest.mark.parametrize("change", [1, 2, 3])
def test_a_mirrored_or_inverted_copy_is_found_by_its_change_alone(change: int) -> None:
    image = drawing(2)
    pixels = np.asarray(image)
    pixels = pixels[:, ::-1] if change & 1 else pixels
    pixels = 255 - pixels if change & 2 else pixels
    asked, other = look(Image.fromarray(np.ascontiguousarray(pixels))), look(image)
    descriptors = unit(changed_descriptors(asked.local.descriptors))

    found = [align(asked.local, descriptors[each], other.local, each) for each in range(4)]

    places = [0 if each is None else each.agreeing.places for each in found]
    assert int(np.argmax(places)) == change
    assert places[change] >= 10


def aligned(image: Image.Image, whole: Image.Image) -> Alignment:
    asked = look(image).local
    found = align(asked, unit(asked.descriptors), look(whole).local, 0)
    assert found is not None
    return found


def test_drawings_that_have_nothing_in_common_do_not_agree() -> None:
    asked, other = look(drawing(3)), look(drawing(4))
    found = align(asked.local, unit(asked.local.descriptors), other.local, 0)

    assert found is None or found.agreeing.places < 6


@settings(max_examples=150, deadline=None)
@given(some.integers(0, 2**32 - 1), some.integers(0, 40), some.integers(0, 40), some.integers(0, 3))
def test_the_quick_way_finds_what_the_plain_way_finds(seed: int, common: int, strange: int, change: int) -> None:
    picture, other = planted(np.random.default_rng(seed), common, strange)
    descriptors = unit(changed_descriptors(picture.descriptors))[change]

    assert_same(picture, descriptors, other, change)


@pytest.mark.parametrize("seed", range(6))
def test_the_quick_way_finds_the_same_in_drawings(seed: int) -> None:
    whole = drawing(seed)
    asked = look(whole.rotate(8 * seed, fillcolor="white").crop((20, 20, 230, 200))).local
    descriptors = unit(changed_descriptors(asked.descriptors))

    for other in (look(whole).local, look(drawing(seed + 1)).local):
        for change in range(4):
            assert_same(asked, descriptors[change], other, change)


def planted(dice: np.random.Generator, common: int, strange: int) -> tuple[LocalFeatures, LocalFeatures]:
    """Make two pictures with points in common, turned and scaled; some at one place, some that look the same."""
    there = dice.uniform((0, 0, 2, 0), (300, 300, 40, 2 * np.pi), (common + strange, 4))
    there[::7, :2] = there[:1, :2] + dice.uniform(0, 9, (len(there[::7]), 2))
    looks = dice.gamma(0.4, 60, (common + strange, LENGTH)).clip(0, 255)
    looks[::5] = looks[:1]
    turn, scale = dice.uniform(-np.pi, np.pi), dice.uniform(0.5, 2)
    where = (there[:common, 0] + 1j * there[:common, 1] - 150 - 150j) * scale * np.exp(1j * turn)
    here = dice.uniform((0, 0, 2, 0), (300, 300, 40, 2 * np.pi), (common + strange // 2, 4))
    here[:common, :2] = np.stack([where.real, where.imag], 1) + 150 + dice.normal(0, 4, (common, 2))
    here[:common, 2] = there[:common, 2] * scale * dice.uniform(0.8, 1.25, common)
    here[:common, 3] = there[:common, 3] + turn + dice.normal(0, 0.1, common)
    seen = dice.gamma(0.4, 60, (len(here), LENGTH)).clip(0, 255)
    seen[:common] = looks[:common] + dice.normal(0, 8, (common, LENGTH))
    return features(here, seen), features(there, looks)


def features(points: np.ndarray, descriptors: np.ndarray) -> LocalFeatures:
    """Keep points and descriptors as they are stored."""
    values = points.astype(np.float32), np.rint(descriptors).clip(0, 255).astype(np.uint8)
    made = LocalFeatures(width=320, height=320, points=values[0], descriptors=values[1])
    return LocalFeatures.from_bytes(made.to_bytes())


def assert_same(picture: LocalFeatures, descriptors: np.ndarray, other: LocalFeatures, change: int) -> None:
    """Hold the quick way against the plain one."""
    found, plain = align(picture, descriptors, other, change), plainly_aligned(picture, descriptors, other, change)
    assert (found is None) == (plain is None)
    if found is not None and plain is not None:
        assert (found.agreeing.pairs, found.change) == (plain[2], change)
        assert found.agreeing.places == plain[1] or found.matrix is not found.affine
        np.testing.assert_allclose(found.affine[:2], plain[0], rtol=0, atol=1e-9)
