"""`prov dataset check`: how each work of a version stands, with the evidence; and the policy that it stands under."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.decisions import Member, find_version, members, withheld_by_rule
from provenance.collect.licence_policy import OBLIGATIONS
from provenance.collect.policy import FILE_NAME, Policy, shipped_text
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.settings import write_file
from provenance.words import Decision

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedWork:
    """A work, and why models may or may not learn from it."""

    uid: str
    name: str
    title: str | None
    creator: str | None
    licence: str | None
    decision: str
    text: str
    """The decision as a sentence."""
    rule: str
    """What decided: a place in the policy, `withdrawn`, `twin` or `not-read`."""
    allowed: bool
    """Whether a training may see it."""
    obligations: tuple[str, ...]
    signals: tuple[Mapping[str, Json], ...]
    """The evidence."""
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedVersion:
    """A version of a dataset under the policy as it is now."""

    name: str
    number: int
    uid: str
    policy: str
    """The digest of the policy."""
    policy_file: str
    """Where it stands, or that it is the shipped one."""
    decisions: Mapping[str, int]
    rules: Mapping[str, int]
    """How many works are kept out, by rule."""
    obligations: Mapping[str, int]
    """What the licences of works that may be learnt from ask for, and of how many."""
    works: tuple[CheckedWork, ...]


def check_dataset(archive: "Archive", name: str, *, number: int | None = None) -> CheckedVersion:
    """Judge all works of a version, the latest unless `number` says another. Raises NotFoundError."""
    policy = Policy.load(archive.folder)
    with archive.database.read() as session:
        version, uid = find_version(session, name, number)
        found = members(session, policy, version.id)
        since = _withdrawn_since(session)
        version_number = version.number
    counts = Counter(member.decided.decision for member in found)
    asked = Counter(each for member in found if member.allowed for each in member.decided.obligations)
    path = archive.folder / FILE_NAME
    return CheckedVersion(
        name=name,
        number=version_number,
        uid=uid,
        policy=str(policy.digest),
        policy_file=str(path) if path.exists() else "the shipped one",
        decisions={decision.value: counts[decision] for decision in Decision},
        rules=withheld_by_rule(found),
        obligations={each: asked[each] for each in OBLIGATIONS if asked[each]},
        works=tuple(_work(member, since) for member in found),
    )


def policy_text(archive: "Archive") -> tuple[str, Path | None]:
    """Give the text of the policy, and its file; None for the shipped one. Raises UsageError if it is wrong."""
    Policy.load(archive.folder)
    path = archive.folder / FILE_NAME
    return (path.read_text(encoding="utf-8-sig"), path) if path.exists() else (shipped_text(), None)


def write_policy(archive: "Archive") -> Path:
    """Write the shipped policy into the archive, to be edited. Raises UsageError if there is one already."""
    path = archive.folder / FILE_NAME
    if path.exists():
        raise UsageError(f"{path} is there already. Edit it, or move it away first.")
    write_file(path, shipped_text())
    return path


def _withdrawn_since(session: Session) -> dict[str, datetime]:
    work, withdrawal = schema.Work, schema.Withdrawal
    query = select(work.pixels_digest, func.min(withdrawal.withdrawn_at)).join(work, work.id == withdrawal.work_id)
    rows: Any = session.execute(query.group_by(work.pixels_digest))
    return dict(rows.all())


def _work(member: Member, since: Mapping[str, datetime]) -> CheckedWork:
    decided = member.decided
    return CheckedWork(
        uid=member.uid,
        name=member.name,
        title=member.title,
        creator=member.creator,
        licence=member.licence,
        decision=decided.decision.value,
        text=decided.decision.sentence,
        rule=member.rule,
        allowed=member.allowed,
        obligations=decided.obligations,
        signals=tuple(signal.record() for signal in decided.signals),
        withdrawn_at=since.get(member.pixels_digest),
    )
