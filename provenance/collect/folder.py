"""Which files of a folder could be works: found by their endings, in the order of their names.

Symbolic links are followed only to files, and only to files inside the folder: a link must not bring in what nobody
meant to collect, and a loop of folders must not be walked for ever.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG

from provenance.collect.item import Refusal, printable
from provenance.errors import NotFoundError

ENDINGS = frozenset({".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".gif", ".avif"})
"""The endings of picture files, in lower case; case does not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a folder holds."""

    root: Path
    """The folder, resolved."""
    names: tuple[str, ...]
    """Files that could be works, from `root`, with slashes, ascending."""
    refusals: tuple[Refusal, ...]
    """What looks like a picture and cannot be read, in the order of the names."""
    skipped: int
    """Files that are none of ours: hidden ones, other endings; a hidden folder counts once."""


def list_folder(folder: Path) -> Listing:
    """List the pictures below `folder`, which may be a single picture too. Raises NotFoundError."""
    root = folder.resolve()
    if root.is_file():
        return Listing(root=root.parent, names=(root.name,), refusals=(), skipped=0)
    if not root.is_dir():
        message = f"There is no folder {folder}. Give the folder that holds the works."
        raise NotFoundError(message)
    found = list(_walk(root))
    names = sorted(entry for entry in found if isinstance(entry, str))
    refusals = sorted((entry for entry in found if isinstance(entry, Refusal)), key=lambda refusal: refusal.name)
    return Listing(root=root, names=tuple(names), refusals=tuple(refusals), skipped=found.count(None))


def check(root: Path, name: str) -> Refusal | None:
    """Say why the file `name` below the resolved folder `root` cannot be read, or None if it can be tried."""
    if (shown := printable(name)) != name:
        sentence = f"The file name {shown} is not UTF-8. Rename the file, then call again."
        return Refusal(name=shown, reason="name", sentence=sentence)
    path = root / name
    try:
        real = Path(os.path.realpath(path, strict=True))
        regular = S_ISREG(real.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        problem = "is a symbolic link that leads nowhere" if path.is_symlink() else "is not in the folder"
        return Refusal(name=name, reason="missing", sentence=f"{name} {problem}. Bring the file there.")
    except OSError as cause:
        return Refusal(name=name, reason="unreadable", sentence=f"{name} cannot be reached: {cause.strerror}.")
    if not real.is_relative_to(root):
        sentence = f"{name} leads out of the folder. Copy the file into it, if it belongs to the works."
        return Refusal(name=name, reason="outside", sentence=sentence)
    if not regular:
        return Refusal(name=name, reason="unreadable", sentence=f"{name} is not a file that could be read.")
    return None


def _walk(root: Path) -> Iterator[str | Refusal | None]:
    """Give names of pictures, refusals, and None for each entry that is none of ours."""
    prefixes = [""]
    while prefixes:
        prefix = prefixes.pop()
        try:
            entries = list(os.scandir(root / prefix))
        except OSError as cause:
            name = printable(prefix.rstrip("/"))
            sentence = f"The folder {name} cannot be listed: {cause.strerror}."
            yield Refusal(name=name, reason="unreadable", sentence=sentence)
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                prefixes.append(f"{prefix}{entry.name}/")
            else:
                yield _entry(root, prefix + entry.name, entry)


def _entry(root: Path, name: str, entry: "os.DirEntry[str]") -> str | Refusal | None:
    linked_folder = entry.is_symlink() and (root / name).is_dir()
    if entry.name.startswith(".") or not (linked_folder or _ends_like_a_picture(entry.name)):
        return None
    if linked_folder and (root / name).resolve().is_relative_to(root):
        return None  # its files come in under their own names
    return check(root, name) or name


def _ends_like_a_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in ENDINGS  # noqa: PTH122  (Path would cost more than the listing)
