"""XMP packets for tests, as programs write them, and files with them."""

import io
import zlib
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

PLUS = "http://ns.useplus.org/ldf/vocab/"
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def packet(content: str = "", attributes: str = "") -> bytes:
    """Write a packet whose description has this content and these attributes."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:tdm="http://www.w3.org/ns/tdmrep/" '
        f'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" {attributes}>{content}</rdf:Description>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def mining(value: str) -> bytes:
    """Write a packet with PLUS DataMining, as ExifTool does."""
    return packet(f"<plus:DataMining>{PLUS}{value}</plus:DataMining>")


def with_xmp(image: Image.Image, file_format: str, xmp: bytes, *, compressed: bool = False) -> bytes:
    """Encode a picture with a packet where its format keeps it."""
    target = io.BytesIO()
    if file_format == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode(), zip=compressed)
        image.save(target, file_format, pnginfo=info)
    elif file_format == "TIFF":
        image.save(target, file_format, tiffinfo={700: xmp})
    elif file_format == "GIF":
        image.convert("P").save(target, file_format)
        return _into_gif(target.getvalue(), xmp)
    else:
        image.save(target, file_format, xmp=xmp)
    return target.getvalue()


def _into_gif(data: bytes, xmp: bytes) -> bytes:
    """Add the application extension of XMP with its magic trailer (XMP specification part 3, section 1.1.2)."""
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
    start = 13 + 3 * (2 << (data[10] & 7))
    return data[:start] + b"\x21\xff\x0bXMP DataXMP" + xmp + trailer + data[start:]


def after_the_pixels(png: bytes, xmp: bytes) -> bytes:
    """Put an iTXt chunk behind the pixels of a PNG."""
    body = b"iTXt" + b"XML:com.adobe.xmp\0\0\0\0\0" + xmp
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:-12] + chunk + png[-12:]


def raw_profile(image: Image.Image, xmp: bytes) -> bytes:
    """Encode a PNG with the packet as ImageMagick keeps it: hexadecimal, compressed."""
    info = PngInfo()
    info.add_text("Raw profile type xmp", f"\nxmp\n{len(xmp):8d}\n{xmp.hex()}\n", zip=True)
    target = io.BytesIO()
    image.save(target, "PNG", pnginfo=info)
    return target.getvalue()


def extended(jpeg: bytes, xmp: bytes, *, portion: int = 150) -> bytes:
    """Spread a packet over JPEG segments (XMP specification part 3, section 1.1.3.1), the last portion first."""
    segments = b""
    for offset in reversed(range(0, len(xmp), portion)):
        part = xmp[offset : offset + portion]
        head = b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32
        body = head + len(xmp).to_bytes(4, "big") + offset.to_bytes(4, "big") + part
        segments += b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    return jpeg[:2] + segments + jpeg[2:]


def save(path: Path, data: bytes) -> Path:
    """Write a file, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path
