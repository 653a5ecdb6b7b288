"""`prov audit decide`: a person looked at a finding, and what they decided is signed and remembered for the pair.

Who decided what, about which pictures, when, why and under which policy is one JSON text. The archive's identity signs
it, both are kept as blobs, and then comes the row. Rows are added: the latest decision about a pair holds, the earlier
ones stay. A decision about two artworks holds for both, whichever was looked at.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from provenance import schema
from provenance.archive import nodes
from provenance.archive.blobs import remember_blobs
from provenance.archive.runs import recordable
from provenance.audit.policy import LIKENESS, PersonSaid, topic
from provenance.audit.policy_file import load_policy
from provenance.database import utc_now
from provenance.digest import Json, canonical_json
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind, Node
from provenance.sign.claim import Claim
from provenance.sign.sidecar import OCTETS
from provenance.words import PersonDecision

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_STATEMENT_TYPE: Final = "application/json"
_MANIFEST_TYPE: Final = "application/c2pa"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person decided about a finding, as seen from one artwork."""

    number: int
    """Its row: later decisions have higher numbers."""
    artwork: str
    """The uid of the artwork that was asked about."""
    other: str | None
    """The uid of the other picture of the pair; None for a finding about the artwork alone."""
    other_kind: str | None
    """work or artwork."""
    check: str
    finding: str
    """The sentence that was decided."""
    decision: PersonDecision
    text: str
    """The decision as a sentence."""
    reason: str
    by: str
    """Who decided; claimed."""
    at: datetime
    statement_digest: str
    manifest_digest: str
    holds: bool
    """Whether it is the latest about its pair."""

    @property
    def said(self) -> PersonSaid:
        """Give what a policy needs of it."""
        return PersonSaid(check=self.check, other=self.other, decision=self.decision, sentence=self.finding)


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What is decided: a finding, and the two pictures as they were named."""

    artwork: Node
    other: Node | None
    finding: schema.Finding

    @property
    def title(self) -> str:
        pair = "" if self.other is None else f" and the {self.other.kind} {self.other.uid[: nodes.SHORT]}"
        return f"decision about the artwork {self.artwork.uid[: nodes.SHORT]}{pair}"


def decide(
    archive: "Archive",
    typed: str,
    other: str | None,
    decision: PersonDecision,
    *,
    reason: str,
    by: str,
    check: str | None = None,
) -> Judgement:
    """Record what the person `by` decided about the finding between two pictures, named by the beginnings of ids.

    Without `other` the decision is about what `check` found in the artwork alone. Raises UsageError for an empty
    `reason` or `by`, NotFoundError where there is no such picture or no finding, IdentityError, SigningError,
    StoreError.
    """
    reason, by = _given(reason, "reason", "which stays on record"), _given(by, "name", "of whoever took it", "--by")
    check = recordable(check, "name after --check")
    with archive.database.read() as session:
        about = _about(session, typed, other, check)
        session.expunge_all()
    at = utc_now()
    said: dict[str, Json] = {"decision": decision.value, "reason": reason, "by": by, "at": at.isoformat()}
    policy = str(load_policy(archive.folder).digest)
    data = statement(archive.uid, about.artwork, about.other, about.finding, said, policy=policy)
    signed = archive.signer.sign_beside(data, _claim(about, at))
    typed_data = ((data, _STATEMENT_TYPE), (signed.data, _MANIFEST_TYPE))
    kept = [(archive.store.put(each), len(each), kind) for each, kind in typed_data]
    with archive.database.write() as session:
        remember_blobs(session, kept, at)
        row = schema.Judgement(
            finding_id=about.finding.id,
            artwork_id=about.artwork.id,
            other_id=None if about.other is None else about.other.id,
            check=about.finding.check,
            decision=decision.value,
            reason=reason,
            contributor_id=nodes.contributors(session, [by], at)[by],
            statement_digest=kept[0][0].hex,
            manifest_digest=kept[1][0].hex,
            decided_at=at,
        )
        session.add(row)
        session.flush()
        return next(each for each in judgements(session, about.artwork.id) if each.number == row.id)


def judgements(session: Session, artwork_id: int) -> list[Judgement]:
    """List what was decided about an artwork, alone or with another picture, the earliest first.

    A decision about two artworks is listed for both; `other` is then the one that was not asked about.
    """
    query = decided(artwork_id).where(schema.Finding.id.is_not(None))
    answered: set[tuple[str | None, ...]] = set()
    listed: list[Judgement] = []
    for row, finding, by, one, two in session.execute(query.order_by(schema.Judgement.id.desc())):
        sentence = finding.sentence
        here, there = (one, two) if row.artwork_id == artwork_id else (two, one)
        other = None if there is None else there.uid
        question = (topic(row.check), other, None if other else sentence)
        listed.append(_judgement(row, sentence, by, here, there, holds=question not in answered))
        answered.add(question)
    return listed[::-1]


def decided(artwork_id: int | None = None) -> Select[*tuple[Any, ...]]:
    """Select decisions, all or those about an artwork: row, finding (None where it is lost), by whom, both pictures."""
    judged, first, second = schema.Judgement, aliased(Node), aliased(Node)
    query = (
        select(judged, schema.Finding, schema.Contributor.name, first, second)
        .outerjoin(schema.Finding, schema.Finding.id == judged.finding_id)
        .join(schema.Contributor, schema.Contributor.id == judged.contributor_id)
        .join(first, first.id == judged.artwork_id)
        .outerjoin(second, second.id == judged.other_id)
    )
    about = or_(judged.artwork_id == artwork_id, judged.other_id == artwork_id)
    return query if artwork_id is None else query.where(about)


def person_said(session: Session, artwork_id: int) -> list[PersonSaid]:
    """Give what was decided about an artwork, the earliest first, as a policy needs it.

    A work that came again with another record is the same picture: what was decided of one is said of all of them.
    """
    found = [each.said for each in judgements(session, artwork_id)]
    twins = _twins(session, {said.other for said in found if said.other and said.check in LIKENESS})
    return [
        PersonSaid(check=said.check, other=other, decision=said.decision, sentence=said.sentence)
        for said in found
        for other in (twins.get(said.other or "") or (said.other,))
    ]


def statement(
    archive: str,
    artwork: Node,
    other: Node | None,
    finding: schema.Finding,
    said: Mapping[str, Json],
    *,
    policy: str,
) -> bytes:
    """Write what was decided as the canonical JSON that is signed; `said` has decision, reason, by and at."""
    pair: dict[str, Json] = {"archive": archive, "artwork": artwork.uid}
    pair |= {"other": None if other is None else other.uid, "other_kind": None if other is None else other.kind}
    found: dict[str, Json] = {"check": finding.check, "version": finding.check_version, "sentence": finding.sentence}
    whole: Json = {**pair, "finding": found | {"severity": finding.severity}, **said, "policy": policy}
    return canonical_json({"judgement": whole}).encode()


def _given(text: str, what: str, why: str, option: str | None = None) -> str:
    given = recordable(text.strip(), what)
    if not given:
        raise UsageError(f"A decision needs a {what}, {why}. Give it by {option or f'--{what}'}.")
    return given


def _about(session: Session, typed: str, other: str | None, check: str | None) -> _About:
    """Find what is meant, and the latest finding about it. Raises NotFoundError, UsageError."""
    artwork = nodes.find(session, typed, kinds=[Kind.ARTWORK])
    finding = schema.Finding
    if other is None:
        if check is None:
            raise UsageError("Name the other picture, or by --check the check that found something in this one alone.")
        where, second = and_(finding.artwork_id == artwork.id, finding.other_id.is_(None)), None
    else:
        second = nodes.find(session, other, kinds=[Kind.WORK, Kind.ARTWORK])
        one, two = artwork.id, second.id
        where = or_(
            and_(finding.artwork_id == one, finding.other_id == two),
            and_(finding.artwork_id == two, finding.other_id == one),
        )
    # Of a pair that they look alike; that one is the nearest to the other is no accusation to be decided.
    meant = finding.check.in_(LIKENESS) if check is None else finding.check == check
    found = session.scalars(select(finding).where(where, meant).order_by(finding.id.desc()).limit(1)).first()
    if found is None:
        raise _nothing_found(artwork, second, check)
    return _About(artwork=artwork, other=second, finding=found)


def _nothing_found(artwork: Node, other: Node | None, check: str | None) -> NotFoundError:
    short = artwork.uid[: nodes.SHORT]
    pair = f"in {short} alone" if other is None else f"between {short} and the {other.kind} {other.uid[: nodes.SHORT]}"
    by = "" if check is None else f" by the check {check}"
    return NotFoundError(f"There is no finding{by} {pair}. `prov show {short}` lists what was found.")


def _claim(about: _About, at: datetime) -> Claim:
    return Claim(
        title=about.title,
        media_type=OCTETS,
        opening="created",
        when=at,
        digital_source_type="digitalCreation",
        description="What a person decided about a finding of an audit.",
    )


def _judgement(
    row: schema.Judgement, sentence: str, by: str, here: Node, there: Node | None, *, holds: bool
) -> Judgement:
    decision = PersonDecision(row.decision)
    return Judgement(
        number=row.id,
        artwork=here.uid,
        other=None if there is None else there.uid,
        other_kind=None if there is None else there.kind,
        check=row.check,
        finding=sentence,
        decision=decision,
        text=decision.sentence,
        reason=row.reason,
        by=by,
        at=row.decided_at,
        statement_digest=row.statement_digest,
        manifest_digest=row.manifest_digest,
        holds=holds,
    )


def _twins(session: Session, uids: Iterable[str]) -> dict[str, Sequence[str]]:
    """Find for works all works with the same pixels, themselves too."""
    work, node, twin, its = aliased(schema.Work), aliased(Node), aliased(schema.Work), aliased(Node)
    query = (
        select(node.uid, its.uid)
        .join(work, work.id == node.id)
        .join(twin, twin.pixels_digest == work.pixels_digest)
        .join(its, its.id == twin.id)
        .where(node.uid.in_(sorted(uids)))
    )
    found: dict[str, Any] = {}
    for uid, same in session.execute(query):
        found.setdefault(uid, []).append(same)
    return found
