"""Which identities the archive signs with and knows."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from provenance import schema, settings
from provenance.database import utc_now
from provenance.errors import IdentityError
from provenance.sign.identity import create_trial, import_identity, listing, save
from provenance.sign.reading import Anchor

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.sign.identity import Identity, PublicIdentity

_FOLDER = "identity"

OWN_ANCHOR = "this archive"
"""How the anchors of the archive's own trial identities are called."""


def remember(archive: "Archive", identity: "PublicIdentity") -> None:
    """Write an identity's certificates down, once; its key stays where it is."""
    known = select(schema.Identity.id).where(schema.Identity.fingerprint == identity.fingerprint.hex)
    # The writer's turn, though nearly always nothing is new: whoever signs next writes, and hears here of a lock.
    with archive.database.write() as session:
        if session.scalar(known) is None:
            session.add(identity_row(identity))


def identity_row(identity: "PublicIdentity") -> schema.Identity:
    """Make the row of an identity's certificates."""
    return schema.Identity(
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


def anchors(archive: "Archive") -> tuple[Anchor, ...]:
    """List the certificate authorities that signatures are held against."""
    with archive.database.read() as session:
        rows = session.execute(select(schema.Identity.name, schema.Identity.kind, schema.Identity.root)).all()
    own = "".join(dict.fromkeys(row.root for row in rows if row.root and row.kind == "trial"))
    found = [Anchor(name=OWN_ANCHOR, pem=own.encode())] if own else []
    found += [Anchor(name=row.name, pem=row.root.encode()) for row in rows if row.root and row.kind != "trial"]
    for path in archive.settings.anchor_paths():
        try:
            found.append(Anchor(name=path.stem, pem=path.read_bytes()))
        except OSError as cause:
            message = f"The trust anchor {path} cannot be read: {cause.strerror}. Correct signing.anchors in prov.toml."
            raise IdentityError(message) from cause
    return tuple(found)


def common_name(subject: str) -> str:
    """Take the name for people out of a certificate's subject, as RFC 4514 writes it."""
    found = re.search(r"(?:^|,)CN=((?:[^,\\]|\\.)+)", subject)
    return found[1] if found else subject


def identities(archive: "Archive") -> tuple["PublicIdentity", ...]:
    """List the identities whose files lie in the archive."""
    return listing(archive.folder / _FOLDER)


def create(archive: "Archive", name: str, *, organisation: str, passphrase: str | None) -> "Identity":
    """Make a trial identity. Raises IdentityError if the name is taken or not usable."""
    identity = create_trial(name, now=utc_now(), organisation=organisation)
    save(identity, archive.folder / _FOLDER, passphrase=passphrase)
    return identity


def bring_in(
    archive: "Archive", name: str, chain: Path, key: Path, *, key_passphrase: str | None, passphrase: str | None
) -> "Identity":
    """Take a certificate chain and its key from PEM files. Raises IdentityError with what is wrong with them."""
    identity = import_identity(name, _pem(chain), _pem(key), key_passphrase=key_passphrase, now=utc_now())
    save(identity, archive.folder / _FOLDER, passphrase=passphrase)
    return identity


def use(archive: "Archive", name: str) -> None:
    """Let the identity `name` sign from the next opening on. Raises IdentityError if there is none."""
    if name not in {identity.name for identity in identities(archive)}:
        raise IdentityError(f"There is no identity {name!r} here. `prov identity list` shows them.")
    settings.change(archive.folder, "signing", "identity", name)


def _pem(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise IdentityError(f"{path} cannot be read: {cause.strerror}. Check its name.") from cause
