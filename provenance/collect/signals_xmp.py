"""XMP that speaks of learning: PLUS DataMining, IPTC DigitalSourceType and TDMRep, in a file or a sidecar beside it.

The packets are found by their bytes, so that the format does not matter: XMP is written as plain text into JPEG,
PNG, WebP, TIFF, GIF and AVIF alike (XMP specification part 3). The two exceptions are unpacked: compressed text
chunks of PNG, and JPEG packets that are spread over segments.
"""

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.parsers import expat

from provenance.collect import signals_values as values
from provenance.collect.signals import UNREADABLE, Signal, Source, unreadable
from provenance.collect.signals_values import Says

PACKET_LIMIT: Final = 16 << 20
"""Bytes of a packet, or of a sidecar, that are read at most."""

_PACKETS: Final = 64
_ELEMENTS: Final = 100_000
_DEPTH: Final = 200

_MARKS: Final = (b"rdf-syntax-ns#", b"DMI-PROHIBITED", b"adobe.com.xmp", b"com.adobe.xmp", b"Raw profile type xmp")
"""A file without any of these holds no XMP of interest; to look for them costs next to nothing."""

_ROOT: Final = re.compile(rb"<((?:[A-Za-z_][\w.-]{0,30}:)?(?:xmpmeta|xapmeta|RDF))(?=[\s>])")
_PROHIBITED: Final = re.compile(rb"DMI-[A-Za-z-]{1,60}|(?:compositeWithT|t)rainedAlgorithmicMedia|compositeSynthetic")


class _Broken(Exception):  # noqa: N818  (never leaves this module)
    pass


def xmp_signals(data: bytes, *, source: Source = Source.XMP, where: str | None = None) -> tuple[Signal, ...]:
    """Read all XMP in the bytes of a picture or a sidecar. What is broken becomes a signal, never an exception."""
    if source is Source.XMP and not any(mark in data for mark in _MARKS):
        return ()
    found: dict[Signal, None] = {}
    place = where or "XMP in the file"
    try:
        for packet in packets(data):
            found.update(dict.fromkeys(_packet_signals(packet, source, place)))
    except _Broken as problem:
        found[unreadable(source, "XMP", where=place, why=f"{UNREADABLE}: {problem}")] = None
    if b"DMI-PROHIBITED" in data and not any(signal.statement == "plus:DataMining" for signal in found):
        found.update(dict.fromkeys(_words(data, source, place)))
    return tuple(found)


def sidecar_signals(path: Path, *, where: str) -> tuple[Signal, ...]:
    """Read the XMP file at `path`, which sentences call `where`."""
    try:
        with path.open("rb") as file:
            data = file.read(PACKET_LIMIT + 1)
    except OSError as cause:
        why = f"{UNREADABLE}: {cause.strerror}"
        return (unreadable(Source.SIDECAR, "XMP", where=where, why=why),)
    if len(data) > PACKET_LIMIT:
        why = f"{UNREADABLE}: it has more than {PACKET_LIMIT >> 20} MiB"
        return (unreadable(Source.SIDECAR, "XMP", where=where, why=why),)
    data = _as_utf8(data)
    if _ROOT.search(data) is None:
        why = f"{UNREADABLE}: it holds no XMP"
        return (*_words(data, Source.SIDECAR, where), unreadable(Source.SIDECAR, "XMP", where=where, why=why))
    return xmp_signals(data, source=Source.SIDECAR, where=where)


def packets(data: bytes) -> Iterator[bytes]:
    """Find the XMP packets in the bytes of a file, from their root element to its end."""
    number = 0
    for text in (data, *_unpacked(data)):
        at = 0
        while (start := _ROOT.search(text, at)) is not None:
            number += 1
            if number > _PACKETS:
                problem = f"there are more than {_PACKETS} packets"
                raise _Broken(problem)
            ending = b"</" + start[1] + b">"
            end = text.find(ending, start.end())
            at = len(text) if end < 0 else end + len(ending)
            yield text[start.start() : min(at, start.start() + PACKET_LIMIT)]


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Give what is compressed, hexadecimal or spread over segments."""
    for found in re.finditer(rb"XML:com\.adobe\.xmp\x00\x01.[^\x00]{0,200}\x00[^\x00]{0,1000}\x00", data, re.DOTALL):
        yield _inflated(data, found.end())
    for found in re.finditer(rb"(zTXt|tEXt)Raw profile type xmp\x00", data):
        text = _inflated(data, found.end() + 1) if found[1] == b"zTXt" else data[found.end() :][:PACKET_LIMIT]
        yield _hexadecimal(text)
    if b"http://ns.adobe.com/xmp/extension/\0" in data:
        yield _extended(data)


def _inflated(data: bytes, start: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(memoryview(data)[start:], PACKET_LIMIT)
    except zlib.error as cause:
        problem = "its compressed text is damaged"
        raise _Broken(problem) from cause


def _hexadecimal(text: bytes) -> bytes:
    """Read ImageMagick's form: a name, a length, hexadecimal digits."""
    found = re.match(rb"\s*xmp\s+(\d{1,9})\s+([0-9A-Fa-f\s]+)", text)
    digits = b"".join(found[2].split())[: 2 * int(found[1])] if found else b""
    return bytes.fromhex(digits[: len(digits) // 2 * 2].decode())


def _extended(data: bytes) -> bytes:
    """Join the portions of an extended packet in JPEG (XMP specification part 3, section 1.1.3.1)."""
    mark = b"http://ns.adobe.com/xmp/extension/\0"
    portions: dict[tuple[bytes, int], bytes] = {}
    at = data.find(mark)
    while at >= 2:
        head, begin = at + len(mark), at + len(mark) + 40
        length = int.from_bytes(data[at - 2 : at], "big")
        offset = int.from_bytes(data[begin - 4 : begin], "big")
        portions[data[head : head + 32], offset] = data[begin : at - 2 + length]
        at = data.find(mark, begin)
    return b"".join(portions[key] for key in sorted(portions))


def _as_utf8(data: bytes) -> bytes:
    """Turn a sidecar in UTF-16 or UTF-32 into UTF-8; anything else stays as it is."""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace").encode("utf-8", "replace")
    return data


def _packet_signals(packet: bytes, source: Source, where: str) -> Iterator[Signal]:
    try:
        properties = read_properties(packet)
    except _Broken as problem:
        yield from _words(packet, source, where)
        yield unreadable(source, "XMP", where=where, why=f"{UNREADABLE}: {problem}")
        return
    policy = next((value for name, value in properties if name == "tdm:policy"), None)
    for name, value in properties:
        if name == "plus:DataMining":
            says = values.data_mining(value)
        elif name == "tdm:reservation":
            says = values.reservation(value, policy=policy)
        elif name == "Iptc4xmpExt:AISystemUsed":
            says = Says.AI_OUTPUT
        else:
            says = values.digital_source_type(value)
        yield Signal(source=source, statement=name, value=value, says=says, where=where)


def _words(data: bytes, source: Source, where: str) -> Iterator[Signal]:
    """Heed the values of the vocabularies in a text that cannot be read as a whole: what says no is still a no."""
    for value in sorted(set(_PROHIBITED.findall(data))):
        text = value.decode()
        mining = text.startswith("DMI-")
        says = values.data_mining(text) if mining else values.digital_source_type(text)
        if says not in {None, Says.YES}:
            name = "plus:DataMining" if mining else "Iptc4xmpExt:DigitalSourceType"
            yield Signal(source=source, statement=name, value=text, says=says, where=f"{where}, which is damaged")


_NAMES: Final = {
    "DataMining": "plus:DataMining",
    "DigitalSourceType": "Iptc4xmpExt:DigitalSourceType",
    "AISystemUsed": "Iptc4xmpExt:AISystemUsed",
}
"""By their last part alone: programs that write a wrong namespace mean the same."""


def read_properties(packet: bytes) -> list[tuple[str, str]]:
    """Read the properties that speak of learning, in the order in which they stand.

    A property may be an attribute, an element with text, with `rdf:resource`, or with a list in it.
    Document types and entities are refused before they could grow.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refuse
    try:
        parser.Parse(packet.decode("utf-8", "replace"), True)  # noqa: FBT003  (the parser's own signature)
    except expat.ExpatError as cause:
        problem = f"it is not well-formed: {expat.errors.messages[cause.code]}"
        raise _Broken(problem) from cause
    return reader.found


def _refuse(*_: object) -> None:
    problem = "it declares a document type, which XMP does not have"
    raise _Broken(problem)


class _Reader:
    """Gathers the properties while the parser goes through a packet."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        self._open: list[str | None] = []
        self._texts: list[str] = []
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _ELEMENTS or len(self._open) > _DEPTH:
            problem = "it has too many elements"
            raise _Broken(problem)
        outer = next((name for name in self._open if name), None)
        name = outer or _name(tag)
        for attribute, value in attributes.items():
            if (own := _name(attribute)) is not None:
                self.found.append((own, value))
            elif name is not None and attribute.rpartition(" ")[2] in {"resource", "value"}:
                self.found.append((name, value))
        self._flush(outer)
        self._open.append(_name(tag))

    def text(self, data: str) -> None:
        if any(self._open):
            self._texts.append(data)

    def end(self, _tag: str) -> None:
        self._flush(next((name for name in self._open if name), None))
        self._open.pop()

    def _flush(self, name: str | None) -> None:
        value = "".join(self._texts).strip()
        self._texts.clear()
        if name is not None and value:
            self.found.append((name, value))


def _name(tag: str) -> str | None:
    namespace, _, local = tag.rpartition(" ")
    if local in {"reservation", "policy"} and "tdmrep" in namespace:
        return f"tdm:{local}"
    return _NAMES.get(local)
