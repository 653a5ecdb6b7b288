"""Pictures that a model is given: what the engine sees of them, the lineage, and what the manifest says.

A content or an image to start from is continued: C2PA calls it the parent (`parentOf`), and the manifest of the
result opens it. A style or a mask only takes part in the computation (`inputTo`). What such a picture is called
afterwards is argued in docs/decisions/0009-what-style-transfer-is-called.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from provenance.archive.collect import Defaults
from provenance.archive.gap import gap_on_record
from provenance.archive.given_file import Named, named_picture
from provenance.archive.given_work import record_work, remember_place
from provenance.archive.received import Received, receive
from provenance.collect.licence import spdx_expression
from provenance.errors import PictureError, RefusedError
from provenance.schema import Kind, Role
from provenance.sign.claim import Ingredient
from provenance.words import Making, Truth, digital_source_type, making_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenance.archive.archive import Archive

CONTINUED = ("content", "image")
"""Roles of pictures that the result continues; of these an engine takes one."""

_ROLES = {"content": Role.CONTENT, "style": Role.STYLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A picture that a model is given."""

    pixels: "NDArray[np.uint8]" = field(repr=False)
    """uint8 of shape (height, width, 3), sRGB, upright, as it looks on white paper."""
    input: tuple[Role, str, Truth]
    """The lineage of the run: role, full id of the artwork or work, how we know."""
    ingredient: Ingredient
    """What the manifest of the result says of it; its own manifest comes along whole."""
    source_type: str | None = None
    """How it says that it was made, in IPTC's words; None if it says nothing."""


def given(archive: "Archive", role: str, text: str, *, licence: str | None = None, creator: str | None = None) -> Given:
    """Take the picture that `text` names, the beginning of an id or the path of a file, for `role`.

    A file with the bytes of an artwork or a work of this archive is that one. Any other becomes a work, under its
    name without the folder, with the `licence` (SPDX) and the `creator` that are said of it. Of a file that is not
    plain RGB the engine sees what `Picture.open` makes of it (EXIF orientation applied, 8 bits a channel, grey and
    CMYK converted), on white where it is transparent.
    Raises RefusedError where its manifest does not hold, unless it is an artwork and that was allowed when it, or
    what it was made from, was taken in: then every reader of the result is told, as of an edit. Raises
    NotFoundError, UsageError, PictureError, DamagedArchiveError as `named_picture` does.
    """
    said = Defaults(licence=None if licence is None else spdx_expression(licence), creator=creator)
    named = named_picture(archive, text, said=said)
    received = receive(archive, named.data, named.title, allow_changed=True)
    if received.problems and not _allowed_before(archive, named):
        raise RefusedError(
            f"The {role} {named.title} carries Content Credentials that do not hold, and signing would hide that. "
            f"{' '.join(received.problems)} Give the picture as it was signed."
        )
    ingredient = _ingredient(role, named, received)
    if received.problems:
        ingredient = archive.signer.stage(ingredient, allow_changed=True)
    return Given(
        pixels=np.array(received.picture.on_white()),
        input=(
            _ROLES.get(role, Role.INPUT),
            _recorded(archive, named, said, received),
            Truth.CHECKED,
        ),
        ingredient=ingredient,
        source_type=received.source_type,
    )


def combined_source_type(source_type: str, pictures: Iterable[Given]) -> str:
    """Say how a result was made, in IPTC's words: what its engine says, unless a trained model made what it was given.

    Then the result is made in part by that model, whatever happened to it since.
    """
    by_model = any(making_of(picture.source_type).by_model for picture in pictures)
    if not by_model or making_of(source_type).by_model:
        return source_type
    address = digital_source_type(Making.PARTLY_MODEL) or source_type
    return address.rpartition("/")[2]


def _allowed_before(archive: "Archive", named: Named) -> bool:
    return named.kind is Kind.ARTWORK and named.uid is not None and gap_on_record(archive, named.uid)


def _recorded(archive: "Archive", named: Named, said: Defaults, received: Received) -> str:
    """Give the id; a file that is new is recorded as a work, now that nothing speaks against it."""
    if named.uid is not None:
        if named.path is not None:
            remember_place(archive, named.uid, named.path)
        return named.uid
    assert named.path is not None
    work = record_work(archive, named.path, said)
    if work.file_digest != received.digest:
        raise PictureError(f"{named.title} changed while it was read. Call again when it is finished.")
    return work.uid


def _ingredient(role: str, named: Named, received: Received) -> Ingredient:
    claimed = {"licence": named.licence, "creator": named.creator}
    return Ingredient(
        label=role,
        relationship="parentOf" if role in CONTINUED else "inputTo",
        title=named.title,
        digest=received.digest,
        data=named.data if received.signed else None,
        media_type=received.picture.media_type,
        notes={"role": role} | {name: text for name, text in claimed.items() if text},
    )
