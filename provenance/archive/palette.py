"""Colours taken from chosen works, which thereby become part of the lineage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.given_file import work_bytes
from provenance.archive.labels import labels
from provenance.collect.merkle import dataset_root
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError
from provenance.generate.palettes import palette_of
from provenance.picture import Picture
from provenance.schema import Kind, Role
from provenance.sign.claim import Ingredient
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_AT_MOST = 64
"""Works of a dataset that are looked at for its colours, spread evenly over it."""


_LISTED = 8
"""Works that a manifest lists one by one; more stand together as one dataset with its Merkle root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkInput:
    """A work that colours were taken from."""

    uid: str
    file_digest: Digest
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """Colours and the works that they come from."""

    colours: tuple[str, ...] | None = None
    works: tuple[WorkInput, ...] = ()
    """The works that were looked at, by id: these, and no others, are in the lineage."""
    source: str = ""
    """What was asked for, for people to read."""

    @property
    def inputs(self) -> tuple[tuple[Role, str, Truth], ...]:
        """The lineage of a run that paints with these colours."""
        return tuple((Role.PALETTE, work.uid, Truth.CHECKED) for work in self.works)

    @property
    def ingredients(self) -> tuple[Ingredient, ...]:
        """What a manifest says of these works."""
        if len(self.works) > _LISTED:
            root = Digest(dataset_root(work.uid for work in self.works))
            return (_ingredient("dataset", f"{self.source} (Merkle root)", root),)
        return tuple(
            _ingredient(f"work-{number}", work.label, work.file_digest) for number, work in enumerate(self.works, 1)
        )


def palette_from(archive: "Archive", names: Sequence[str]) -> Palette:
    """Take the colours of datasets (by name) and works (by id). Of a dataset at most 64 works are looked at.

    Raises NotFoundError for an unknown name or a work whose file has moved, DamagedArchiveError for a changed file.
    """
    if not names:
        return Palette()
    with archive.database.read() as session:
        found = [_named(session, name) for name in names]
        ids = list(dict.fromkeys(work for _, works in found for work in works))
        colours = palette_of(open_work(session, _work(session, work)) for work in ids)
        return Palette(colours=colours, works=_inputs(session, ids), source=", ".join(text for text, _ in found))


def open_work(session: Session, work: schema.Work) -> Picture:
    """Open the file of a work where it was seen, and make sure that it is still the same file."""
    return Picture.open(work_bytes(session, work))


def _named(session: Session, name: str) -> tuple[str, list[int]]:
    version = session.execute(
        select(schema.DatasetVersion.id, schema.DatasetVersion.number, schema.DatasetVersion.works)
        .join(schema.Dataset, schema.Dataset.id == schema.DatasetVersion.dataset_id)
        .where(schema.Dataset.name == name)
        .order_by(schema.DatasetVersion.number.desc())
        .limit(1)
    ).first()
    if version is not None:
        chosen = _spread(_members(session, version.id))
        return f"{len(chosen)} of the {version.works} works of {name} version {version.number}", chosen
    try:
        node = nodes.find(session, name, kinds=[Kind.WORK])
    except NotFoundError as cause:
        message = f"There is no dataset and no work called {name!r}. `prov dataset list` shows the datasets."
        raise NotFoundError(message) from cause
    return f"the work {node.uid[: nodes.SHORT]}", [node.id]


def _members(session: Session, version_id: int) -> list[int]:
    edges = select(schema.Edge.parent_id).where(
        schema.Edge.child_id == version_id, schema.Edge.role == Role.MEMBER.value
    )
    return list(session.scalars(edges.order_by(schema.Edge.parent_id)))


def _spread(members: list[int]) -> list[int]:
    if len(members) <= _AT_MOST:
        return members
    return [members[index * len(members) // _AT_MOST] for index in range(_AT_MOST)]


def _inputs(session: Session, ids: list[int]) -> tuple[WorkInput, ...]:
    texts = labels(session, dict.fromkeys(ids, Kind.WORK))
    query = select(schema.Node.id, schema.Node.uid, schema.Work.file_digest)
    rows = session.execute(query.join(schema.Work, schema.Work.id == schema.Node.id).where(schema.Node.id.in_(ids)))
    works = [WorkInput(uid=row.uid, file_digest=Digest(row.file_digest), label=texts[row.id]) for row in rows]
    return tuple(sorted(works, key=lambda work: work.uid))


def _ingredient(label: str, title: str, digest: Digest) -> Ingredient:
    types = ("c2pa.types.dataset",)
    return Ingredient(label=label, relationship="inputTo", title=title, digest=digest, data_types=types)


def _work(session: Session, work_id: int) -> schema.Work:
    work = session.get(schema.Work, work_id)
    if work is None:
        raise DamagedArchiveError(f"The work in row {work_id} has no record. Run `prov db check`.")
    return work
