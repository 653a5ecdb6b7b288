import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from provenance.fingerprint import METHODS
from provenance.fingerprint.distance import nearest_orientation, orientation_distances
from provenance.picture import Picture

codes = st.binary(min_size=64, max_size=64)


@given(codes, codes)
def test_distance_of_pictures_as_they_lie_is_symmetric(one: bytes, other: bytes) -> None:
    assert orientation_distances(one, other)[0] == orientation_distances(other, one)[0]


@given(codes)
def test_a_picture_is_at_no_distance_from_itself(one: bytes) -> None:
    assert nearest_orientation(one, one) == 0


@given(codes, codes)
def test_distance_counts_bits(one: bytes, other: bytes) -> None:
    expected = [(int.from_bytes(one[row : row + 8]) ^ int.from_bytes(other[:8])).bit_count() for row in range(0, 64, 8)]

    assert orientation_distances(one, other).tolist() == expected


def test_a_rotated_picture_is_at_no_distance(painting: Picture) -> None:
    rotated = Picture.from_image(painting.image().transpose(Image.Transpose.ROTATE_90))

    for method in METHODS:
        one, other = method.fingerprint(rotated), method.fingerprint(painting)
        assert nearest_orientation(one.codes, other.codes) == 0


def test_codes_of_different_methods_are_refused() -> None:
    with pytest.raises(ValueError, match="64 and 256 bytes"):
        nearest_orientation(bytes(64), bytes(256))
