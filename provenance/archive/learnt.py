"""What a model learnt from, and what it made: the pictures that checks of a model hold against each other."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.links import Link, links
from provenance.schema import Edge, Kind, Node, Role
from provenance.schema.runs import Making

CLAIMED: Final = "What this model learnt from is only claimed."
"""What is said where one of `learnt_sets` is."""


def learnt_sets(session: Session, model: int) -> list[Link]:
    """Give the sets that the model in row `model` learnt from by itself, else those of what it was derived from."""
    sets = [link for link in links(session, model) if link.kind is not Kind.MODEL]
    return [link for link in sets if link.of == model] or sets


def members(sets: Collection[int]) -> Select[int]:
    """Select the rows of the works in sets, given by their rows; those of several sets come several times."""
    return select(Edge.parent_id).where(Edge.child_id.in_(sets), Edge.role == Role.MEMBER.value)


def made_by(session: Session, model: int, most: int | None = None) -> tuple[list[Node], int]:
    """Give up to `most` different artworks of the model's runs, and how many of all have the pixels of another.

    They come in the order of their ids, which are digests: any of them.
    """
    artwork, run = schema.Artwork, schema.Run
    query = select(func.min(Node.uid).label("uid"), func.count().label("times")).join(artwork, artwork.id == Node.id)
    query = query.join(run, run.id == artwork.run_id).where(run.model_id == model)
    first = query.where(artwork.making == Making.GENERATED.value).group_by(artwork.pixels_digest).subquery()
    found = session.scalars(select(Node).join(first, Node.uid == first.c.uid).order_by(Node.uid).limit(most))
    return list(found), int(session.scalar(select(func.sum(first.c.times - 1))) or 0)
