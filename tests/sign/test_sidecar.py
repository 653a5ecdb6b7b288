"""Files that keep their bytes and have their manifest beside them."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenance.errors import IdentityError, SigningError
from provenance.sign.claim import Claim, SoftBinding
from provenance.sign.embed import Signed, Signer
from provenance.sign.read import read
from provenance.sign.reading import Anchor
from provenance.sign.sidecar import OCTETS, read_as

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture(scope="session")
def beside(signer: Signer, created: Callable[..., Claim]) -> Signed:
    claim = created(media_type=OCTETS, digital_source_type="trainedAlgorithmicData", title="faces 1")
    return signer.sign_beside(WEIGHTS, claim)


def test_what_was_claimed_is_read_back(beside: Signed, anchor: Anchor, tmp_path: Path) -> None:
    path = tmp_path / "faces.safetensors"
    path.write_bytes(WEIGHTS)

    for source in (WEIGHTS, path):
        reading = read_as(source, OCTETS, store=beside.data, anchors=[anchor])
        assert (reading.intact, reading.trusted_by, reading.problems) == (True, anchor.name, ())
        assert (reading.label, reading.store_digest, reading.title) == (beside.label, beside.store_digest, "faces 1")
        assert reading.digital_source_types == ("trainedAlgorithmicData",)


def test_an_unknown_signer_is_no_defect(beside: Signed) -> None:
    reading = read_as(WEIGHTS, OCTETS, store=beside.data)

    assert (reading.intact, reading.trusted_by, reading.state) == (True, None, "Valid")


@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, len(WEIGHTS) - 1), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_file_is_found(beside: Signed, place: int, bit: int) -> None:
    changed = bytearray(WEIGHTS)
    changed[place] ^= 1 << bit

    reading = read_as(bytes(changed), OCTETS, store=beside.data)
    assert (reading.intact, reading.problems) == (False, ("The file was changed after it was signed.",))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_flipped_byte_of_the_manifest_is_found(beside: Signed, data: st.DataObject) -> None:
    changed = bytearray(beside.data)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))

    assert read_as(WEIGHTS, OCTETS, store=bytes(changed)).intact is not True


@pytest.mark.parametrize("store", [b"", b"nonsense", b"\0\0\0\x20jumb" + bytes(24)])
def test_what_is_no_manifest_is_a_sentence(store: bytes) -> None:
    reading = read_as(WEIGHTS, OCTETS, store=store)

    assert reading.intact is None
    assert reading.problems


def test_a_bomb_of_a_manifest_is_not_parsed() -> None:
    assert read_as(WEIGHTS, OCTETS, store=bytes(33 << 20)).reason == "huge"


def test_an_anchor_that_is_no_certificate_is_refused(beside: Signed) -> None:
    with pytest.raises(IdentityError, match="broken"):
        read_as(WEIGHTS, OCTETS, store=beside.data, anchors=[Anchor(name="broken", pem=b"nonsense")])


def test_a_claim_about_a_picture_is_not_signed_beside(signer: Signer, created: Callable[..., Claim]) -> None:
    with pytest.raises(SigningError, match=r"application/octet-stream.*image/png"):
        signer.sign_beside(WEIGHTS, created())


def test_a_sidecar_is_read_as_fully_as_a_picture(
    picture: Callable[..., bytes], signer: Signer, created: Callable[..., Claim], anchor: Anchor
) -> None:
    marks = (SoftBinding(algorithm="org.example.marks", value="ab12"),)
    beside = signer.sign_beside(WEIGHTS, created(media_type=OCTETS, soft_bindings=marks))
    weights = read_as(WEIGHTS, OCTETS, store=beside.data, anchors=[anchor])
    inside = read(signer.sign(picture(), "image/png", created(soft_bindings=marks)).data, anchors=[anchor])

    for field in fields(inside):
        assert bool(getattr(inside, field.name)) == bool(getattr(weights, field.name)), field.name
    assert inside.signer == weights.signer
    assert inside.soft_bindings == weights.soft_bindings
