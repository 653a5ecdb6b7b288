"""A store that forgets: for tests and for trying things."""

import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from provenance.digest import Digest
from provenance.errors import StoreError
from provenance.store import damaged, missing

_PLACE = "the store in memory"


class MemoryStore:
    """Blobs in a dictionary; it keeps all promises of `Store` but the one about crashes."""

    def __init__(self) -> None:
        self._blobs: dict[Digest, bytes] = {}
        self._lock = Lock()

    def put(self, data: bytes) -> Digest:
        """Keep `data` and name it."""
        kept = bytes(data)
        digest = Digest.of(kept)
        with self._lock:
            self._blobs.setdefault(digest, kept)
        return digest

    def put_file(self, path: Path, *, move: bool = False) -> Digest:
        """Keep the bytes of the file at `path`; `move` removes it. Raises StoreError."""
        try:
            digest = self.put(path.read_bytes())
            if move:
                path.unlink()
        except OSError as cause:
            message = f"The file {path} could not be kept: {cause.strerror}."
            raise StoreError(message) from cause
        return digest

    def read(self, digest: Digest) -> bytes:
        """Fetch bytes and check them. Raises NotFoundError, DamagedArchiveError."""
        data = self._bytes(digest)
        if (found := Digest.of(data)) != digest:
            raise damaged(digest, _PLACE, found)
        return data

    def open(self, digest: Digest) -> BinaryIO:
        """Open a blob for reading. Raises NotFoundError."""
        return io.BytesIO(self._bytes(digest))

    def has(self, digest: Digest) -> bool:
        """Tell whether a blob of this name is here."""
        return digest in self._blobs

    def size(self, digest: Digest) -> int:
        """Count the bytes of a blob. Raises NotFoundError."""
        return len(self._bytes(digest))

    def delete(self, digest: Digest) -> None:
        """Remove a blob, if it is here."""
        with self._lock:
            self._blobs.pop(digest, None)

    def digests(self) -> Iterator[Digest]:
        """Name every blob, in the order of the digests."""
        with self._lock:
            names = sorted(self._blobs)
        return iter(names)

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """Name a file that does not exist yet; it is removed at the end."""
        with tempfile.TemporaryDirectory(prefix="prov-") as folder:
            yield Path(folder, "blob")

    def _bytes(self, digest: Digest) -> bytes:
        try:
            return self._blobs[digest]
        except KeyError:
            raise missing(digest, _PLACE) from None
