"""dHash is imagehash's, bit for bit, in every orientation."""

import imagehash
import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray
from turns import TURNS, small_pictures, turned

from provenance.fingerprint import Method
from provenance.fingerprint.dhash import dhash16_v1
from provenance.fingerprint.method import ORIENTATIONS
from provenance.picture import Picture


def differing_bits(picture: Picture) -> int:
    bits = [imagehash.dhash(turned(picture, turn), hash_size=16).hash.ravel() for turn in TURNS]
    return int(np.bitwise_count(dhash16_v1.codes(picture) ^ np.packbits(bits, axis=1)).sum())


def test_every_bit_in_every_orientation_is_that_of_imagehash(pictures: list[tuple[str, Picture]]) -> None:
    wrong = {what: count for what, picture in pictures if (count := differing_bits(picture))}

    assert len(pictures) >= 200
    assert wrong == {}


@given(small_pictures)
@settings(max_examples=60, deadline=None)
def test_pictures_of_few_levels_differ_in_no_bit_either(pixels: NDArray[np.uint8]) -> None:
    assert differing_bits(Picture(pixels)) == 0


def test_the_first_code_is_the_text_that_imagehash_prints(painting: Picture) -> None:
    printed = str(imagehash.dhash(painting.on_white(), hash_size=16))

    assert dhash16_v1.codes(painting)[0].tobytes().hex() == printed


def test_a_dhash_is_a_method(painting: Picture) -> None:
    known: Method = dhash16_v1

    fingerprint = known.fingerprint(painting)

    assert fingerprint.method == known.name
    assert fingerprint.matrix.shape == (len(ORIENTATIONS), known.size)
    assert known.bits == 8 * known.size


def test_a_picture_with_detail_is_reliable_and_a_flat_one_is_not(painting: Picture) -> None:
    flat = Picture(np.full((50, 60, 3), 90, dtype=np.uint8))

    assert 1 >= dhash16_v1.fingerprint(painting).quality >= dhash16_v1.reliable_at
    assert dhash16_v1.fingerprint(flat).quality == 0
