"""The folder of a Croissant export: every file whole or not there, the description last.

Pictures are copied beside their places first and held against their digests on the way; when all that will be there is
there, it gets its names, and what was begun goes away again if anything fails.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from provenance.digest import Digest
from provenance.errors import StoreError, UsageError

_RESERVED: Final = frozenset({"croissant.json", "works.csv", "decisions.csv", "tdmrep.json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A picture that is to be copied."""

    file: str
    """Its path in the export."""
    digest: Digest
    paths: tuple[Path, ...]
    """Where it was seen."""


def file_names(works: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Choose a path in the export for each work, given as (uid, name): its name, unless that is taken.

    Names that differ only in case are the same file on some disks, and a name may be another one's folder.
    """
    chosen: dict[str, str] = {}
    files: set[str] = set(_RESERVED)
    folders: set[str] = set()
    for uid, name in works:
        path = PurePosixPath(name)
        file = str(path)
        above = {str(parent).casefold() for parent in path.parents} - {"."}
        if file.casefold() in files | folders or above & files:
            file = f"{path.stem}-{uid[:12]}{path.suffix}"  # at the top, where no folder of it is in the way
            above = set()
        files.add(file.casefold())
        folders |= above
        chosen[uid] = file
    return chosen


@contextlib.contextmanager
def staged(folder: Path) -> "Iterator[Stage]":
    """Give a stage in `folder`, which is made if need be; what was not placed from it is gone afterwards.

    Raises StoreError where nothing can be written.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stage = Stage(folder, Path(tempfile.mkdtemp(prefix=".croissant-", dir=folder)))
    except OSError as cause:
        raise StoreError(f"{folder} cannot be written to: {cause.strerror}. Choose another folder.") from cause
    try:
        yield stage
    except OSError as cause:
        stage.undo()
        raise StoreError(
            f"The export failed at {cause.filename or folder}: {cause.strerror}. Nothing is left of it."
        ) from cause
    except BaseException:
        stage.undo()
        raise
    finally:
        shutil.rmtree(stage.area, ignore_errors=True)
        if made and not any(folder.iterdir()):
            folder.rmdir()


class Stage:
    """Where files wait for their places."""

    def __init__(self, folder: Path, area: Path) -> None:
        self.area = area
        self._folder = folder
        self._waiting: dict[str, Path] = {}
        self._placed: list[Path] = []
        self._made: list[Path] = []

    def copy(self, copies: Sequence[Copy], progress: Callable[[int, int], None]) -> dict[str, str]:
        """Copy pictures; gives a sentence for each that cannot be had, by its path in the export.

        Raises UsageError where another file is in the way.
        """
        faults: dict[str, str] = {}
        for number, each in enumerate(copies, 1):
            target = self._folder / each.file
            if target.exists():
                if not target.is_file() or Digest.of_file(target) != each.digest:
                    raise UsageError(f"{target} is there already, with other bytes. Choose an empty folder.")
            elif (fault := self._copy(each, self.area / str(number))) is not None:
                faults[each.file] = fault
            progress(number, len(copies))
        return faults

    def write(self, files: Mapping[str, bytes], *, overwrite: bool) -> None:
        """Take files that are made here. Raises UsageError for one that is there already."""
        for name, data in files.items():
            if (self._folder / name).exists() and not overwrite:
                raise UsageError(f"{self._folder / name} is there already. Choose another folder, or add --overwrite.")
            path = self.area / name
            path.write_bytes(data)
            self._waiting[name] = path

    def place(self) -> None:
        """Give every file its name, in the order in which they came."""
        for name, path in self._waiting.items():
            target = self._folder / name
            self._make(target.parent)
            if not target.exists():
                self._placed.append(target)
            path.replace(target)

    def undo(self) -> None:
        """Take away what was placed; a file that was replaced stays replaced."""
        for path in self._placed:
            path.unlink(missing_ok=True)
        for folder in reversed(self._made):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _copy(self, wanted: Copy, area: Path) -> str | None:
        changed: Path | None = None
        for path in wanted.paths:
            try:
                if not path.is_file():
                    continue
                shutil.copyfile(path, area)
            except OSError as cause:
                if cause.filename != os.fspath(path):
                    raise  # it is our own disk that fails
                continue
            if Digest.of_file(area) == wanted.digest:
                self._waiting[wanted.file] = area
                return None
            changed = changed or path
            area.unlink()
        if changed is not None:
            return f"{wanted.file} is not in the export: {changed} has changed since it was added."
        where = f" It was last seen at {wanted.paths[0]}." if wanted.paths else ""
        return f"{wanted.file} is not in the export: its file is not there any more.{where}"

    def _make(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir()
            self._made.append(each)
