"""Writing files so that a crash leaves a whole file or none.

A file gets its bytes and is flushed before it gets its name, and the folder that holds the name is flushed after.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import StoreError

READ_ONLY = 0o444
"""The mode of every file that was given its name."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class Disk:
    """A folder `root` in which names last; `sync=False` leaves flushing to the operating system."""

    def __init__(self, root: Path, *, sync: bool) -> None:
        self.root = root
        self._sync = sync
        self._lasting: set[Path] = set()

    def make(self, folder: Path) -> None:
        """Make `folder`, which is `root` or below it, so that its name lasts.

        The parent is flushed once by every process, for another process may have made the folder and not yet
        flushed it when it crashes.
        """
        if folder in self._lasting and folder.is_dir():
            return
        if folder == self.root:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            self.make(folder.parent)
            folder.mkdir(exist_ok=True)
        self.flush(folder.parent)
        self._lasting.add(folder)

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        """Write a new, read-only file and flush it."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, READ_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, READ_ONLY)  # whatever the umask took away
            for piece in pieces:
                file.write(piece)
            file.flush()
            if self._sync:
                os.fsync(descriptor)

    def seal(self, path: Path) -> None:
        """Make a file that somebody else wrote read-only and flush it."""
        path.chmod(READ_ONLY)
        if self._sync:
            _flush(path)

    def name(self, path: Path, target: Path) -> None:
        """Give the flushed file `path` the name `target`; the old name may remain.

        A whole file of that name stays, for it holds the same bytes; one of another size is damaged and replaced.
        """
        self.make(target.parent)
        try:
            os.link(path, target)
        except FileExistsError:
            if target.lstat().st_size != path.stat().st_size:
                path.replace(target)
        except OSError as cause:
            if cause.errno not in _NO_LINKS:
                raise
            path.replace(target)
        self.flush(target.parent)

    def flush(self, folder: Path) -> None:
        """Flush the names in `folder`; quick when nothing changed."""
        if self._sync:
            _flush(folder)

    @contextmanager
    def explained(self, what: str) -> Iterator[None]:
        """Turn what the operating system says into a sentence about `what`. Raises StoreError."""
        try:
            yield
        except OSError as cause:
            raise StoreError(self._sentence(what, cause)) from cause

    def _sentence(self, what: str, cause: OSError) -> str:
        if cause.errno in _FULL:
            return f"{what} could not be kept: the disk of {self.root} is full. Free some space, then call again."
        where = f"{cause.filename or self.root}: {cause.strerror}"
        if cause.errno == errno.EROFS or isinstance(cause, PermissionError):
            return f"{what} is out of reach: {where}. Give yourself the right to write there, then call again."
        return f"{what} is out of reach: {where}. Check the disk of {self.root}, then call again."


def remove(path: Path) -> None:
    """Remove a file or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as cause:
        # Some network file systems cannot flush a folder, and say so with EINVAL; nothing more can be done there.
        if cause.errno != errno.EINVAL or not path.is_dir():
            raise
    finally:
        os.close(descriptor)
