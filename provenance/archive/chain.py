"""The signed chain behind a model: what it was made from and what it learnt from, as ingredients of its pictures.

`claims.py` names the model itself, by digest, in every picture: of models without a past there is nothing more.
Here is what lies behind it: the sets of works, whose signed bundles come along with their manifests, and the
models that it was derived from, by digest. It is read once for a run and shared by all pictures of it.
"""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.bundles import signed_bundle
from provenance.archive.links import MOST, Link, links
from provenance.digest import Digest
from provenance.schema import Kind
from provenance.sign.claim import Ingredient
from provenance.sign.definition import ZIP

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["MOST", "Link", "chain_ingredients", "links"]


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
