"""The signed chain behind a model: what it was made from and what it learnt from, as ingredients of its pictures.

`claims.py` names the model itself, by digest, in every picture: of models without a past there is nothing more.
Here is what lies behind it: the sets of works, whose signed bundles come along with their manifests, and the
models that it was derived from, by digest. It is read once for a run and shared by all pictures of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered import chain_problems
from provenance.archive.bundles import signed_bundle
from provenance.digest import Digest
from provenance.schema import Edge, Kind, Node, Role
from provenance.sign.claim import Ingredient
from provenance.sign.definition import ZIP
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["MOST", "Link", "chain_ingredients", "chain_problems", "links"]

MOST = 24
"""Sets and models that a manifest names: a picture's file must stay small, whatever an import claims."""

_SETS = (Kind.DATASET.value, Kind.SELECTION.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One thing behind a model."""

    node: int
    uid: str
    kind: Kind
    role: Role
    """trained_on or derived_from."""
    truth: Truth
    """The weakest on the way from the model that was asked for."""
    of: int
    """The row of the model that it stands behind."""


def chain_ingredients(archive: "Archive", model_uid: str, *, people: bool = True) -> tuple[Ingredient, ...]:
    """Give what lies behind the model `model_uid` (a full id) as ingredients of the pictures that it makes.

    Without `people` the bundles hold no records, which name creators, and models behind the model have no names:
    that is for what leaves publicly. The first call for a set signs its bundle. Labels are `dataset`, `dataset_2`,
    ..., `base`, `base_2`, ... Raises NotFoundError, DamagedArchiveError, IdentityError, SigningError, StoreError.
    """
    with archive.database.read() as session:
        found = list(links(session, nodes.node_id(session, model_uid)))
        models = _models(session, [link.node for link in found if link.kind is Kind.MODEL])
    labels = _labels(found)
    told = [
        _model(models[link.node], labels, link, people=people)
        if link.kind is Kind.MODEL
        else _set(archive, labels, link, people=people)
        for link in found
    ]
    return tuple(told)


def links(session: Session, model: int) -> Iterator[Link]:
    """Find what lies behind a model, the nearest first: at most `MOST`, each once, whatever cycles are claimed."""
    seen, level = {model}, [(model, Truth.CHECKED)]
    while level:
        found = [link for of, truth in level for link in _behind(session, of, truth)]
        level = []
        for link in found:
            if link.node in seen or len(seen) > MOST:
                continue
            seen.add(link.node)
            if link.kind is Kind.MODEL:
                level.append((link.node, link.truth))
            yield link


def _behind(session: Session, model: int, truth: Truth) -> list[Link]:
    """List what one model comes from, through its training where there is one."""
    found: list[Link] = []
    for child, far in ((model, truth), *_trainings(session, model, truth)):
        query = select(Edge.role, Edge.truth, Node.id, Node.uid, Node.kind).join(Node, Node.id == Edge.parent_id)
        roles = (Role.TRAINED_ON.value, Role.DERIVED_FROM.value)
        rows = session.execute(query.where(Edge.child_id == child, Edge.role.in_(roles)).order_by(Edge.role, Node.id))
        found += [
            Link(
                node=row.id,
                uid=row.uid,
                kind=Kind(row.kind),
                role=Role(row.role),
                truth=_weaker(far, Truth(row.truth)),
                of=model,
            )
            for row in rows
            if row.kind in {*_SETS, Kind.MODEL.value}
        ]
    return found


def _trainings(session: Session, model: int, truth: Truth) -> list[tuple[int, Truth]]:
    query = select(Edge.parent_id, Edge.truth).where(Edge.child_id == model, Edge.role == Role.TRAINING.value)
    return [(row.parent_id, _weaker(truth, Truth(row.truth))) for row in session.execute(query)]


def _weaker(one: Truth, other: Truth) -> Truth:
    return Truth.CLAIMED if Truth.CLAIMED in {one, other} else Truth.CHECKED


def _labels(found: list[Link]) -> dict[int, str]:
    counts: dict[str, int] = {}
    labels: dict[int, str] = {}
    for link in found:
        kind = "base" if link.kind is Kind.MODEL else "dataset"
        counts[kind] = counts.get(kind, 0) + 1
        labels[link.node] = kind if counts[kind] == 1 else f"{kind}_{counts[kind]}"
    return labels


def _models(session: Session, rows: list[int]) -> dict[int, schema.Model]:
    return {row: session.get_one(schema.Model, row) for row in rows}


def _model(model: schema.Model, labels: dict[int, str], link: Link, *, people: bool) -> Ingredient:
    return Ingredient(
        label=labels[link.node],
        relationship="inputTo",
        title=f"{model.name} {model.version}" if people else "a model that it was derived from",
        digest=None if model.digest is None else Digest(model.digest),
        data_types=("c2pa.types.model",),
        notes=_notes(labels, link),
    )


def _set(archive: "Archive", labels: dict[int, str], link: Link, *, people: bool) -> Ingredient:
    data = signed_bundle(archive, link.node, people=people)
    ingredient = Ingredient(
        label=labels[link.node],
        relationship="inputTo",
        title=_title(archive, link),
        digest=Digest.of(data),
        data=data,
        media_type=ZIP,
        data_types=("c2pa.types.dataset",),
        notes=_notes(labels, link),
    )
    return archive.signer.stage(ingredient)


def _title(archive: "Archive", link: Link) -> str:
    version, dataset = schema.DatasetVersion, schema.Dataset
    query = select(dataset.name, version.number).join(version, version.dataset_id == dataset.id)
    with archive.database.read() as session:
        row = link.node
        if link.kind is Kind.SELECTION:
            row = session.scalars(select(schema.Selection.version_id).where(schema.Selection.id == row)).one()
        name, number = session.execute(query.where(version.id == row)).one()
    return f"dataset {name} version {number}" + (", a selection from it" if link.kind is Kind.SELECTION else "")


def _notes(labels: dict[int, str], link: Link) -> dict[str, str]:
    """Say how the tie is known, and which ingredient it belongs to: `model` is the one that made the picture."""
    return {"role": link.role.value, "truth": link.truth.value, "of": labels.get(link.of, "model")}
