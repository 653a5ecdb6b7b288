"""The texts in a picture file, by name: PNG chunks read with a bound on every size, EXIF by Pillow.

PNG (W3C Recommendation, third edition) section 11.3.3 has tEXt, zTXt and iTXt. Pillow refuses a whole picture over
one text that unpacks to more than a megabyte; so that such a picture can still be taken in, the chunks are read here.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from PIL import Image

_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt", b"comf")
_XMP = b"XML:com.adobe.xmp\0\0"
"""How a chunk with XMP begins: never compressed (XMP specification part 3, section 1.1.5)."""
_CHUNK_LIMIT = 1 << 23
"""Bytes of one chunk's text, unpacked; what is longer is cut."""
_TOTAL_LIMIT = 1 << 25
"""Bytes of all texts of a file."""
_COUNT_LIMIT = 1_000
"""Texts of a file."""
_EXIF, _USER_COMMENT, _MAKE, _MODEL, _DESCRIPTION = 0x8769, 0x9286, 0x010F, 0x0110, 0x010E  # EXIF 2.32, section 4.6
_DECODERS_RAISE = (OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, AttributeError)
_OTHER_DECODERS_RAISE = (RuntimeError, MemoryError, struct.error, zlib.error, EOFError)


def embedded_texts(data: bytes) -> tuple[dict[str, str], tuple[str, ...]]:
    """Give the texts in `data` by their name, the first of each, and sentences about what was cut. Never raises."""
    texts: dict[str, str] = {}
    notes: list[str] = []
    if data.startswith(_PNG):
        _read_png(data, texts, notes)
    for name, text in _exif_texts(data).items():
        texts.setdefault(name, text)
    return texts, tuple(notes)


def without_texts(data: bytes) -> bytes:
    """Give a PNG without its texts but XMP, other files as they are: for decoders, as no pixel depends on them."""
    if not data.startswith(_PNG):
        return data
    at, kept = len(_PNG), [_PNG]
    for kind, start, end in _chunks(data):
        if kind not in _TEXTS or data[start + 8 : start + 8 + len(_XMP)] == _XMP:
            kept.append(data[start:end])
        at = end
    return b"".join(kept) + data[at:]


def _read_png(data: bytes, texts: dict[str, str], notes: list[str]) -> None:
    room, count = _TOTAL_LIMIT, 0
    for kind, start, end in _chunks(data):
        if kind not in _TEXTS:
            continue
        count += 1
        if room <= 0 or count > _COUNT_LIMIT:
            notes.append("The file holds more texts than are read; the first ones are recorded.")
            return
        name, text, cut = _text(kind, data[start + 8 : end - 4], min(room, _CHUNK_LIMIT))
        room -= len(text)
        if cut:
            notes.append(f"The text {name[:79]!r} unpacks to more than {len(text):,} bytes and was cut there.")
        if name and name not in texts:
            texts[name] = _decoded(text)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Give each chunk's kind, where it starts and where it ends, its checksum included."""
    at = len(_PNG)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        yield kind, at, end
        at = end


def _text(kind: bytes, content: bytes, limit: int) -> tuple[str, bytes, bool]:
    """Split a text chunk into name and text; says whether the text was cut."""
    name, _, rest = content.partition(b"\0")
    if len(name) > 79:
        return "", b"", False
    packed = False
    if kind == b"zTXt":
        packed, rest = True, rest[1:]
    elif kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[-1]
    if packed:
        rest = _unpacked(rest, limit + 1)
    return name.decode("latin-1"), rest[:limit], len(rest) > limit


def _unpacked(packed: bytes, limit: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, limit)
    except zlib.error:
        return b""


def _decoded(text: bytes) -> str:
    """Decode as UTF-8, which programs write even where PNG asks for Latin-1, else as Latin-1."""
    try:
        return text.decode()
    except UnicodeDecodeError as problem:
        cut_in_the_middle = problem.start >= len(text) - 3
        return text[: problem.start].decode() if cut_in_the_middle else text.decode("latin-1")


def _exif_texts(data: bytes) -> dict[str, str]:
    try:
        # The chunks that could be too long for Pillow are gone, and nothing of the pixels is decoded.
        with Image.open(io.BytesIO(without_texts(data))) as image:
            return _of_exif(image.getexif())
    except (*_DECODERS_RAISE, *_OTHER_DECODERS_RAISE, Image.DecompressionBombError, Warning):
        return {}


def _of_exif(exif: Image.Exif) -> dict[str, str]:
    texts: dict[str, str] = {}
    comment: Any = exif.get_ifd(_EXIF).get(_USER_COMMENT, exif.get(_USER_COMMENT))
    if isinstance(comment, bytes):
        texts["UserComment"] = user_comment(comment[:_CHUNK_LIMIT])
    elif isinstance(comment, str):
        texts["UserComment"] = comment
    for tag in (_MODEL, _MAKE, *range(_MAKE - 1, _MAKE - 8, -1)):
        name, colon, text = _words(exif.get(tag)).partition(":")
        if colon and name.isidentifier():
            texts.setdefault(name, text)
    return texts


def _words(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return value[:_CHUNK_LIMIT] if isinstance(value, str) else ""


def user_comment(comment: bytes) -> str:
    r"""Decode EXIF UserComment (EXIF 2.32, section 4.6.5): eight bytes name the character code.

    `UNICODE\0` says neither byte order nor version: both are met as UTF-16, and the one in which more of the
    text is ASCII is taken.
    """
    code, text = comment[:8], comment[8:]
    if code == b"UNICODE\0":
        return _utf16(text)
    if code in {b"ASCII\0\0\0", b"\0" * 8}:
        return _decoded(text.rstrip(b"\0"))
    if code == b"JIS\0\0\0\0\0":
        return text.decode("iso2022_jp", "replace")
    return _decoded(comment.rstrip(b"\0"))


def _utf16(text: bytes) -> str:
    if text[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return text.decode("utf-16", "replace")
    high_first = sum(byte == 0 for byte in text[:4096:2])
    low_first = sum(byte == 0 for byte in text[1:4096:2])
    return text.decode("utf-16-be" if high_first >= low_first else "utf-16-le", "replace").rstrip("\0")
