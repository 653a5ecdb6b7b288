"""The XMP packet of an exported picture: who made it, how it was made, and under which licence.

XMP is RDF/XML with a fixed wrapper (ISO 16684-1:2019, sections 7.3 to 7.9). Names: Dublin Core and the rights
schema (ISO 16684-1, section 8), IPTC Photo Metadata Standard 2025.1 (DigitalSourceType and the four AI fields),
PLUS LDF 2.0.1 (DataMining), Creative Commons (ccREL). The AI prompt fields are for full disclosure only:
`disclosure.py` decides that, this file writes what it is given.
"""

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from PIL import Image, UnidentifiedImageError

from provenance.errors import PictureError, UsageError
from provenance.picture import MEDIA_TYPES

DATA_MINING: Final = (
    "DMI-UNSPECIFIED",
    "DMI-ALLOWED",
    "DMI-PROHIBITED-AIMLTRAINING",
    "DMI-PROHIBITED-GENAIMLTRAINING",
    "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
    "DMI-PROHIBITED",
    "DMI-PROHIBITED-SEECONSTRAINT",
    "DMI-PROHIBITED-SEEEMBEDDEDRIGHTSEXPR",
    "DMI-PROHIBITED-SEELINKEDRIGHTSEXPR",
)
"""What PLUS allows to say about data mining and training."""

_FORMATS: Final = tuple(name for name in MEDIA_TYPES if name != "MPO")  # Pillow opens MPO as JPEG
_PLUS_VOCABULARY: Final = "http://ns.useplus.org/ldf/vocab/"
_NAMESPACES: Final = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xmpMM": "http://ns.adobe.com/xap/1.0/mm/",
    "xmpRights": "http://ns.adobe.com/xap/1.0/rights/",
    "cc": "http://creativecommons.org/ns#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
    "plus": "http://ns.useplus.org/ldf/xmp/1.0/",
}
_HEADER: Final = (  # section 7.3.2: the wrapper, with a byte order mark and the packet's fixed id
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">\n'
    f' <rdf:RDF xmlns:rdf="{_NAMESPACES["rdf"]}">\n'
    '  <rdf:Description rdf:about=""\n'
    + "\n".join(f'    xmlns:{prefix}="{_NAMESPACES[prefix]}"' for prefix in _NAMESPACES if prefix not in {"x", "rdf"})
    + ">\n"
)
_TRAILER: Final = '  </rdf:Description>\n </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What an exported picture says about itself. Nothing is the same as not said."""

    title: str | None = None
    description: str | None = None
    creators: tuple[str, ...] = ()
    rights: str | None = None
    """The copyright notice, as in "© Ada Lind"."""
    usage_terms: str | None = None
    """The licence in words or as an SPDX expression."""
    licence_url: str | None = None
    """Where the licence's text is: goes into cc:license and xmpRights:WebStatement."""
    digital_source_type: str | None = None
    """The whole IPTC address."""
    ai_system: str | None = None
    ai_system_version: str | None = None
    ai_prompt: str | None = None
    ai_prompt_writer: str | None = None
    data_mining: str | None = None
    """One of DATA_MINING."""
    creator_tool: str | None = None
    created: datetime | None = None
    """With a time zone."""
    identifier: str | None = None
    document_id: str | None = None
    original_document_id: str | None = None

    def __post_init__(self) -> None:
        """Refuse a DataMining value that PLUS does not know and a time without a zone."""
        if self.data_mining is not None and self.data_mining not in DATA_MINING:
            message = f"{self.data_mining!r} is not a value of plus:DataMining. Choose one of {', '.join(DATA_MINING)}."
            raise UsageError(message)
        if self.created is not None and self.created.tzinfo is None:
            message = f"The time {self.created} has no time zone: give one, so that others can read it."
            raise UsageError(message)


_SIMPLE: Final = {
    "digital_source_type": "Iptc4xmpExt:DigitalSourceType",
    "ai_system": "Iptc4xmpExt:AISystemUsed",
    "ai_system_version": "Iptc4xmpExt:AISystemVersionUsed",
    "ai_prompt": "Iptc4xmpExt:AIPromptInformation",
    "ai_prompt_writer": "Iptc4xmpExt:AIPromptWriterName",
    "creator_tool": "xmp:CreatorTool",
    "identifier": "dc:identifier",
    "document_id": "xmpMM:DocumentID",
    "original_document_id": "xmpMM:OriginalDocumentID",
}
_ALTERNATIVE: Final = {
    "title": "dc:title",
    "description": "dc:description",
    "rights": "dc:rights",
    "usage_terms": "xmpRights:UsageTerms",
}


def xmp_packet(metadata: Metadata) -> bytes:
    """Write `metadata` as an XMP packet in UTF-8.

    Characters that XML cannot hold, other control characters and those that turn the direction of text about
    are left out: they could hide what a reader sees. Right-to-left scripts and emoji stay as they are.
    """
    lines = [*_arrays(metadata), *(f"<{tag}>{escape(text)}</{tag}>" for tag, text in _texts(metadata))]
    if url := clean(metadata.licence_url):
        lines.append(f"<cc:license rdf:resource={quoteattr(url)}/>")
    return _HEADER.encode() + "".join(f"   {line}\n" for line in lines).encode() + _TRAILER.encode()


def clean(text: str | None) -> str:
    """Leave out of `text` what must not go into a file, and write every line end as a line feed."""
    unified = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in unified if letter in "\t\n" or not _unwelcome(ord(letter))).strip()


def read_metadata(data: bytes) -> Metadata | None:
    """Read the XMP out of the bytes of a picture; None if it has none.

    Reads what `xmp_packet` writes and the same properties written by others as elements or attributes.
    Raises PictureError if the bytes are no picture, or the packet is not XML, or holds a document type.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            packet = image.info.get("xmp")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as cause:
        message = f"The metadata cannot be read: {cause}."
        raise PictureError(message) from cause
    if packet is None:
        return None
    return parse_packet(packet if isinstance(packet, bytes) else str(packet).encode())


def parse_packet(packet: bytes) -> Metadata:
    """Read an XMP packet in UTF-8. Raises PictureError as `read_metadata` does."""
    text = packet.strip(b"\0 \r\n\t").decode(errors="replace")
    if "<!" in text.replace("<!--", ""):
        message = "The XMP packet holds a document type, which XMP never does: it is not read."
        raise PictureError(message)
    try:
        root = ET.fromstring(text)  # noqa: S314  (no document type, so no entity to expand)
    except ET.ParseError as cause:
        message = f"The XMP packet is not XML: {cause}."
        raise PictureError(message) from cause
    return _metadata(_properties(root))


def _arrays(metadata: Metadata) -> Iterator[str]:
    for name, tag in _ALTERNATIVE.items():
        if text := clean(getattr(metadata, name)):
            yield _array(tag, "rdf:Alt", (text,))
    if creators := tuple(filter(None, map(clean, metadata.creators))):
        yield _array("dc:creator", "rdf:Seq", creators)


def _texts(metadata: Metadata) -> Iterator[tuple[str, str]]:
    for name, tag in _SIMPLE.items():
        if text := clean(getattr(metadata, name)):
            yield tag, text
    if metadata.created is not None:
        yield "xmp:CreateDate", metadata.created.isoformat(timespec="seconds")
    if metadata.data_mining is not None:
        yield "plus:DataMining", _PLUS_VOCABULARY + metadata.data_mining
    if url := clean(metadata.licence_url):
        yield "xmpRights:WebStatement", url
    if metadata.rights or metadata.usage_terms or metadata.licence_url:
        yield "xmpRights:Marked", "True"


def _name(tag: str) -> str:
    prefix, _, local = tag.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"


def _array(tag: str, kind: str, texts: tuple[str, ...]) -> str:
    language = ' xml:lang="x-default"' if kind == "rdf:Alt" else ""
    items = "".join(f"<rdf:li{language}>{escape(text)}</rdf:li>" for text in texts)
    return f"<{tag}><{kind}>{items}</{kind}></{tag}>"


def _unwelcome(code: int) -> bool:
    """Tell controls (C0, DEL, C1), surrogates, non-characters, and the embeddings, overrides and isolates of UAX #9."""
    return (
        code < 0x20
        or 0x7F <= code <= 0x9F
        or 0xD800 <= code <= 0xDFFF
        or code & 0xFFFE == 0xFFFE
        or 0xFDD0 <= code <= 0xFDEF
        or 0x202A <= code <= 0x202E
        or 0x2066 <= code <= 0x2069
        or code in {0x2028, 0x2029, 0xFEFF}
    )


def _properties(root: ET.Element) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for description in root.iter(_name("rdf:Description")):
        found.update({key: (value,) for key, value in description.attrib.items()})
        for element in description:
            items = tuple(item.text or "" for item in element.iter(_name("rdf:li")))
            resource = element.get(_name("rdf:resource"))
            found[element.tag] = items or ((resource,) if resource is not None else (element.text or "",))
    return found


def _metadata(found: Mapping[str, tuple[str, ...]]) -> Metadata:
    def first(tag: str) -> str | None:
        return next(iter(found.get(_name(tag), ())), None)

    simple = {name: first(tag) for name, tag in (_SIMPLE | _ALTERNATIVE).items()}
    mining = (first("plus:DataMining") or "").removeprefix(_PLUS_VOCABULARY)
    return Metadata(
        creators=found.get(_name("dc:creator"), ()),
        licence_url=first("cc:license") or first("xmpRights:WebStatement"),
        data_mining=mining if mining in DATA_MINING else None,
        created=_moment(first("xmp:CreateDate")),
        **simple,
    )


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
