"""Everything about one artwork, read in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.current import current_rows, finding_of, latest_audits
from provenance.archive.judgements import Judgement, judgements, person_said
from provenance.archive.labels import labels
from provenance.archive.search import makers
from provenance.archive.standing import Known, standings
from provenance.audit.policy import PersonSaid
from provenance.schema import Kind
from provenance.words import PersonDecision, Standing, about_work

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRow:
    """One of the nearest pictures."""

    uid: str
    kind: str
    label: str
    method: str
    distance: int
    bits: int
    orientation: int
    flagged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRow:
    """One answer of a check."""

    severity: str
    check: str
    sentence: str
    """As recorded; of a work it also says what that work is now."""
    other: str | None
    standing: Standing | None = None
    """What the other one is, if it is a work."""
    decision: PersonDecision | None = None
    """What a person decided about it, if that holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """Everything about one artwork."""

    uid: str
    label: str
    making: str
    source_type: str
    title: str | None
    seed: str | None
    width: int
    height: int
    file_digest: str
    pixels_digest: str
    made_at: datetime
    by: str | None
    run: Mapping[str, Any] | None
    parameters: Mapping[str, Any]
    edit: Mapping[str, Any] | None
    imported: Mapping[str, Any] | None
    """How it came as a file, and what that file says of itself; None where it did not."""
    manifest: Mapping[str, Any] | None
    works_compared: int
    """All works are compared with: training works, and pictures that models were given."""
    works_known: int
    """Works that the archive knows now: what came later was not compared."""
    artworks_compared: int
    matches: Sequence[MatchRow]
    findings: Sequence[FindingRow]
    judgements: Sequence[Judgement]
    """What people decided about findings, the earliest first; those about findings of earlier audits too."""
    reproductions: Sequence[Mapping[str, Any]]
    exports: Sequence[Mapping[str, Any]]
    edited_into: Sequence[str]


def show(archive: "Archive", typed: str, *, dataset: str | None = None) -> Detail:
    """Read everything about the artwork whose id begins with `typed`. Raises NotFoundError, UsageError.

    With the uid of a `dataset`, of the checks that compare with works only what they found among its works.
    """
    with archive.database.read() as session:
        node = nodes.find(session, typed, kinds=[Kind.ARTWORK])
        artwork = session.get_one(schema.Artwork, node.id)
        audit = _comparing(session, node.id, dataset)
        return Detail(
            uid=node.uid,
            label=labels(session, {node.id: Kind.ARTWORK})[node.id],
            making=artwork.making,
            source_type=artwork.source_type,
            title=artwork.title,
            seed=artwork.seed,
            width=artwork.width,
            height=artwork.height,
            file_digest=artwork.file_digest,
            pixels_digest=artwork.pixels_digest,
            made_at=artwork.made_at,
            by=makers(session, [node.id]).get(node.id),
            run=_run(session, artwork.run_id),
            parameters=artwork.parameters,
            edit=_edit(session, node.id),
            imported=_imported(session, node.id),
            manifest=_manifest(session, node.id),
            works_compared=audit.works_compared if audit else 0,
            works_known=_works_known(session, dataset),
            artworks_compared=audit.artworks_compared if audit else 0,
            matches=_matches(session, audit.id) if audit else (),
            findings=_findings(session, node.id, dataset),
            judgements=judgements(session, node.id),
            reproductions=_reproductions(session, node.id),
            exports=_exports(session, node.id),
            edited_into=_edited_into(session, node.id),
        )


def _comparing(session: Session, artwork_id: int, dataset: str | None) -> schema.Audit | None:
    """Find the audit that last compared an artwork with works."""
    latest = latest_audits(session, [artwork_id], dataset=dataset)
    found = (latest.get((artwork_id, check)) for check in ("similarity", "copies"))
    return next((session.get_one(schema.Audit, row) for row in found if row is not None), None)


def _works_known(session: Session, dataset: str | None) -> int:
    if dataset is not None:
        return session.get_one(schema.DatasetVersion, nodes.node_id(session, dataset)).works
    return session.scalar(select(func.count()).select_from(schema.Work)) or 0


def _run(session: Session, run_id: int | None) -> dict[str, Any] | None:
    if run_id is None:
        return None
    run = session.get_one(schema.Run, run_id)
    model = session.get_one(schema.Model, run.model_id)
    end = session.get(schema.RunEnd, run_id)
    environment = session.get_one(schema.Environment, run.environment_id)
    return {
        "uid": session.get_one(schema.Node, run_id).uid,
        "model": {
            "uid": session.get_one(schema.Node, run.model_id).uid,
            "name": model.name,
            "engine": model.engine,
            "version": model.version,
            "distribution": model.distribution,
            "digest": model.digest,
            "digest_of": model.digest_of,
            "licence": model.licence,
        },
        "seed": run.seed,
        "prompt": run.prompt,
        "parameters": run.parameters,
        "started_at": run.started_at.isoformat(),
        "outcome": end.outcome if end else "open",
        "environment": environment.record,
    }


def _edit(session: Session, artwork_id: int) -> dict[str, Any] | None:
    edit = session.get(schema.Edit, artwork_id)
    if edit is None:
        return None
    return {
        "parent": session.get_one(schema.Node, edit.parent_id).uid,
        "by": session.get_one(schema.Contributor, edit.contributor_id).name,
        "actions": edit.actions,
        "tool": edit.tool,
        "model": edit.model,
        "note": edit.note,
        "measure": edit.measure,
        "changed_share": edit.changed_share,
        "evidence": edit.evidence,
    }


def _imported(session: Session, artwork_id: int) -> dict[str, Any] | None:
    row = session.get(schema.Import, artwork_id)
    if row is None:
        return None
    copied = ("name", "program", "claims", "manifest_state", "manifest_label", "received_digest")
    return {name: getattr(row, name) for name in copied} | {"imported_at": row.imported_at.isoformat()}


def _manifest(session: Session, node: int) -> dict[str, Any] | None:
    query = select(schema.Manifest, schema.Identity).join(
        schema.Identity, schema.Identity.id == schema.Manifest.identity_id
    )
    row = session.execute(query.where(schema.Manifest.node_id == node).limit(1)).first()
    if row is None:
        return None
    manifest, identity = row
    return {
        "label": manifest.label,
        "store_digest": manifest.store_digest,
        "store_size": manifest.store_size,
        "state": manifest.state,
        "codes": manifest.codes,
        "signed_at": manifest.signed_at.isoformat(),
        "identity": identity.name,
        "identity_kind": identity.kind,
        "signer": identity.subject,
    }


def _matches(session: Session, audit_id: int) -> list[MatchRow]:
    match = schema.Match
    query = select(match, schema.Node.uid, schema.Node.kind).join(schema.Node, schema.Node.id == match.other_id)
    rows = session.execute(query.where(match.audit_id == audit_id).order_by(match.method, match.distance)).all()
    texts = labels(session, {row.Match.other_id: Kind(row.kind) for row in rows})
    return [
        MatchRow(
            uid=uid,
            kind=kind,
            label=texts[item.other_id],
            method=item.method,
            distance=item.distance,
            bits=item.bits,
            orientation=item.orientation,
            flagged=item.flagged,
        )
        for item, uid, kind in rows
    ]


def _findings(session: Session, artwork_id: int, dataset: str | None) -> list[FindingRow]:
    rows = current_rows(session, [artwork_id], dataset=dataset)
    works = {row.Finding.other_id for row in rows if row.kind == Kind.WORK.value}
    known = standings(session, artwork_id, works)
    said = person_said(session, artwork_id)
    return [
        _finding(item, uid, None if item.other_id is None else known.get(item.other_id), said) for item, uid, _ in rows
    ]


def _finding(item: schema.Finding, other: str | None, known: Known | None, said: Sequence[PersonSaid]) -> FindingRow:
    found = FindingRow(
        severity=item.severity,
        check=item.check,
        sentence=item.sentence,
        other=other,
        decision=next((each.decision for each in reversed(said) if each.is_about(finding_of(item, other))), None),
    )
    if other is None or known is None:
        return found
    standing, truth = known
    sentence = about_work(item.sentence, other[: nodes.SHORT], standing, truth)
    return replace(found, sentence=sentence, standing=standing)


def _reproductions(session: Session, artwork_id: int) -> list[dict[str, Any]]:
    query = select(schema.Reproduction).where(schema.Reproduction.artwork_id == artwork_id)
    return [
        {
            "verdict": item.verdict,
            "tried_at": item.tried_at.isoformat(),
            "largest_difference": item.largest_difference,
            "differing_share": item.differing_share,
            "causes": item.causes,
        }
        for item in session.scalars(query.order_by(schema.Reproduction.id))
    ]


def _exports(session: Session, artwork_id: int) -> list[dict[str, Any]]:
    query = select(schema.Export, schema.Node.uid).join(schema.Node, schema.Node.id == schema.Export.id)
    rows = session.execute(query.where(schema.Export.artwork_id == artwork_id).order_by(schema.Export.id))
    return [
        {
            "uid": uid,
            "name": item.name,
            "media_type": item.media_type,
            "disclosure": item.disclosure,
            "file_digest": item.file_digest,
            "exported_at": item.exported_at.isoformat(),
        }
        for item, uid in rows
    ]


def _edited_into(session: Session, artwork_id: int) -> list[str]:
    edit = schema.Edit
    query = select(schema.Node.uid).join(edit, edit.artwork_id == schema.Node.id).where(edit.parent_id == artwork_id)
    return list(session.scalars(query.order_by(edit.artwork_id)))
