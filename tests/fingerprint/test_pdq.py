"""PDQ is that of its reference library; where the library's own turning is coarse, ours is nearer to the truth."""

import cv2
import numpy as np
import pdqhash
import pytest
from numpy.typing import NDArray
from pictures import picture
from PIL import Image
from turns import TURNS, turned

from provenance.fingerprint import Method
from provenance.fingerprint.method import ORIENTATIONS
from provenance.fingerprint.pdq import pdq_v1
from provenance.picture import Picture

LIBRARY = (0, 5, 4, 2, 6, 1, 3, 7)
"""Where the library's `compute_dihedral` has what we call by the names of `ORIENTATIONS`."""


def test_the_first_code_is_the_librarys_but_where_rounding_decides(pictures: list[tuple[str, Picture]]) -> None:
    wrong = [what for what, each in pictures if (hashed(each)[0] != pdq_v1.codes(each)[0]).any()]

    assert len(pictures) >= 200
    assert {what.split()[0] for what in wrong} <= {"_symmetric"}


def test_small_pictures_have_the_librarys_codes_in_every_orientation() -> None:
    for seed in range(8):
        each = picture(seed, 220, 150)
        known = np.stack([hashed(each, turn)[0] for turn in TURNS])

        assert (known == pdq_v1.codes(each)).all()


def test_of_larger_pictures_our_mirrored_codes_are_nearer_than_the_librarys() -> None:
    ours, librarys = [], []
    for seed in range(6):
        each = picture(seed, 512, 512)
        own = np.packbits(pdqhash.compute_dihedral(each.pixels)[0], axis=1)
        for row, turn in enumerate(TURNS):
            known = hashed(each, turn)[0]
            ours.append(int(np.bitwise_count(known ^ pdq_v1.codes(each)[row]).sum()))
            librarys.append(int(np.bitwise_count(known ^ own[LIBRARY[row]]).sum()))

    assert ours[::8] == ours[4::8] == [0] * 6  # as it lies, and transposed
    assert np.mean(ours) < np.mean(librarys) / 2
    assert max(ours) <= pdq_v1.flagged_at


def test_a_large_picture_is_near_to_the_librarys_code() -> None:
    large = Picture(np.kron(picture(3, 400, 300).pixels, np.ones((3, 3, 1), np.uint8)))

    reduced = Picture(np.asarray(cv2.resize(large.pixels, (512, 384), interpolation=cv2.INTER_AREA), np.uint8))

    assert np.bitwise_count(hashed(large)[0] ^ pdq_v1.codes(large)[0]).sum() <= 16
    assert (hashed(reduced)[0] == pdq_v1.codes(large)[0]).all()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (3000, 1, 4), (2, 2, 4)])
def test_thin_and_tiny_pictures_have_codes_that_say_nothing(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    assert pdq_v1.fingerprint(Picture(pixels)).quality < pdq_v1.reliable_at


def test_a_pdq_is_a_method(painting: Picture) -> None:
    known: Method = pdq_v1

    fingerprint = known.fingerprint(painting)

    assert fingerprint.method == known.name
    assert fingerprint.matrix.shape == (len(ORIENTATIONS), known.size)
    assert known.bits == 8 * known.size


def test_the_quality_is_the_librarys_as_a_share(pictures: list[tuple[str, Picture]]) -> None:
    for _, each in pictures[::9]:
        assert pdq_v1.fingerprint(each).quality == pytest.approx(hashed(each)[1] / 100)


def hashed(each: Picture, turn: Image.Transpose | None = None) -> tuple[NDArray[np.uint8], int]:
    bits, quality = pdqhash.compute(np.ascontiguousarray(turned(each, turn)))
    return np.packbits(bits), quality
