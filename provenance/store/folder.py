"""Blobs as files named by their digest: `sha256/ab/cd/<64 hex>` in a folder that can be copied.

The order of steps is the promise. Bytes go to a file of their own in `temporary/` and are flushed to the disk;
only then does a hard link give them their name, and the folder that holds the name is flushed too.
A crash at any moment leaves either no name or the right bytes, and perhaps a leftover that `sweep` removes.
"""

import errno
import hashlib
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO

from provenance.digest import Digest
from provenance.store import CHUNK, damaged, missing
from provenance.store.durable import Disk, remove

DAY = 86_400.0
"""Seconds."""

_log = logging.getLogger(__name__)


class FolderStore:
    """Blobs below the folder `root`, which is made when the first one comes.

    `sync=False` leaves flushing to the operating system: quicker, but a power cut may take what is newest.
    """

    def __init__(self, root: Path, *, sync: bool = True) -> None:
        self.root = root
        self._blobs = root / "sha256"
        self._temporary = root / "temporary"
        self._disk = Disk(root, sync=sync)

    def put(self, data: bytes) -> Digest:
        """Keep `data` and name it. Raises StoreError, and then nothing was kept."""
        digest = Digest.of(data)
        with self._disk.explained(f"The blob {digest}"):
            if not self._holds(digest, len(data)):
                with self.temporary() as path:
                    self._disk.write(path, (data,))
                    self._disk.name(path, self._file(digest))
        return digest

    def put_file(self, path: Path, *, move: bool = False) -> Digest:
        """Keep the bytes of the file at `path`; `move` gives the file away and removes it.

        A file that is given away is not copied when it lies on the same file system, as `temporary` does.
        Raises StoreError, and then nothing was kept and the file is where it was.
        """
        with self._disk.explained(f"The file {path}"):
            digest = Digest.of_file(path)
            if not self._holds(digest, path.stat().st_size) and not (move and self._take(path, digest)):
                digest = self._copy(path)
            if move:
                path.unlink(missing_ok=True)
        return digest

    def read(self, digest: Digest) -> bytes:
        """Fetch bytes and check them. Raises NotFoundError, DamagedArchiveError, StoreError."""
        with self.open(digest) as file, self._disk.explained(f"The blob {digest}"):
            data = file.read()
        if (found := Digest.of(data)) != digest:
            raise damaged(digest, str(self._file(digest)), found)
        return data

    def open(self, digest: Digest) -> BinaryIO:
        """Open a blob for reading in pieces, unchecked. Raises NotFoundError, StoreError."""
        with self._disk.explained(f"The blob {digest}"):
            try:
                return self._file(digest).open("rb")
            except FileNotFoundError:
                raise missing(digest, str(self.root)) from None

    def path(self, digest: Digest) -> Path:
        """Name the file of a blob, for tools that read files; it is read-only. Raises NotFoundError, StoreError."""
        if not self.has(digest):
            raise missing(digest, str(self.root))
        return self._file(digest)

    def has(self, digest: Digest) -> bool:
        """Tell whether a blob of this name is here. Raises StoreError when that cannot be told."""
        with self._disk.explained(f"The blob {digest}"):
            return self._file(digest).is_file()

    def size(self, digest: Digest) -> int:
        """Count the bytes of a blob. Raises NotFoundError, StoreError."""
        with self._disk.explained(f"The blob {digest}"):
            try:
                return self._file(digest).stat().st_size
            except FileNotFoundError:
                raise missing(digest, str(self.root)) from None

    def delete(self, digest: Digest) -> None:
        """Remove a blob, if it is here. Raises StoreError."""
        with self._disk.explained(f"The blob {digest}"):
            self._file(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[Digest]:
        """Name every blob, in the order of the digests; files of other names are none of ours."""
        for folder in sorted(self._blobs.glob("??")):
            for file in sorted(folder.glob("??/*")):
                if len(file.name) == 64 and set(file.name) <= set("0123456789abcdef"):
                    yield Digest(file.name)

    @contextmanager
    def temporary(self) -> Iterator[Path]:
        """Name a file that does not exist yet, on the blobs' file system; what is there at the end is removed.

        Raises StoreError.
        """
        with self._disk.explained("A temporary file"):
            self._disk.make(self._temporary)
        path = self._temporary / secrets.token_hex(16)
        try:
            yield path
        finally:
            with self._disk.explained("A temporary file"):
                remove(path)

    def sweep(self, *, age: float = DAY) -> int:
        """Remove what crashes left and nobody wrote to for `age` seconds; count it. Raises StoreError."""
        oldest = time.time() - age
        removed = 0
        with self._disk.explained("A leftover"):
            for path in self._temporary.glob("*"):
                if path.lstat().st_mtime < oldest:
                    remove(path)
                    removed += 1
        return removed

    def _file(self, digest: Digest) -> Path:
        return self._blobs / digest.hex[:2] / digest.hex[2:4] / digest.hex

    def _holds(self, digest: Digest, size: int) -> bool:
        """Tell whether the blob is here, whole and lasting. One of another size is damaged: it will be replaced."""
        file = self._file(digest)
        try:
            found = file.stat().st_size
        except FileNotFoundError:
            return False
        if found != size:
            _log.warning("The blob %s was damaged (%d bytes, not %d); it is replaced.", digest, found, size)
            return False
        self._disk.flush(file.parent)  # another process may have named it a moment ago and not flushed the name yet
        return True

    def _take(self, path: Path, digest: Digest) -> bool:
        """Name the file itself, if it can be ours alone and lies on the same file system."""
        facts = path.lstat()
        if not S_ISREG(facts.st_mode) or facts.st_nlink > 1:  # another name could still change our bytes
            return False
        self._disk.seal(path)
        try:
            self._disk.name(path, self._file(digest))
        except OSError as cause:
            if cause.errno == errno.EXDEV:
                return False
            raise
        return True

    def _copy(self, path: Path) -> Digest:
        """Copy the file and name the copy by what was copied: the file may change while we read."""
        hasher = hashlib.sha256()

        def pieces() -> Iterator[bytes]:
            with path.open("rb") as file:
                while piece := file.read(CHUNK):
                    hasher.update(piece)
                    yield piece

        with self.temporary() as copy:
            self._disk.write(copy, pieces())
            digest = Digest(hasher.hexdigest())
            self._disk.name(copy, self._file(digest))
        return digest
