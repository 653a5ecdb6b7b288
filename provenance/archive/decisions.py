"""What is decided about works: whether models may learn from them, by which rule, on which evidence.

A decision is a row of `rights`, the latest of a work holds. It was made under a policy, which the row names by its
digest: where the policy has changed since, the same evidence is judged anew, and the new decision is a new row.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.collect import policy as judging
from provenance.collect.policy import Decided, Policy, decide
from provenance.collect.signals import Signal, table_signals
from provenance.errors import DamagedArchiveError, NotFoundError
from provenance.schema import Edge, Node, Role
from provenance.words import Decision

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

NOT_READ: Final = "not-read"
"""The rule for works of which nobody has read what their files say: those that an older program took in."""

WITHDRAWN: Final = "withdrawn"
"""The rule for works that were withdrawn, and for every other work of the same pixels."""

TWIN: Final = "twin"
"""The rule for works with the same pixels as a work of the same version that is refused."""

_SAY: Final = {
    NOT_READ: "an older prov took it in without asking its file",
    WITHDRAWN: "its consent was withdrawn",
    TWIN: "it has the same pixels as a work that is refused",
}

_PART: Final = 500
"""Ids in one query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A work of a version with what holds for it."""

    row: int
    uid: str
    name: str
    file_digest: str
    pixels_digest: str
    title: str | None
    category: str | None
    creator: str | None
    licence: str | None
    decided: Decided
    rule: str
    """What decided in the end: withdrawal and twins too."""
    allowed: bool
    """Whether a training may see it."""


def find_version(session: Session, name: str, number: int | None) -> tuple[schema.DatasetVersion, str]:
    """Find a version of the dataset `name`, the latest if `number` is None, with its id. Raises NotFoundError."""
    version, dataset = schema.DatasetVersion, schema.Dataset
    query = select(version, Node.uid).join(dataset, dataset.id == version.dataset_id).join(Node, Node.id == version.id)
    query = query.where(dataset.name == name).order_by(version.number.desc()).limit(1)
    if number is not None:
        query = query.where(version.number == number)
    found = session.execute(query).first()
    if found is None:
        which = f"{name!r}" if number is None else f"{name!r} version {number}"
        raise NotFoundError(f"There is no dataset {which}. `prov dataset list` shows what there is.")
    return found[0], found[1]


def members(
    session: Session, policy: Policy, version_id: int, *, record_at: datetime | None = None
) -> tuple[Member, ...]:
    """Give the works of a version by their names, with what holds for each.

    With `record_at`, decisions that the policy changed are written down; the session must be one that writes.
    """
    work = schema.Work
    columns = (work.id, Node.uid, work.name, work.file_digest, work.pixels_digest)
    said = (work.title, work.category, work.creator, work.licence)
    query: Select[*tuple[Any, ...]] = (
        select(*columns, *said).join(Node, Node.id == work.id).join(Edge, Edge.parent_id == work.id)
    )
    query = query.where(Edge.child_id == version_id, Edge.role == Role.MEMBER.value).order_by(work.name, work.id)
    rows = session.execute(query).all()
    decided = decisions(session, policy, [row.id for row in rows], record_at=record_at)
    withdrawn = withdrawn_pixels(session)
    refused = {row.pixels_digest for row in rows if decided[row.id].decision is Decision.REFUSED}
    return tuple(_member(row, policy, decided[row.id], withdrawn, refused) for row in rows)


def decisions(
    session: Session, policy: Policy, work_ids: Sequence[int], *, record_at: datetime | None = None
) -> dict[int, Decided]:
    """Give the decision that holds for each work, by row id, judged anew where the policy has changed since.

    With `record_at`, what was judged anew is appended. Raises DamagedArchiveError when evidence cannot be read.
    """
    found: dict[int, Decided] = {}
    for begin in range(0, len(work_ids), _PART):
        part = work_ids[begin : begin + _PART]
        latest = _latest(session, part)
        found |= {work: _as_decided(row) for work, row in latest.items() if row.policy_digest == policy.digest.hex}
        changed: dict[int, Decided] = {}
        for work in _works(session, [row for row in part if row not in found]):
            if work.id in latest:
                changed[work.id] = decide(policy, _evidence(latest[work.id]), work.licence, work.consent)
            else:
                found[work.id] = _not_read(work.extra)
        if record_at is not None:
            record_decisions(session, policy, changed, record_at)
        found |= changed
    return found


def record_decisions(session: Session, policy: Policy, decided: Mapping[int, Decided], at: datetime) -> None:
    """Append decisions about works, by row id."""
    rows = [
        {
            "work_id": work,
            "decision": each.decision.value,
            "rule": each.rule,
            "obligations": list(each.obligations),
            "signals": [signal.record() for signal in each.signals],
            "policy_digest": policy.digest.hex,
            "decided_at": at,
        }
        for work, each in decided.items()
    ]
    if rows:
        session.execute(insert(schema.Rights), rows)


def record_if_changed(session: Session, policy: Policy, decided: Mapping[int, Decided], at: datetime) -> None:
    """Append decisions about works, by row id, unless the latest one says the same on the same evidence."""
    ids, changed = list(decided), dict(decided)
    for begin in range(0, len(ids), _PART):
        for work, row in _latest(session, ids[begin : begin + _PART]).items():
            if row.policy_digest == policy.digest.hex and _as_decided(row) == decided[work]:
                del changed[work]
    record_decisions(session, policy, changed, at)


def withdrawn_pixels(session: Session) -> set[str]:
    """Give the digests of the pixels of all works that were withdrawn: the picture counts, not its description."""
    work = schema.Work
    return set(
        session.scalars(select(work.pixels_digest).join(schema.Withdrawal, schema.Withdrawal.work_id == work.id))
    )


def judged_otherwise(archive: "Archive", session: Session) -> Iterator[str]:
    """Judge every latest decision under the present policy again; say, a sentence each, which came out otherwise."""
    policy = Policy.load(archive.folder)
    work = schema.Work
    last = 0
    while rows := session.execute(
        select(work.id, work.licence, work.consent, Node.uid)
        .join(Node, Node.id == work.id)
        .where(work.id > last)
        .order_by(work.id)
        .limit(_PART)
    ).all():
        last = rows[-1].id
        latest = _latest(session, [row.id for row in rows])
        for row in rows:
            kept = latest.get(row.id)
            if kept is None or kept.policy_digest != policy.digest.hex:
                continue
            again = decide(policy, _evidence(kept), row.licence, row.consent)
            what = f"The decision about the work {row.uid[: nodes.SHORT]} has been altered:"
            if again.decision.value != kept.decision:
                yield f"{what} it is {kept.decision}, and the evidence says {again.decision.value}."
            elif (again.rule, sorted(again.obligations)) != (kept.rule, sorted(kept.obligations)):
                yield f"{what} its rule or its obligations are not those that follow from the evidence."


def explain(rule: str) -> str:
    """Say in words why a rule keeps a work out of training."""
    return _SAY.get(rule) or judging.explain(rule)


def withheld_by_rule(found: Iterable[Member]) -> Mapping[str, int]:
    """Count the works that are kept out, by rule, the most frequent first."""
    counts = Counter(member.rule for member in found if not member.allowed)
    return MappingProxyType(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))


def _latest(session: Session, work_ids: Sequence[int]) -> dict[int, Row[*tuple[Any, ...]]]:
    """Read the latest row of each work. In two queries: joined, both databases go through all rows."""
    rights = schema.Rights
    newest = select(func.max(rights.id)).where(rights.work_id.in_(work_ids)).group_by(rights.work_id)
    columns = (rights.work_id, rights.decision, rights.rule, rights.obligations, rights.signals, rights.policy_digest)
    query: Select[*tuple[Any, ...]] = select(*columns).where(rights.id.in_(session.scalars(newest).all()))
    return {row.work_id: row for row in session.execute(query)}


def _works(session: Session, work_ids: Sequence[int]) -> Iterable[Row[*tuple[Any, ...]]]:
    work = schema.Work
    query = select(work.id, work.licence, work.consent, work.extra).where(work.id.in_(work_ids))
    return session.execute(query) if work_ids else ()


def _as_decided(row: Row[*tuple[Any, ...]]) -> Decided:
    return Decided(
        decision=Decision(row.decision), rule=row.rule, obligations=tuple(row.obligations), signals=_evidence(row)
    )


def _evidence(row: Row[*tuple[Any, ...]]) -> tuple[Signal, ...]:
    try:
        return tuple(Signal.from_record(record) for record in row.signals)
    except (KeyError, TypeError, ValueError) as cause:
        message = (
            "The evidence on the rights of a work cannot be read. Upgrade prov, or bring back a copy of the archive."
        )
        raise DamagedArchiveError(message) from cause


def _not_read(extra: Mapping[str, str]) -> Decided:
    """Refuse a work whose file nobody has asked: it may say no."""
    return Decided(decision=Decision.REFUSED, rule=NOT_READ, obligations=(), signals=table_signals(extra))


def _member(
    row: Row[*tuple[Any, ...]], policy: Policy, decided: Decided, withdrawn: set[str], refused: set[str]
) -> Member:
    rule = decided.rule
    if row.pixels_digest in withdrawn:
        rule = WITHDRAWN
    elif row.pixels_digest in refused and decided.decision is not Decision.REFUSED:
        rule = TWIN
    return Member(
        row=row.id,
        **{name: getattr(row, name) for name in ("uid", "name", "file_digest", "pixels_digest", "title", "category")},
        creator=row.creator,
        licence=row.licence,
        decided=decided,
        rule=rule,
        allowed=rule not in {WITHDRAWN, TWIN} and policy.lets_learn(decided.decision),
    )
