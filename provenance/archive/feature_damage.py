"""Which picture it is whose kept features cannot be read: asked only after reading has failed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance.archive.nodes import SHORT
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import unpack_colour
from provenance.compare.look import GREY, unpack_grey
from provenance.errors import DamagedArchiveError, NotFoundError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import unpack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import LocalFeatures
from provenance.schema import Feature, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_UNPACK: Final[Mapping[str, Callable[[bytes], object]]] = {
    EMBEDDING: unpack,
    POINTS: LocalFeatures.from_bytes,
    GREY: unpack_grey,
    COLOUR: unpack_colour,
}

_AT_ONCE: Final = 500


def damage(session: Session, row: int | None = None) -> str | None:
    """Name the first picture, or that in `row`, whose features cannot be read, and say why; None if all can."""
    query = select(Feature.method, Feature.data, Node.uid, Node.kind).join(Node, Node.id == Feature.node_id)
    query = query.where(Feature.method.in_(_UNPACK)).order_by(Feature.id)
    query = query if row is None else query.where(Feature.node_id == row)
    for each in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        try:
            _UNPACK[each.method](each.data)
        except DamagedArchiveError as error:
            return (
                f"What is kept of the {each.kind} {each.uid[:SHORT]} to compare it with cannot be read. {error} "
                "Restore the archive's database from a copy; `prov db check` says what else is wrong."
            )
    return None


@contextmanager
def damage_named(archive: "Archive") -> Iterator[None]:
    """Let an error about features name the picture. Raises DamagedArchiveError."""
    try:
        yield
    except (DamagedArchiveError, NotFoundError) as cause:
        with archive.database.read() as session:
            found = damage(session)
        if found is None:
            raise
        raise DamagedArchiveError(found) from cause
