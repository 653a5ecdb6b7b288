"""A picture that somebody names, found with its bytes: an artwork, a work, or a file that becomes a work.

Works stay where they are, so that they may have moved or changed since; that is heard of here, before a run begins.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.collect import Defaults
from provenance.archive.labels import labels
from provenance.collect.item import printable
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError, PictureError, UsageError
from provenance.schema import Kind

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_BYTES_A_PIXEL = 8
_ROOM_FOR_METADATA = 1 << 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What was named, with its bytes."""

    uid: str | None
    """The id of the artwork or work; None for a file that the archive does not know."""
    title: str
    """What it is called; a file's name without its folder."""
    data: bytes = field(repr=False)
    """The whole file, whose digest is the recorded one."""
    licence: str | None = None
    creator: str | None = None
    path: Path | None = None
    """Where it was named as a file; None if it was named by its id."""
    kind: Kind = Kind.WORK
    """What it is, or becomes."""


def named_picture(archive: "Archive", text: str, *, said: Defaults) -> Named:
    """Find the artwork or work that `text` means: the beginning of an id, or the path of a file with its bytes.

    A file of which something new is `said` is not taken for the work that has its bytes. Nothing is written.
    Raises UsageError where it may mean both, NotFoundError for neither or for a work whose file has moved,
    DamagedArchiveError for a file that changed, PictureError for what is no picture.
    """
    path = Path(text)
    is_file = _is_file(path)
    with archive.database.read() as session:
        node = _find(session, text, is_file=is_file)
        if node is not None:
            return _recorded(archive, session, node)
    return _from_file(archive, path, said)


def work_bytes(session: Session, work: schema.Work) -> bytes:
    """Read the file of a work where it was seen last, if it is still the same file.

    Raises NotFoundError where there is none any more, DamagedArchiveError where there are only other ones.
    """
    query = select(schema.WorkLocation.path).where(schema.WorkLocation.work_id == work.id)
    paths = [Path(path) for path in session.scalars(query.order_by(schema.WorkLocation.seen_at.desc()))]
    there = [path for path in paths if _is_file(path)]
    for path in there:
        data = _read(path, max(work.file_size, 1))
        if data is not None and Digest.of(data).hex == work.file_digest:
            return data
    if there:
        raise DamagedArchiveError(
            f"{there[0]} has changed since the work {work.name} was added. Put the old file back, or add the new "
            "one: it is a work of its own."
        )
    where = f" It was last seen at {paths[0]}." if paths else ""
    raise NotFoundError(f"The file of the work {work.name} is not there any more.{where} Put it back, or add it again.")


def _find(session: Session, text: str, *, is_file: bool) -> schema.Node | None:
    """Find the node that `text` begins the id of; None where it means a file."""
    try:
        node = nodes.find(session, text, kinds=[Kind.ARTWORK, Kind.WORK])
    except NotFoundError as cause:
        if is_file:
            return None
        raise _nothing(text) from cause
    if is_file:
        raise UsageError(
            f"{text} is a file here, and the id of the {node.kind} {node.uid[: nodes.SHORT]} begins with it too. "
            f"Write ./{text} for the file, or more digits of the id."
        )
    return node


def _nothing(text: str) -> NotFoundError:
    shown = f"{text[:200]!r}{'...' if len(text) > 200 else ''}"
    if _exists(Path(text)):
        return NotFoundError(f"{shown} is not a file. Name one picture: a file, or the id of an artwork or work.")
    return NotFoundError(
        f"There is no file {shown}, and no artwork or work has an id that begins so. "
        "`prov list` shows the artworks; check the path."
    )


def _recorded(archive: "Archive", session: Session, node: schema.Node) -> Named:
    title = labels(session, {node.id: Kind(node.kind)})[node.id]
    if node.kind == Kind.ARTWORK.value:
        data = archive.store.read(Digest(session.get_one(schema.Artwork, node.id).file_digest))
        return Named(uid=node.uid, title=title, data=data, kind=Kind.ARTWORK)
    work = session.get_one(schema.Work, node.id)
    return _work(node.uid, work, work_bytes(session, work))


def _from_file(archive: "Archive", path: Path, said: Defaults) -> Named:
    data = _read(path, archive.settings.pixels * _BYTES_A_PIXEL + _ROOM_FOR_METADATA)
    if data is None:
        raise PictureError(
            f"{path.name} is larger than a picture may be. Raise limits.pixels if it is one.", reason="huge"
        )
    with archive.database.read() as session:
        node = _with_bytes(session, Digest.of(data), said)
        if node is None:
            title = printable(path.name)
            return Named(uid=None, title=title, data=data, licence=said.licence, creator=said.creator, path=path)
        if node.kind == Kind.ARTWORK.value:
            return _recorded(archive, session, node)
        work = session.get_one(schema.Work, node.id)
        return replace(_work(node.uid, work, data), path=path)


def _work(uid: str, work: schema.Work, data: bytes) -> Named:
    name = work.title or Path(work.name).name
    return Named(uid=uid, title=name, data=data, licence=work.licence, creator=work.creator)


def _with_bytes(session: Session, digest: Digest, said: Defaults) -> schema.Node | None:
    """Find the artwork, or the work recorded last, that is this file; a work only if nothing new is said of it.

    A file that an artwork left in, or came in, is that artwork: what is seen then is what the archive keeps of it.
    """
    artwork, work, node = schema.Artwork, schema.Work, schema.Node
    export, brought, edit = schema.Export, schema.Import, schema.Edit
    queries = [
        select(node).join(artwork, artwork.id == node.id).where(artwork.file_digest == digest.hex),
        select(node).join(export, export.artwork_id == node.id).where(export.file_digest == digest.hex),
        select(node).join(brought, brought.artwork_id == node.id).where(brought.received_digest == digest.hex),
        select(node).join(edit, edit.artwork_id == node.id).where(edit.received_digest == digest.hex),
    ]
    if said == Defaults():
        queries.append(select(node).join(work, work.id == node.id).where(work.file_digest == digest.hex))
    found = (session.scalars(query.order_by(node.id.desc()).limit(1)).first() for query in queries)
    return next((each for each in found if each is not None), None)


def _read(path: Path, at_most: int) -> bytes | None:
    """Read a file; None if it has more than so many bytes."""
    try:
        if path.stat().st_size > at_most:
            return None
        return path.read_bytes()
    except OSError as cause:
        raise PictureError(f"{printable(str(path))} cannot be read: {cause.strerror}.") from cause


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
