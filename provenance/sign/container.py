"""Where a file keeps its manifest store: found without c2pa, so that its size is known before it is parsed.

The places are those of the C2PA specification 2.4, appendix A. What is found is also checked for bytes
that no signature covers (lengths, checksums, headers) and that a standard writer sets in one way only.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO, TypeAlias

STORE_LIMIT = 32 << 20
"""Manifest stores over this many bytes are not parsed: about six thousand edits, or a bomb."""

_ROOT = bytes.fromhex("6332706100110010800000aa00389b71")
_BMFF_USER_TYPE = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_UNCOVERED = (b"ftyp", b"free", b"skip")
_TIFF_TAG = 0xCD41
_MOST_STEPS = 1 << 20

Span: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The manifest store of a file."""

    known: bool
    """Whether we know the format; if not, only c2pa can say what is in the file."""
    size: int = 0
    """Bytes of the store; 0 if there is none."""
    store: bytes = b""
    """The store itself; empty if `size` is over the limit."""
    faults: tuple[str, ...] = ()
    """What is unusual in the bytes around the store, as short phrases."""
    uncovered: bytes = b""
    """What C2PA leaves out of its hash of AVIF and its kin: the boxes ftyp, free and skip."""


class _Malformed(Exception):  # noqa: N818  (never leaves this module)
    pass


def find_store(file: BinaryIO) -> Embedded:
    """Find the manifest store in a PNG, JPEG, WebP (any RIFF), TIFF, AVIF (any BMFF) or GIF file."""
    file.seek(0)
    head = file.read(16)
    for matches, locate in _FORMATS:
        if matches(head):
            try:
                return locate(file)
            except (_Malformed, struct.error, OverflowError):
                return Embedded(known=False)
    return Embedded(known=False)


def _embedded(file: BinaryIO, spans: list[Span], faults: list[str] | None = None) -> Embedded:
    size = sum(length for _, length in spans)
    if size > STORE_LIMIT:
        return Embedded(known=True, size=size)
    store = b"".join(_read(file, offset, length) for offset, length in spans)
    return Embedded(known=True, size=size, store=store, faults=tuple(faults or ()))


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    data = file.read(length)
    if len(data) < length:
        raise _Malformed
    return data


def _steps() -> Iterator[None]:
    """Bound a walk through a file that was made to be endless."""
    for _ in range(_MOST_STEPS):
        yield None
    raise _Malformed


def _png(file: BinaryIO) -> Embedded:
    at, spans, faults = 8, [], []
    for _ in _steps():
        length, kind = struct.unpack(">I4s", _read(file, at, 8))
        if kind == b"caBX":
            spans.append((at + 8, length))
            if length <= STORE_LIMIT:
                body = _read(file, at + 4, length + 8)
                if zlib.crc32(body[:-4]) != int.from_bytes(body[-4:], "big"):
                    faults.append("the checksum of its PNG chunk is wrong")
        at += length + 12
        if kind == b"IEND":
            break
    return _embedded(file, spans[:1], faults)


def _jpeg(file: BinaryIO) -> Embedded:
    at, boxes = 2, dict[bytes, list[Span]]()
    for _ in _steps():
        marker, length = struct.unpack(">HH", _read(file, at, 4))
        if marker == 0xFFEB and length >= 18:
            spans = boxes.setdefault(_read(file, at + 6, 2), [])
            skipped = 20 if spans else 12  # later segments repeat the box header (ISO 19566-5, annex A)
            spans.append((at + skipped, length + 2 - skipped))
        if marker in {0xFFDA, 0xFFD9} or marker >> 8 != 0xFF:
            break
        at += length + 2
    for instance, spans in boxes.items():
        if _read(file, *spans[0])[16:32] == _ROOT:
            return _embedded(file, spans, _jpeg_faults(file, instance, spans))
    return Embedded(known=True)


def _jpeg_faults(file: BinaryIO, instance: bytes, spans: list[Span]) -> list[str]:
    box = _read(file, spans[0][0], 8)
    usual = instance == b"\x02\x11"
    for number, (offset, _) in enumerate(spans, start=1):
        first = number == 1
        head = _read(file, offset - (8 if first else 16), 8 if first else 16)
        usual = usual and head == b"JP" + instance + number.to_bytes(4, "big") + (b"" if first else box)
    return [] if usual else ["the headers of its JPEG segments are unusual"]


def _riff(file: BinaryIO) -> Embedded:
    end = 8 + int.from_bytes(_read(file, 4, 4), "little")
    at = 12
    for _ in _steps():
        if at + 8 > end:
            break
        kind, length = struct.unpack("<4sI", _read(file, at, 8))
        if kind == b"C2PA":
            padding = _read(file, at + 8 + length, length % 2)
            return _embedded(file, [(at + 8, length)], ["its padding is not zero"] if padding.strip(b"\0") else [])
        at += 8 + length + length % 2
    return Embedded(known=True)


def _tiff(file: BinaryIO) -> Embedded:
    order = "<" if _read(file, 0, 2) == b"II" else ">"
    (at,) = struct.unpack(order + "I", _read(file, 4, 4))
    for _ in _steps():
        if at == 0:
            break
        (count,) = struct.unpack(order + "H", _read(file, at, 2))
        entries = _read(file, at + 2, count * 12 + 4)
        for start in range(0, count * 12, 12):
            tag, _, length, offset = struct.unpack_from(order + "HHII", entries, start)
            if tag == _TIFF_TAG:
                return _embedded(file, [(offset, length)])
        (at,) = struct.unpack_from(order + "I", entries, count * 12)
    return Embedded(known=True)


def _bmff(file: BinaryIO) -> Embedded:
    end = file.seek(0, 2)
    at, found, uncovered = 0, Embedded(known=True), b""
    for _ in _steps():
        if at + 8 > end:
            break
        length, kind, header = _bmff_box(file, at, end)
        if kind in _UNCOVERED and len(uncovered) + length <= STORE_LIMIT:
            uncovered += _read(file, at, length)
        if kind == b"uuid" and not found.size and _read(file, at + header, 16) == _BMFF_USER_TYPE:
            found = _bmff_store(file, at + header + 16, at + length)
        at += length
    return replace(found, uncovered=uncovered)


def _bmff_box(file: BinaryIO, at: int, end: int) -> tuple[int, bytes, int]:
    length, kind = struct.unpack(">I4s", _read(file, at, 8))
    header = 8
    if length == 1:
        length, header = int.from_bytes(_read(file, at + 8, 8), "big"), 16
    length = length or end - at
    if length < header:
        raise _Malformed
    return length, kind, header


def _bmff_store(file: BinaryIO, at: int, end: int) -> Embedded:
    head = _read(file, at, min(64, end - at))
    version, (purpose, zero, _) = head[:4], head[4:].partition(b"\0")
    start = 4 + len(purpose) + 1 + 8
    if not zero or start > len(head):
        raise _Malformed
    usual = version == bytes(4) and purpose == b"manifest" and head[start - 8 : start] == bytes(8)
    return _embedded(file, [(at + start, end - at - start)], [] if usual else ["the header of its box is unusual"])


def _gif(file: BinaryIO) -> Embedded:
    flags = _read(file, 10, 1)[0]
    at = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    for _ in _steps():
        kind = _read(file, at, 1)
        if kind == b"\x2c":
            flags = _read(file, at + 9, 1)[0]
            at += 11 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
        elif kind == b"\x21":
            if _read(file, at + 1, 2) == b"\xff\x0b" and _read(file, at + 3, 8) == b"C2PA_GIF":
                return _embedded(file, _gif_blocks(file, at + 14)[0])
            at += 2
        else:
            break
        at = _gif_blocks(file, at)[1]
    return Embedded(known=True)


def _gif_blocks(file: BinaryIO, at: int) -> tuple[list[Span], int]:
    spans: list[Span] = []
    for _ in _steps():
        length = _read(file, at, 1)[0]
        if length == 0:
            break
        spans.append((at + 1, length))
        at += length + 1
    return spans, at + 1


_FORMATS: tuple[tuple[Callable[[bytes], bool], Callable[[BinaryIO], Embedded]], ...] = (
    (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    (lambda head: head.startswith(b"\xff\xd8\xff"), _jpeg),
    (lambda head: head.startswith(b"RIFF"), _riff),
    (lambda head: head.startswith((b"II*\0", b"MM\0*")), _tiff),
    (lambda head: head[4:8] == b"ftyp", _bmff),
    (lambda head: head.startswith(b"GIF8"), _gif),
)
