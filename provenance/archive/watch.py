"""A folder that a command writes pictures into: what is new or changed there, and whole.

Files are known by size, time and inode. One is taken up when two looks in a row found it the same and it decodes
as a picture; what still breaks off when the command has ended was written by half.
"""

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from provenance.collect.folder import ENDINGS
from provenance.errors import UsageError
from provenance.settings import FILE_NAME

FILES_LIMIT = 100_000
"""Files below a watched folder; each look goes through all of them."""

Signature: TypeAlias = tuple[int, int, int]
"""Size in bytes, time of the last change in nanoseconds, inode."""


@dataclass(slots=True)
class Watch:
    """What was seen below a folder. Hidden folders, links and archives of prov are not looked into."""

    folder: Path
    before: dict[str, Signature] = field(init=False)
    """As it was when the watch began, and what was taken up or given up since."""
    seen: dict[str, Signature] = field(init=False, default_factory=dict)
    """At the last look: what is new or changed."""
    tried: dict[str, Signature] = field(init=False, default_factory=dict)
    """What was no whole picture when it was tried."""

    def __post_init__(self) -> None:
        """Look for the first time; the folder may be made later. Raises UsageError for a file, or for too many."""
        if self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{self.folder} is not a folder that could be watched. Name one with --watch.")
        self.before = dict(_files(self.folder))

    def whole(self, *, ended: bool = False) -> list[Path]:
        """Look again, and list the files that may be whole; with `ended` all that are new or changed."""
        now = {name: found for name, found in _files(self.folder) if self.before.get(name) != found}
        still = [
            name
            for name, found in now.items()
            if ended or (self.seen.get(name) == found and self.tried.get(name) != found)
        ]
        self.seen = now
        return [self.folder / name for name in sorted(still, key=lambda name: (now[name][1], name))]

    def done(self, path: Path) -> None:
        """Pass over a file until it changes again."""
        name = str(path.relative_to(self.folder))
        if name in self.seen:
            self.before[name] = self.seen[name]

    def later(self, path: Path) -> None:
        """Try a file again when it has changed, or at the end."""
        name = str(path.relative_to(self.folder))
        if name in self.seen:
            self.tried[name] = self.seen[name]


def pause(looked: float) -> float:
    """Choose how many seconds to wait after a look that took `looked` seconds: at most a tenth of the time is spent."""
    return min(5.0, max(0.2, 10 * looked))


def ends_like_a_picture(path: Path) -> bool:
    """Tell whether a file claims by its name to be a picture."""
    return path.suffix.lower() in ENDINGS


def has_its_end(data: bytes) -> bool:
    """Tell whether a file has the end that its format asks for: decoders are content with less."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return 0 <= data.rfind(b"IEND") <= len(data) - 8  # its checksum included
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd9" in data[-(1 << 16) :]
    if data.startswith(b"RIFF"):
        return len(data) >= 8 + int.from_bytes(data[4:8], "little")
    return True


def check_watched(folder: Path) -> None:
    """Raise UsageError for a folder that is an archive: what it keeps must not be taken for what a program made."""
    if (folder / FILE_NAME).exists():
        raise UsageError(f"{folder} is an archive itself. Name the folder that the pictures go into with --watch.")


def _files(root: Path) -> Iterator[tuple[str, Signature]]:
    count, waiting = 0, [""]
    while waiting:
        prefix = waiting.pop()
        for entry in _entries(root / prefix):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{prefix}{entry.name}/")
                continue
            found = _signature(entry)
            if found is None:
                continue
            count += 1
            if count > FILES_LIMIT:
                raise UsageError(
                    f"{root} holds more than {FILES_LIMIT:,} files, too many to watch. "
                    "Name the folder that the pictures go into with --watch."
                )
            yield prefix + entry.name, found


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return []  # it went away, or is not ours to read
    return [] if any(entry.name == FILE_NAME for entry in entries) else entries


def _signature(entry: "os.DirEntry[str]") -> Signature | None:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def settled(path: Path) -> bool:
    """Tell whether the last change lies far enough back that a writer is hardly in the middle of it."""
    try:
        return time.time() - path.stat().st_mtime > 0.3
    except OSError:
        return False
