"""Real parts for the tests of signing: identities, pictures made on the spot, claims."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from PIL import Image

from provenance.digest import Digest
from provenance.sign.certificates import EMAIL_PROTECTION
from provenance.sign.claim import Claim, Edit, Ingredient, SoftwareAgent
from provenance.sign.embed import Signer
from provenance.sign.identity import Identity, create_trial
from provenance.sign.reading import Anchor

NOW = datetime.now(UTC)


class Authority:
    """A small certificate authority: a root, an intermediate, and leaves of any kind, defects included."""

    def __init__(self) -> None:
        self.root_key, self.middle_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = self.certificate("root", self.root_key, "root", self.root_key, ca=True, purposes=())
        self.middle = self.certificate("middle", self.middle_key, "root", self.root_key, ca=True, purposes=())

    def certificate(
        self,
        subject: str,
        key: Any,
        issuer: str,
        issuer_key: Any,
        *,
        ca: bool = False,
        purposes: tuple[str, ...] = (EMAIL_PROTECTION,),
        start: datetime = NOW - timedelta(hours=1),
        days: float = 300,
        usage: bool = True,
        named_issuer: bool = True,
        digest: Any = None,
        critical_purposes: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(subject))
            .issuer_name(_name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if usage:
            flags = [not ca, False, False, False, False, ca, ca, False, False]
            builder = builder.add_extension(x509.KeyUsage(*flags), critical=True)
        if purposes:
            oids = [x509.ObjectIdentifier(each) for each in purposes]
            builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=critical_purposes)
        if named_issuer:
            identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
            builder = builder.add_extension(identifier, critical=False)
        return builder.sign(issuer_key, digest or hashes.SHA256())

    def leaf(self, key: Any, **defects: Any) -> x509.Certificate:
        return self.certificate("signer", key, "middle", self.middle_key, **defects)

    @staticmethod
    def pem(*certificates: x509.Certificate) -> bytes:
        return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)

    @staticmethod
    def key_pem(key: Any, encryption: KeySerializationEncryption | None = None) -> bytes:
        written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
        return written


def _name(text: str) -> x509.Name:
    parts = ((NameOID.ORGANIZATION_NAME, "Atelier"), (NameOID.COMMON_NAME, text))
    return x509.Name([x509.NameAttribute(kind, part) for kind, part in parts])


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def identity() -> Identity:
    return create_trial("studio", now=NOW)


@pytest.fixture(scope="session")
def signer(identity: Identity) -> Signer:
    return Signer(identity)


@pytest.fixture(scope="session")
def anchor(identity: Identity) -> Anchor:
    assert identity.root is not None
    return Anchor(name="our own root", pem=identity.root)


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    def make(file_format: str = "PNG", side: int = 16, seed: int = 0) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3), dtype=np.uint8)
        target = io.BytesIO()
        Image.fromarray(pixels).save(target, file_format)
        return target.getvalue()

    return make


@pytest.fixture(scope="session")
def created() -> Callable[..., Claim]:
    """A claim for a generated picture, with anything in it replaced."""

    def make(**changes: object) -> Claim:
        model = Ingredient(
            label="model",
            relationship="inputTo",
            title="landscapes",
            digest=Digest.of(b"weights"),
            data_types=("c2pa.types.model",),
        )
        facts: dict[str, object] = {
            "title": "Run 7, picture 1",
            "media_type": "image/png",
            "opening": "created",
            "when": NOW,
            "digital_source_type": "trainedAlgorithmicMedia",
            "software_agent": SoftwareAgent(name="prov-gan", version="1"),
            "parameters": {"seed": "7"},
            "ingredients": (model,),
            "record": {"run": "01J8", "pixels": str(Digest.of(b"pixels"))},
        }
        return Claim(**{**facts, **changes})  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def edited(created: Callable[..., Claim]) -> Callable[..., Claim]:
    """A claim for an edit of `parent`, whose bytes come along."""

    def make(parent: bytes | None, named: str = "the parent", **changes: object) -> Claim:
        ingredient = Ingredient(
            label="parent",
            relationship="parentOf",
            title=named,
            data=parent,
            digest=Digest.of(parent) if parent else Digest.of(b"parent"),
            media_type="image/png",
        )
        edit = Edit(action="c2pa.color_adjustments", when=NOW, digital_source_type="humanEdits", changed_share=0.061)
        facts: dict[str, object] = {
            "title": "Run 7, picture 1, warmer",
            "opening": "opened",
            "digital_source_type": None,
            "parameters": {},
            "ingredients": (ingredient,),
            "edits": (edit,),
        }
        return created(**{**facts, **changes})

    return make


@pytest.fixture(scope="session")
def signed(signer: Signer, picture: Callable[..., bytes], created: Callable[..., Claim]) -> bytes:
    """A small signed PNG."""
    return signer.sign(picture(), "image/png", created()).data
