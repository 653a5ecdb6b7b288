"""`prov audit`: all checks are put to artworks that are there already, and what they find is recorded.

An audit that would say the same is not made again: its versions, lines and the works that it compared with are in its
row. Findings are added, never changed; the latest audit of an artwork is the one that is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.audit_rows import write_audits
from provenance.archive.choose import find_model
from provenance.archive.continued import continued
from provenance.archive.copies_check import CopiesCheck
from provenance.archive.features import fill
from provenance.archive.licence_sources import KNOWN
from provenance.archive.ruling import UNLOOKED, rule
from provenance.archive.thresholds import thresholds
from provenance.audit import CHECKS, Answer, Subject, ask, copies
from provenance.audit.policy import Policy
from provenance.audit.policy_file import load_policy
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.fingerprint.method import Fingerprint
from provenance.schema import Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

SIMILARITY: Final = "similarity"

OTHERS: Final[Mapping[str, str]] = {
    "licence": "provenance.archive.licence_check",
    "completeness": "provenance.archive.completeness_check",
    "integrity": "provenance.archive.integrity_check",
    "nearest": "provenance.archive.nearest_check",
}
"""Checks that read the record, by name: the module that has `NAME`, `VERSION` and `findings`."""

ALWAYS: Final = ("completeness", "integrity")
"""Those of them that are asked at every audit: no setting tells that a file was damaged, or a picture reproduced."""

_KEPT: Final = 20
"""Artworks whose answers are written in one transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """An artwork that was audited, now or before."""

    uid: str
    severity: str | None
    """What the archive's policy makes of the findings that no person dismissed; None where there is none."""
    findings: int
    again: bool
    """Whether it was audited now; False where the audit on record would say the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOutcome:
    """What came of an audit."""

    artworks: tuple[Audited, ...]
    works: int
    """Works that each was held against."""
    left_out: Mapping[str, str]
    """Works and artworks whose picture could not be read, with a sentence each."""
    line: Mapping[str, Json]
    """The line at which copies are flagged."""


def check_names() -> tuple[str, ...]:
    """Name all checks of artworks."""
    return (SIMILARITY, copies.NAME, *OTHERS)


def audit(
    archive: "Archive",
    typed: Sequence[str] = (),
    *,
    everything: bool = False,
    model: str | None = None,
    checks: Sequence[str] = (),
    again: bool = False,
    progress: Callable[[str, int, int], None] = lambda _phase, _done, _total: None,
) -> AuditOutcome:
    """Put `checks` (all, if none is named) to artworks: those `typed`, those of a model, or all.

    `progress` hears of the phase, and how much of it is done. Raises UsageError, and NotFoundError for what is not
    there.
    """
    names = _names(checks)
    with archive.database.read() as session:
        chosen = _chosen(session, typed, everything=everything, model=model)
    filled = fill(archive, (Kind.WORK,), progress=lambda done, total: progress("works", done, total))
    own = fill(
        archive, (Kind.ARTWORK,), progress=lambda done, total: progress("artworks", done, total), only=list(chosen)
    )
    archive.indexes.refresh()
    asked = _Asked(archive, names)
    again_of = dict[str, bool]()
    waiting: list[tuple[int, Answer]] = []
    try:
        for done, (row, uid) in enumerate(chosen.items(), 1):
            seen = uid not in own.problems
            again_of[uid] = again or not seen or not asked.known(row, uid)
            if again_of[uid]:
                waiting.append((row, asked.answer(row, uid, seen=seen)))
            if len(waiting) >= _KEPT:
                write_audits(archive, waiting)
                waiting = []
            progress("checks", done, len(chosen))
    finally:
        write_audits(archive, waiting)  # Ctrl-C keeps what was answered
    policy = load_policy(archive.folder)
    return AuditOutcome(
        artworks=tuple(_ruled(archive, policy, uid, again=again) for uid, again in again_of.items()),
        works=asked.works,
        left_out={**filled.problems, **own.problems},
        line=asked.line,
    )


def _ruled(archive: "Archive", policy: Policy, uid: str, *, again: bool) -> Audited:
    """Weigh what is known of an artwork now, as an export would."""
    ruling = rule(archive, uid, policy).ruling
    findings = [reason.finding for reason in ruling.reasons if reason.finding.check != UNLOOKED]
    return Audited(
        uid=uid,
        severity=ruling.effect.value if findings else None,
        findings=len(findings) + len(ruling.dismissed),
        again=again,
    )


class _Asked:
    """The checks, held ready for many artworks."""

    def __init__(self, archive: "Archive", names: Sequence[str]) -> None:
        self._archive = archive
        self._names = names
        self._copies = CopiesCheck(archive) if copies.NAME in names else None
        self._modules = {name: import_module(OTHERS[name]) for name in names if name in OTHERS}
        self._behind: dict[Any, Any] = {}  # what is behind models, counted once
        self.works = len(self._copies.uids) if self._copies is not None else 0
        self.line: Mapping[str, Json] = {} if self._copies is None else self._copies.line.record()
        self._settings = self._current()

    def known(self, row: int, uid: str) -> bool:
        """Tell whether the latest audit of an artwork would say the same today."""
        query = select(schema.Audit).where(schema.Audit.artwork_id == row).order_by(schema.Audit.id.desc()).limit(1)
        with self._archive.database.read() as session:
            found = session.scalars(query).first()
            settings = None if found is None else {name: found.checks.get(name) for name in self._settings}
            return found is not None and settings == self._settings and self._same(session, found, uid)

    def _same(self, session: Session, audit: schema.Audit, uid: str) -> bool:
        """Tell whether the checks that are always asked still say what they said."""
        session.info[KNOWN] = self._behind
        finding = schema.Finding
        names = [name for name in self._modules if name in ALWAYS]
        query = select(finding.check, finding.severity, finding.sentence).where(finding.audit_id == audit.id)
        before = sorted(tuple(row) for row in session.execute(query.where(finding.check.in_(names))))
        now = [each for name in names for each in self._modules[name].findings(self._archive, session, uid)]
        return before == sorted((each.check, each.severity.value, each.sentence) for each in now)

    def answer(self, row: int, uid: str, *, seen: bool = True) -> Answer:
        """Put all checks to an artwork; one that could not be `seen` only those that read the record."""
        with self._archive.database.read() as session:
            session.info[KNOWN] = self._behind
            alike = self._alike(session, row, uid) if SIMILARITY in self._names else Answer()
            found = list(alike.findings)
            if self._copies is not None and seen:
                found += self._copies.findings(session, row, uid)
            for module in self._modules.values():
                found += module.findings(self._archive, session, uid)
        return Answer(
            findings=found,
            matches=alike.matches,
            works_compared=max(alike.works_compared, self.works),
            artworks_compared=alike.artworks_compared,
            settings={**alike.settings, **self._settings},
        )

    def _current(self) -> dict[str, Json]:
        settings: dict[str, Json] = {
            name: module.settings(self._archive) if hasattr(module, "settings") else {"version": module.VERSION}
            for name, module in sorted(self._modules.items())
        }
        if self._copies is not None:
            settings[copies.NAME] = dict(self._copies.settings())
        settings["policy"] = {"digest": str(load_policy(self._archive.folder).digest)}
        return settings

    def _alike(self, session: Session, row: int, uid: str) -> Answer:
        """Compare fingerprints anew: with the works and artworks that there are now."""
        fingerprints = {
            each.method: Fingerprint(method=each.method, codes=each.codes, quality=each.quality)
            for each in session.scalars(select(schema.Fingerprint).where(schema.Fingerprint.node_id == row))
        }
        subject = Subject(
            uid=uid,
            related=continued(self._archive, [uid]) | _descendants(session, row),
            fingerprints=fingerprints,
            works=self._archive.indexes.works(),
            artworks=self._archive.indexes.artworks(),
            thresholds=thresholds(self._archive.settings),
            keep=self._archive.settings.nearest,
        )
        return ask(subject, CHECKS)


def _names(checks: Sequence[str]) -> tuple[str, ...]:
    known = check_names()
    for name in checks:
        if name not in known:
            raise UsageError(f"There is no check {name!r}. There are: {', '.join(known)}.")
    return tuple(name for name in known if name in checks) if checks else known


def _chosen(session: Session, typed: Sequence[str], *, everything: bool, model: str | None) -> dict[int, str]:
    """Name the artworks: row to uid, in the order in which they came."""
    if not (typed or everything or model):
        raise UsageError("Say which artworks: their ids, all of a model by --model, or --all.")
    query = select(Node.id, Node.uid).where(Node.kind == Kind.ARTWORK.value).order_by(Node.id)
    if typed:
        found = [nodes.find(session, each, kinds=[Kind.ARTWORK]) for each in typed]
        return {node.id: node.uid for node in found}
    if model is not None:
        query = query.join(schema.Artwork, schema.Artwork.id == Node.id)
        query = query.join(schema.Run, schema.Run.id == schema.Artwork.run_id)
        query = query.where(schema.Run.model_id == find_model(session, model).id)
    return dict(session.execute(query).all())


def _descendants(session: Session, row: int) -> frozenset[str]:
    """Name the artworks that were made from this one: that those look like it is no finding about it."""
    edge = schema.Edge
    seen, front = {row}, {row}
    while front:
        step = select(edge.child_id).where(edge.parent_id.in_(front), edge.role == schema.Role.PARENT.value)
        front = set(session.scalars(step)) - seen
        seen |= front
    return frozenset(session.scalars(select(Node.uid).where(Node.id.in_(seen))))
