"""Was a given work in the set that a picture's model learnt from? Answered from the picture's file alone.

Three things are kept apart: that the picture is as it was signed, which is checked; that the records make up the
Merkle root, which is checked where they are there; and the list itself, which is the word of whoever signed it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from provenance.digest import Digest, Json
from provenance.errors import PictureError
from provenance.picture import PIXEL_LIMIT, Picture
from provenance.sign.bundle import Form, prefix
from provenance.sign.bundle_reading import BundleReading, read_bundles
from provenance.sign.history import problems_of
from provenance.sign.read import opened, read
from provenance.sign.reading import Anchor, Reading


class Containment(StrEnum):
    """The answer. None of them shades into another."""

    FILE = "file"
    """The list names this very file."""
    PIXELS = "pixels"
    """The list names another file with the same pixels."""
    NOT_LISTED = "not_listed"
    """The list is whole and names neither its bytes nor its pixels."""
    UNSAID = "unsaid"
    """It cannot be said."""

    @property
    def found(self) -> bool:
        """Whether the work is in the list."""
        return self in {Containment.FILE, Containment.PIXELS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contained:
    """What one list of works says about one work."""

    answer: Containment
    heading: str
    """The answer in a few words."""
    sentence: str
    """The answer with its reasons."""
    basis: str | None
    """Whose word the list is, and what was checked of it; None where there is no list."""
    bundle: BundleReading | None
    """The list; None where the picture carries none."""
    record: Mapping[str, Json] | None = None
    """The work's record in the list, where records are there."""


_TIES = {
    True: "That the model learnt from this set is claimed: no training of it was recorded.",
    False: "Whoever signed the picture says that the training was recorded as it ran.",
    None: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    file: Digest
    pixels: Digest | None
    """None where the file is no picture that we can decode."""


def contains(
    source: bytes | Path,
    work: bytes | Path,
    *,
    anchors: Sequence[Anchor] = (),
    reading: Reading | None = None,
    limit: int = PIXEL_LIMIT,
) -> tuple[Contained, ...]:
    """Look for `work` in every list of works that the signed picture `source` carries: one answer each, never none.

    `reading` is what `read` gave for `source`, if it is known; `limit` is the most pixels that are decoded.
    Raises PictureError if one of the files cannot be opened.
    """
    reading = reading if reading is not None else read(source, anchors=anchors)
    asked = _work(work, limit)
    if (refusal := _refusal(reading)) is not None:
        return (refusal,)
    bundles = read_bundles(source, anchors=anchors)
    if not bundles:
        said = "The record in the file names no list of works. That does not say that there were none."
        return (_unsaid(said, None),)
    return tuple(_answer(bundle, asked) for bundle in bundles)


def _work(work: bytes | Path, limit: int) -> _Work:
    with opened(work) as file:
        data = file.read()
    try:
        pixels = Picture.open(data, limit=limit).digest
    except PictureError:
        pixels = None
    return _Work(file=Digest.of(data), pixels=pixels)


def _refusal(reading: Reading) -> Contained | None:
    if not reading.present:
        return _unsaid("The file carries no record, so it names no works.", None)
    gaps = problems_of(reading.ingredients)
    if reading.intact is not True or gaps:
        why = " ".join(gaps if reading.intact else reading.problems) or "Its record cannot be relied on."
        return _unsaid(f"{why} So its list of works is not looked at.", None)
    return None


def _answer(bundle: BundleReading, work: _Work) -> Contained:
    if bundle.problem is not None:
        return _unsaid(f"The list of works of {bundle.name} is no evidence. {bundle.problem}", bundle)
    if bundle.form is Form.ROOT:
        said = (
            f"The file names {bundle.name}, {_count(bundle.works)}, by its Merkle root alone: the list was too long. "
            "Ask whoever signed it for the work's record and its proof of inclusion."
        )
        return _unsaid(said, bundle)
    return _by_file(bundle, work) or _by_pixels(bundle, work)


def _by_file(bundle: BundleReading, work: _Work) -> Contained | None:
    record = bundle.records.get(str(work.file))
    if record is None and prefix(work.file.hex) not in bundle.prefixes:
        return None
    named = f", {_named(record)}" if record is not None else ", by the first 128 bits of its digest"
    return Contained(
        answer=Containment.FILE,
        heading=f"In the list of {bundle.name}: this very file.",
        sentence=f"One of {_count(bundle.works)} has the very bytes of the file{named}.",
        basis=_basis(bundle),
        bundle=bundle,
        record=record,
    )


def _by_pixels(bundle: BundleReading, work: _Work) -> Contained:
    if work.pixels is None:
        said = f"None of {_count(bundle.works)} of {bundle.name} has its bytes; its pixels cannot be read to compare."
        return _unsaid(said, bundle)
    record = bundle.records.get(bundle.pixels.get(str(work.pixels), ""))
    if record is None and prefix(work.pixels.hex) not in bundle.pixel_prefixes:
        said = (
            f"None of {_count(bundle.works)} has its bytes or its pixels. "
            "A copy that was scaled, cropped or saved with loss has others: of those this says nothing."
        )
        heading = f"Not in the list of {bundle.name}."
        return Contained(
            answer=Containment.NOT_LISTED, heading=heading, sentence=said, basis=_basis(bundle), bundle=bundle
        )
    named = f", {_named(record)}" if record is not None else ", by the first 128 bits of their digest"
    return Contained(
        answer=Containment.PIXELS,
        heading=f"In the list of {bundle.name}: the same pixels in another file.",
        sentence=f"One of {_count(bundle.works)} has the same pixels, in another file{named}.",
        basis=_basis(bundle),
        bundle=bundle,
        record=record,
    )


def _unsaid(said: str, bundle: BundleReading | None) -> Contained:
    basis = _basis(bundle) if bundle is not None and bundle.problem is None else None
    heading = "Cannot be said." if bundle is None else f"Cannot be said for {bundle.name}."
    return Contained(answer=Containment.UNSAID, heading=heading, sentence=said, basis=basis, bundle=bundle)


def _basis(bundle: BundleReading) -> str:
    who = f"The list is the word of {bundle.signer or 'a signer without a name'}, who signed it."
    checked = (
        "We checked that its records make up the Merkle root that was signed."
        if bundle.adds_up
        else "It holds no records, so it could not be held against the Merkle root."
    )
    return " ".join(filter(None, (who, checked, _TIES[bundle.claimed])))


def _named(record: Mapping[str, Json]) -> str:
    parts = (record.get("title") or record.get("name"), record.get("creator"), record.get("licence"))
    return "recorded as " + ", ".join(str(part)[:200] for part in parts if part)


def _count(works: int | None) -> str:
    return "an unknown number of works" if works is None else f"{works:,} works"
