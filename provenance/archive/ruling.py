"""What the policy makes of an artwork: its latest findings, what people decided about them, and what follows.

Each check answers by its latest audit, so that an audit of one check leaves the answers of the others as they are.
What an audit found of the artwork's model counts too, and that nobody has looked for copies yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.current import current_rows, finding_of, latest_audits
from provenance.archive.judgement_seals import refuse_altered
from provenance.archive.judgements import person_said
from provenance.audit.finding import Finding
from provenance.audit.policy import Gate, Policy, Reason, Ruling, blocked_by
from provenance.audit.policy_file import load_policy
from provenance.words import PersonDecision, Severity

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_WANTED: Final = "copies"
"""The check without which nobody has looked for copies."""
UNLOOKED: Final = "audit"
"""The name under which a policy speaks of that."""

POLICY: Final = "policy"
"""The key under which an audit keeps which policy was asked, and what followed."""

_DAMAGE: Final = "integrity"
"""The check that finds what nobody can decide: bytes and rows that do not agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtworkRuling:
    """What a policy makes of an artwork, and what can be done about it."""

    uid: str
    ruling: Ruling
    of_model: frozenset[str]
    """Checks whose findings are about the model, so that nobody can decide them for this artwork."""

    @property
    def refusal(self) -> str | None:
        """Say why it is held back, and what to do; None if it is not."""
        blocking = self.ruling.of(Severity.DECIDE)
        if not blocking:
            return None
        first = blocking[0]
        said = f" {first.said.sentence}" if first.said is not None else ""
        return (
            f"The artwork {self.uid[: nodes.SHORT]} is held back. {first.finding.sentence}{said} "
            f"{blocked_by(first, len(blocking), self.ruling.gate)} {self._advice(first)}"
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say what is to be told with it."""
        return tuple(reason.finding.sentence for reason in self.ruling.of(Severity.WARNING))

    def _advice(self, reason: Reason) -> str:
        short, finding = self.uid[: nodes.SHORT], reason.finding
        if finding.check == UNLOOKED:
            return f"Run `prov audit {short}`."
        if finding.check == _DAMAGE:
            return "Run `prov db check`, and restore what is not as it was."
        if finding.check in self.of_model:
            return "It is about the model: change the rule, which `prov audit policy` shows, or use another model."
        if reason.said is PersonDecision.ACCEPTED:
            return f"Change the rule, which `prov audit policy` shows, or keep the artwork here: `prov show {short}`."
        which = finding.other[: nodes.SHORT] if finding.other else f"--check {finding.check}"
        decide = f"`prov audit decide {short} {which} --dismiss --reason TEXT --by NAME`"
        look = "Look at both" if finding.other else "Look"
        return f"{look} with `prov show {short}`, then decide: {decide} if it is none."


def rule(archive: "Archive", uid: str, policy: Policy) -> ArtworkRuling:
    """Judge whether an artwork, by its full id, may leave. What leaves is signed for others, so both gates are asked.

    Raises NotFoundError, and DamagedArchiveError where a decision was altered.
    """
    with archive.database.read() as session:
        artwork_id = nodes.node_id(session, uid)
        own, of_model = current_findings(session, artwork_id), model_findings(session, artwork_id)
        said = person_said(session, artwork_id)
        signing, leaving = (policy.judge([*own, *of_model], said, gate=gate) for gate in (Gate.SIGN, Gate.EXPORT))
        refuse_altered(archive, session, artwork_id)
    only_signing = signing.effect is Severity.DECIDE and leaving.effect is not Severity.DECIDE
    ruling = signing if only_signing else leaving
    return ArtworkRuling(uid=uid, ruling=ruling, of_model=frozenset(finding.check for finding in of_model))


def held_back(archive: "Archive", uids: Sequence[str]) -> dict[str, str]:
    """Say of each artwork that was held back when it was recorded, and still is, why, and what to do: by full id.

    Raises UsageError for a policy that cannot be read, DamagedArchiveError where a decision was altered.
    """
    audit, held = schema.Audit, list[str]()
    with archive.database.read() as session:
        rows = nodes.node_ids(session, uids)
        for uid, row in rows.items():
            query = select(audit.checks).where(audit.artwork_id == row).order_by(audit.id).limit(1)
            checks = session.scalars(query).first() or {}
            if checks.get(POLICY, {}).get(Gate.SIGN.value) == Severity.DECIDE.value:
                held.append(uid)
    policy = load_policy(archive.folder)
    told = {uid: rule(archive, uid, policy).refusal for uid in held}
    return {uid: refusal for uid, refusal in told.items() if refusal is not None}


def current_findings(session: Session, artwork_id: int) -> list[Finding]:
    """Give what each check found of an artwork when it was last put to it, the earliest check first."""
    found = [finding_of(row.Finding, row.uid) for row in current_rows(session, [artwork_id])]
    looked = (artwork_id, _WANTED) in latest_audits(session, [artwork_id])
    return found if looked else [*found, _not_looked_for()]


def model_findings(session: Session, artwork_id: int) -> list[Finding]:
    """Give what each check last found of the model that made an artwork, or what it was edited from."""
    audit, artwork, run = schema.ModelAudit, schema.Artwork, schema.Run
    query = (
        select(audit)
        .join(run, run.model_id == audit.model_id)
        .join(artwork, artwork.run_id == run.id)
        .where(artwork.id == first_artwork(session, artwork_id))
        .order_by(audit.id)
    )
    rows = session.scalars(query).all()
    last = {row.check: row.audited_at for row in rows}
    return [
        Finding(
            check=row.check,
            check_version=row.check_version,
            severity=Severity(row.severity),
            sentence=row.sentence,
            evidence=row.record,
        )
        for row in rows
        if row.audited_at == last[row.check]  # one audit may find several things by one check
    ]


def first_artwork(session: Session, artwork_id: int) -> int:
    """Go back from edit to edit to the artwork that was not edited from another."""
    while (edit := session.get(schema.Edit, artwork_id)) is not None:
        artwork_id = edit.parent_id
    return artwork_id


def _not_looked_for() -> Finding:
    sentence = "Nobody has looked for copies of all the archive's works in it yet."
    return Finding(check=UNLOOKED, check_version="1", severity=Severity.NOTE, sentence=sentence, evidence={})
