"""Files that are no pictures: model weights with their manifest beside them, signed bundles with it inside.

c2pa has to be told what they are. What a manifest covers there is every byte of the weights, or every file in a
ZIP with its directory; bytes around the manifest itself are not looked at as strictly as in pictures.
"""

import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from provenance.digest import Json
from provenance.errors import IdentityError
from provenance.sign import crjson, history, jumbf, verdict
from provenance.sign.container import STORE_LIMIT
from provenance.sign.definition import c2pa_format
from provenance.sign.filled import active_manifest, filled_reading
from provenance.sign.read import UnreadableError, context_settings, opened
from provenance.sign.reading import Anchor, Reading, SignerReading, State

if TYPE_CHECKING:
    import c2pa

OCTETS = "application/octet-stream"
"""The media type under which weights are signed: any bytes."""

_BINDINGS = ("assertion.dataHash.match", "assertion.collectionHash.match")
_CHANGED = {
    "assertion.dataHash.mismatch": "The file was changed after it was signed.",
    "assertion.collectionHash.mismatch": "A file in it was changed, added or taken out after it was signed.",
}


def read_as(
    source: bytes | Path | BinaryIO, media_type: str, *, store: bytes | None = None, anchors: Sequence[Anchor] = ()
) -> Reading:
    """Read what a file of `media_type` says about itself, in its manifest or in the `store` that lies beside it.

    Whatever is in the file, the answer is a Reading. Raises PictureError only if the path cannot be opened,
    IdentityError if an anchor is no certificate.
    """
    name = source.name if isinstance(source, Path) else "the data"
    try:
        _refuse_large(store, name)
        with _stream(source) as file, _reader(file, media_type, store, tuple(anchors), name) as reader:
            if reader is None:
                return Reading(present=False, intact=None)
            report = json.loads(reader.crjson())
            state = reader.get_validation_state()
            found: State = state if state in {"Valid", "Trusted"} else "Invalid"
            return _reading(report, found, store if store is not None else _store(reader, report), tuple(anchors))
    except UnreadableError as trouble:
        said = trouble.sentence
        return Reading(present=store is not None, intact=None, unreadable=said, reason=trouble.reason, problems=(said,))


def _refuse_large(store: bytes | None, name: str) -> None:
    if store is not None and len(store) > STORE_LIMIT:
        sentence = f"The manifest beside {name} is larger than {STORE_LIMIT >> 20} MiB, the most that is read."
        raise UnreadableError("huge", sentence)
    try:
        if store is not None:
            jumbf.read_store(store)
    except jumbf.TooManyBoxesError as cause:
        raise UnreadableError("huge", f"The manifest beside {name} has too many parts to read.") from cause


@contextmanager
def _stream(source: bytes | Path | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, bytes | Path):
        with opened(source) as file:
            yield file
    else:
        yield source


@contextmanager
def _reader(
    file: BinaryIO, media_type: str, store: bytes | None, anchors: tuple[Anchor, ...], name: str
) -> "Iterator[c2pa.Reader | None]":
    import c2pa

    file.seek(0)
    try:
        reader = c2pa.Reader.try_create(c2pa_format(media_type), file, store, _context(os.getpid(), anchors))
        with reader if reader is not None else nullcontext():
            yield reader
    except c2pa.C2paError as cause:
        raise UnreadableError("unreadable", f"{name} cannot be read: {cause}.") from cause


@lru_cache(maxsize=16)
def _context(process: int, anchors: tuple[Anchor, ...]) -> "c2pa.Context":  # noqa: ARG001  (no context survives a fork)
    import c2pa

    try:
        return c2pa.Context.from_dict(context_settings(anchors))
    except c2pa.C2paError as cause:
        names = ", ".join(anchor.name for anchor in anchors)
        raise IdentityError(f"The anchors {names} cannot be used: {cause}.") from cause


def _store(reader: "c2pa.Reader", report: Mapping[str, Json]) -> bytes:
    import c2pa

    target = io.BytesIO()
    try:
        reader.resource_to_stream(f"self#jumbf=/c2pa/{crjson.text(active_manifest(report).get('label'))}", target)
    except c2pa.C2paError:
        return b""
    return target.getvalue()


def _reading(report: Mapping[str, Json], state: State, store: bytes, anchors: tuple[Anchor, ...]) -> Reading:
    boxes = jumbf.read_store(store)
    return filled_reading(
        report,
        state,
        store=store,
        boxes=boxes,
        faults=boxes.faults,
        anchors=anchors,
        holds=_holds,
        problems=_problems,
    )


def _holds(found: verdict.Findings, report: Mapping[str, Json], state: State) -> bool:
    """Whether file and claim are as they were signed, whoever signed, and every manifest behind them too."""
    if "claimSignature.validated" not in found.own["success"] or not set(_BINDINGS) & set(found.own["success"]):
        return False
    below = [code for codes in history.deltas(report).values() for code in codes]
    for manifest in crjson.items(report.get("manifests")):
        below += crjson.codes(crjson.mapping(manifest).get("validationResults"))["failure"]
    failures = (*found.failures, *below)
    explained = state != "Invalid" or any(code != "signingCredential.untrusted" for code in failures)
    return explained and all(history.about_the_signer(code) for code in failures)


def _problems(failures: tuple[str, ...], signer: SignerReading | None) -> tuple[str, ...]:
    changed = tuple(_CHANGED[code] for code in failures if code in _CHANGED)
    others = tuple(code for code in failures if code not in _CHANGED)
    return changed + verdict.problems(others, signer)
