"""The sets and works in a lineage, in the shape of an export record: counts, licences, creators."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.schema import Edge, Kind, Role
from provenance.sign.bundle import licence_counts
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.archive.lineage import Lineage

_PART = 500


def datasets_record(archive: "Archive", found: "Lineage") -> list[dict[str, Any]]:
    """Tell of each set that the subject comes from; of a version and a selection from it, only the selection."""
    chosen_from = {step.parent for step in found.steps if step.role == Role.SELECTED_FROM.value}
    sets = [
        each
        for each in found.relatives
        if each.kind in {Kind.DATASET.value, Kind.SELECTION.value} and each.uid not in chosen_from
    ]
    with archive.database.read() as session:
        rows = nodes.node_ids(session, [each.uid for each in sets])
        return [
            _dataset(session, rows[each.uid], selected=each.kind == Kind.SELECTION.value) | {"truth": each.truth}
            for each in sets
        ]


def works_record(archive: "Archive", uids: Sequence[str]) -> list[dict[str, Any]]:
    """Tell of each work what is claimed of it, in the order given."""
    with archive.database.read() as session:
        rows = nodes.node_ids(session, uids)
        by_row: dict[int, schema.Work] = {}
        for begin in range(0, len(uids), _PART):
            part = [rows[uid] for uid in uids[begin : begin + _PART]]
            by_row |= {work.id: work for work in session.scalars(select(schema.Work).where(schema.Work.id.in_(part)))}
        return [_work(uid, by_row[rows[uid]]) for uid in uids]


def _dataset(session: Session, node: int, *, selected: bool) -> dict[str, Any]:
    version_id, root = node, None
    if selected:
        selection = session.get_one(schema.Selection, node)
        version_id, root = selection.version_id, selection.merkle_root
    version = session.get_one(schema.DatasetVersion, version_id)
    counts = _licences(session, node)
    member = Edge.child_id == node, Edge.role == Role.MEMBER.value
    work = schema.Work
    creators = select(func.count(func.distinct(work.creator))).join(Edge, Edge.parent_id == work.id).where(*member)
    return {
        "name": session.get_one(schema.Dataset, version.dataset_id).name,
        "version": version.number,
        "selected": selected,
        "digest": f"sha256:{root or version.merkle_root}",
        "works": sum(counts.values()),
        "creators": session.scalar(creators) or 0,
        "licences": {licence: {Truth.CLAIMED.value: count} for licence, count in counts.items()},
    }


def _licences(session: Session, node: int) -> Mapping[str, int]:
    query = select(schema.Work.licence).join(Edge, Edge.parent_id == schema.Work.id)
    return licence_counts(session.scalars(query.where(Edge.child_id == node, Edge.role == Role.MEMBER.value)))


def _work(uid: str, work: schema.Work) -> dict[str, Any]:
    told = {"creator": work.creator, "licence": work.licence, "source": work.source}
    claimed = {name: {"value": text, "truth": Truth.CLAIMED.value} for name, text in told.items() if text}
    return {"id": uid, "name": work.title or work.name, **claimed}
