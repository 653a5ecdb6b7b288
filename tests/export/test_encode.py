import io
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from provenance.errors import UsageError
from provenance.export.encode import FORMATS, SIDE_LIMIT, Format, encode, media_type, suffix
from provenance.picture import Picture

NOISE = np.random.default_rng(3).integers(0, 256, (300, 280, 3), dtype=np.uint8)
CLEAR = np.dstack([NOISE[:40, :50], np.random.default_rng(4).integers(0, 256, (40, 50), dtype=np.uint8)])
ART = np.stack(np.broadcast_arrays(*np.ogrid[0:200, 20:220], 90), axis=-1).astype(np.uint8)


def decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize(("kind", "lossless"), [("png", None), ("tiff", None), ("webp", True)])
@pytest.mark.parametrize("pixels", [NOISE, CLEAR, ART], ids=["noise", "clear", "art"])
def test_formats_without_loss_keep_every_pixel(kind: Format, lossless: bool | None, pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(decoded(encode(Picture(pixels), kind, lossless=lossless)), pixels)


@settings(max_examples=30, deadline=None)
@given(
    pixels=st.tuples(st.integers(1, 24), st.integers(1, 24), st.sampled_from([3, 4])).flatmap(
        lambda shape: arrays(np.uint8, shape)
    )
)
def test_lossless_keeps_the_colour_of_transparent_pixels(pixels: NDArray[np.uint8]) -> None:
    canonical = Picture.from_image(Picture(pixels).image())

    assert np.array_equal(decoded(encode(canonical, "webp", lossless=True)), canonical.pixels)


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_formats_with_loss_stay_near(kind: Format) -> None:
    again = decoded(encode(Picture(ART), kind)).astype(int)

    assert again.shape == ART.shape
    assert np.abs(again - ART).mean() < 2


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_picture_gives_the_same_bytes(kind: Format) -> None:
    assert encode(Picture(ART), kind) == encode(Picture(ART.copy()), kind)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_format_is_what_it_says(kind: Format) -> None:
    with Image.open(io.BytesIO(encode(Picture(ART), kind))) as image:
        assert image.get_format_mimetype() == media_type(kind)


def test_jpeg_lays_transparency_onto_white() -> None:
    clear = np.zeros((16, 16, 4), np.uint8)

    assert (decoded(encode(Picture(clear), "jpeg")) == 255).all()


@pytest.mark.parametrize("quality", [1, 75, 92, 94, 95, 100])
def test_jpeg_takes_noise_at_every_quality(quality: int, capfd: pytest.CaptureFixture[str]) -> None:
    assert decoded(encode(Picture(NOISE), "jpeg", quality=quality)).shape == NOISE.shape
    assert capfd.readouterr().err == ""  # libjpeg would complain of a buffer too small


def test_jpeg_is_progressive_with_full_colour_resolution() -> None:
    with Image.open(io.BytesIO(encode(Picture(ART), "jpeg"))) as image:
        assert image.info["progressive"]
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_more_quality_is_more_bytes(kind: Format) -> None:
    sizes = [len(encode(Picture(NOISE), kind, quality=quality)) for quality in (30, 70, 95)]

    assert all(fewer < more for fewer, more in itertools.pairwise(sizes))


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_a_side_beyond_the_format_is_refused_with_the_formats_that_hold_it(kind: Format) -> None:
    picture = Picture(np.zeros((1, SIDE_LIMIT[kind] + 1, 3), np.uint8))

    with pytest.raises(UsageError, match=r"at most [\d,]+ pixels a side; .* Choose another format: png, .*tiff"):
        encode(picture, kind)


@pytest.mark.parametrize("kind", ["jpeg", "webp", "avif"])
def test_a_side_at_the_limit_of_the_format_is_written(kind: Format) -> None:
    picture = Picture(np.zeros((1, SIDE_LIMIT[kind], 3), np.uint8))

    assert decoded(encode(picture, kind)).shape == picture.pixels.shape


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        ("png", {"quality": 90}, "takes no quality"),
        ("tiff", {"quality": 90}, "takes no quality"),
        ("webp", {"quality": 90, "lossless": True}, "takes no quality"),
        ("jpeg", {"quality": 101}, "from 0 to 100; it is 101"),
        ("jpeg", {"lossless": True}, "written with loss"),
        ("avif", {"lossless": True}, "written with loss"),
        ("png", {"lossless": False}, "keeps every pixel"),
        ("jpeg", {"xmp": bytes(70_000)}, "Disclose less, or choose png"),
        ("gif", {}, "Choose one of png, jpeg, webp, tiff, avif"),
    ],
)
def test_settings_that_a_format_has_not_are_refused(
    kind: Format, settings: dict[str, int | bool | bytes], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        encode(Picture(ART), kind, **settings)  # type: ignore[arg-type]


def test_files_are_named_after_their_format() -> None:
    assert [suffix(kind) for kind in FORMATS] == [".png", ".jpg", ".webp", ".tif", ".avif"]
