"""Everything that can go wrong, as sentences.

    ProvenanceError                 exit 3 unless a line below says otherwise
    |-- UsageError                  exit 2  the call itself is wrong: correct it and call again
    |-- NotFoundError               exit 3  no such artwork, work, model, file: list what there is
    |-- ArchiveError                exit 3  the archive cannot be used as it is
    |   |-- NotAnArchiveError               there is no archive here
    |   |-- HalfMadeArchiveError            its making was cut off: make it again
    |   |-- NewerArchiveError               a newer program wrote it: upgrade prov
    |   |-- LockedArchiveError              another program holds it: wait, then call again
    |   `-- DamagedArchiveError             bytes or rows are missing or wrong: restore or check
    |-- PictureError                exit 3  a file is not a picture that we can read
    |-- StoreError                  exit 3  bytes could not be kept or fetched (disk full, not writable)
    |-- EngineError                 exit 3  an engine failed or cannot run here
    |-- IdentityError               exit 3  a key or certificate cannot be used: wrong passphrase, expired
    |-- SigningError                exit 3  a picture could not be signed
    |-- RefusedError                exit 1  we looked, and the answer is no (an edit of another picture)
    `-- CancelledError              exit 130  somebody pressed Ctrl-C: what was done is kept

A message says what happened, which thing it happened to, and what to do next.
"""

from typing import ClassVar


class ProvenanceError(Exception):
    """The root of all our errors: one `except` catches everything that we raise on purpose."""

    exit_code: ClassVar[int] = 3


class UsageError(ProvenanceError):
    """The call is wrong; nothing was done."""

    exit_code = 2


class NotFoundError(ProvenanceError):
    """What was named does not exist."""


class ArchiveError(ProvenanceError):
    """The archive cannot be used as it is."""


class NotAnArchiveError(ArchiveError):
    """The folder holds no archive."""


class HalfMadeArchiveError(ArchiveError):
    """The making of the archive was cut off."""


class NewerArchiveError(ArchiveError):
    """A newer program wrote the archive."""


class LockedArchiveError(ArchiveError):
    """Another program holds the database for too long."""


class DamagedArchiveError(ArchiveError):
    """Rows or bytes are missing or not what they should be."""


class PictureError(ProvenanceError):
    """A file is not a picture that we can read. `reason` is one word for reports."""

    def __init__(self, message: str, *, reason: str = "unreadable") -> None:
        """Keep the sentence and the `reason`: unreadable, truncated, empty, huge, animated, format."""
        super().__init__(message)
        self.reason = reason


class StoreError(ProvenanceError):
    """Bytes could not be kept or fetched."""


class EngineError(ProvenanceError):
    """An engine failed, or cannot run on this machine."""


class IdentityError(ProvenanceError):
    """A key or certificate cannot be used."""


class SigningError(ProvenanceError):
    """A picture could not be signed."""


class RefusedError(ProvenanceError):
    """We looked, and the answer is no."""

    exit_code = 1


class CancelledError(ProvenanceError):
    """Somebody pressed Ctrl-C; what was finished is kept."""

    exit_code = 130
