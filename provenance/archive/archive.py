"""The archive: database, blobs, index and identity, opened together."""

import contextlib
import fcntl
import os
import uuid
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import URL, select

from provenance import schema, settings
from provenance.archive.indexes import Indexes
from provenance.database import Database, utc_now
from provenance.errors import (
    ArchiveError,
    DamagedArchiveError,
    HalfMadeArchiveError,
    NewerArchiveError,
    NotAnArchiveError,
    StoreError,
    UsageError,
)
from provenance.settings import FILE_NAME, FORMAT, Settings
from provenance.store.folder import FolderStore

if TYPE_CHECKING:
    from provenance.archive.record import Run
    from provenance.sign.embed import Signer
    from provenance.sign.identity import Identity, PublicIdentity
    from provenance.sign.reading import Anchor

DEFAULT_NAME = "prov-archive"
"""The folder that first use makes."""

_DATABASE_FILE = "archive.sqlite"
_UID_FILE = ".making"
"""Holds the id of an archive that is being made, and the lock of whoever makes it."""


class Archive:
    """An open archive. Close it, or use it as a context manager."""

    def __init__(self, folder: Path, *, passphrase: Callable[[], str | None]) -> None:
        """Open the archive in `folder`, upgrade its schema and finish what a crash left open."""
        from provenance.archive.journal import recover

        self.folder = folder
        self.passphrase = passphrase
        _check_marker(folder)
        self.settings = Settings.load(folder)
        self.store = FolderStore(folder / "blobs")
        url = _database_url(folder, self.settings.url)
        self.database = Database.open(url, busy_seconds=self.settings.wait)
        self.database.upgrade(backup=folder / f"archive.before-{utc_now():%Y%m%dT%H%M%S}.sqlite")
        with self.database.read() as session:
            uid = session.scalar(select(schema.Archive.uid))
        self.uid = _same_archive(folder, uid)
        self.indexes = Indexes(self.database, folder / "index")
        recover(self)
        with contextlib.suppress(StoreError):  # tidying; an archive that cannot be written can still be read
            self.store.sweep()

    @classmethod
    def make(cls, folder: Path, *, database: str = "", passphrase: Callable[[], str | None] = lambda: None) -> Self:
        """Make a new archive in `folder` and open it; what an interrupted making left is made whole.

        Raises UsageError when there is an archive already, NotAnArchiveError when the folder holds other things.
        """
        _refuse_existing(folder)
        _make_folders(folder)
        with _making(folder):
            _refuse_existing(folder)  # another program may have made it while we waited for its lock
            uid = _chosen_uid(folder)
            identity = _make_identity(folder / "identity", "trial", passphrase())
            _make_database(_database_url(folder, database), uid, identity)
            text = settings.file_text(Settings(url=database, identity=identity.name), uid)
            settings.write_file(folder / FILE_NAME, text)  # last: without it the archive is half made
            (folder / _UID_FILE).unlink()
        return cls(folder, passphrase=passphrase)

    def __enter__(self) -> Self:
        """Use the archive in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Save the index and let go of the database."""
        self.indexes.save()
        self.database.close()

    @cached_property
    def identity(self) -> "Identity":
        """Whose key signs. Raises IdentityError when it cannot be used."""
        from provenance.sign.identity import load

        return load(self.folder / "identity", self.settings.identity, passphrase=self.passphrase)

    @cached_property
    def signer(self) -> "Signer":
        """What signs with that key."""
        from provenance.archive.identity import remember
        from provenance.sign.embed import Signer

        remember(self, self.identity)
        return Signer(self.identity)

    @cached_property
    def anchors(self) -> "tuple[Anchor, ...]":
        """The certificate authorities that a signature is held against: our own, then those in the settings."""
        from provenance.archive.identity import anchors

        return anchors(self)

    def run(self, model: str, **facts: Any) -> "Run":  # noqa: ANN401
        """Write down a generation run and give it back, to be used in a `with` block; see `record.start`."""
        from provenance.archive.record import start

        return start(self, model, **facts)

    def wrap(self, call: Any, **facts: Any) -> Any:  # noqa: ANN401  (whatever makes pictures)
        """Give `call` back so that each of its calls is a run and its pictures are recorded; see `wrap.wrap`."""
        from provenance.archive.wrap import wrap

        return wrap(self, call, **facts)

    def recorded(self, model: str | None = None, **facts: Any) -> Any:  # noqa: ANN401  (a decorator)
        """Decorate what makes pictures, as `wrap` does; see `wrap.recorded`."""
        from provenance.archive.wrap import recorded

        return recorded(self, model, **facts)


def open_archive(
    path: str | os.PathLike[str] | None = None,
    *,
    create: bool = True,
    passphrase: str | Callable[[], str | None] | None = None,
) -> Archive:
    """Open the archive at `path`, else `PROV_ARCHIVE`, else the nearest one upwards, else make `./prov-archive`.

    `passphrase` unlocks the signing key where it has one; without it `PROV_PASSPHRASE` is taken.
    With `create=False` a missing archive raises NotAnArchiveError.
    """
    folder = find_archive(path)
    unlock = passphrase if callable(passphrase) else lambda: passphrase or os.environ.get("PROV_PASSPHRASE")
    if (folder / FILE_NAME).exists():
        return Archive(folder, passphrase=unlock)
    if not create:
        raise _nothing_here(folder)
    try:
        return Archive.make(folder, passphrase=unlock)
    except UsageError:  # another program made it while we waited for its lock
        return Archive(folder, passphrase=unlock)


def find_archive(path: str | os.PathLike[str] | None = None) -> Path:
    """Say where the archive is, or would be made."""
    named = path or os.environ.get("PROV_ARCHIVE")
    if named:
        return Path(named).expanduser().resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        for candidate in (folder, folder / DEFAULT_NAME):
            if (candidate / FILE_NAME).exists():
                return candidate
    return here / DEFAULT_NAME


def _nothing_here(folder: Path) -> ArchiveError:
    if _looks_half_made(folder):
        return HalfMadeArchiveError(f"The archive in {folder} is half made. Run `prov init {folder}` to finish it.")
    return NotAnArchiveError(f"There is no archive in {folder}. Make one with `prov init`, or name another folder.")


def _refuse_existing(folder: Path) -> None:
    if (folder / FILE_NAME).exists():
        raise UsageError(f"{folder} is an archive already. Use it as it is, or name another folder.")


def _database_url(folder: Path, chosen: str) -> str | URL:
    # Not as a text: a folder's name may hold a question mark.
    return chosen or URL.create("sqlite", database=str(folder / _DATABASE_FILE))


def _looks_half_made(folder: Path) -> bool:
    ours = {"blobs", "identity", _DATABASE_FILE}
    return folder.is_dir() and bool(ours & {entry.name for entry in folder.iterdir()})


def _check_marker(folder: Path) -> None:
    if not (folder / FILE_NAME).exists():
        raise _nothing_here(folder)
    found = settings.archive_format(folder)
    if found > FORMAT:
        message = (
            f"The archive {folder} has format {found}; this program knows up to {FORMAT}. "
            "Upgrade prov (pip install --upgrade provenance-archive), then call again."
        )
        raise NewerArchiveError(message)


def _make_folders(folder: Path) -> None:
    allowed = {"blobs", "identity", "runs", "index", f".{FILE_NAME}.part", _UID_FILE, FILE_NAME}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        strange = [
            entry.name
            for entry in folder.iterdir()
            if entry.name not in allowed and not entry.name.startswith(_DATABASE_FILE)
        ]
        if strange:
            message = f"{folder} is not an archive and holds other things ({_some(strange)}). Name an empty folder."
            raise NotAnArchiveError(message)
        for name in ("blobs", "identity", "runs", "index"):
            (folder / name).mkdir(exist_ok=True)
        (folder / "identity").chmod(0o700)
    except OSError as cause:
        message = f"The archive {folder} cannot be made: {cause.strerror}. Name a folder that you may write to."
        raise StoreError(message) from cause


def _some(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:3]) + (", ..." if len(listed) > 3 else "")


@contextlib.contextmanager
def _making(folder: Path) -> Iterator[None]:
    """Let one program make the archive; others wait until it is done."""
    with (folder / _UID_FILE).open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _chosen_uid(folder: Path) -> str:
    """Choose the archive's id, or go on with the one that an interrupted making chose."""
    path = folder / _UID_FILE
    uid = path.read_text(encoding="ascii").strip()
    if len(uid) != 32:
        uid = uuid.uuid4().hex
        path.write_text(uid, encoding="ascii")
    return uid


def _make_identity(folder: Path, name: str, passphrase: str | None) -> "PublicIdentity":
    from provenance.sign.identity import create_trial, listing, load_public, save

    if name not in {identity.name for identity in listing(folder)}:
        for left in (*folder.glob(f"{name}.*"), *folder.glob(f".{name}.*")):  # of a making that was cut off
            left.unlink()
        save(create_trial(name, now=utc_now()), folder, passphrase=passphrase)
    return load_public(folder, name)


def _make_database(url: str | URL, uid: str, identity: "PublicIdentity") -> None:
    from provenance.archive.identity import identity_row

    database = Database.open(url)
    try:
        database.upgrade()
        with database.write() as session:
            found = session.scalar(select(schema.Archive.uid))
            if found is None:
                session.add(schema.Archive(id=1, uid=uid, created_at=utc_now()))
                session.add(identity_row(identity))
            elif found != uid:
                message = f"The database {database.name} belongs to another archive already. Name an empty one."
                raise UsageError(message)
    finally:
        database.close()


def _same_archive(folder: Path, uid: str | None) -> str:
    if uid is None:
        message = f"The database of {folder} is empty. Restore a backup, or correct database.url in {FILE_NAME}."
        raise DamagedArchiveError(message)
    if uid != settings.archive_uid(folder):
        message = f"The database is not that of {folder}. Correct database.url in {folder / FILE_NAME}."
        raise ArchiveError(message)
    return uid
