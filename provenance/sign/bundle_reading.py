"""Read the lists of works that travel with a picture, and hold each against the Merkle root that was signed.

Everything here comes from strangers: it is bounded, and what cannot be read is said and not raised.
"""

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from provenance.collect.merkle import dataset_root
from provenance.digest import Digest, Json
from provenance.sign import crjson
from provenance.sign.bundle import PREFIX, Form
from provenance.sign.definition import DATASET_ASSERTION
from provenance.sign.read import UnreadableError, inspect, opened
from provenance.sign.reading import Anchor

TEXT_LIMIT: Final = 64 << 20
"""Bytes of records that are unpacked at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReading:
    """A set of works as a manifest behind a picture lists it: the word of whoever signed that manifest."""

    label: str
    """Of its manifest."""
    name: str
    """What its signer calls the dataset."""
    works: int | None
    """How many works it says it has."""
    merkle_root: str | None
    form: Form | None
    """What is told of the works; None where the manifest tells it in a way that we do not know."""
    claimed: bool | None
    """Whether the tie between model and set is claimed only; False where a training was recorded, None if unsaid."""
    signer: str | None
    """The name in the certificate of the bundle."""
    adds_up: bool | None
    """Whether the records make up the Merkle root and are as many as said; None where there are none."""
    problem: str | None
    """Why its list cannot be relied on, as a sentence."""
    records: Mapping[str, Mapping[str, Json]] = field(default_factory=dict, repr=False)
    """Records by file digest, as `sha256:...`."""
    pixels: Mapping[str, str] = field(default_factory=dict, repr=False)
    """File digests by pixel digest."""
    prefixes: frozenset[bytes] = field(default=frozenset(), repr=False)
    """Beginnings of file digests."""
    pixel_prefixes: frozenset[bytes] = field(default=frozenset(), repr=False)


def read_bundles(source: bytes | Path, *, anchors: Sequence[Anchor] = ()) -> tuple[BundleReading, ...]:
    """Read every list of works in the manifests behind a picture, each once.

    Whether the picture holds is not judged here: ask `read.read` first. Raises PictureError only if the path
    cannot be opened.
    """
    with opened(source) as file:
        try:
            inspection = inspect(file, anchors=tuple(anchors), name="the file")
        except UnreadableError:
            return ()
    if inspection is None:
        return ()
    manifests = {
        label: crjson.mapping(each)
        for each in crjson.items(inspection.report.get("manifests"))
        if (label := crjson.text(crjson.mapping(each).get("label")))
    }
    found = _ingredients(manifests, inspection.label or "")
    return tuple(_bundle(label, manifests[label], notes) for label, notes in found.items())


def _ingredients(manifests: Mapping[str, Mapping[str, Json]], active: str) -> dict[str, Mapping[str, Json]]:
    """Follow the ingredients from the active manifest on to all that list works: their labels, and our notes."""
    found: dict[str, Mapping[str, Json]] = {}
    seen, level = {active}, [active]
    while level:
        behind = [
            (crjson.manifest_label(content.get("activeManifest") or content.get("c2pa_manifest")), content)
            for label in level
            for _, content in crjson.assertions(manifests.get(label, {}), "c2pa.ingredient")
        ]
        level = []
        for label, content in behind:
            if label is None or label in seen or label not in manifests:
                continue
            seen.add(label)
            level.append(label)
            if any(crjson.assertions(manifests[label], DATASET_ASSERTION)):
                found[label] = crjson.mapping(content.get("metadata"))
    return found


def _bundle(label: str, manifest: Mapping[str, Json], notes: Mapping[str, Json]) -> BundleReading:
    said = next(content for _, content in crjson.assertions(manifest, DATASET_ASSERTION))
    form = next((each for each in Form if each.value == said.get("form")), None)
    signer = crjson.signer(manifest)
    works, root = said.get("works"), crjson.text(said.get("merkle_root"))
    truth = crjson.text(notes.get("org.prov.truth"))
    head = {
        "label": label,
        "name": _name(said),
        "works": works if isinstance(works, int) else None,
        "merkle_root": root,
        "form": form,
        "claimed": None if truth is None else truth == "claimed",
        "signer": (signer.common_name or signer.organisation) if signer else None,
    }
    try:
        listed = _listed(form, said)
    except _UnreadableListError as trouble:
        return BundleReading(**head, adds_up=None, problem=str(trouble))  # type: ignore[arg-type]
    return BundleReading(**head, **listed)  # type: ignore[arg-type]


def _name(said: Mapping[str, Json]) -> str:
    name = (crjson.text(said.get("name")) or "a set without a name")[:200]
    version = f" version {said['version']}" if isinstance(said.get("version"), int) else ""
    return f"{'a selection from ' if said.get('selected') is True else ''}{name}{version}"


class _UnreadableListError(Exception):
    """A list cannot be read; it never leaves this module."""


def _listed(form: Form | None, said: Mapping[str, Json]) -> dict[str, object]:
    if form is Form.RECORDS:
        return _records(said)
    if form is Form.DIGESTS:
        return _digests(said)
    problem = None if form is Form.ROOT else "It lists its works in a way that this prov does not know: upgrade prov."
    return {"adds_up": None, "problem": problem}


def _records(said: Mapping[str, Json]) -> dict[str, object]:
    lines = _unpacked(crjson.text(said.get("records")) or "").split(b"\n")
    leaves = [hashlib.sha256(b"\0" + line).hexdigest() for line in lines]
    records: dict[str, Mapping[str, Json]] = {}
    pixels: dict[str, str] = {}
    for record in map(_record, lines):
        file, same = crjson.text(record.get("file_digest")) or "", crjson.text(record.get("pixels_digest")) or ""
        records.setdefault(file, record)
        pixels.setdefault(same, file)
    adds_up = dataset_root(leaves) == said.get("merkle_root") and len(set(leaves)) == said.get("works")
    problem = None if adds_up else "Its records do not make up the Merkle root that was signed with them."
    return {"adds_up": adds_up, "problem": problem, "records": records, "pixels": pixels}


def _record(line: bytes) -> Mapping[str, Json]:
    try:
        record = json.loads(line)
        Digest.parse(record["file_digest"])
        Digest.parse(record["pixels_digest"])
    except (ValueError, TypeError, KeyError, RecursionError) as cause:
        raise _UnreadableListError("One of its records cannot be read.") from cause
    return crjson.mapping(record)


def _digests(said: Mapping[str, Json]) -> dict[str, object]:
    packed = _decoded(crjson.text(said.get("digests")) or "")
    works = said.get("works")
    if len(packed) % (2 * PREFIX) or len(packed) // (2 * PREFIX) != works:
        raise _UnreadableListError("Its list has not as many digests as it says that it has works.")
    starts = range(0, len(packed), PREFIX)
    parts: Iterator[bytes] = (packed[start : start + PREFIX] for start in starts)
    both = list(parts)
    return {
        "adds_up": None,
        "problem": None,
        "prefixes": frozenset(both[::2]),
        "pixel_prefixes": frozenset(both[1::2]),
    }


def _unpacked(text: str) -> bytes:
    """Unpack the records, as far as a list of honest size goes."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(_decoded(text), TEXT_LIMIT)
    except zlib.error as cause:
        raise _UnreadableListError("Its records cannot be unpacked.") from cause
    if not unpacker.eof or unpacker.unused_data:
        raise _UnreadableListError(f"Its records are cut off or more than {TEXT_LIMIT >> 20} MiB.")
    return data


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as cause:
        raise _UnreadableListError("Its list of works is not written as it should be.") from cause
