"""A training work as a value, and its one record: the text whose digest names the work for good."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, Self

from provenance.digest import Digest, Json, canonical_json
from provenance.errors import DamagedArchiveError

RECORD = "work_v1"
"""Which fields a record has and how they are written; it never changes, a better one is `work_v2`."""


class Consent(StrEnum):
    """What the makers are said to allow; always claimed, never checked by us."""

    UNKNOWN = "unknown"
    """Nobody said anything."""
    GRANTED = "granted"
    """The creator or who holds the rights is said to agree that models learn from the work."""
    DENIED = "denied"
    """They are said to refuse it."""
    WITHDRAWN = "withdrawn"
    """They are said to have agreed once and to refuse it now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A picture that a model may learn from, and what is claimed about it."""

    file_digest: Digest
    pixels_digest: Digest
    """`Picture.digest`: the same for every encoding of the same pixels."""
    file_size: int
    """Bytes."""
    media_type: str
    width: int
    """Pixels, upright."""
    height: int
    """Pixels, upright."""
    name: str
    """The path within the folder that was collected, with slashes; never absolute."""
    title: str | None = None
    creator: str | None = None
    licence: str | None = None
    """An SPDX licence expression in its normal form; None when none is known."""
    source: str | None = None
    category: str | None = None
    subjects: tuple[str, ...] = ()
    series: str | None = None
    consent: Consent = Consent.UNKNOWN
    extra: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Further columns of the table, as they were written; empty cells left out."""

    def __post_init__(self) -> None:
        """Refuse names that lead out of the folder or cannot be written in UTF-8."""
        path = PurePosixPath(self.name)
        if not self.name or path.is_absolute() or ".." in path.parts or not _is_text(self.name):
            message = f"{self.name!r} cannot name a work: a path within the folder, in UTF-8, is needed."
            raise ValueError(message)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `record` wrote. Raises DamagedArchiveError."""
        try:
            if record["record"] != RECORD:
                message = f"The record has the form {record['record']!r}, not {RECORD}. Upgrade prov to read it."
                raise DamagedArchiveError(message)
            values = {name: value for name, value in record.items() if name != "record"}
            values["file_digest"] = Digest.parse(values["file_digest"])
            values["pixels_digest"] = Digest.parse(values["pixels_digest"])
            values["subjects"] = tuple(values["subjects"])
            values["consent"] = Consent(values["consent"])
            values["extra"] = dict(values["extra"])
            return cls(**values)
        except (KeyError, TypeError, ValueError) as cause:
            message = f"The record of a work cannot be read: {cause}. Bring it back from a copy of the archive."
            raise DamagedArchiveError(message) from cause

    def record(self) -> Mapping[str, Json]:
        """Write the work as plain JSON values, always with the same keys.

        `extra` becomes sorted pairs: names from outside are never keys, so that every JSON library sorts alike.
        """
        return {
            "record": RECORD,
            "file_digest": str(self.file_digest),
            "pixels_digest": str(self.pixels_digest),
            "file_size": self.file_size,
            "media_type": self.media_type,
            "width": self.width,
            "height": self.height,
            "name": self.name,
            "title": self.title,
            "creator": self.creator,
            "licence": self.licence,
            "source": self.source,
            "category": self.category,
            "subjects": list(self.subjects),
            "series": self.series,
            "consent": self.consent.value,
            "extra": [[name, text] for name, text in sorted(self.extra.items())],
        }

    @property
    def uid(self) -> str:
        """Name the work by its record: SHA-256 over a zero byte and the canonical JSON, as 64 hex digits.

        It is the leaf hash of RFC 6962 section 2.1, and so at once the work's leaf in the tree of a dataset.
        """
        return hashlib.sha256(b"\0" + canonical_json(self.record()).encode()).hexdigest()


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
