"""The works that a training may see, and what has become of the works behind a model since."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive import nodes
from provenance.archive.decisions import (
    NOT_READ,
    Member,
    decisions,
    explain,
    find_version,
    members,
    withdrawn_pixels,
    withheld_by_rule,
)
from provenance.collect.merkle import dataset_root
from provenance.collect.policy import Policy
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import NotFoundError, RefusedError, UsageError
from provenance.schema import Edge, Kind, Node, Role
from provenance.words import STAYS_LEARNT, Truth, count, day

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = [
    "Selected",
    "TrainingWork",
    "check_model",
    "decisions",
    "select_for_training",
    "standing",
]

_PART: Final = 500
"""Ids in one query."""

_UP: Final = (Role.TRAINING.value, Role.TRAINED_ON.value, Role.DERIVED_FROM.value)
"""From a model to the sets of works that it learnt from, over its trainings and the models it was made from."""

_SEEN: Final = (Role.MEMBER.value, Role.TRAINED_ON.value)
"""From such a set, or from a training, to a work."""

_NAMED: Final = 3
"""Withdrawn works that a warning names; more become a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWork:
    """A work that a model may learn from."""

    uid: str
    name: str
    file_digest: Digest
    pixels_digest: Digest
    category: str | None
    paths: tuple[str, ...]
    """Where its file was seen, the latest place first."""
    creator: str | None
    licence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What a training may learn from: a version, or a selection of its works, as a node that the training names."""

    uid: str
    kind: Literal["dataset", "selection"]
    merkle_root: str
    works: tuple[TrainingWork, ...]
    """By their names."""
    withheld: Mapping[str, int]
    """How many works were kept out, by rule, the most frequent first."""


def select_for_training(
    archive: "Archive", name: str, number: int | None = None, *, categories: Sequence[str] = ()
) -> Selected:
    """Choose the works of the dataset `name` that models may learn from: of `number`, else of its latest version.

    `categories` takes only works of these. Nobody else decides what reaches a training. A version that loses works
    by it becomes a selection, which is written down once. Raises NotFoundError when there is no such version, or
    no work of it may be learnt from; UsageError for a category that it does not have.
    """
    policy = Policy.load(archive.folder)
    with archive.database.write() as session:
        version, uid = find_version(session, name, number)
        found = members(session, policy, version.id, record_at=utc_now())
        wanted = _of_categories(found, categories, name)
        chosen = [member for member in wanted if member.allowed]
        withheld = withheld_by_rule(wanted)
        if not chosen:
            raise NotFoundError(_nothing_allowed(name, version.number, len(wanted), withheld))
        works = tuple(_training_works(session, chosen))
        if len(chosen) == len(found):
            return Selected(
                uid=uid, kind="dataset", merkle_root=version.merkle_root, works=works, withheld=MappingProxyType({})
            )
        root = dataset_root(work.uid for work in works)
        rows = [member.row for member in chosen]
        selection = _selection(session, version, uid, root, rows=rows, digest=policy.digest.hex)
    return Selected(uid=selection, kind="selection", merkle_root=root, works=works, withheld=withheld)


def standing(archive: "Archive", model_uid: str) -> tuple[str, ...]:
    """Say which works behind a model were withdrawn since it learnt from them; empty if none was.

    Behind it are the works of its own trainings, and of those of every model that it was made from.
    """
    with archive.database.read() as session:
        found = _withdrawn_behind(session, nodes.node_id(session, model_uid))
        name = session.scalar(
            select(schema.Model.name).join(Node, Node.id == schema.Model.id).where(Node.uid == model_uid)
        )
    if not found:
        return ()
    listed = "; ".join(f"{each.title or each.name} on {day(each.withdrawn_at)}" for each in found[:_NAMED])
    more = f"; and {count(len(found) - _NAMED)} more" if len(found) > _NAMED else ""
    works = "1 work was" if len(found) == 1 else f"{count(len(found))} works were"
    return (f"{works} withdrawn that {name or model_uid} learnt from: {listed}{more}. {STAYS_LEARNT}",)


def check_model(archive: "Archive", model_uid: str) -> tuple[str, ...]:
    """Give the warnings that go with generating by a model. Raises RefusedError where the policy refuses it."""
    warnings = standing(archive, model_uid)
    if warnings and Policy.load(archive.folder).withdrawn == "refuse":
        advice = "The policy of this archive refuses such a model: train it again without them."
        raise RefusedError(f"{' '.join(warnings)} {advice}")
    return warnings


def check_given(archive: "Archive", uids: Sequence[str]) -> tuple[str, ...]:
    """Give the warnings that go with works that a picture is made from. Raises RefusedError as `check_model` does."""
    with archive.database.read() as session:
        work = schema.Work
        query = (
            select(work.name, work.title, work.pixels_digest).join(Node, Node.id == work.id).where(Node.uid.in_(uids))
        )
        gone = withdrawn_pixels(session)
        names = [row.title or row.name for row in session.execute(query) if row.pixels_digest in gone]
    warnings = tuple(f"The consent to use {name} was withdrawn." for name in names)
    if warnings and Policy.load(archive.folder).withdrawn == "refuse":
        raise RefusedError(f"{' '.join(warnings)} The policy of this archive refuses it: give another picture.")
    return warnings


def _withdrawn_behind(session: Session, model: int) -> "Sequence[Row[*tuple[Any, ...]]]":
    """Find the withdrawals among the members of all sets behind a model."""
    behind = select(Node.id).where(Node.id == model).cte("behind", recursive=True)
    behind = behind.union(select(Edge.parent_id).join(behind, behind.c.id == Edge.child_id).where(Edge.role.in_(_UP)))
    withdrawn, same, withdrawal = aliased(schema.Work), schema.Work, schema.Withdrawal
    query: Select[*tuple[Any, ...]] = select(
        withdrawn.id, withdrawn.name, withdrawn.title, func.min(withdrawal.withdrawn_at).label("withdrawn_at")
    )
    query = query.join(withdrawal, withdrawal.work_id == withdrawn.id)
    query = query.join(same, same.pixels_digest == withdrawn.pixels_digest)
    # As EXISTS, so that the databases begin with the few withdrawals and not with the many works of the model.
    learnt = select(Edge.child_id).where(Edge.parent_id == same.id, Edge.role.in_(_SEEN))
    query = query.where(learnt.where(Edge.child_id.in_(select(behind.c.id))).exists())
    return session.execute(query.group_by(withdrawn.id, withdrawn.name, withdrawn.title).order_by(withdrawn.id)).all()


def _of_categories(found: Sequence[Member], categories: Sequence[str], name: str) -> list[Member]:
    known = {member.category for member in found}
    for category in categories:
        if category not in known:
            listed = ", ".join(sorted(each for each in known if each)[:10]) or "none at all"
            raise UsageError(f"{name} has no works of the category {category!r}. It has: {listed}.")
    return [member for member in found if not categories or member.category in categories]


def _training_works(session: Session, chosen: Sequence[Member]) -> Iterable[TrainingWork]:
    paths = _paths(session, [member.row for member in chosen])
    for member in chosen:
        yield TrainingWork(
            uid=member.uid,
            name=member.name,
            file_digest=Digest(member.file_digest),
            pixels_digest=Digest(member.pixels_digest),
            category=member.category,
            paths=tuple(paths.get(member.row, ())),
            creator=member.creator,
            licence=member.licence,
        )


def _paths(session: Session, rows: Sequence[int]) -> dict[int, list[str]]:
    location = schema.WorkLocation
    found: dict[int, list[str]] = {}
    for begin in range(0, len(rows), _PART):
        query = select(location.work_id, location.path).where(location.work_id.in_(rows[begin : begin + _PART]))
        for work, path in session.execute(query.order_by(location.seen_at.desc(), location.path)):
            found.setdefault(work, []).append(path)
    return found


def _selection(
    session: Session, version: schema.DatasetVersion, version_uid: str, root: str, *, rows: Sequence[int], digest: str
) -> str:
    """Find the selection of these works, or write it down under the policy of `digest`."""
    uid = Digest.of_json({"selection": {"version": version_uid, "root": root}}).hex
    if nodes.node_ids(session, [uid]):
        return uid
    at = utc_now()
    selection = nodes.add_nodes(session, {uid: Kind.SELECTION}, at)[uid]
    row = schema.Selection(
        id=selection,
        version_id=version.id,
        merkle_root=root,
        works=len(rows),
        withheld=version.works - len(rows),
        policy_digest=digest,
        selected_at=at,
    )
    session.add(row)
    session.flush()
    edges = [(selection, Role.MEMBER, work, Truth.CHECKED) for work in rows]
    nodes.add_edges(session, [*edges, (selection, Role.SELECTED_FROM, version.id, Truth.CHECKED)])
    return uid


def _nothing_allowed(name: str, number: int, works: int, withheld: Mapping[str, int]) -> str:
    reasons = "; ".join(f"{count(number)}: {explain(rule)} ({rule})" for rule, number in withheld.items())
    advice = f"`prov dataset check {name}` shows the evidence, and what would change it."
    if set(withheld) == {NOT_READ}:
        advice = f"They were taken in by an older prov: read them again with `prov dataset add {name} PATH`."
    none = f"Models may learn from none of the {count(works)} works of {name} version {number}"
    return f"{none}. Kept out are {reasons}. {advice}"
