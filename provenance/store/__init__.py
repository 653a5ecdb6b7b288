"""Step 6: bytes kept under the name of their digest.

A store knows neither pictures nor records: bytes go in, their SHA-256 comes back and is the only name they have.
So the same bytes are kept once, adding them again does nothing, and every reading can be checked against its name.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError

CHUNK = 1 << 20
"""Files are copied and digested in pieces of this many bytes, so that memory stays bounded."""


class Store(Protocol):
    """Where bytes are kept; every method may be called from several threads at once."""

    def put(self, data: bytes) -> Digest:
        """Keep `data` and name it; a no-op for bytes that are here already.

        When it returns, the bytes outlast a crash of the machine. Raises StoreError, and then nothing was kept.
        """
        ...

    def put_file(self, path: Path, *, move: bool = False) -> Digest:
        """Keep the bytes of the file at `path`, in bounded memory; `move` gives the file away and removes it.

        A file that is given away must no longer be open for writing anywhere.
        Raises StoreError, and then nothing was kept and the file is where it was.
        """
        ...

    def read(self, digest: Digest) -> bytes:
        """Fetch bytes and check them against their name.

        Raises NotFoundError when they are not here, DamagedArchiveError when they are not what they should be.
        """
        ...

    def open(self, digest: Digest) -> BinaryIO:
        """Open a blob for reading in pieces, unchecked: who reads it all can digest it. Raises NotFoundError."""
        ...

    def has(self, digest: Digest) -> bool:
        """Tell whether a blob of this name is here; its bytes are not looked at."""
        ...

    def size(self, digest: Digest) -> int:
        """Count the bytes of a blob. Raises NotFoundError."""
        ...

    def delete(self, digest: Digest) -> None:
        """Remove a blob; a no-op for one that is not here. Raises StoreError."""
        ...

    def digests(self) -> Iterator[Digest]:
        """Name every blob, in the order of the digests."""
        ...

    def temporary(self) -> AbstractContextManager[Path]:
        """Name a file that does not exist yet, beside the blobs, for `put_file(path, move=True)`.

        What is left there at the end of the `with` is removed.
        """
        ...


def missing(digest: Digest, place: str) -> NotFoundError:
    """Say that a blob is not in the store at `place`."""
    return NotFoundError(f"The blob {digest} is not in {place}. Bring it back from a copy of the archive.")


def damaged(digest: Digest, place: str, found: Digest) -> DamagedArchiveError:
    """Say that the bytes at `place` are not those that their name promises."""
    return DamagedArchiveError(
        f"The blob {digest} is damaged: the bytes in {place} have the digest {found}. "
        "Remove them, then bring the blob back from a copy of the archive."
    )
