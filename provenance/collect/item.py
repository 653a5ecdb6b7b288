"""What comes out of collecting: works that were read, and files or rows that were refused, each with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

from provenance.collect.work import Work
from provenance.digest import Digest

M = TypeVar("M")

REASONS: Mapping[str, str] = {
    "empty": "The file holds no bytes.",
    "truncated": "The file breaks off before its end.",
    "unreadable": "The file cannot be opened or decoded, or is not a file at all.",
    "format": "The file is not a PNG, JPEG, WebP, TIFF, GIF or AVIF picture, whatever its name says.",
    "huge": "The picture has more pixels than `limits.pixels` allows, or more bytes than so many pixels can need.",
    "animated": "The file holds several frames: nobody said which of them is the work.",
    "duplicate": "The file has the same bytes as one that comes earlier in the order of names.",
    "missing": "A row names no file, or a file that is not in the folder; or a symbolic link leads nowhere.",
    "outside": "A row or a symbolic link leads out of the folder.",
    "checksum": "The file does not have the `sha256` that its row gives, or that cell is no SHA-256.",
    "consent": "The `consent` cell is none of the known words, and to guess could turn a no into a yes.",
    "conflict": "Several rows describe the file and contradict each other.",
    "name": "The file name is not UTF-8, so that it could be neither recorded nor printed.",
}
"""Why a file or a row is refused, by the word that `Refusal.reason` holds."""

NOTES: Mapping[str, str] = {
    "licence": "The licence is not an SPDX expression: none is recorded, and the text is kept as `licence_as_written`.",
    "twin": "Another file holds exactly these pixels in other bytes.",
    "repeated": "Several rows say the same about the file.",
    "signals": "Something that speaks of the rights of the work cannot be read: it may say no.",
    "description": "Something in a Croissant description was not taken over.",
}
"""What is remarked about a work that goes in all the same, by the word that `Note.reason` holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A remark about a work that goes in."""

    reason: str
    """One of `NOTES`."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A file or a row that does not go in."""

    name: str
    """Relative to the folder, with slashes; what cannot be printed is escaped."""
    reason: str
    """One of `REASONS`."""
    sentence: str
    """What is wrong with which file or row, and what to do."""
    row: int | None = None
    """The row of the table, as a spreadsheet counts: the heading is row 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was found when a file of these bytes was decoded before."""

    pixels_digest: Digest
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read(Generic[M]):
    """A work that goes in."""

    work: Work
    measured: M | None
    """What `measure` made of the picture; None when the file was known and was not decoded again."""
    reused: bool
    """True when the file was known."""
    path: Path
    """Where the file is on this machine; never part of the record."""
    row: int | None = None
    """The row of the table that describes it, if one does."""
    notes: tuple[Note, ...] = ()
    said: object = None
    """What `look` made of the file's bytes."""


Item: TypeAlias = Read[M] | Refusal


def printable(name: str) -> str:
    """Write a file name so that it can be stored and printed: bytes that are not UTF-8 become escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
