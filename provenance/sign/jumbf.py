"""The boxes of a manifest store: who signed, and whether the bytes that nothing signs are as they should be.

C2PA signs claims and assertions, but not the boxes around them (ISO 19566-5) nor the unprotected header of
the signature (COSE, RFC 9052): about a fifth of a small store can be altered and still be called trusted by
other readers. We read those bytes strictly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from provenance.sign import cbor

BOX_LIMIT = 4096
"""Stores of more boxes are not handed to c2pa, whose time grows with the square of them."""

_UNSIGNED_HEADERS = frozenset({"sigTst", "sigTst2", "rVals", "pad", "pad2", "x5chain", 33})
_CHAIN_HEADERS = (33, "x5chain")
_LABELS = {
    "63326173": ("c2pa.assertions",),
    "6332636c": ("c2pa.claim", "c2pa.claim.v2"),
    "63326373": ("c2pa.signature",),
}
_DEPTH = 8


class TooManyBoxesError(ValueError):
    """The store holds more boxes than can be read in reasonable time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What the boxes of a manifest store say."""

    labels: tuple[str, ...]
    """The labels of its manifests; the last is the active one."""
    chain: tuple[bytes, ...] = field(repr=False)
    """The certificates (DER) in the signature of the active manifest, the signer's first; empty if unreadable."""
    faults: tuple[str, ...]
    """Unusual bytes outside of what is signed, as short phrases."""


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    body: memoryview
    label: str = ""
    identifier: str = ""
    children: tuple["_Box", ...] = ()

    def named(self, *labels: str) -> "_Box | None":
        return next((child for child in self.children if child.label in labels), None)


def read_store(data: bytes) -> Store:
    """Read the boxes of a manifest store. Raises TooManyBoxesError; all else is a fault."""
    faults: list[str] = []
    counter = iter(range(BOX_LIMIT))
    boxes = tuple(_boxes(memoryview(data), faults, counter, 0))
    if len(boxes) != 1 or boxes[0].label != "c2pa":
        faults.append("it does not begin with the one box that a manifest store is")
    manifests = boxes[0].children if boxes else ()
    chain = _chain(manifests[-1], faults) if manifests else ()
    return Store(labels=tuple(each.label for each in manifests), chain=chain, faults=tuple(dict.fromkeys(faults)))


def _boxes(data: memoryview, faults: list[str], counter: Iterator[int], depth: int) -> Iterator[_Box]:
    at = 0
    while at < len(data):
        if next(counter, None) is None or depth > _DEPTH:
            raise TooManyBoxesError
        length, kind, header = int.from_bytes(data[at : at + 4], "big"), bytes(data[at + 4 : at + 8]), 8
        if length == 1:
            length, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if length < header or at + length > len(data):
            faults.append("the lengths of its boxes do not add up")
            return
        body = data[at + header : at + length]
        yield _superbox(body, faults, counter, depth) if kind == b"jumb" else _Box(kind, body)
        at += length


def _superbox(body: memoryview, faults: list[str], counter: Iterator[int], depth: int) -> _Box:
    first, *children = tuple(_boxes(body, faults, counter, depth + 1)) or (_Box(b"", body),)
    if first.kind != b"jumd":
        faults.append("a box has no description")
        return _Box(b"jumb", body)
    identifier, label = _description(first.body, faults)
    if label not in _LABELS.get(identifier[:8], (label,)):
        faults.append("a box has an unusual label")
    return _Box(b"jumb", body, label, identifier, tuple(children))


def _description(body: memoryview, faults: list[str]) -> tuple[str, str]:
    """Read the type and label of a superbox (ISO 19566-5, 5.3.1); every byte has to be accounted for."""
    identifier, toggles = bytes(body[:16]).hex(), int.from_bytes(body[16:17], "big")
    label, zero, rest = bytes(body[17:]).partition(b"\0")
    fixed = (4 if toggles & 4 else 0) + (32 if toggles & 8 else 0)
    private = rest[fixed:]
    fits = len(private) == int.from_bytes(private[:4], "big") and len(private) > 8 if toggles & 16 else not private
    if toggles & 0xE3 != 3 or not zero or len(rest) < fixed or not fits:
        faults.append("the description of a box is unusual")
    return identifier, label.decode("utf-8", "replace")


def _chain(manifest: _Box, faults: list[str]) -> tuple[bytes, ...]:
    signature = manifest.named("c2pa.signature")
    if signature is None or len(signature.children) != 1:
        faults.append("the box of the signature is unusual")
        return ()
    try:
        protected, unprotected = _cose(bytes(signature.children[0].body))
    except ValueError:
        faults.append("the signature is written in an unusual way")
        return ()
    pads = [value for key, value in unprotected.items() if key in {"pad", "pad2"}]
    if not unprotected.keys() <= _UNSIGNED_HEADERS or any(not isinstance(pad, bytes) or any(pad) for pad in pads):
        faults.append("bytes were written into the unsigned part of the signature")
    for headers in (protected, unprotected):
        for key in _CHAIN_HEADERS:
            found = headers.get(key)
            chain = found if isinstance(found, list) else [found]
            if found is not None and all(isinstance(each, bytes) for each in chain):
                return tuple(chain)
    return ()


def _cose(data: bytes) -> tuple[Mapping[cbor.Value, cbor.Value], Mapping[cbor.Value, cbor.Value]]:
    """Read the headers of a COSE_Sign1 message (RFC 9052, section 4.2). Raises ValueError."""
    message = cbor.decode(data)
    if isinstance(message, cbor.Tagged) and message.tag == 18:
        message = message.value
    match message:
        case [bytes() as protected, dict() as unprotected, _, bytes()]:
            headers = cbor.decode(protected) if protected else {}
            if isinstance(headers, dict):
                return headers, unprotected
    raise ValueError("not a COSE_Sign1 message")
