"""Write PNG of any size in bands, so that a picture on disk never has to fit into memory.

PNG (W3C Recommendation, third edition) with the filters None, Sub and Up, chosen row by row by the heuristic of
its section 12.7 (least sum of absolute differences), estimated on every seventh byte of a row. That is
where a generator waits, so it is vectorised over a band; zlib and numpy both let other threads run meanwhile.
Average and Paeth are left out: they cost more time than all the rest and saved nothing on generated art.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import numpy as np

from provenance.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Sink(Protocol):
    """What a PNG is written to: anything with a `write`, a file or a hash beside a file."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


RECORD_COMPRESSION: Final = 1
"""For pictures that are written behind a generator: two to five times faster than 6, some 15 % larger."""
EXPORT_COMPRESSION: Final = 6
"""For files that leave: written once, read often."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES: Final = {3: 2, 4: 6}  # section 11.2.1: truecolour, truecolour with alpha
_XMP_KEYWORD: Final = b"XML:com.adobe.xmp"  # XMP specification part 3, section 1.1.5
_NONE, _SUB, _UP = 0, 1, 2  # section 9.2
_BAND: Final = 1 << 19
_CHUNK: Final = 1 << 16
_SAMPLE: Final = 7  # shares no factor with 3 or 4 channels, so every channel is looked at


def write_png(
    pixels: "NDArray[np.uint8]",
    file: "BinaryIO | Sink",
    *,
    compression: int = EXPORT_COMPRESSION,
    xmp: bytes | None = None,
) -> None:
    """Write `pixels`, uint8 of shape (height, width, 3 or 4), as an 8-bit sRGB PNG to `file`.

    `pixels` may be a `numpy.memmap`; beside it, a few megabytes are used whatever its size. `compression` is
    zlib's level, 0 to 9. `xmp` is an XMP packet. The same arguments give the same bytes with the same zlib.
    Raises UsageError for an array that is no picture or for another level.
    """
    _check(pixels, compression)
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    file.write(_SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"sRGB", b"\0"))
    if xmp is not None:
        file.write(_chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + xmp))
    for data in _compressed(pixels, compression):
        file.write(_chunk(b"IDAT", data))
    file.write(_chunk(b"IEND", b""))


def _check(pixels: "NDArray[np.uint8]", compression: int) -> None:
    shape = pixels.shape
    if pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] not in _COLOUR_TYPES or 0 in shape:
        message = f"PNG takes uint8 of shape (height, width, 3 or 4), not {pixels.dtype} of shape {shape}."
        raise UsageError(message)
    if not 0 <= compression <= 9:
        message = f"The compression of a PNG is a level from 0 to 9, not {compression}."
        raise UsageError(message)


def _compressed(pixels: "NDArray[np.uint8]", compression: int) -> Iterator[bytes]:
    height, width, channels = pixels.shape
    stride = width * channels
    rows = max(1, _BAND // stride)
    compressor = zlib.compressobj(compression, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL)
    above, waiting = np.zeros(stride, np.uint8), b""
    for top in range(0, height, rows):
        band = np.ascontiguousarray(pixels[top : top + rows]).reshape(-1, stride)
        waiting += compressor.compress(_filtered(band, above, channels).data)
        if len(waiting) >= _CHUNK:
            yield waiting
            waiting = b""
        above = band[-1].copy()
    yield waiting + compressor.flush()


def _filtered(band: "NDArray[np.uint8]", above: "NDArray[np.uint8]", channels: int) -> "NDArray[np.uint8]":
    """Filter a band of rows: give (rows, 1 + stride), each row led by the number of its filter."""
    sub = band.copy()
    sub[:, channels:] -= band[:, :-channels]
    up = band.copy()
    up[0] -= above
    up[1:] -= band[:-1]
    choice = np.stack([_cost(band), _cost(sub), _cost(up)]).argmin(axis=0).astype(np.uint8)

    out = np.empty((band.shape[0], band.shape[1] + 1), np.uint8)
    out[:, 0] = choice
    for number, candidate in ((_NONE, band), (_SUB, sub), (_UP, up)):
        chosen = choice == number
        if chosen.all():
            out[:, 1:] = candidate
        elif chosen.any():
            out[chosen, 1:] = candidate[chosen]
    return out


def _cost(filtered: "NDArray[np.uint8]") -> "NDArray[np.uint32]":
    """Estimate how badly each row will compress: the sum of its bytes as distances from 0 modulo 256."""
    sample = filtered[:, ::_SAMPLE]
    cost: NDArray[np.uint32] = np.minimum(sample, -sample).sum(axis=1, dtype=np.uint32)
    return cost


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))
