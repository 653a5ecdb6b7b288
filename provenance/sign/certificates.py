"""Certificates that C2PA accepts: the chain of a trial identity, and the checks on a chain from outside.

The rules are those of the C2PA specification 2.4, section 14.5 (X.509 certificates).
"""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from provenance.errors import IdentityError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

    Certificates: TypeAlias = Sequence["x509.Certificate"]
    Extension = TypeVar("Extension", bound=x509.ExtensionType)

EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"
CLAIM_SIGNING = "1.3.6.1.4.1.62558.2.1"
"""The purposes (extended key usages) of which a signer needs one; the last is C2PA's own."""

PURPOSES = (EMAIL_PROTECTION, DOCUMENT_SIGNING, CLAIM_SIGNING)

TRIAL_ISSUER = "prov trial intermediate"
"""The issuer in every trial identity: whoever reads a signature can tell a trial by it."""

LEAF_DAYS = 365
"""A signer's certificate holds this long; the C2PA conformance programme allows 366 days."""

_EARLY = timedelta(hours=1)  # clocks of two machines differ
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_HASHES = ("sha256", "sha384", "sha512")


def make_trial_chain(
    key: "EllipticCurvePrivateKey", *, now: datetime, organisation: str
) -> "tuple[x509.Certificate, x509.Certificate, x509.Certificate]":
    """Make root, intermediate and leaf for the signer's `key`; the keys of the first two are thrown away.

    Nobody can ever sign a second leaf with them, so a stolen archive key cannot be given a new name.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

    root_key, middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, middle_name = (_name(text, organisation) for text in ("prov trial root", TRIAL_ISSUER))
    mark = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest.hex()[:8]
    leaf_name = _name(f"prov trial signer {mark}", organisation)

    root = _authority(root_name, root_key, root_name, root_key, start=now, days=3650, below=None)
    middle = _authority(middle_name, middle_key, root_name, root_key, start=now, days=1825, below=0)
    leaf = _leaf(leaf_name, key.public_key(), middle_name, middle_key, start=now)
    return root, middle, leaf


def _name(common_name: str, organisation: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _authority(
    name: "x509.Name",
    key: "EllipticCurvePrivateKey",
    issuer: "x509.Name",
    issuer_key: "EllipticCurvePrivateKey",
    *,
    start: datetime,
    days: int,
    below: int | None,
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    builder = _dated(name, key.public_key(), issuer, issuer_key, start=start, days=days)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
    return builder.add_extension(_key_usage(authority=True), critical=True).sign(issuer_key, hashes.SHA256())


def _leaf(
    name: "x509.Name",
    key: "EllipticCurvePublicKey",
    issuer: "x509.Name",
    issuer_key: "EllipticCurvePrivateKey",
    *,
    start: datetime,
) -> "x509.Certificate":
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    purposes = [x509.ObjectIdentifier(EMAIL_PROTECTION), x509.ObjectIdentifier(CLAIM_SIGNING)]
    builder = _dated(name, key, issuer, issuer_key, start=start, days=LEAF_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(_key_usage(authority=False), critical=True)
    return builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False).sign(issuer_key, hashes.SHA256())


def _dated(
    name: "x509.Name",
    key: "EllipticCurvePublicKey",
    issuer: "x509.Name",
    issuer_key: "EllipticCurvePrivateKey",
    *,
    start: datetime,
    days: int,
) -> "x509.CertificateBuilder":
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _EARLY)
        .not_valid_after(start - _EARLY + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )


def _key_usage(*, authority: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def read_certificates(pem: bytes, what: str) -> "list[x509.Certificate]":
    """Read all certificates in `pem`, in their order. Raises IdentityError; `what` names the source in it."""
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as cause:
        message = f"{what} holds no certificates that can be read: PEM texts (BEGIN CERTIFICATE) are needed."
        raise IdentityError(message) from cause


def write_certificates(certificates: "Certificates") -> bytes:
    """Write certificates as PEM, one after the other."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def algorithm_of(key: "PublicKeyTypes | PrivateKeyTypes") -> str:
    """Name the C2PA signature algorithm for a key: es256, es384, es512, ps256 or ed25519. Raises IdentityError."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    match key:
        case ec.EllipticCurvePublicKey() | ec.EllipticCurvePrivateKey() if key.curve.name in _CURVES:
            return _CURVES[key.curve.name]
        case rsa.RSAPublicKey() | rsa.RSAPrivateKey() if 2048 <= key.key_size <= 16_384:
            return "ps256"
        case ed25519.Ed25519PublicKey() | ed25519.Ed25519PrivateKey():
            return "ed25519"
    raise IdentityError(
        "The key is of a kind that C2PA does not take: use an EC key (P-256, P-384, P-521), "
        "an RSA key of 2048 bits or more, or an Ed25519 key."
    )


def check_chain(chain: "Certificates", *, now: datetime) -> None:
    """Check that the first certificate may sign claims and that each is issued by the next.

    Raises IdentityError for the first defect found.
    """
    leaf = chain[0]
    _check_leaf(leaf)
    for certificate in chain:
        _check_dates(certificate, now)
        hashed = certificate.signature_hash_algorithm
        if hashed is not None and hashed.name not in _HASHES:
            raise IdentityError(f"{_who(certificate)} is signed with {hashed.name}; C2PA needs SHA-256 or longer.")
    for below, above in itertools.pairwise(chain):
        _check_issued(below, above)


def _who(certificate: "x509.Certificate") -> str:
    return f"The certificate '{certificate.subject.rfc4514_string()}'"


def _check_leaf(leaf: "x509.Certificate") -> None:
    from cryptography import x509

    constraints = _extension(leaf, x509.BasicConstraints)
    usage = _extension(leaf, x509.KeyUsage)
    purposes = _extension(leaf, x509.ExtendedKeyUsage)
    allowed = {purpose.dotted_string for purpose in purposes} if purposes is not None else set()
    if constraints is not None and constraints.ca:
        raise IdentityError(
            f"{_who(leaf)} comes first but is an authority, not a signer: put the signer's own certificate first."
        )
    if leaf.subject == leaf.issuer:
        raise IdentityError(
            f"{_who(leaf)} is signed by itself: C2PA needs one that an authority issued. "
            "For trying things out, use `prov identity create`."
        )
    if usage is None or not usage.digital_signature:
        raise IdentityError(f"{_who(leaf)} may not make signatures: its key usage lacks digitalSignature.")
    if not allowed & set(PURPOSES):
        raise IdentityError(
            f"{_who(leaf)} is not meant for signing content: its extended key usage needs emailProtection, "
            "documentSigning or C2PA claimSigning."
        )
    if _extension(leaf, x509.AuthorityKeyIdentifier) is None:
        raise IdentityError(f"{_who(leaf)} does not name its issuer's key (authorityKeyIdentifier); C2PA needs that.")


def _check_dates(certificate: "x509.Certificate", now: datetime) -> None:
    if now > certificate.not_valid_after_utc:
        day = certificate.not_valid_after_utc.date()
        raise IdentityError(f"{_who(certificate)} ran out on {day}: ask its issuer for a new one.")
    if now < certificate.not_valid_before_utc:
        day = certificate.not_valid_before_utc.date()
        raise IdentityError(f"{_who(certificate)} is valid only from {day}: wait until then, or check the clock.")


def _check_issued(below: "x509.Certificate", above: "x509.Certificate") -> None:
    if not is_issued_by(below, above):
        raise IdentityError(
            f"{_who(below)} is not issued by the next one in the file, '{above.subject.rfc4514_string()}': "
            "put the signer first, then its issuer, and so on upwards."
        )


def is_issued_by(below: "x509.Certificate", above: "x509.Certificate") -> bool:
    """Whether `above` names and signed `below`; dates and rights are not looked at."""
    from cryptography.exceptions import InvalidSignature

    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _extension(certificate: "x509.Certificate", kind: "type[Extension]") -> "Extension | None":
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
