"""A picture: decoded pixels in one canonical form, and the safe way to open a file from anywhere.

Canonical means: EXIF orientation applied, 8 bits a channel, RGB, or RGBA where a pixel is not opaque.
`Picture.digest` is over those pixels, so that it survives re-encoding without loss (`pixels_v1`).
"""

import hashlib
import io
import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from provenance.digest import Digest
from provenance.errors import PictureError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MEDIA_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
"""The formats that we read, by Pillow's name for them."""

_FORMATS = tuple(name for name in MEDIA_TYPES if name != "MPO")  # MPO is read by the JPEG decoder

SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/tiff": ".tif",
    "image/gif": ".gif",
    "image/avif": ".avif",
}
"""The file name ending for each media type."""

PIXEL_LIMIT = 1 << 28
"""Pictures over this many pixels (16384 x 16384) are refused unless the caller allows more."""

_BAND = 1 << 22

_DECODERS_RAISE = (
    *(ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, AttributeError),
    *(RuntimeError, MemoryError, struct.error, zlib.error),
)
"""What Pillow's decoders raise over damaged data, beside OSError: found by flipping bytes in every format."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """Decoded pixels, `uint8`, shape (height, width, 3 or 4), RGB or RGBA, row-major."""

    pixels: "NDArray[np.uint8]"
    media_type: str | None = field(default=None, kw_only=True)
    """The media type of the file that it came from, if it came from one."""

    def __post_init__(self) -> None:
        """Refuse arrays of another shape or type."""
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] not in (3, 4) or 0 in shape:
            message = (
                f"An array of {self.pixels.dtype} with shape {shape} is not a picture: "
                "uint8 of shape (height, width, 3 or 4) is needed."
            )
            raise PictureError(message, reason="format")

    @classmethod
    def open(cls, source: Path | bytes, *, limit: int = PIXEL_LIMIT, animated: bool = True) -> Self:
        """Decode a file or its bytes; of an animation the first frame, unless `animated` is False.

        The size in the header is checked against `limit` (pixels) before anything is decoded.
        Raises PictureError with a reason: empty, format, huge, truncated, unreadable, animated.
        """
        name = source.name if isinstance(source, Path) else "the data"
        data = _read(source)
        if not data:
            message = f"{name} is empty: it holds no bytes."
            raise PictureError(message, reason="empty")
        return cls._decode(data, name, limit, animated=animated)

    @classmethod
    def _decode(cls, data: bytes, name: str, limit: int, *, animated: bool) -> Self:
        try:
            with _opened(data) as image:
                _check_header(image, name, limit, animated=animated)
                media_type = MEDIA_TYPES[image.format or ""]
                return cls(_canonical(image), media_type=media_type)
        except UnidentifiedImageError as cause:
            message = f"{name} is not a PNG, JPEG, WebP, TIFF, GIF or AVIF picture."
            raise PictureError(message, reason="format") from cause
        except Image.DecompressionBombError as cause:
            message = f"{name} claims more pixels than the limit of {limit:,} allows."
            raise PictureError(message, reason="huge") from cause
        except PictureError:
            raise
        except (OSError, EOFError) as cause:
            message = f"{name} breaks off before its end: {cause}."
            raise PictureError(message, reason="truncated") from cause
        except _DECODERS_RAISE as cause:
            message = f"{name} cannot be decoded: {cause}."
            raise PictureError(message, reason="unreadable") from cause

    @classmethod
    def from_image(cls, image: Image.Image) -> Self:
        """Take a Pillow image of any mode."""
        return cls(_canonical(image))

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return int(self.pixels.shape[0])

    @property
    def digest(self) -> Digest:
        """Digest the pixels: SHA-256 over `prov-pixels-v1`, a zero byte, width, height, channels (u32 LE), bytes."""
        hasher = hashlib.sha256(
            b"prov-pixels-v1\0" + struct.pack("<III", self.width, self.height, self.pixels.shape[2])
        )
        rows = max(1, _BAND // (self.width * 4))
        for top in range(0, self.height, rows):
            hasher.update(np.ascontiguousarray(self.pixels[top : top + rows]).data)
        return Digest(hasher.hexdigest())

    def image(self) -> Image.Image:
        """Give the picture to Pillow, as mode RGB or RGBA."""
        return Image.fromarray(self.pixels)

    def on_white(self) -> Image.Image:
        """Give the picture to Pillow as RGB, as it looks on white paper."""
        image = self.image()
        if image.mode == "RGB":
            return image
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")


def _opened(data: bytes) -> ImageFile.ImageFile:
    """Let the one decoder that knows the format read the header.

    `Image.open` would also hold the size against a limit that is global to the process; ours is per call.
    """
    Image.preinit()
    for name in _FORMATS:
        if name not in Image.OPEN:
            Image.init()
        factory, accept = Image.OPEN[name]
        if accept is None or accept(data[:16]) is True:
            try:
                return factory(io.BytesIO(data), "")
            except (SyntaxError, IndexError, TypeError, KeyError, EOFError, struct.error) as cause:
                raise UnidentifiedImageError from cause  # as Image.open sees it: a header that is none
    raise UnidentifiedImageError


def _read(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as cause:
        message = f"{source} cannot be read: {cause.strerror}."
        raise PictureError(message, reason="unreadable") from cause


def _check_header(image: Image.Image, name: str, limit: int, *, animated: bool) -> None:
    width, height = image.size
    if width * height > limit:
        message = (
            f"{name} claims {width} x {height} pixels; the limit is {limit:,}. "
            "If that is right, raise limits.pixels in prov.toml."
        )
        raise PictureError(message, reason="huge")
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO" and not animated:
        message = f"{name} is an animation of {frames} frames: save the frame that you mean as a picture."
        raise PictureError(message, reason="animated")


def _canonical(image: Image.Image) -> "NDArray[np.uint8]":
    image.load()
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        upright = _eight_bits(upright)
    if upright.mode not in ("RGB", "RGBA"):
        upright = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
    pixels = np.asarray(upright)
    if pixels.shape[2] == 4 and bool((pixels[..., 3] == 255).all()):
        pixels = np.ascontiguousarray(pixels[..., :3])
    return pixels


def _eight_bits(image: Image.Image) -> Image.Image:
    """Reduce 16-bit and float greyscale to 8 bits: the high byte, or the value clipped to 0..255."""
    values = np.asarray(image)
    if image.mode == "F":
        return Image.fromarray(values.clip(0, 255).astype(np.uint8))
    deep = image.mode.startswith("I;16") or (values.size > 0 and int(values.max()) > 255)
    return Image.fromarray(((values >> 8) if deep else values).clip(0, 255).astype(np.uint8))
