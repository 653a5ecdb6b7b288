"""A document written to a file that was not there: whole, or not at all."""

import contextlib
import os
from pathlib import Path

from provenance.errors import StoreError, UsageError


def refuse_existing(path: Path) -> None:
    """Raise UsageError if there is something at `path`."""
    if os.path.lexists(path):
        raise UsageError(f"{path} is there already. Name another file, or move it away first.")


def write_new(path: Path, text: str) -> None:
    """Write `text` as UTF-8. Raises UsageError if there is something already, StoreError if it cannot be written."""
    part = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")
        os.link(part, path)
    except FileExistsError:
        refuse_existing(path)
    except (OSError, ValueError) as cause:
        reason = getattr(cause, "strerror", None) or cause
        raise StoreError(
            f"{path} cannot be written: {reason}. Name a file in a folder that you may write to."
        ) from cause
    finally:
        with contextlib.suppress(OSError, ValueError):
            part.unlink()
