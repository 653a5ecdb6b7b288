"""Features come from one network with one set of weights, and depend on the picture alone."""

import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import picture

from provenance.errors import UsageError
from provenance.train.features import Extractor

PIXELS = np.stack([picture(number, 96, 96).pixels for number in range(5)])


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor.load()


def test_a_picture_becomes_1280_numbers(extractor: Extractor) -> None:
    found = extractor.extract(PIXELS)

    assert found.shape == (5, 1280)
    assert found.dtype == np.float32
    assert found.min() >= 0
    assert found.max() <= 6
    assert len(np.unique(found, axis=0)) == 5


def test_what_comes_with_a_picture_does_not_change_its_features(extractor: Extractor) -> None:
    many = np.concatenate([PIXELS] * 8)  # more than a batch

    assert np.array_equal(extractor.extract(many)[35:40], extractor.extract(PIXELS))
    assert np.array_equal(extractor.extract(PIXELS[3:4])[0], extractor.extract(PIXELS)[3])


def test_the_features_of_version_1_stay_as_they_are(extractor: Extractor) -> None:
    rows, columns = np.mgrid[0:128, 0:128]
    drawn = np.stack([rows * 2, columns * 2, (rows // 16 + columns // 16) % 2 * 255], axis=2)[None].astype(np.uint8)
    found = extractor.extract(drawn)[0]

    assert np.allclose(found[GOLDEN_AT], GOLDEN, atol=2e-3)
    assert extractor.record() == {
        "name": "efficientnet-lite0_v1",
        "weights": "sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "length": 1280,
        "side": 128,
    }


def test_other_sizes_are_resized_without_aliasing(extractor: Extractor) -> None:
    small = picture(3, 128, 128).pixels // 2 + 64
    stripes = 60 * np.sin(np.arange(512) * 2 * np.pi / 4.3)  # finer than 128 pixels can show
    large = small.repeat(4, axis=0).repeat(4, axis=1) + stripes[None, :, None]
    seen = extractor.extract(large.clip(0, 255).astype(np.uint8)[None])[0]

    assert cosine(seen, extractor.extract(small[None])[0]) > 0.9  # 0.3 where only every fourth pixel is looked at


def test_no_pictures_have_no_features(extractor: Extractor) -> None:
    assert extractor.extract(np.zeros((0, 8, 8, 3), np.uint8)).shape == (0, 1280)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 8, 8), np.uint8), np.zeros((2, 8, 8, 4), np.uint8), np.zeros((2, 8, 8, 3))]
)
def test_what_is_no_batch_of_pictures_is_refused(extractor: Extractor, wrong: "NDArray[np.uint8]") -> None:
    with pytest.raises(UsageError, match="Features are taken of uint8 pictures"):
        extractor.extract(wrong)


def test_progress_counts_pictures(extractor: Extractor) -> None:
    heard: list[tuple[int, int]] = []
    extractor.extract(np.concatenate([PIXELS] * 8), progress=lambda done, total: heard.append((done, total)))

    assert heard == [(32, 40), (40, 40)]


def cosine(one: "NDArray[np.float32]", other: "NDArray[np.float32]") -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


GOLDEN_AT = np.array([113, 423, 468, 245, 594, 897, 455, 825, 425, 580, 772])
GOLDEN = np.array([5.245, 3.3317, 3.1415, 2.7096, 2.3052, 2.1643, 1.4267, 1.1397, 0.7972, 0.3825, 0.1526])
