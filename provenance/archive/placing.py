"""Files that leave the archive: whole under a temporary name first, and named only when the record is true."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from provenance.errors import StoreError, UsageError


def make_folder(folder: Path) -> None:
    """Make `folder` if it is not there. Raises StoreError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        message = f"The folder {folder} cannot be made: {cause.strerror}. Name one that you may write to with --to."
        raise StoreError(message) from cause


def refuse_existing(*paths: Path, advice: str) -> None:
    """Raise UsageError, with what to do, if one of `paths` is there."""
    for path in paths:
        if path.exists():
            raise UsageError(f"{path} is there already. Name another folder with --to{advice}.")


@contextlib.contextmanager
def placed(path: Path, data: bytes) -> Iterator[None]:
    """Write `data` beside `path` first; give it that name when the block ends well, else take it away.

    Raises StoreError.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield
        part.replace(path)
    except OSError as cause:
        message = f"{path} cannot be written: {cause.strerror}. Make room or check permissions, then try again."
        raise StoreError(message) from cause
    finally:
        part.unlink(missing_ok=True)
