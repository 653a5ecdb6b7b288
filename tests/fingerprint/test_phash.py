import subprocess
import sys
import tracemalloc
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from turns import TURNS, small_pictures, turned

from provenance.errors import NotFoundError
from provenance.fingerprint import METHODS, ORIENTATIONS, fingerprint_all, method
from provenance.fingerprint.grid import grey_grids
from provenance.picture import Picture


def hashed(picture: Picture, side: int) -> NDArray[np.uint8]:
    """What imagehash says of the picture in all eight orientations."""
    bits = [imagehash.phash(turned(picture, turn), hash_size=side).hash.ravel() for turn in TURNS]
    return np.packbits(bits, axis=1)


def differing_bits(picture: Picture) -> int:
    fingerprints = fingerprint_all(picture)
    codes = [(fingerprints["phash8_v1"].matrix, 8), (fingerprints["phash16_v1"].matrix, 16)]
    return sum(int(np.bitwise_count(ours ^ hashed(picture, side)).sum()) for ours, side in codes)


def test_every_bit_in_every_orientation_is_that_of_imagehash(pictures: list[tuple[str, Picture]]) -> None:
    wrong = {what: count for what, picture in pictures if (count := differing_bits(picture))}

    assert len(pictures) >= 200
    assert wrong == {}


@given(small_pictures)
@settings(max_examples=60, deadline=None)
def test_pictures_of_few_levels_differ_in_no_bit_either(pixels: NDArray[np.uint8]) -> None:
    assert differing_bits(Picture(pixels)) == 0


def test_the_first_code_is_the_text_that_imagehash_prints(painting: Picture) -> None:
    codes = method("phash16_v1").codes(painting)

    assert codes[0].tobytes().hex() == str(imagehash.phash(painting.on_white(), hash_size=16))


def test_a_turned_picture_has_as_first_code_the_code_of_that_orientation(painting: Picture) -> None:
    for row, turn in enumerate(TURNS):
        other = Picture.from_image(turned(painting, turn))

        for known in METHODS:
            assert (known.codes(other)[0] == known.codes(painting)[row]).all(), ORIENTATIONS[row]


def test_small_bands_change_no_bit(painting: Picture) -> None:
    shapes = [(32, 32), (16, 17)]

    whole = grey_grids(painting, shapes)

    for band in (1, 500, 140 * 89):
        parts = grey_grids(painting, shapes, band=band)
        for shape in shapes:
            assert (whole[shape].lying == parts[shape].lying).all()
            assert (whole[shape].standing == parts[shape].standing).all()


def test_a_picture_on_disk_takes_little_more_than_a_byte_a_pixel(tmp_path: Path) -> None:
    side = 3000
    pixels = np.memmap(tmp_path / "pixels", dtype=np.uint8, mode="w+", shape=(side, side, 3))
    pixels[: side // 3] = 200
    fingerprint_all(Picture(pixels[:64, :64]))  # what is made once does not count

    tracemalloc.start()
    fingerprints = fingerprint_all(Picture(pixels))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert fingerprints["phash8_v1"].codes[:8] != bytes(8)
    assert peak < 2 * side * side


def test_making_all_at_once_gives_what_each_method_gives(painting: Picture) -> None:
    for name, fingerprint in fingerprint_all(painting).items():
        known = method(name)

        assert fingerprint == known.fingerprint(painting)
        assert fingerprint.method == name
        assert fingerprint.matrix.shape == (len(ORIENTATIONS), known.size)
        assert known.bits == 8 * known.size


def test_a_picture_with_detail_is_reliable_and_a_flat_one_is_not(painting: Picture) -> None:
    flat = Picture(np.full((50, 60, 3), 90, dtype=np.uint8))

    for known in METHODS:
        assert known.fingerprint(painting).quality >= known.reliable_at
        assert known.fingerprint(flat).quality < known.reliable_at


def test_shapes_that_are_symmetric_both_ways_are_not_reliable() -> None:
    pixels = np.full((120, 120, 3), 255, dtype=np.uint8)
    pixels[30:90, 30:90] = 0

    for name in ("phash8_v1", "phash16_v1"):
        known = method(name)
        assert known.fingerprint(Picture(pixels)).quality < known.reliable_at


def test_quality_is_a_share(pictures: list[tuple[str, Picture]]) -> None:
    for _, picture in pictures[::7]:
        assert all(0 <= fingerprint.quality <= 1 for fingerprint in fingerprint_all(picture).values())


def test_an_unknown_method_is_named_with_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match=r"'phash9'.*phash8_v1, phash16_v1"):
        method("phash9")


def test_importing_fingerprints_and_audit_stays_quick() -> None:
    look = "print({'scipy', 'faiss', 'torch'} & {*sys.modules})"
    slow = f"import sys, provenance.audit, provenance.fingerprint.index; {look}"

    loaded = subprocess.run([sys.executable, "-c", slow], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "set()"
