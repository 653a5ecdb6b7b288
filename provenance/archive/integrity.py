"""`prov db check`: rows, bytes and digests held against each other."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from provenance import schema
from provenance.archive.altered import chain_problems
from provenance.digest import Digest
from provenance.errors import ProvenanceError

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Integrity:
    """What was found."""

    blobs: int
    artworks: int
    problems: tuple[str, ...]
    unused: int
    """Files in the store that no row names: harmless, left by a crash between bytes and row."""


def check(archive: "Archive") -> Integrity:
    """Read every file again and compare it with its row; look for rows without bytes and bytes without rows."""
    problems = archive.database.problems()
    named: set[str] = set()
    last = ""
    while True:
        with archive.database.read() as session:
            query = select(schema.Blob.digest, schema.Blob.size).where(schema.Blob.digest > last)
            page = session.execute(query.order_by(schema.Blob.digest).limit(_PAGE)).all()
        for row in page:
            named.add(row.digest)
            problems += blob_problems(archive, row.digest, row.size)
        if len(page) < _PAGE:
            break
        last = page[-1].digest
    problems += chain_problems(archive)
    unused = sum(1 for digest in archive.store.digests() if digest.hex not in named)
    with archive.database.read() as session:
        artworks = session.scalar(select(func.count()).select_from(schema.Artwork)) or 0
    return Integrity(blobs=len(named), artworks=artworks, problems=tuple(problems), unused=unused)


def blob_problems(archive: "Archive", digest: str, size: int) -> list[str]:
    """Read the bytes called `digest` (64 hex digits) again, and say what is wrong with them and with their `size`."""
    try:
        data = archive.store.read(Digest(digest))
    except ProvenanceError as error:
        return [str(error)]
    return [] if len(data) == size else [f"The file {digest[:12]} has {len(data)} bytes; its row says {size}."]
