"""Which figures on a model's bias go into the manifests of its artworks as they leave."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from provenance import schema
from provenance.archive import nodes
from provenance.archive.ruling import first_artwork
from provenance.audit.bias_material import NAME
from provenance.audit.bias_travel import travelling
from provenance.digest import Digest, Json
from provenance.errors import UsageError
from provenance.settings import Settings
from provenance.words import Disclosure

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

LEVELS: Final[Mapping[str, frozenset[Disclosure]]] = {
    "never": frozenset(),
    "full": frozenset({Disclosure.FULL}),
    "public": frozenset({Disclosure.FULL, Disclosure.PUBLIC}),
}
"""What `audit.bias_travels` may say, and with which disclosures figures travel then. A minimal one names no model."""


def levels(settings: Settings) -> frozenset[Disclosure]:
    """Give the disclosures with which figures travel. Raises UsageError for a setting that says something else."""
    if settings.bias_travels not in LEVELS:
        raise UsageError(
            f"The setting audit.bias_travels is {settings.bias_travels!r}; it must be one of: {', '.join(LEVELS)}."
        )
    return LEVELS[settings.bias_travels]


def bias_of_model(archive: "Archive", uid: str, disclosure: Disclosure) -> dict[str, Json]:
    """Give what the latest audit said of the bias of the model behind an artwork; nothing if none may travel, or is.

    Only a full disclosure names creators. Raises UsageError for a wrong setting, NotFoundError for no artwork.
    """
    if disclosure not in levels(archive.settings):
        return {}
    audit, artwork, run = schema.ModelAudit, schema.Artwork, schema.Run
    with archive.database.read() as session:
        first = first_artwork(session, nodes.node_id(session, uid))
        query = select(audit).join(run, run.model_id == audit.model_id).join(artwork, artwork.run_id == run.id)
        rows = session.scalars(query.where(artwork.id == first, audit.check == NAME).order_by(audit.id)).all()
        session.expunge_all()
    if not rows:
        return {}
    last = [row for row in rows if row.audited_at == rows[-1].audited_at]
    people = disclosure is Disclosure.FULL
    return travelling([row.record for row in last], last[0].audited_at, audit_digest(last), people=people)


def audit_digest(rows: Sequence[schema.ModelAudit]) -> Digest:
    """Name one audit of a model by all that it said."""
    told: Json = [[row.check, row.check_version, row.severity, row.sentence, row.record] for row in rows]
    return Digest.of_json({"model_audit": {"at": rows[0].audited_at.isoformat(), "findings": told}})
