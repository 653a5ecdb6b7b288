"""Where files lie, said so that the line can be copied."""

from pathlib import Path
from typing import TYPE_CHECKING

from provenance.cli.console import say, talk
from provenance.digest import Digest
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from provenance.archive import Archive


def stored_file(archive: "Archive", digest: str) -> Path | None:
    """Name the file that holds the bytes of `digest`; None if it is missing, which `prov db check` explains."""
    try:
        return archive.store.path(Digest(digest))
    except ProvenanceError:
        return None


def near(path: Path) -> Path:
    """Write a path as people would type it from here."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def say_file(path: Path | None) -> None:
    """Say on stderr where the file is."""
    if path is not None:
        say(f"file: {near(path)}", console=talk)
