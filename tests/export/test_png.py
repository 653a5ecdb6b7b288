import io
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image

from provenance.errors import UsageError
from provenance.export.png import write_png

PICTURES = st.tuples(st.integers(1, 40), st.integers(1, 40), st.sampled_from([3, 4])).flatmap(
    lambda shape: arrays(np.uint8, shape)
)


def written(pixels: NDArray[np.uint8], *, compression: int = 6, xmp: bytes | None = None) -> bytes:
    file = io.BytesIO()
    write_png(pixels, file, compression=compression, xmp=xmp)
    return file.getvalue()


def decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        return np.asarray(image)


def chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Read a PNG by the letter of its specification: length, type, data, CRC-32 over type and data."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        found.append((kind, body))
        at += 12 + length
    return found


def unfiltered(data: bytes) -> NDArray[np.uint8]:
    """Decode without any picture library, pixel by pixel, by sections 9.2 and 10 of the specification."""
    parts = chunks(data)
    width, height, _, colour = struct.unpack(">IIBB", parts[0][1][:10])
    channels = {2: 3, 6: 4}[colour]
    raw = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    stride, above, rows = width * channels, bytes(width * channels), []
    for row in range(height):
        line = raw[row * (stride + 1) : (row + 1) * (stride + 1)]
        kind, current = line[0], bytearray(line[1:])
        for i in range(stride):
            left = current[i - channels] if i >= channels else 0
            current[i] = (current[i] + {0: 0, 1: left, 2: above[i]}[kind]) % 256
        rows.append(bytes(current))
        above = bytes(current)
    return np.frombuffer(b"".join(rows), np.uint8).reshape(height, width, channels)


@given(pixels=PICTURES, compression=st.integers(0, 9))
def test_pillow_decodes_the_same_pixels(pixels: NDArray[np.uint8], compression: int) -> None:
    assert np.array_equal(decoded(written(pixels, compression=compression)), pixels)


@given(pixels=PICTURES)
def test_a_decoder_of_the_bare_specification_agrees(pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(unfiltered(written(pixels)), pixels)


def test_bands_join_without_a_seam() -> None:
    first = np.random.default_rng(1).integers(0, 256, (1, 400, 3), dtype=np.uint8)
    pixels = first + np.arange(900, dtype=np.uint8).reshape(-1, 1, 1) % 5  # more than two bands, best filtered by Up

    assert np.array_equal(decoded(written(pixels, compression=1)), pixels)


@given(pixels=PICTURES)
def test_the_same_pixels_give_the_same_bytes(pixels: NDArray[np.uint8]) -> None:
    assert written(pixels) == written(np.asfortranarray(pixels))


def test_smooth_pictures_are_filtered_and_so_smaller_than_pillows() -> None:
    y, x = np.mgrid[0:256, 0:256]
    pixels = np.stack([x // 2 + y // 3, 255 - x // 2, (x + y) // 2], axis=-1).astype(np.uint8)
    peer = io.BytesIO()
    Image.fromarray(pixels).save(peer, "PNG", compress_level=6)

    assert len(written(pixels)) < 1.5 * peer.tell() < pixels.nbytes / 8


def test_chunks_stand_in_the_order_of_the_specification() -> None:
    kinds = [kind for kind, _ in chunks(written(np.zeros((4, 4, 3), np.uint8), xmp=b"<x/>"))]

    assert kinds == [b"IHDR", b"sRGB", b"iTXt", b"IDAT", b"IEND"]


def test_a_picture_on_disk_is_written_with_little_memory(tmp_path: Path) -> None:
    shape = (6000, 2000, 3)
    pixels = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=shape)
    pixels[::7, :, 1] = 200
    tracemalloc.start()
    with (tmp_path / "picture.png").open("wb") as file:
        write_png(pixels, file, compression=1)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8_000_000 < pixels.nbytes
    assert np.array_equal(decoded((tmp_path / "picture.png").read_bytes()), pixels)


@pytest.mark.parametrize(
    "pixels", [np.zeros((3, 3), np.uint8), np.zeros((3, 3, 2), np.uint8), np.zeros((0, 3, 3), np.uint8)]
)
def test_what_is_no_picture_is_refused(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(UsageError, match="PNG takes uint8"):
        written(pixels)


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(UsageError, match="from 0 to 9, not 10"):
        written(np.zeros((1, 1, 3), np.uint8), compression=10)
