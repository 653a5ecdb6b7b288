"""Which files make an index, and how far they go: one small file that is replaced at once, so that an index is whole.

The other files only get longer, or are never changed. Each is held against its length and checksum, the checksum only
where its time is not the one that was noted: after a copy, or where somebody wrote to it.
"""

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from provenance.digest import canonical_json
from provenance.errors import DamagedArchiveError

NAME: Final = "manifest.json"
FORMAT: Final = 2
_PART: Final = 1 << 22


class IndexFolderError(DamagedArchiveError):
    """The index is missing, damaged, or of other data: it is made anew from the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file of an index."""

    name: str
    size: int
    """Bytes that count; what lies behind them was never finished."""
    crc32: int
    changed: int
    """Its time of change in nanoseconds, when the checksum was last seen to be right."""
    entries: int
    """Rows, points or vectors in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An index at one moment."""

    made_for: Mapping[str, str]
    """What the index depends on: where one of these differs, it is another index."""
    seen: int = 0
    """The caller's mark: up to which of its rows the index goes."""
    anchor: str = ""
    """The caller's word on that row, to notice when it is another one."""
    pictures: Held | None = None
    encoded: int = 0
    """Pictures whose points are in segments: fewer than there are while an index is being made."""
    learnt_from: int = 0
    """Points that there were when the vocabulary was learnt."""
    vocabulary: Held | None = None
    points: tuple[Held, ...] = ()
    vectors: tuple[Held, ...] = ()
    codes: Held | None = None
    """Of shapes, as `packed_shapes` gives them, picture by picture; `shapes` are the vectors."""
    shapes: Held | None = None
    format: int = field(default=FORMAT)

    def __len__(self) -> int:
        return 0 if self.pictures is None else self.pictures.entries

    @property
    def files(self) -> tuple[Held, ...]:
        """All files."""
        single = (self.pictures, self.vocabulary, self.codes, self.shapes)
        return (*(each for each in single if each is not None), *self.points, *self.vectors)

    def checked(self, folder: Path) -> Self:
        """Check all files in `folder`, and note their times. Raises as `check` does."""

        def one(held: Held | None) -> Held | None:
            return None if held is None else check(folder, held)

        return replace(
            self,
            pictures=one(self.pictures),
            vocabulary=one(self.vocabulary),
            points=tuple(check(folder, held) for held in self.points),
            vectors=tuple(check(folder, held) for held in self.vectors),
            codes=one(self.codes),
            shapes=one(self.shapes),
        )

    def write(self, folder: Path) -> None:
        """Put it in the place of the one before. Raises OSError."""
        body = asdict(self)
        text = canonical_json({"index": body, "crc32": zlib.crc32(canonical_json(body).encode())})
        partial = folder / f".{NAME}.partial"
        with partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the one in `folder`. Raises IndexFolderError, FileNotFoundError where there is none."""
        try:
            document = json.loads((folder / NAME).read_text(encoding="utf-8"))
            body = document["index"]
            if zlib.crc32(canonical_json(body).encode()) != document["crc32"] or body["format"] != FORMAT:
                raise refusal(folder, "its manifest is damaged or of another version")
            return cls(**{**body, **_files(body)})
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise refusal(folder, "its manifest cannot be read") from cause


def seal(path: Path, entries: int, before: Held | None = None) -> Held:
    """Note a file as it is now; of one that got longer since `before`, only the rest is read. Raises OSError."""
    start, crc = (before.size, before.crc32) if before is not None else (0, 0)
    with path.open("rb") as file:
        file.seek(start)
        while part := file.read(_PART):
            crc = zlib.crc32(part, crc)
        status = os.fstat(file.fileno())
    return Held(name=path.name, size=status.st_size, crc32=crc, changed=status.st_mtime_ns, entries=entries)


def check(folder: Path, held: Held) -> Held:
    """Hold a file against what was noted of it, and note its time anew. Raises IndexFolderError, FileNotFoundError."""
    path = folder / held.name
    try:
        status = path.stat()
        if status.st_size < held.size:
            raise refusal(folder, f"{held.name} has {status.st_size:,} of {held.size:,} bytes")
        if status.st_mtime_ns != held.changed and _crc(path, held.size) != held.crc32:
            raise refusal(folder, f"the checksum of {held.name} is wrong")
    except FileNotFoundError:
        raise
    except OSError as cause:
        raise refusal(folder, f"{held.name} cannot be read: {cause.strerror}") from cause
    return replace(held, changed=status.st_mtime_ns)


def refusal(folder: Path, reason: str) -> IndexFolderError:
    """Say why an index cannot be used."""
    return IndexFolderError(f"The index {folder} cannot be used: {reason}. It is made anew from the database.")


def _crc(path: Path, size: int) -> int:
    crc = 0
    with path.open("rb") as file:
        while size and (part := file.read(min(_PART, size))):
            crc, size = zlib.crc32(part, crc), size - len(part)
    return crc


def _files(body: Mapping[str, Any]) -> dict[str, Any]:
    files: dict[str, Any] = {
        name: None if body[name] is None else Held(**body[name])
        for name in ("pictures", "vocabulary", "codes", "shapes")
    }
    return files | {name: tuple(Held(**each) for each in body[name]) for name in ("points", "vectors")}
