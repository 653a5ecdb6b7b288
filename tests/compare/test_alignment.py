"""One picture is laid over another by points that look alike."""

import numpy as np
import pytest
from PIL import Image
from scenes import drawing, look

from provenance.compare.alignment import align, unit
from provenance.fingerprint.local import changed_descriptors


def test_a_turned_and_scaled_part_is_laid_where_it_came_from() -> None:
    whole = drawing(1)
    part = whole.rotate(20, fillcolor="white").crop((60, 60, 200, 200))
    asked, other = look(part), look(whole)

    found = align(asked.local, unit(asked.local.descriptors), other.local, 0)

    assert found is not None
    assert found.places >= 6
    middle = found.matrix @ (160, 160, 1)  # the middle of the part is near the middle of the whole
    np.testing.assert_allclose(middle, (320 * 130 / 256,) * 2, atol=16)
    turn = np.degrees(np.arctan2(found.matrix[1, 0], found.matrix[0, 0]))
    assert turn == pytest.approx(20, abs=2)


@pytest.mark.parametrize("change", [1, 2, 3])
def test_a_mirrored_or_inverted_copy_is_found_by_its_change_alone(change: int) -> None:
    image = drawing(2)
    pixels = np.asarray(image)
    pixels = pixels[:, ::-1] if change & 1 else pixels
    pixels = 255 - pixels if change & 2 else pixels
    asked, other = look(Image.fromarray(np.ascontiguousarray(pixels))), look(image)
    descriptors = unit(changed_descriptors(asked.local.descriptors))

    found = [align(asked.local, descriptors[each], other.local, each) for each in range(4)]

    places = [0 if each is None else each.places for each in found]
    assert int(np.argmax(places)) == change
    assert places[change] >= 10


def test_drawings_that_have_nothing_in_common_do_not_agree() -> None:
    asked, other = look(drawing(3)), look(drawing(4))
    found = align(asked.local, unit(asked.local.descriptors), other.local, 0)

    assert found is None or found.places < 6
