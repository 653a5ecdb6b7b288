"""Read any file: what it says about itself, whether that holds, and who vouches for the signer.

No network is ever used. A file from a stranger costs bounded time and memory: manifest stores over 32 MiB or
4,096 boxes are refused before they are parsed.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from provenance.digest import Digest, Json
from provenance.errors import IdentityError, PictureError
from provenance.sign import crjson, jumbf, verdict
from provenance.sign.certificates import PURPOSES, read_certificates
from provenance.sign.container import STORE_LIMIT, Embedded, find_store
from provenance.sign.definition import UNCOVERED_ASSERTION
from provenance.sign.filled import active_manifest, filled_reading
from provenance.sign.reading import Anchor, Reading, State

if TYPE_CHECKING:
    import c2pa

__all__ = [
    "Anchor",
    "Inspection",
    "Reading",
    "UnreadableError",
    "context_settings",
    "inspect",
    "inspect_briefly",
    "opened",
    "read",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What c2pa found."""

    report: Mapping[str, Json]
    """crJSON."""
    state: State
    store: bytes
    """The manifest store that was validated, written anew by c2pa."""

    @property
    def active(self) -> Mapping[str, Json]:
        """The manifest of the picture itself."""
        return active_manifest(self.report)

    @property
    def label(self) -> str | None:
        """The label of the active manifest."""
        return crjson.text(self.active.get("label"))


class UnreadableError(Exception):
    """A file or its manifest cannot be read. It stays inside of `sign`: readers get a Reading, signers ours."""

    def __init__(self, reason: str, sentence: str, remote_url: str | None = None) -> None:
        """Keep the one-word `reason` and the sentence."""
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence
        self.remote_url = remote_url


def read(source: bytes | Path, *, anchors: Sequence[Anchor] = ()) -> Reading:
    """Read what `source` says about itself and check it.

    Whatever is in the file, the answer is a Reading: one that cannot be read says so in `unreadable`.
    Raises PictureError only if the path cannot be opened, IdentityError if an anchor is no certificate.
    """
    name = source.name if isinstance(source, Path) else "the data"
    with opened(source) as file:
        embedded, boxes = Embedded(known=False), None
        try:
            embedded = find_store(file)
            boxes = _boxes(embedded, name)
            inspection = inspect(file, anchors=tuple(anchors), name=name)
        except UnreadableError as trouble:
            return _unreadable(trouble, embedded)
    if inspection is None:
        return Reading(present=False, intact=None)
    return _reading(inspection, embedded, boxes, tuple(anchors))


def inspect(file: BinaryIO, *, anchors: tuple[Anchor, ...], name: str) -> Inspection | None:
    """Let c2pa read and check an open file; None if it holds no manifest. Raises UnreadableError."""
    with _reader(file, anchors, name) as reader:
        if reader is None:
            return None
        report = json.loads(reader.crjson())
        return Inspection(report=report, state=_state(reader), store=_store(reader, report))


def inspect_briefly(
    file: BinaryIO, *, anchors: tuple[Anchor, ...], name: str
) -> tuple[str, State, verdict.Findings] | None:
    """Give label, state and findings alone: what a signer needs to know of its own work, at half the cost."""
    with _reader(file, anchors, name) as reader:
        if reader is None:
            return None
        results = crjson.mapping(reader.get_validation_results())
        findings = verdict.gather(results.get("activeManifest"), results.get("ingredientDeltas"))
        label = crjson.text(crjson.mapping(reader.get_active_manifest()).get("label"))
        return label or "", _state(reader), findings


@contextmanager
def _reader(file: BinaryIO, anchors: tuple[Anchor, ...], name: str) -> "Iterator[c2pa.Reader | None]":
    import c2pa

    if file.seek(0, os.SEEK_END) == 0:
        raise UnreadableError("empty", f"{name} is empty: it holds no bytes.")
    file.seek(0)
    try:
        reader = c2pa.Reader.try_create(None, file, None, _context(os.getpid(), anchors))
        with reader if reader is not None else nullcontext():
            yield reader
    except c2pa.C2paError as cause:
        raise _trouble(cause, name) from cause


def context_settings(anchors: Sequence[Anchor]) -> dict[str, dict[str, object]]:
    """Write the settings that all our use of c2pa shares: no network, no thumbnails, these anchors only."""
    for anchor in anchors:
        read_certificates(anchor.pem, f"The anchor '{anchor.name}'")
    trust: dict[str, object] = {"trust_config": "\n".join(PURPOSES)}
    if anchors:
        trust["trust_anchors"] = b"\n".join(anchor.pem for anchor in anchors).decode("ascii", "replace")
    return {
        "trust": trust,
        # Thumbnails would be scaled up, and would cost fifty times the signature.
        "builder": {"thumbnail": {"enabled": False}, "created_assertion_labels": ["c2pa.ingredient"]},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }


@lru_cache(maxsize=16)
def _context(process: int, anchors: tuple[Anchor, ...]) -> "c2pa.Context":  # noqa: ARG001  (no context survives a fork)
    import c2pa

    try:
        return c2pa.Context.from_dict(context_settings(anchors))
    except c2pa.C2paError as cause:
        names = ", ".join(anchor.name for anchor in anchors)
        raise IdentityError(f"The anchors {names} cannot be used: {cause}.") from cause


def _state(reader: "c2pa.Reader") -> State:
    state = reader.get_validation_state()
    return state if state in {"Valid", "Trusted"} else "Invalid"


def _store(reader: "c2pa.Reader", report: Mapping[str, Json]) -> bytes:
    import c2pa

    labels = (crjson.text(crjson.mapping(each).get("label")) for each in crjson.items(report.get("manifests")))
    target = io.BytesIO()
    try:
        reader.resource_to_stream(f"self#jumbf=/c2pa/{next(labels, None)}", target)
    except c2pa.C2paError:
        return b""
    return target.getvalue()


@contextmanager
def opened(source: bytes | Path) -> Iterator[BinaryIO]:
    """Open a file or its bytes for reading. Raises PictureError if the path cannot be opened."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    try:
        file = source.open("rb")
    except OSError as cause:
        raise PictureError(f"{source} cannot be read: {cause.strerror}.", reason="unreadable") from cause
    with file:
        yield file


def _boxes(embedded: Embedded, name: str) -> jumbf.Store | None:
    if embedded.size > STORE_LIMIT:
        size = f"{embedded.size / (1 << 20):.0f} MiB"
        raise UnreadableError(
            "huge", f"The manifest in {name} takes {size}; the most that is read is {STORE_LIMIT >> 20} MiB."
        )
    try:
        return jumbf.read_store(embedded.store) if embedded.store else None
    except jumbf.TooManyBoxesError as cause:
        limit = f"{jumbf.BOX_LIMIT:,}"
        raise UnreadableError(
            "huge", f"The manifest in {name} has more than {limit} parts or is too deep to read."
        ) from cause


def _trouble(cause: "c2pa.C2paError", name: str) -> UnreadableError:
    import c2pa

    said = str(cause)
    if isinstance(cause, c2pa.C2paError.RemoteManifest) or "remote manifest" in said.lower():
        url = next((word for word in said.split() if "://" in word), None)
        sentence = f"{name} holds no manifest, but says that one lies at {url or 'another place'}: it was not fetched."
        return UnreadableError("remote", sentence, url)
    if isinstance(cause, c2pa.C2paError.NotSupported):
        return UnreadableError("format", f"{name} is of a format that cannot hold a manifest.")
    if isinstance(cause, c2pa.C2paError.Io) or "out of range" in said:
        return UnreadableError("truncated", f"{name} breaks off before its end, or is damaged: {said}.")
    return UnreadableError("unreadable", f"{name} cannot be read: {said}.")


def _unreadable(trouble: UnreadableError, embedded: Embedded) -> Reading:
    return Reading(
        present=embedded.size > 0,
        intact=None,
        unreadable=trouble.sentence,
        reason=trouble.reason,
        store_size=embedded.size,
        problems=(trouble.sentence,),
        remote_url=trouble.remote_url,
    )


def _reading(
    inspection: Inspection, embedded: Embedded, boxes: jumbf.Store | None, anchors: tuple[Anchor, ...]
) -> Reading:
    if boxes is None or inspection.store != embedded.store:
        # The chain has to come from the very store that was validated, not from what we found beside it.
        validated = jumbf.read_store(inspection.store)
        boxes = replace(validated, faults=validated.faults + (boxes.faults if boxes else ()))
    return filled_reading(
        inspection.report,
        inspection.state,
        store=embedded.store or inspection.store,
        boxes=boxes,
        faults=embedded.faults + boxes.faults + _faults(inspection, embedded),
        anchors=anchors,
        holds=verdict.is_intact,
        problems=verdict.problems,
    )


def _faults(inspection: Inspection, embedded: Embedded) -> tuple[str, ...]:
    """Compare what c2pa read with what lies in the file."""
    found = []
    if embedded.known and not embedded.store:
        found.append("the manifest store is in an unusual place")
    for _, content in crjson.assertions(inspection.active, UNCOVERED_ASSERTION):
        if content.get("sha256") != Digest.of(embedded.uncovered).hex:
            found.append("boxes that no C2PA hash covers were changed")
    return tuple(found)
