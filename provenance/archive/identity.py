"""Which identities the archive signs with and knows."""

from typing import TYPE_CHECKING

from sqlalchemy import select

from provenance import schema
from provenance.database import utc_now
from provenance.errors import IdentityError
from provenance.sign.read import Anchor

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.sign.identity import Identity

OWN_ANCHOR = "this archive"
"""How the anchors of the archive's own trial identities are called."""


def remember(archive: "Archive", identity: "Identity") -> None:
    """Write an identity's certificates down, once; its key stays where it is."""
    with archive.database.write() as session:
        known = select(schema.Identity.id).where(schema.Identity.fingerprint == identity.fingerprint.hex)
        if session.scalar(known) is None:
            session.add(
                schema.Identity(
                    name=identity.name,
                    kind=identity.kind,
                    algorithm=identity.algorithm,
                    fingerprint=identity.fingerprint.hex,
                    subject=identity.subject,
                    chain=identity.chain.decode(),
                    root=None if identity.root is None else identity.root.decode(),
                    not_before=identity.not_before,
                    not_after=identity.not_after,
                    recorded_at=utc_now(),
                )
            )


def anchors(archive: "Archive") -> tuple[Anchor, ...]:
    """List the certificate authorities that signatures are held against."""
    with archive.database.read() as session:
        rows = session.execute(select(schema.Identity.name, schema.Identity.root)).all()
    own = "".join(dict.fromkeys(root for _, root in rows if root))
    found = [Anchor(name=OWN_ANCHOR, pem=own.encode())] if own else []
    for path in archive.settings.anchor_paths():
        try:
            found.append(Anchor(name=path.stem, pem=path.read_bytes()))
        except OSError as cause:
            message = f"The trust anchor {path} cannot be read: {cause.strerror}. Correct signing.anchors in prov.toml."
            raise IdentityError(message) from cause
    return tuple(found)
