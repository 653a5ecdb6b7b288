"""Sets of works as signed bundles: each is signed once, kept as a blob, and joined to every picture afterwards.

There are two of a set: with the works' records, and without people for what leaves publicly. The manifest's row
names the blob: for a node that is no file itself, `store_digest` and `store_size` are those of the signed file
that the store keeps.
"""

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.artwork import manifest_json
from provenance.archive.blobs import remember_blobs
from provenance.archive.rows import manifest_row
from provenance.collect.work import Consent, Work
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError
from provenance.schema import Edge, Kind, Node, Role
from provenance.sign.bundle import WorkSet, bundle, bundle_facts
from provenance.sign.definition import ZIP

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.sign.embed import Signed


def signed_bundle(archive: "Archive", node: int, *, people: bool = True) -> bytes:
    """Give the signed bundle of the dataset version or selection at row `node`; sign it if nobody did.

    It is signed anew where the archive signs with another identity now. Raises DamagedArchiveError where the rows
    are not those of the Merkle root, IdentityError, SigningError, StoreError.
    """
    signer = archive.signer
    with archive.database.read() as session:
        root = set_root(session, node)
        for digest in kept_bundles(session, node, archive.identity.fingerprint):
            data = archive.store.read(digest)
            said = bundle_facts(data)
            if said["merkle_root"] != root:
                message = "The signed bundle of a dataset has another Merkle root than its row. Run `prov db check`."
                raise DamagedArchiveError(message)
            if said["people"] is people:
                return data
        works = work_set(session, node)
    data, claim = bundle(works, people=people, at=utc_now())
    signed = signer.sign(data, ZIP, claim)
    _remember(archive, node, signed)
    return signed.data


def kept_bundles(session: Session, node: int, identity: Digest | None = None) -> list[Digest]:
    """List the signed bundles of a set that the store keeps, the latest first; of one `identity`, if it is given."""
    manifest = schema.Manifest
    query = select(manifest.store_digest).where(manifest.node_id == node).order_by(manifest.id.desc())
    if identity is not None:
        query = query.join(schema.Identity, schema.Identity.id == manifest.identity_id)
        query = query.where(schema.Identity.fingerprint == identity.hex)
    return [Digest(digest) for digest in session.scalars(query)]


def keep_signed(archive: "Archive", session: Session, node: int, signed: "Signed", media_type: str) -> None:
    """Write the rows of a signed file that the store keeps for a node; its bytes are in the store already."""
    digest = Digest.of(signed.data)
    remember_blobs(session, [(digest, len(signed.data), media_type)], utc_now())
    identities = dict(session.execute(select(schema.Identity.fingerprint, schema.Identity.id)).all())
    told = manifest_json(signed) | {"identity": archive.identity.fingerprint.hex}
    told |= {"store_digest": digest.hex, "store_size": len(signed.data)}
    session.add(schema.Manifest(**manifest_row(told, node, identities)))


def set_root(session: Session, node: int) -> str:
    """Give the recorded Merkle root of a dataset version or selection."""
    table = schema.Selection if _is_selection(session, node) else schema.DatasetVersion
    return session.scalars(select(table.merkle_root).where(table.id == node)).one()


def work_set(session: Session, node: int) -> WorkSet:
    """Read a dataset version or a selection with all its works."""
    selected = _is_selection(session, node)
    version_id = node
    if selected:
        version_id = session.scalars(select(schema.Selection.version_id).where(schema.Selection.id == node)).one()
    version, name = session.execute(
        select(schema.DatasetVersion, schema.Dataset.name)
        .join(schema.Dataset, schema.Dataset.id == schema.DatasetVersion.dataset_id)
        .where(schema.DatasetVersion.id == version_id)
    ).one()
    member = Edge.child_id == node, Edge.role == Role.MEMBER.value
    members = select(schema.Work).join(Edge, Edge.parent_id == schema.Work.id).where(*member)
    return WorkSet(
        uid=session.scalars(select(Node.uid).where(Node.id == node)).one(),
        name=name,
        version=version.number,
        selected=selected,
        merkle_root=set_root(session, node),
        works=[work_of(row) for row in session.scalars(members)],
    )


def work_of(row: schema.Work) -> Work:
    """Read a work from its row: the value whose record names it. Raises DamagedArchiveError."""
    try:
        return Work(
            file_digest=Digest(row.file_digest),
            pixels_digest=Digest(row.pixels_digest),
            file_size=row.file_size,
            media_type=row.media_type,
            width=row.width,
            height=row.height,
            name=row.name,
            title=row.title,
            creator=row.creator,
            licence=row.licence,
            source=row.source,
            category=row.category,
            subjects=tuple(row.subjects),
            series=row.series,
            consent=Consent(row.consent),
            extra=dict(row.extra),
        )
    except (TypeError, ValueError) as cause:
        message = f"The row of the work {row.name!r} cannot be read: {cause}. Run `prov db check`."
        raise DamagedArchiveError(message) from cause


def _is_selection(session: Session, node: int) -> bool:
    return session.scalars(select(Node.kind).where(Node.id == node)).one() == Kind.SELECTION.value


def _remember(archive: "Archive", node: int, signed: "Signed") -> None:
    archive.store.put(signed.data)
    with archive.database.write() as session:
        keep_signed(archive, session, node, signed, ZIP)
