"""`prov audit`: all checks are put to artworks that are there already, and what they find is recorded.

An audit that would say the same is not made again: its versions, lines and the works that it compared with are in its
row. Findings are added, never changed; of each check its latest audit is shown. One that compared with the works of
one dataset alone stands beside those that compared with all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.audit_questions import FEATURED, OTHERS, Questions
from provenance.archive.audit_rows import write_audits
from provenance.archive.choose import find_model
from provenance.archive.current import current_rows
from provenance.archive.feature_damage import damage, damage_named
from provenance.archive.features import embedder, fill
from provenance.archive.learnt_features import fill_own, own_embedder
from provenance.archive.licence_check import purpose_of
from provenance.archive.one_dataset import COMPARING, OneDataset
from provenance.archive.ruling import UNLOOKED, rule
from provenance.audit import Answer, copies, similarity
from provenance.audit.policy import Policy
from provenance.audit.policy_file import load_policy
from provenance.digest import Json
from provenance.errors import DamagedArchiveError, UsageError
from provenance.schema import Kind, Node
from provenance.words import Severity, count

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

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
    notice: str | None
    """Sentences where the index of copies had to be made anew, or could not be kept, or where the user's own network
    lacks the vectors of some pictures; None where there is nothing to say."""
    checks: tuple[str, ...]
    """What was asked."""
    dataset: OneDataset | None = None
    """The dataset whose works alone were compared; None for all works. What is said of artworks is of these then."""

    @property
    def whole(self) -> bool:
        """Whether every check was asked."""
        return self.checks == check_names()

    @property
    def compared(self) -> bool:
        """Whether artworks were held against works."""
        return not {copies.NAME, similarity.NAME}.isdisjoint(self.checks)


def check_names() -> tuple[str, ...]:
    """Name all checks of artworks."""
    return (similarity.NAME, copies.NAME, *OTHERS)


def audit(
    archive: "Archive",
    typed: Sequence[str] = (),
    *,
    everything: bool = False,
    model: str | None = None,
    dataset: str | None = None,
    checks: Sequence[str] = (),
    commercial: bool | None = None,
    again: bool = False,
    progress: Callable[[str, int, int], None] = lambda _phase, _done, _total: None,
) -> AuditOutcome:
    """Put `checks` (all, if none is named) to artworks: those `typed`, those of a model, or all.

    With a `dataset`, by NAME or NAME@VERSION, they are compared with its works alone. `commercial` says for what the
    artworks are meant, in place of the settings. `progress` hears of the phase, and how much of it is done. Raises
    UsageError, NotFoundError for what is not there, EngineError where weights are missing or cannot be used.
    """
    names = _names(checks)
    with archive.database.read() as session:
        only = None if dataset is None else _only(session, dataset, names)
        chosen = _chosen(session, typed, everything=everything, model=model)
    left_out, unproposed = _filled(archive, names, chosen, only, progress)
    with damage_named(archive):
        asked = Questions(archive, names, _options(archive, names, only, commercial=commercial), only)
        again_of = _put(archive, asked, chosen, left_out, again=again, progress=progress)
    policy = load_policy(archive.folder)
    return AuditOutcome(
        artworks=tuple(_ruled(archive, policy, uid, only, again=again) for uid, again in again_of.items()),
        works=asked.works,
        left_out=left_out,
        line=asked.line,
        notice=" ".join(filter(None, [asked.notice, unproposed])) or None,
        checks=names,
        dataset=only,
    )


def _filled(
    archive: "Archive",
    names: Sequence[str],
    chosen: Mapping[int, str],
    only: OneDataset | None,
    progress: Callable[[str, int, int], None],
) -> tuple[dict[str, str], str | None]:
    """Prepare pictures for comparing, if a check needs that; say which could not be, and for which search alone.

    Raises EngineError, NotFoundError before anything is written.
    """
    if FEATURED.isdisjoint(names):
        return {}, None
    own = own_embedder(archive.settings) if copies.NAME in names else None
    works = None if only is None else list(only.works)
    problems, unproposed = dict[str, str](), dict[str, str]()
    for phase, kind, rows in (("works", Kind.WORK, works), ("artworks", Kind.ARTWORK, list(chosen))):
        problems |= fill(archive, (kind,), only=rows, progress=partial(progress, phase)).problems
        if problems:
            embedder()  # without weights nothing can be compared: that is no fault of the pictures
        if own is not None:
            told = partial(progress, f"own {phase}")
            unproposed |= fill_own(archive, own, (kind,), only=rows, progress=told).problems
    return problems, _unproposed([said for uid, said in unproposed.items() if uid not in problems])


def _unproposed(problems: Sequence[str]) -> str | None:
    """Say of how many pictures the user's own network has no vector: the other searches have them."""
    if not problems:
        return None
    pictures = "1 picture" if len(problems) == 1 else f"{count(len(problems))} pictures"
    return f"Your own network could not look at {pictures}; the other searches did. {problems[0]}"


def _options(
    archive: "Archive", names: Sequence[str], only: OneDataset | None, *, commercial: bool | None
) -> dict[str, dict[str, Any]]:
    """Give what single checks are told beside the artwork."""
    options: dict[str, dict[str, Any]] = {} if only is None else {"nearest": {"dataset": only}}
    if "licence" in names:
        options["licence"] = {"purpose": purpose_of(archive, commercial=commercial)}
    return options


def _put(
    archive: "Archive",
    asked: Questions,
    chosen: Mapping[int, str],
    unseen: dict[str, str],
    *,
    again: bool,
    progress: Callable[[str, int, int], None],
) -> dict[str, bool]:
    """Ask about each artwork, and write down what is answered; say which were asked about now.

    Those that turn out to be `unseen` come to the others there, with a sentence each.
    """
    again_of = dict[str, bool]()
    waiting: list[tuple[int, Answer]] = []
    try:
        for done, (row, uid) in enumerate(chosen.items(), 1):
            again_of[uid] = again or uid in unseen or not asked.known(row, uid)
            if again_of[uid]:
                waiting.append((row, _answer(archive, asked, row, uid, unseen)))
            if len(waiting) >= _KEPT:
                write_audits(archive, waiting)
                waiting = []
            progress("checks", done, len(chosen))
    finally:
        write_audits(archive, waiting)  # Ctrl-C keeps what was answered
    return again_of


def _answer(archive: "Archive", asked: Questions, row: int, uid: str, unseen: dict[str, str]) -> Answer:
    """Ask about one artwork; of one whose own features are damaged only what the record says."""
    try:
        return asked.answer(row, uid, seen=uid not in unseen)
    except DamagedArchiveError:
        with archive.database.read() as session:
            own = damage(session, row)
        if own is None or uid in unseen:
            raise
        unseen[uid] = own
        return asked.answer(row, uid, seen=False)


def _ruled(archive: "Archive", policy: Policy, uid: str, only: OneDataset | None, *, again: bool) -> Audited:
    """Weigh what is known of an artwork now, as an export would; where one dataset is meant, what is about that."""
    ruling = rule(archive, uid, policy).ruling
    reasons = [reason for reason in ruling.reasons if reason.finding.check != UNLOOKED]
    if only is None:
        severity, number = ruling.effect.value if reasons else None, len(reasons) + len(ruling.dismissed)
        return Audited(uid=uid, severity=severity, findings=number, again=again)
    with archive.database.read() as session:
        rows = current_rows(session, [nodes.node_id(session, uid)], dataset=only.uid)
        about = {(row.Finding.check, row.uid) for row in rows}
    effects = [reason.effect for reason in reasons if (reason.finding.check, reason.finding.other) in about]
    heaviest = next(iter(effects), Severity.NOTE if rows else None)  # the heaviest comes first
    return Audited(uid=uid, severity=heaviest and heaviest.value, findings=len(rows), again=again)


def _only(session: Session, typed: str, names: Sequence[str]) -> OneDataset:
    if COMPARING.isdisjoint(names):
        raise UsageError(f"The check {names[0]} does not compare with works. Leave --dataset out.")
    return OneDataset.find(session, typed)


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
