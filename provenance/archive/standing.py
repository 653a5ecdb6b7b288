"""What works are to an artwork that was compared with them: learnt from, in a dataset, or only given as a picture.

Every picture that a model was given is a work, and the checks compare with all works. Which of them are training
works is asked when something is said of them, not when they were compared: a dataset may take a work in later.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.links import links
from provenance.schema import Edge, Kind, Role
from provenance.words import Standing, Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

Known: TypeAlias = tuple[Standing, Truth]
"""What a work is, and how that is known."""

_MEMBER = Role.MEMBER.value

_PART = 500


def given_only(archive: "Archive") -> int:
    """Count the works whose picture no dataset has. With a million works that takes half a second: ask once."""
    work = schema.Work
    member = select(Edge.child_id).where(Edge.parent_id == work.id, Edge.role == _MEMBER)
    with archive.database.read() as session:
        pixels = list(session.scalars(select(work.pixels_digest).where(~member.exists())))
        known = _in_datasets(session, pixels)
    return sum(picture not in known for picture in pixels)


def standings(session: Session, artwork: int, works: Collection[int]) -> dict[int, Known]:
    """Say what each of `works` is to `artwork`, by row: the picture counts, not what is said of it."""
    if not works:
        return {}
    work = schema.Work
    rows = session.execute(select(work.id, work.pixels_digest).where(work.id.in_(works)))
    pixels = {row.id: row.pixels_digest for row in rows}
    learnt = dict[str, Truth]()
    for node, truth in _learnt_from(session, artwork):
        for picture in session.scalars(_members(list(pixels.values())).where(Edge.child_id == node)):
            learnt[picture] = max(truth, learnt.get(picture, truth))
    known = _in_datasets(session, list(pixels.values()))
    return {row: _standing(picture, learnt, known) for row, picture in pixels.items()}


def _standing(picture: str, learnt: dict[str, Truth], known: set[str]) -> Known:
    if picture in learnt:
        return Standing.LEARNT, learnt[picture]
    return Standing.TRAINING if picture in known else Standing.GIVEN, Truth.CHECKED


def _in_datasets(session: Session, pixels: Sequence[str]) -> set[str]:
    """Choose the pictures that a dataset has, whatever it says of them."""
    found: set[str] = set()
    for begin in range(0, len(pixels), _PART):
        found.update(session.scalars(_members(pixels[begin : begin + _PART])))
    return found


def _members(pixels: Sequence[str]) -> Select[Any]:
    work = schema.Work
    query = select(work.pixels_digest).join(Edge, Edge.parent_id == work.id)
    return query.where(work.pixels_digest.in_(pixels), Edge.role == _MEMBER).distinct()


def _learnt_from(session: Session, artwork: int) -> Iterator[tuple[int, Truth]]:
    """Give the sets that the model behind an artwork learnt from."""
    for model, truth in _models(session, artwork):
        for link in links(session, model):
            if link.kind is not Kind.MODEL:
                yield link.node, Truth.lowest(truth, link.truth)


def _models(session: Session, artwork: int) -> Iterator[tuple[int, Truth]]:
    """Find the model that made an artwork, or what it was edited from."""
    here: int | None = artwork
    while here is not None:
        for run, truth in _parents(session, here, Role.RUN):
            for model, known in _parents(session, run, Role.MODEL):
                yield model, Truth.lowest(truth, known)
        here = session.scalar(select(schema.Edit.parent_id).where(schema.Edit.artwork_id == here))


def _parents(session: Session, child: int, role: Role) -> list[tuple[int, Truth]]:
    rows = session.execute(select(Edge.parent_id, Edge.truth).where(Edge.child_id == child, Edge.role == role.value))
    return [(row.parent_id, Truth(row.truth)) for row in rows]
