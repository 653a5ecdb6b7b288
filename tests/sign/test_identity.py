import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption

from provenance.errors import IdentityError
from provenance.sign.certificates import CLAIM_SIGNING, DOCUMENT_SIGNING, EMAIL_PROTECTION
from provenance.sign.claim import Claim
from provenance.sign.embed import Signer
from provenance.sign.identity import Identity, create_trial, import_identity, listing, load, load_public, save
from provenance.sign.keys import seal, unseal

NOW = datetime.now(UTC)
SERVER = "1.3.6.1.5.5.7.3.1"
ANY = "2.5.29.37.0"


@pytest.fixture(scope="module")
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_trial_identity_lasts_at_most_366_days_and_says_that_it_is_one(identity: Identity) -> None:
    assert identity.kind == "trial"
    assert timedelta(days=300) < identity.not_after - identity.not_before <= timedelta(days=366)
    assert identity.algorithm == "es256"


def test_a_trial_identity_holds_no_name_that_was_typed(identity: Identity) -> None:
    assert identity.root is not None

    names = [
        part.value
        for certificate in x509.load_pem_x509_certificates(identity.chain + identity.root)
        for part in certificate.subject
    ]

    assert not any(identity.name in str(each) for each in names)


def test_the_keys_of_a_trial_root_are_thrown_away(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase=None)

    assert b"".join(path.read_bytes() for path in tmp_path.iterdir()).count(b"PRIVATE KEY") == 2  # BEGIN and END


def test_an_identity_does_not_show_its_key(identity: Identity) -> None:
    assert "PRIVATE" not in repr(identity)


@pytest.mark.parametrize("passphrase", [None, "correct horse", "pässwörd 🔑"])
def test_an_identity_comes_back_as_it_was_saved(identity: Identity, tmp_path: Path, passphrase: str | None) -> None:
    save(identity, tmp_path / "identities", passphrase=passphrase)

    assert load(tmp_path / "identities", "studio", passphrase=passphrase) == identity


def test_a_saved_key_is_for_its_owner_alone(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase=None)

    assert (tmp_path / "studio.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["studio.key", "studio.pem", "studio.root.pem"]


def test_a_key_that_others_can_read_is_refused(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase=None)
    (tmp_path / "studio.key").chmod(0o640)

    with pytest.raises(IdentityError, match="chmod 600"):
        load(tmp_path, "studio", passphrase=None)


def test_a_passphrase_hides_the_key(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase="correct horse")
    stored = (tmp_path / "studio.key").read_bytes()

    assert json.loads(stored)["kdf"] | {"salt": ""} == {
        "name": "argon2id",
        "memory_kib": 65536,
        "passes": 3,
        "lanes": 4,
        "salt": "",
    }
    assert b"PRIVATE" not in stored


def test_a_wrong_or_missing_passphrase_has_its_sentence(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase="correct horse")

    with pytest.raises(IdentityError, match="passphrase is wrong"):
        load(tmp_path, "studio", passphrase="battery staple")
    with pytest.raises(IdentityError, match="under a passphrase"):
        load(tmp_path, "studio", passphrase=None)


@pytest.fixture(scope="module")
def envelope(identity: Identity) -> bytes:
    return seal(identity.key, "correct horse")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda envelope: envelope["kdf"].update(passes=2), "passphrase is wrong, or the file was changed"),
        (lambda envelope: envelope["cipher"].update(nonce="AAAAAAAAAAAAAAAA"), "or the file was changed"),
        (lambda envelope: envelope.update(data="AAAA" + envelope["data"][4:]), "or the file was changed"),
        (lambda envelope: envelope.update(note="hello"), "or the file was changed"),
        (lambda envelope: envelope["kdf"].update(memory_kib=1 << 40), "unreasonable work"),
        (lambda envelope: envelope["kdf"].update(salt="not base64!"), "damaged"),
        (lambda envelope: envelope.update(version=2), "upgrade"),
        (lambda envelope: envelope.pop("cipher"), "damaged"),
    ],
)
def test_a_changed_envelope_does_not_open(
    envelope: bytes, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    changed = json.loads(envelope)
    change(changed)

    with pytest.raises(IdentityError, match=sentence):
        unseal(json.dumps(changed).encode(), "correct horse", "studio")


def test_saving_never_overwrites(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase=None)

    with pytest.raises(IdentityError, match="already"):
        save(create_trial("studio", now=NOW), tmp_path, passphrase=None)
    assert load(tmp_path, "studio", passphrase=None) == identity


def test_a_folder_that_cannot_be_written_has_its_sentence(identity: Identity, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(IdentityError, match="could not be written"):
        save(identity, tmp_path / "file", passphrase=None)


@pytest.mark.parametrize("bad", ["", "../up", "a.root", "with space", "-dash", "x" * 65, "nul\0"])
def test_names_that_are_no_file_names_are_refused(bad: str, tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="cannot name an identity"):
        create_trial(bad, now=NOW)
    with pytest.raises(IdentityError, match="cannot name an identity"):
        load_public(tmp_path, bad)


def test_a_missing_identity_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="prov identity create"):
        load(tmp_path, "nobody", passphrase=None)


def test_identities_are_listed_by_name_without_their_keys(identity: Identity, tmp_path: Path) -> None:
    save(create_trial("b", now=NOW), tmp_path, passphrase="secret")
    save(create_trial("a", now=NOW), tmp_path, passphrase=None)

    found = listing(tmp_path)

    assert [each.name for each in found] == ["a", "b"]
    assert not any(hasattr(each, "key") for each in found)


def test_a_key_of_another_identity_is_noticed(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase=None)
    (tmp_path / "studio.key").write_bytes(create_trial("other", now=NOW).key)

    with pytest.raises(IdentityError, match="does not belong"):
        load(tmp_path, "studio", passphrase=None)


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [
        (lambda: ec.generate_private_key(ec.SECP256R1()), "es256"),
        (lambda: ec.generate_private_key(ec.SECP384R1()), "es384"),
        (lambda: ec.generate_private_key(ec.SECP521R1()), "es512"),
        (lambda: rsa.generate_private_key(65537, 2048), "ps256"),
        (ed25519.Ed25519PrivateKey.generate, "ed25519"),
    ],
)
def test_imported_identities_of_every_algorithm_sign(
    authority: Any,
    picture: Callable[..., bytes],
    created: Callable[..., Claim],
    make: Callable[[], Any],
    algorithm: str,
) -> None:
    key = make()
    chain = authority.pem(authority.leaf(key), authority.middle, authority.root)

    identity = import_identity("atelier", chain, authority.key_pem(key), key_passphrase=None, now=NOW)

    assert (identity.kind, identity.algorithm) == ("imported", algorithm)
    assert Signer(identity).sign(picture(), "image/png", created()).state == "Trusted"


@pytest.mark.parametrize("purpose", [EMAIL_PROTECTION, DOCUMENT_SIGNING, CLAIM_SIGNING])
def test_each_purpose_that_import_accepts_signs(
    authority: Any, key: Any, picture: Callable[..., bytes], created: Callable[..., Claim], purpose: str
) -> None:
    chain = authority.pem(authority.leaf(key, purposes=(purpose,)), authority.middle, authority.root)

    identity = import_identity("atelier", chain, authority.key_pem(key), key_passphrase=None, now=NOW)

    assert Signer(identity).sign(picture(), "image/png", created()).state == "Trusted"


def test_a_missing_intermediate_is_accepted_and_nobody_vouches(
    authority: Any, key: Any, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    identity = import_identity(
        "atelier", authority.pem(authority.leaf(key)), authority.key_pem(key), key_passphrase=None, now=NOW
    )

    signed = Signer(identity).sign(picture(), "image/png", created())

    assert (identity.root, signed.state, signed.codes) == (None, "Valid", ("signingCredential.untrusted",))


@pytest.mark.parametrize(
    ("defects", "sentence"),
    [
        ({"start": NOW - timedelta(days=400), "days": 30}, "ran out on"),
        ({"start": NOW + timedelta(days=40)}, "valid only from"),
        ({"purposes": ()}, "not meant for signing content"),
        ({"purposes": (SERVER,)}, "not meant for signing content"),
        ({"purposes": (ANY,)}, "not meant for signing content"),
        ({"usage": False}, "lacks digitalSignature"),
        ({"named_issuer": False}, "does not name its issuer's key"),
        ({"ca": True}, "is an authority, not a signer"),
        ({"digest": hashes.SHA224()}, "is signed with sha224"),
    ],
)
def test_each_defect_of_a_certificate_has_its_sentence(
    authority: Any, key: Any, defects: dict[str, Any], sentence: str
) -> None:
    chain = authority.pem(authority.leaf(key, **defects), authority.middle)

    with pytest.raises(IdentityError, match=sentence):
        import_identity("atelier", chain, authority.key_pem(key), key_passphrase=None, now=NOW)


def test_a_certificate_that_signed_itself_is_refused(authority: Any, key: Any) -> None:
    alone = authority.certificate("self", key, "self", key)

    with pytest.raises(IdentityError, match="signed by itself"):
        import_identity("atelier", authority.pem(alone), authority.key_pem(key), key_passphrase=None, now=NOW)


def test_a_chain_in_the_wrong_order_is_refused(authority: Any, key: Any) -> None:
    leaf = authority.leaf(key)

    with pytest.raises(IdentityError, match="put the signer's own certificate first"):
        import_identity(
            "atelier", authority.pem(authority.middle, leaf), authority.key_pem(key), key_passphrase=None, now=NOW
        )
    with pytest.raises(IdentityError, match="is not issued by the next one"):
        import_identity(
            "atelier", authority.pem(leaf, authority.root), authority.key_pem(key), key_passphrase=None, now=NOW
        )


def test_a_key_for_another_certificate_is_refused(authority: Any, key: Any) -> None:
    other = ec.generate_private_key(ec.SECP256R1())

    with pytest.raises(IdentityError, match="does not belong to the certificate"):
        import_identity(
            "atelier", authority.pem(authority.leaf(key)), authority.key_pem(other), key_passphrase=None, now=NOW
        )


@pytest.mark.parametrize(
    "make", [lambda: ec.generate_private_key(ec.SECP256K1()), lambda: rsa.generate_private_key(65537, 1024)]
)
def test_a_key_that_c2pa_does_not_take_is_refused(authority: Any, make: Callable[[], Any]) -> None:
    key = make()

    with pytest.raises(IdentityError, match="of a kind that C2PA does not take"):
        import_identity(
            "atelier", authority.pem(authority.leaf(key)), authority.key_pem(key), key_passphrase=None, now=NOW
        )


def test_the_passphrase_of_an_imported_key_is_needed_and_checked(authority: Any, key: Any) -> None:
    chain, sealed = (
        authority.pem(authority.leaf(key), authority.middle),
        authority.key_pem(key, BestAvailableEncryption(b"secret")),
    )

    identity = import_identity("atelier", chain, sealed, key_passphrase="secret", now=NOW)

    assert b"ENCRYPTED" not in identity.key
    for passphrase, sentence in (("wrong", "passphrase is wrong"), (None, "is under a passphrase")):
        with pytest.raises(IdentityError, match=sentence):
            import_identity("atelier", chain, sealed, key_passphrase=passphrase, now=NOW)
    with pytest.raises(IdentityError, match="not under a passphrase"):
        import_identity("atelier", chain, authority.key_pem(key), key_passphrase="secret", now=NOW)


@pytest.mark.parametrize("garbage", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_files_that_are_no_certificates_or_keys_have_their_sentence(authority: Any, key: Any, garbage: bytes) -> None:
    with pytest.raises(IdentityError, match="no certificates that can be read"):
        import_identity("atelier", garbage, authority.key_pem(key), key_passphrase=None, now=NOW)
    with pytest.raises(IdentityError, match="not a private key in PEM"):
        import_identity("atelier", authority.pem(authority.leaf(key)), garbage, key_passphrase=None, now=NOW)


def test_an_identity_that_ran_out_does_not_sign_and_says_what_to_do(
    identity: Identity, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    later = Signer(identity, clock=lambda: NOW + timedelta(days=400))
    earlier = Signer(identity, clock=lambda: NOW - timedelta(days=1))

    with pytest.raises(IdentityError, match="prov identity create"):
        later.sign(picture(), "image/png", created())
    with pytest.raises(IdentityError, match="check the clock"):
        earlier.sign(picture(), "image/png", created())


def test_a_key_that_cannot_be_read_has_its_sentence(identity: Identity, tmp_path: Path) -> None:
    save(identity, tmp_path, passphrase=None)
    (tmp_path / "studio.key").unlink()
    (tmp_path / "studio.key").symlink_to("studio.key")  # a loop: nobody can read it, the superuser neither

    with pytest.raises(IdentityError, match="cannot be read"):
        load(tmp_path, "studio", passphrase=None)
