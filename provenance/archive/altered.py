"""Whether the rows of the chain are still those that its digests were made of: works, sets, models, signed papers.

Everything that can be computed again is: one row, one edge or one byte of weights that was altered shows as a
sentence. What is signed (bundles, sidecars) also shows an alteration that keeps the rows in step with one another.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.altered_artworks import artwork_problems
from provenance.archive.altered_exports import export_problems
from provenance.archive.altered_inputs import input_problems
from provenance.archive.altered_rules import rule_problems
from provenance.archive.altered_seals import seal_problems
from provenance.archive.altered_steps import step_problems
from provenance.archive.altered_weights import weights_problems
from provenance.archive.bundles import kept_bundles, work_of
from provenance.archive.judgement_seals import judgement_problems
from provenance.archive.weights import open_weights
from provenance.collect.merkle import dataset_root
from provenance.digest import Digest, Json
from provenance.errors import NotFoundError, ProvenanceError
from provenance.generate.pipeline_identity import change, identity_digest
from provenance.schema import Edge, Kind, Node, Role
from provenance.sign.bundle import bundle_facts
from provenance.sign.definition import ZIP
from provenance.sign.sidecar import read_as

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_PAGE = 1_000
_SAFETENSORS = "safetensors"


def chain_problems(archive: "Archive") -> Iterator[str]:
    """Compute again what ids, Merkle roots and digests are made of, and hold every row against what was signed.

    Yields a sentence per mismatch; docs/integrity.md lists what is found by what.

    Weights are read whole, and so is every signed bundle. Weights that are kept elsewhere and are not there now are
    passed over: nothing can be said of them.
    """
    with archive.database.read() as session:
        yield from _guarded("works", _works(session))
        yield from _guarded("contributors", _contributors(session))
        yield from _guarded("datasets", _versions(session))
        yield from _guarded("selections", _selections(session))
        yield from _guarded("signed sets", _bundles(archive, session))
        yield from _guarded("models", _models(archive, session))
        yield from _guarded("lineage", step_problems(archive, session))
        yield from _guarded("lineage", input_problems(session))
        yield from _guarded("artworks and runs", rule_problems(archive, session))
        yield from _guarded("weights and trainings", weights_problems(archive, session))
        yield from _guarded("artworks", artwork_problems(archive, session))
        yield from _guarded("exports", export_problems(archive, session))
        yield from _guarded("decisions", judgement_problems(archive, session))
    yield from _guarded("seals", seal_problems(archive))


def _guarded(what: str, problems: Iterator[str]) -> Iterator[str]:
    """Pass on what is found; a row that cannot even be read is found too, and the next check goes on."""
    try:
        yield from problems
    except ProvenanceError as error:
        yield str(error)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, InvalidRequestError) as cause:
        yield f"A row about {what} cannot be read, so that not all of them were checked: {cause}."


def _works(session: Session) -> Iterator[str]:
    last = 0
    query = select(schema.Work, Node.uid).join(Node, Node.id == schema.Work.id).order_by(schema.Work.id)
    while page := session.execute(query.where(schema.Work.id > last).limit(_PAGE)).all():
        for work, uid in page:
            last = work.id
            try:
                found = work_of(work).uid
            except ProvenanceError as error:
                yield str(error)
                continue
            if found != uid:
                yield f"The work {_short(uid)} ({work.name}) has been altered: its record has the id {_short(found)}."
        session.expunge_all()


def _contributors(session: Session) -> Iterator[str]:
    query = select(schema.Contributor.name, Node.uid).join(Node, Node.id == schema.Contributor.id)
    for name, uid in session.execute(query):
        if nodes.contributor_uid(name) != uid:
            yield f"The contributor {_short(uid)} has been altered: the id is not that of the name {name!r}."


def _versions(session: Session) -> Iterator[str]:
    version, dataset = schema.DatasetVersion, schema.Dataset
    query = select(version, dataset.name, Node.uid).join(dataset, dataset.id == version.dataset_id)
    for row, name, uid in session.execute(query.join(Node, Node.id == version.id)).all():
        what = f"The dataset {name} version {row.number}"
        facts: dict[str, Json] = {"name": name, "number": row.number, "root": row.merkle_root}
        if Digest.of_json({"dataset": facts}).hex != uid:
            yield f"{what} has been altered: its name, number and Merkle root are not those of its id {_short(uid)}."
        yield from _members(session, row, what)


def _selections(session: Session) -> Iterator[str]:
    selection = schema.Selection
    for row, uid in session.execute(select(selection, Node.uid).join(Node, Node.id == selection.id)).all():
        yield from _members(session, row, f"The selection {_short(uid)}")


def _members(session: Session, row: schema.DatasetVersion | schema.Selection, what: str) -> Iterator[str]:
    query = select(Node.uid).join(Edge, Edge.parent_id == Node.id)
    uids = session.scalars(query.where(Edge.child_id == row.id, Edge.role == Role.MEMBER.value)).all()
    if len(uids) != row.works:
        yield f"{what} has {len(uids)} works; its row says {row.works}."
    if dataset_root(uids) != row.merkle_root:
        yield f"{what} has other works than when it was made: they do not make up its Merkle root."


def _bundles(archive: "Archive", session: Session) -> Iterator[str]:
    """Hold every signed bundle against the row of its set: the signature keeps what the row said then."""
    for table in (schema.DatasetVersion, schema.Selection):
        query = select(table.id, table.merkle_root, Node.uid).join(Node, Node.id == table.id)
        for row, root, uid in session.execute(query).all():
            for digest in kept_bundles(session, row):
                yield from _bundle(archive, digest, root, uid)


def _bundle(archive: "Archive", digest: Digest, root: str, uid: str) -> Iterator[str]:
    what = f"The signed bundle {digest.hex[: nodes.SHORT]} of the set {_short(uid)}"
    try:
        data = archive.store.read(digest)
        said = bundle_facts(data)
    except ProvenanceError as error:
        yield str(error)
        return
    if (said.get("uid"), said.get("merkle_root")) != (uid, root):
        yield f"{what} was signed for other works than the rows name now."
    if read_as(data, ZIP).intact is not True:
        yield f"{what} is not as it was signed."


def _models(archive: "Archive", session: Session) -> Iterator[str]:
    from provenance.archive.choose import facts_of

    query = select(schema.Model, Node.uid).join(Node, Node.id == schema.Model.id).where(Node.kind == Kind.MODEL.value)
    for model, uid in session.execute(query).all():
        what = f"The model {model.name} version {model.version} ({_short(uid)})"
        try:
            found = facts_of(model).uid
        except ValueError:
            found = ""
        if found != uid:
            yield f"{what} has been altered: its row is not that of its id."
        weights = session.get(schema.Weights, model.id)
        if weights is not None:
            yield from _weights(archive, model, weights, what)


def _weights(archive: "Archive", model: schema.Model, weights: schema.Weights, what: str) -> Iterator[str]:
    if weights.format == _SAFETENSORS:
        if weights.file_digest != model.digest:
            yield f"{what} names other weights than those that were kept for it."
        if weights.file_digest is not None:
            yield from _blob(archive, weights.file_digest, what)
        return
    if identity_digest(weights.identity).hex != model.digest:
        yield f"{what} has been altered: what its row says of its parts is not what its digest was made of."
    try:
        changed = change(open_weights(archive, model.id))
    except NotFoundError:
        return
    except ProvenanceError as error:
        changed = str(error)
    if changed is not None:
        yield f"{what}: {changed}"


def _blob(archive: "Archive", digest: str, what: str) -> Iterator[str]:
    try:
        found = Digest.of_file(archive.store.path(Digest(digest))).hex
    except ProvenanceError as error:
        yield str(error)
        return
    if found != digest:
        yield f"{what}: a byte of its weights was altered; their digest is {_short(found)}, not {_short(digest)}."


def _short(uid: str) -> str:
    return uid[: nodes.SHORT]
