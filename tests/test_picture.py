"""Pictures from anywhere become one canonical form, or are refused with a reason."""

import contextlib
import io
import random
import struct
import zlib

import numpy as np
import pytest
from pictures import picture
from PIL import Image

from provenance.errors import PictureError
from provenance.picture import MEDIA_TYPES, Picture


def _encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, file_format, **options)
    return data.getvalue()


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_lossless_encodings_have_one_pixel_digest(file_format: str) -> None:
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    opened = Picture.open(_encoded(picture().image(), file_format, **options))

    assert picture().digest == opened.digest
    assert MEDIA_TYPES[file_format] == opened.media_type


@pytest.mark.parametrize("file_format", ["JPEG", "GIF", "AVIF"])
def test_lossy_formats_are_read(file_format: str) -> None:
    opened = Picture.open(_encoded(picture().image(), file_format))

    assert (opened.width, opened.height) == (64, 48)


def test_a_picture_without_transparency_is_the_same_with_an_alpha_channel() -> None:
    opaque = picture().image().convert("RGBA")

    assert picture().digest == Picture.open(_encoded(opaque, "PNG")).digest


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_becomes_eight_bits_of_rgb(mode: str) -> None:
    file_format = "TIFF" if mode in {"CMYK", "F"} else "PNG"
    source = picture().image()
    image = (
        Image.fromarray(np.asarray(source.convert("L"), np.uint16) * 257) if mode == "I;16" else source.convert(mode)
    )
    opened = Picture.open(_encoded(image, file_format))

    assert opened.pixels.shape[2] == 3
    assert 40 < opened.pixels.mean() < 215


def test_exif_orientation_is_applied() -> None:
    image = picture().image()
    exif = image.getexif()
    exif[0x0112] = 6
    opened = Picture.open(_encoded(image, "PNG", exif=exif))

    assert (opened.width, opened.height) == (48, 64)


def _png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(64))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"no picture at all", "format"),
        (b"\x89PNG\r\n\x1a\n", "format"),
        (_png_claiming(60_000, 60_000), "huge"),
        (_encoded(picture().image(), "PNG")[:400], "truncated"),
        (_encoded(picture().image(), "JPEG")[:400], "truncated"),
    ],
)
def test_what_cannot_be_read_has_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as refused:
        Picture.open(data)

    assert reason == refused.value.reason
    assert str(refused.value).endswith(".")


def test_the_limit_is_the_callers_own() -> None:
    data = _encoded(picture().image(), "PNG")

    with pytest.raises(PictureError, match="the limit is 100"):
        Picture.open(data, limit=100)
    assert Picture.open(data, limit=64 * 48).width == 64


def test_the_size_is_judged_by_our_limit_and_not_by_pillows() -> None:
    # 200 million pixels: Pillow by itself refuses more than 179 million before it decodes.
    data = _png_claiming(20_000, 10_000)

    with pytest.raises(PictureError) as refused:
        Picture.open(data)
    assert refused.value.reason == "truncated"  # it was let through, and then breaks off


def test_an_animation_gives_its_first_frame_or_is_refused() -> None:
    frames = [picture(seed).image() for seed in range(3)]
    data = _encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert Picture.open(data).width == 64
    with pytest.raises(PictureError, match="3 frames"):
        Picture.open(data, animated=False)


def test_one_different_pixel_is_another_digest() -> None:
    pixels = picture().pixels.copy()
    pixels[5, 5, 1] ^= 1

    assert picture().digest != Picture(pixels).digest


def test_the_digest_knows_the_shape() -> None:
    pixels = picture().pixels

    assert Picture(pixels).digest != Picture(pixels.reshape(64, 48, 3)).digest


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow remarks on what it skips
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "AVIF"])
def test_a_damaged_file_is_read_or_refused_and_never_more(file_format: str) -> None:
    chance = random.Random(file_format)
    data = _encoded(picture(1, 40, 30).image(), file_format)

    for _ in range(150):
        damaged = bytearray(data)
        for _ in range(chance.choice((1, 2, 5))):
            damaged[chance.randrange(len(damaged))] ^= chance.randrange(1, 256)
        with contextlib.suppress(PictureError):
            Picture.open(bytes(damaged))
