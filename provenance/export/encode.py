"""A picture becomes the bytes of a file: PNG, JPEG, WebP, TIFF or AVIF, with its XMP packet inside.

The same picture and settings give the same bytes with the same libraries. Pixels are sRGB, as every reader
assumes of an untagged file; PNG says so, AVIF says so. Sign afterwards: a change of XMP breaks a signature.
"""

import io
from typing import Final, Literal, TypeAlias, get_args

from PIL import TiffImagePlugin

from provenance.errors import UsageError
from provenance.export.png import EXPORT_COMPRESSION, write_png
from provenance.picture import SUFFIXES, Picture

Format: TypeAlias = Literal["png", "jpeg", "webp", "tiff", "avif"]
"""The formats that we write."""

FORMATS: Final[tuple[Format, ...]] = get_args(Format)

QUALITY: Final[dict[Format, int]] = {"jpeg": 92, "webp": 90, "avif": 80}
"""The quality of each format that can lose detail, from 0 to 100, unless the caller gives another."""

SIDE_LIMIT: Final[dict[Format, int]] = {
    "png": (1 << 31) - 1,  # PNG specification, section 11.2.1
    "jpeg": 65_500,  # libjpeg's JPEG_MAX_DIMENSION; the standard would allow 65,535
    "webp": 16_383,  # RFC 9649, section 3.4: 14 bits
    "tiff": (1 << 32) - 1,  # TIFF 6.0: LONG; the file's 4 GiB are met first
    "avif": 32_768,  # libavif's readers refuse more unless told otherwise
}
"""The longest side that each format holds, in pixels."""

_JPEG_XMP_LIMIT: Final = 65_502  # XMP specification part 3, section 1.1.3: one APP1 segment
_TIFF_XMP, _TIFF_PREDICTOR = 700, 317  # XMP specification part 3, section 1.1.6; TIFF 6.0, section 14
_TIFF_X_RESOLUTION, _TIFF_Y_RESOLUTION, _TIFF_RESOLUTION_UNIT = 282, 283, 296
_BYTE: Final = 1


def encode(
    picture: Picture,
    format: Format,  # noqa: A002  (the word people use for it)
    *,
    quality: int | None = None,
    lossless: bool | None = None,
    xmp: bytes | None = None,
    compression: int = EXPORT_COMPRESSION,
) -> bytes:
    """Encode `picture`.

    `quality`, 0 to 100, is for JPEG, WebP and AVIF. `lossless` keeps every pixel: always so in PNG and TIFF,
    on request in WebP, never in JPEG and AVIF. `compression`, 0 to 9, is zlib's level for PNG.
    JPEG knows no transparency: what is transparent is laid onto white.
    Raises UsageError for a setting that the format has not, and for a picture or packet too large for it.
    """
    _check(picture, format, quality, lossless=lossless, xmp=xmp)
    chosen = QUALITY.get(format, 0) if quality is None else quality
    match format:
        case "png":
            return _png(picture, compression, xmp)
        case "jpeg":
            return _jpeg(picture, chosen, xmp)
        case "webp":
            return _webp(picture, chosen, xmp, lossless=bool(lossless))
        case "tiff":
            return _tiff(picture, xmp)
        case "avif":
            return _avif(picture, chosen, xmp)


def media_type(format: Format) -> str:  # noqa: A002
    """Give the media type of a format, as in `image/png`."""
    _check_format(format)
    return f"image/{format}"


def suffix(format: Format) -> str:  # noqa: A002
    """Give the ending of a file's name, as in `.jpg`."""
    return SUFFIXES[media_type(format)]


def _check_format(format: str) -> None:  # noqa: A002
    if format not in FORMATS:
        message = f"{format!r} is not a format that prov writes. Choose one of {', '.join(FORMATS)}."
        raise UsageError(message)


def _check(
    picture: Picture,
    format: Format,  # noqa: A002
    quality: int | None,
    *,
    lossless: bool | None,
    xmp: bytes | None,
) -> None:
    _check_format(format)
    name, limit = format.upper(), SIDE_LIMIT[format]
    if max(picture.width, picture.height) > limit:
        fitting = ", ".join(other for other in FORMATS if SIDE_LIMIT[other] >= max(picture.width, picture.height))
        message = (
            f"{name} holds at most {limit:,} pixels a side; this picture has {picture.width:,} x {picture.height:,}. "
            f"Choose another format: {fitting}."
        )
        raise UsageError(message)
    if quality is not None and (format not in QUALITY or lossless):
        message = f"A {name} without loss takes no quality: leave it out, or choose jpeg, webp or avif with loss."
        raise UsageError(message)
    if quality is not None and not 0 <= quality <= 100:
        message = f"The quality of a {name} lies from 0 to 100; it is {quality}."
        raise UsageError(message)
    _check_loss(format, lossless=lossless)
    if format == "jpeg" and xmp is not None and len(xmp) > _JPEG_XMP_LIMIT:
        message = (
            f"JPEG holds at most {_JPEG_XMP_LIMIT:,} bytes of XMP; this packet has {len(xmp):,}. "
            "Disclose less, or choose png, webp, tiff or avif."
        )
        raise UsageError(message)


def _check_loss(format: Format, *, lossless: bool | None) -> None:  # noqa: A002
    if lossless is True and format in {"jpeg", "avif"}:
        message = f"{format.upper()} is written with loss. To keep every pixel, choose png, webp or tiff."
        raise UsageError(message)
    if lossless is False and format in {"png", "tiff"}:
        message = f"{format.upper()} keeps every pixel. For a smaller file, choose jpeg, webp or avif."
        raise UsageError(message)


def _png(picture: Picture, compression: int, xmp: bytes | None) -> bytes:
    file = io.BytesIO()
    write_png(picture.pixels, file, compression=compression, xmp=xmp)
    return file.getvalue()


def _jpeg(picture: Picture, quality: int, xmp: bytes | None) -> bytes:
    """Write progressive JPEG with full colour resolution, or baseline where progressive does not fit.

    Pillow gives libjpeg one buffer of a byte a pixel (two from quality 95), and progressive writing fails where
    that is too small, as it is for noise. So the baseline is written first, and its size tells.
    """
    image = picture.on_white()
    baseline = io.BytesIO()
    image.save(baseline, "JPEG", quality=quality, subsampling=0, xmp=xmp)
    buffer = picture.width * picture.height * (2 if quality >= 95 else 1)
    if baseline.tell() > 0.9 * max(buffer, 1 << 16):
        return baseline.getvalue()

    progressive = io.BytesIO()
    image.save(progressive, "JPEG", quality=quality, subsampling=0, xmp=xmp, progressive=True, optimize=True)
    return progressive.getvalue()


def _webp(picture: Picture, quality: int, xmp: bytes | None, *, lossless: bool) -> bytes:
    file = io.BytesIO()
    # `exact` keeps the colour of fully transparent pixels: else lossless would not be without loss
    picture.image().save(file, "WEBP", quality=quality, method=4, lossless=lossless, exact=lossless, **_packet(xmp))
    return file.getvalue()


def _tiff(picture: Picture, xmp: bytes | None) -> bytes:
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    directory[_TIFF_PREDICTOR] = 2  # horizontal differencing
    directory[_TIFF_X_RESOLUTION] = directory[_TIFF_Y_RESOLUTION] = 1.0
    directory[_TIFF_RESOLUTION_UNIT] = 1  # square pixels of no stated size: the fields are required, section 8
    if xmp is not None:
        directory[_TIFF_XMP] = xmp
        directory.tagtype[_TIFF_XMP] = _BYTE
    file = io.BytesIO()
    picture.image().save(file, "TIFF", compression="tiff_lzw", tiffinfo=directory)
    return file.getvalue()


def _avif(picture: Picture, quality: int, xmp: bytes | None) -> bytes:
    file = io.BytesIO()
    # one thread: the encoder's bytes depend on the number of threads
    picture.image().save(file, "AVIF", quality=quality, subsampling="4:4:4", speed=6, max_threads=1, **_packet(xmp))
    return file.getvalue()


def _packet(xmp: bytes | None) -> dict[str, bytes]:
    return {} if xmp is None else {"xmp": xmp}
