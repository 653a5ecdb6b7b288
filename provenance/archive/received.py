"""A picture that came as a file: what it says of itself, whether that holds, and what we claim of it.

The file as it came is kept beside ours. C2PA calls what we do opening: the first action is `c2pa.opened`, the file
its `parentOf`, with its whole manifest if it brought one. `c2pa.created` would say that we know how it was made.
What its own metadata say of that goes along as claimed, never as ours.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast, get_args

from provenance.archive import artwork
from provenance.archive.claims import origin_record
from provenance.collect.parameters import Claims, read_parameters
from provenance.collect.parameters_text import without_texts
from provenance.digest import Digest, Json
from provenance.errors import PictureError, RefusedError
from provenance.export.metadata import read_metadata
from provenance.picture import Picture
from provenance.sign.claim import Claim, DigitalSourceType, Edit, Ingredient
from provenance.sign.history import problems_of
from provenance.sign.read import read
from provenance.sign.reading import IngredientReading, Reading
from provenance.words import Making, digital_source_type, making_of

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_SIGNED_TEXT = 5_000
"""Characters of one claimed text in our manifest; the record has more, and the file all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One file that came."""

    name: str
    data: bytes = dataclasses.field(repr=False)
    digest: Digest
    picture: Picture
    reading: Reading
    claims: Claims | None
    """What its own metadata say."""
    source_type: str | None
    """The IPTC digital source type that it claims; None if it says nothing of that."""
    said_in: str | None
    """Where it claims it: its manifest, its XMP, its parameters."""
    problems: tuple[str, ...]
    """Why its manifest does not hold, as sentences; taken in all the same only because somebody allowed it."""

    @property
    def signed(self) -> bool:
        """Whether it brought a manifest that comes along whole."""
        return self.reading.present and self.reading.unreadable is None

    def row(self) -> dict[str, Json]:
        """Write the row of `import`, with the blob of the file."""
        said: dict[str, Json] = {} if self.claims is None else self.claims.to_json()
        if self.source_type is not None:
            said |= {"digital_source_type": self.source_type, "said_in": self.said_in}
        if self.problems:
            said["manifest_problems"] = list(self.problems)
        if self.reading.remote_url:
            said["manifest_elsewhere"] = self.reading.remote_url[:_SIGNED_TEXT]
        state = self.reading.state or ("Invalid" if self.reading.present else None)
        blob: dict[str, Json] = {
            "digest": self.digest.hex,
            "size": len(self.data),
            "media_type": self.picture.media_type or "",
        }
        return {
            "name": self.name,
            "program": None if self.claims is None else self.claims.program,
            "claims": said,
            "manifest_state": state,
            "manifest_label": self.reading.label,
            "received": blob,
        }

    def parent(self) -> Ingredient:
        """Name the file as the picture that is continued; its own manifest comes along whole."""
        return Ingredient(
            label="parent",
            relationship="parentOf",
            title=self.name,
            digest=self.digest,
            data=self.data if self.signed else None,
            media_type=self.picture.media_type,
        )


def receive(archive: "Archive", data: bytes, name: str, *, allow_changed: bool = False) -> Received:
    """Read a file that came, and everything that it says.

    Raises PictureError for what is no picture, RefusedError for a manifest that does not hold, unless
    `allow_changed`: signing on it would hide that.
    """
    picture = _open(data, name, archive.settings.pixels)
    reading = read(data, anchors=archive.anchors)
    problems = _problems(reading)
    if problems and not allow_changed:
        raise RefusedError(
            f"{name} carries Content Credentials that do not hold. {' '.join(problems)} "
            "Bring the file as it was signed, or say --allow-changed to take it in with that on record."
        )
    claims = read_parameters(data)
    source_type, said_in = _source_type(data, reading, claims, holds=not problems)
    return Received(
        name=name,
        data=data,
        digest=Digest.of(data),
        picture=picture,
        reading=reading,
        claims=claims,
        source_type=source_type,
        said_in=said_in,
        problems=problems,
    )


def received_claim(
    archive_uid: str,
    received: Received,
    *,
    artwork_uid: str,
    run_uid: str | None,
    pixels: Digest,
    title: str,
    by: str | None,
    model: str | None,
    source_type: str,
    made_at: datetime,
) -> Claim:
    """Say that a picture was opened that somebody else made, and what is claimed of its making."""
    known = source_type if source_type in get_args(DigitalSourceType) else None
    stored = Edit(
        action="c2pa.transcoded",
        when=made_at,
        digital_source_type=cast("DigitalSourceType | None", known),
        description="Kept as PNG. How it was made is claimed, by its own metadata or by whoever brought it in.",
        parameters=_claimed_texts(received, by=by, model=model),
    )
    record = origin_record(archive_uid, artwork_uid, run_uid=run_uid, pixels=pixels)
    making = making_of(source_type).value
    broken = {"received_problems": " ".join(received.problems)[:_SIGNED_TEXT]} if received.problems else {}
    return Claim(
        title=title,
        media_type="image/png",
        opening="opened",
        when=made_at,
        ingredients=(received.parent(),),
        edits=(stored,),
        all_actions=False,  # what was done before it came is for its own record to say
        record={**record, "making": making, "received": str(received.digest), **broken},
    )


def as_received(archive: "Archive", received: Received, draft: artwork.Draft) -> artwork.Draft:
    """Change the draft of a picture of a run into that of one which the run's command left as a file."""
    source_type = received.source_type or draft.source_type
    claim = draft.claim
    if received.reading.present:
        claim = received_claim(
            archive.uid,
            received,
            artwork_uid=draft.uid,
            run_uid=draft.run_uid,
            pixels=draft.pixels_digest,
            title=claim.title,
            by=draft.by,
            model=None,
            source_type=source_type,
            made_at=draft.made_at,
        )
    else:
        known = source_type if source_type in get_args(DigitalSourceType) else claim.digital_source_type
        claim = dataclasses.replace(
            claim,
            digital_source_type=cast("DigitalSourceType", known),
            parameters={**claim.parameters, **_claimed_texts(received, by=None, model=None)},
            record={**claim.record, "received": str(received.digest)},
        )
    return dataclasses.replace(
        draft,
        claim=claim,
        source_type=source_type,
        imported=received.row(),
        allow_changed_parent=bool(received.problems),
    )


def _open(data: bytes, name: str, limit: int) -> Picture:
    try:
        return Picture.open(data, limit=limit, animated=False)
    except PictureError as problem:
        bare = without_texts(data)
        if problem.reason == "unreadable" and len(bare) < len(data):
            return _open(bare, name, limit)  # Pillow gives up over a text that is too long
        raise PictureError(str(problem).replace("the data", name), reason=problem.reason) from problem


def _problems(reading: Reading) -> tuple[str, ...]:
    if not reading.present:
        return ()
    if reading.unreadable is not None:
        return (reading.unreadable.replace("the data cannot", "They cannot", 1).replace("the data", "the file"),)
    if reading.intact is False:
        return reading.problems or ("It was changed after it was signed.",)
    return problems_of(reading.ingredients)


def _source_type(data: bytes, reading: Reading, claims: Claims | None, *, holds: bool) -> tuple[str | None, str | None]:
    """Find what the file says of how it was made: in its manifest if that holds, its XMP, its parameters."""
    if reading.present and holds and (told := _told_by_manifest(reading)) is not None:
        return told, "manifest"
    try:
        metadata = read_metadata(without_texts(data))
    except PictureError:
        metadata = None
    code = ((metadata.digital_source_type if metadata else None) or "").rstrip("/").rpartition("/")[2]
    if _is_known(code):
        return code, "xmp"
    return ("trainedAlgorithmicMedia", "parameters") if claims is not None and claims.program else (None, None)


def _told_by_manifest(reading: Reading) -> str | None:
    """Draw one source type from the whole history of the picture, from its beginning."""
    types = [code for part in reversed(list(_line(reading))) for code in part.digital_source_types]
    if not types or not _is_known(types[0]):
        return None
    later = types[1:]
    by_model = any(making_of(code).by_model for code in later) and not making_of(types[0]).by_model
    whole = making_of(types[0], by_person="humanEdits" in later, by_model=by_model)
    address = digital_source_type(whole) if later else None
    return types[0] if address is None else address.rpartition("/")[2]


def _line(reading: Reading) -> Iterator[Reading | IngredientReading]:
    here: Reading | IngredientReading | None = reading
    while here is not None:
        yield here
        here = next((each for each in here.ingredients if each.relationship == "parentOf"), None)


def _is_known(code: str) -> bool:
    return code in get_args(DigitalSourceType) or making_of(code) is not Making.UNKNOWN


def _claimed_texts(received: Received, *, by: str | None, model: str | None) -> dict[str, str]:
    """Write what is claimed as texts of a manifest, each with `claimed` in its name."""
    told: Mapping[str, Any] = {} if received.claims is None else received.claims.to_json()
    named = {name: text for name, text in told.items() if isinstance(text, str)}
    named |= {"loras": ", ".join(told["loras"])} if told.get("loras") else {}
    named |= {name: text for name, text in {"by": by, "model": model}.items() if text}
    if received.said_in:
        named["source_type_said_in"] = received.said_in
    return {f"claimed_{name}": text[:_SIGNED_TEXT] for name, text in named.items()}
