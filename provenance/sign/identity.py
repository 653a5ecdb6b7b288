"""Who signs: a private key and the certificates that say whose it is.

A *trial* identity is made here, by itself: it proves that this archive signed, and to the public no name.
An *imported* one comes from an authority. In a folder an identity NAME is up to three files: `NAME.pem`
(signer and intermediates, public), `NAME.root.pem` (its root, public), `NAME.key` (private, see keys.py).
"""

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from provenance.digest import Digest
from provenance.errors import IdentityError
from provenance.sign import certificates, keys

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIdentity:
    """The public half of an identity: all that may be shown and handed on."""

    name: str
    """What people here call it; it is nowhere in the certificates."""
    kind: Literal["trial", "imported"]
    algorithm: str
    """es256, es384, es512, ps256 or ed25519."""
    chain: bytes
    """PEM: the signer's certificate, then its intermediates."""
    root: bytes | None
    """PEM of the root, where we have it: the anchor by which others may trust this identity."""
    fingerprint: Digest
    """The digest of the signer's certificate in DER."""
    subject: str
    """The signer's name in the certificate, readable (RFC 4514)."""
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(PublicIdentity):
    """A whole identity, able to sign."""

    key: bytes = field(repr=False)
    """The private key as PKCS8 PEM, unencrypted: in memory only."""

    def check_dates(self, now: datetime) -> None:
        """Raise IdentityError unless the certificate is valid at `now`."""
        if now > self.not_after:
            raise IdentityError(
                f"The identity '{self.name}' ran out on {self.not_after.date()}: pictures signed with it before "
                f"stay as they are; {_renewal(self.kind)}"
            )
        if now < self.not_before:
            raise IdentityError(
                f"The identity '{self.name}' is valid only from {self.not_before:%Y-%m-%d %H:%M} UTC on, and this "
                f"computer's clock says {now:%Y-%m-%d %H:%M}: check the clock."
            )


def create_trial(name: str, *, now: datetime, organisation: str = "prov trial identity") -> Identity:
    """Make a trial identity (es256) that is valid for a year from `now`.

    Neither `name` nor anything about a person or a machine goes into its certificates; `organisation` does.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    _check_name(name)
    if not organisation.strip() or len(organisation) > 64:
        raise IdentityError(f"The organisation {organisation!r} does not fit a certificate: use 1 to 64 characters.")
    key = ec.generate_private_key(ec.SECP256R1())
    root, middle, leaf = certificates.make_trial_chain(key, now=now, organisation=organisation)
    return _with_key(_public(name, [leaf, middle], root), _key_pem(key))


def import_identity(
    name: str, chain_pem: bytes, key_pem: bytes, *, key_passphrase: str | None, now: datetime
) -> Identity:
    """Take an identity that an authority issued, after checking that signatures with it will hold.

    `chain_pem` begins with the signer; intermediates follow upwards and may be missing; a root at the end
    is kept apart. Raises IdentityError with the defect and what to do about it.
    """
    _check_name(name)
    chain = certificates.read_certificates(chain_pem, "The certificate file")
    key = _open_key(key_pem, key_passphrase, "The key file")
    certificates.check_chain(chain, now=now)
    root = chain.pop() if chain[-1].subject == chain[-1].issuer else None
    _check_match(chain[0], key)
    return _with_key(_public(name, chain, root), _key_pem(key))


def save(identity: Identity, folder: Path, *, passphrase: str | None) -> None:
    """Write the identity's files into `folder`, whole or not at all; nothing is ever overwritten.

    With a `passphrase` the key lies in an envelope. Raises IdentityError if the name is taken or the disk refuses.
    """
    stored = keys.seal(identity.key, passphrase) if passphrase is not None else identity.key
    files = {f"{identity.name}.key": (stored, 0o600)}
    if identity.root is not None:
        files[f"{identity.name}.root.pem"] = (identity.root, 0o644)
    files[f"{identity.name}.pem"] = (identity.chain, 0o644)  # last: with it the identity is there
    taken = [file for file in files if (folder / file).exists()]
    if taken:
        raise IdentityError(
            f"There is an identity '{identity.name}' already ({taken[0]} in {folder}): choose another name."
        )
    written: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, (data, mode) in files.items():
            _write(folder / file, data, mode)
            written.append(folder / file)
    except OSError as cause:
        for path in written:
            path.unlink()
        message = f"The identity '{identity.name}' could not be written to {folder}: {cause.strerror}."
        raise IdentityError(message) from cause


def load(folder: Path, name: str, *, passphrase: str | Callable[[], str | None] | None) -> Identity:
    """Read a whole identity.

    Raises IdentityError if a file is missing, damaged or readable by others, if the passphrase is wrong or
    missing, or if the key is not the certificate's.
    """
    public = load_public(folder, name)
    path = folder / f"{name}.key"
    stored = _read(path, name)
    _check_private(path)
    if keys.is_sealed(stored):
        given = passphrase() if callable(passphrase) else passphrase  # asked for only where one is needed
        if given is None:
            raise IdentityError(f"The key of the identity '{name}' is under a passphrase: give it in PROV_PASSPHRASE.")
        stored = keys.unseal(stored, given, name)
    key = _open_key(stored, None, f"The key file of the identity '{name}'")
    _check_match(certificates.read_certificates(public.chain, name)[0], key)
    return _with_key(public, stored)


def load_public(folder: Path, name: str) -> PublicIdentity:
    """Read the public half of an identity. Raises IdentityError."""
    _check_name(name)
    what = f"The identity '{name}'"
    chain = certificates.read_certificates(_read(folder / f"{name}.pem", name), what)
    root_path = folder / f"{name}.root.pem"
    root = certificates.read_certificates(_read(root_path, name), what)[0] if root_path.exists() else None
    return _public(name, chain, root)


def listing(folder: Path) -> tuple[PublicIdentity, ...]:
    """List the identities in `folder`, by name. Raises IdentityError if one of them is damaged."""
    paths = sorted(folder.glob("*.pem"))
    return tuple(load_public(folder, path.stem) for path in paths if not path.name.endswith(".root.pem"))


def _renewal(kind: str) -> str:
    if kind == "trial":
        return "make a new one with `prov identity create`."
    return "ask its issuer for a new certificate and take it in with `prov identity import`."


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise IdentityError(
            f"{name!r} cannot name an identity: use 1 to 64 letters, digits, '-' and '_', beginning with a "
            "letter or digit."
        )


def _public(name: str, chain: "list[x509.Certificate]", root: "x509.Certificate | None") -> PublicIdentity:
    from cryptography.hazmat.primitives.serialization import Encoding

    leaf = chain[0]
    issuers = {str(part.value) for part in leaf.issuer}
    return PublicIdentity(
        name=name,
        kind="trial" if certificates.TRIAL_ISSUER in issuers else "imported",
        algorithm=certificates.algorithm_of(leaf.public_key()),
        chain=certificates.write_certificates(chain),
        root=certificates.write_certificates([root]) if root is not None else None,
        fingerprint=Digest.of(leaf.public_bytes(Encoding.DER)),
        subject=leaf.subject.rfc4514_string(),
        not_before=leaf.not_valid_before_utc,
        not_after=leaf.not_valid_after_utc,
    )


def _with_key(public: PublicIdentity, key: bytes) -> Identity:
    return Identity(
        name=public.name,
        kind=public.kind,
        algorithm=public.algorithm,
        chain=public.chain,
        root=public.root,
        fingerprint=public.fingerprint,
        subject=public.subject,
        not_before=public.not_before,
        not_after=public.not_after,
        key=key,
    )


def _open_key(pem: bytes, passphrase: str | None, what: str) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        return load_pem_private_key(pem, passphrase.encode() if passphrase else None)
    except TypeError as cause:
        sealed = passphrase is None
        tail = "is under a passphrase: give it." if sealed else "is not under a passphrase: give none."
        raise IdentityError(f"{what} {tail}") from cause
    except (ValueError, UnsupportedAlgorithm) as cause:
        guess = "the passphrase is wrong, or the file" if passphrase else "it"
        raise IdentityError(f"{what} cannot be opened: {guess} is not a private key in PEM.") from cause


def _key_pem(key: "PrivateKeyTypes") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _check_match(leaf: "x509.Certificate", key: "PrivateKeyTypes") -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    certificates.algorithm_of(key)
    of_key, of_leaf = (
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for public in (key.public_key(), leaf.public_key())
    )
    if of_key != of_leaf:
        raise IdentityError(
            f"The key does not belong to the certificate '{leaf.subject.rfc4514_string()}': "
            "give the key that the certificate was issued for."
        )


def _check_private(path: Path) -> None:
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise IdentityError(f"Others on this computer can read the private key {path}: run `chmod 600 {path}` first.")


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as cause:
        raise IdentityError(
            f"The identity '{name}' has no file {path.name} in {path.parent}: see `prov identity list`, "
            "or make one with `prov identity create`."
        ) from cause
    except OSError as cause:
        raise IdentityError(f"The identity '{name}' cannot be read: {path}: {cause.strerror}.") from cause


def _write(path: Path, data: bytes, mode: int) -> None:
    """Write a new file with `mode` from its first byte on; a crash leaves nothing under its name."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _publish(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)  # unlike a rename, this fails if somebody else was quicker
    except FileExistsError:
        raise
    except OSError:
        temporary.rename(path)  # a file system without links, such as a memory stick
