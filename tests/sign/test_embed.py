import io
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from provenance.digest import Digest
from provenance.errors import SigningError
from provenance.sign.claim import Claim, Edit, Ingredient, SoftBinding
from provenance.sign.embed import Signer
from provenance.sign.read import Anchor, Reading, read

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "GIF")


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_is_signed_and_read(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Callable[..., Claim], file_format: str
) -> None:
    media_type, before = f"image/{file_format.lower()}", picture(file_format)

    signed = signer.sign(before, media_type, created(media_type=media_type))
    reading = read(signed.data, anchors=[anchor])

    assert (signed.state, signed.codes) == ("Trusted", ())
    assert (reading.present, reading.intact, reading.trusted_by, reading.problems) == (True, True, anchor.name, ())
    assert (reading.label, reading.store_digest, reading.store_size) == (
        signed.label,
        signed.store_digest,
        signed.store_size,
    )
    assert pixels(signed.data) == pixels(before)


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).tobytes()


def test_all_that_was_claimed_is_read_back(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    record = {"run": "01J8", "depth": {"pairs": [["a", "b"], []], "n": -(2**63), "f": 0.1, "no": None, "yes": True}}
    claim = created(
        title="Ünïcødé 🎨 " + "long " * 5000,
        parameters={"seed": str(2**64 - 1), "prompt": "雪\n\t'\"\\ \x01"},
        record=record,
        soft_bindings=(
            SoftBinding(algorithm="org.prov.a.v1", value="AA=="),
            SoftBinding(algorithm="b.c", value="AQ=="),
        ),
        edits=(Edit(action="org.prov.frame", description="framed", changed_share=0.25),),
    )

    reading = read(signer.sign(picture(), "image/png", claim).data, anchors=[anchor])

    assert reading.title == claim.title
    assert reading.parameters == claim.parameters
    assert reading.record == record
    assert reading.soft_bindings == (("org.prov.a.v1", "AA=="), ("b.c", "AQ=="))
    assert [each.action for each in reading.actions] == ["c2pa.created", "org.prov.frame"]
    assert reading.actions[1].parameters == {"changed_share": "0.250000"}
    assert reading.digital_source_types == ("trainedAlgorithmicMedia",)
    assert reading.signed_at == claim.when.replace(microsecond=0)
    assert not reading.clock_independent
    (model,) = reading.ingredients
    assert (model.relationship, model.title, model.digest) == ("inputTo", "landscapes", Digest.of(b"weights"))
    assert (model.data_types, model.label, model.problems) == (("c2pa.types.model",), None, ())


def test_the_signer_is_named_with_the_fingerprint_of_its_certificate(signed: bytes, signer: Signer) -> None:
    who = read(signed).signer

    assert who is not None
    assert who.fingerprint == signer.identity.fingerprint
    assert (who.organisation, who.trial, who.algorithm) == ("prov trial identity", True, "es256")
    assert who.not_after == signer.identity.not_after


def test_no_thumbnail_and_little_else_is_added(signed: bytes, picture: Callable[..., bytes]) -> None:
    assert len(signed) - len(picture()) < 5000
    assert b"thumbnail" not in signed


def test_a_history_of_three_generations_stays_whole(
    signer: Signer, anchor: Anchor, signed: bytes, picture: Callable[..., bytes], edited: Callable[..., Claim]
) -> None:
    child = signer.sign(picture(seed=1), "image/png", edited(signed, "the first")).data
    grandchild = signer.sign(picture(seed=2), "image/png", edited(child, "the second")).data

    reading = read(grandchild, anchors=[anchor])
    (second,) = reading.ingredients
    (first,) = second.ingredients
    (model,) = first.ingredients

    assert (reading.intact, reading.trusted_by, reading.problems) == (True, anchor.name, ())
    assert [second.title, first.title, model.title] == ["the second", "the first", "landscapes"]
    assert second.present
    assert first.present
    assert first.record == {"run": "01J8", "pixels": str(Digest.of(b"pixels"))}
    assert second.actions[1].digital_source_type == "humanEdits"


def test_a_parent_named_by_its_digest_alone_leaks_nothing(
    signer: Signer, signed: bytes, picture: Callable[..., bytes], edited: Callable[..., Claim]
) -> None:
    claim = edited(None, title="the child", record={}, software_agent=None)
    child = signer.sign(picture(seed=1), "image/png", claim).data
    reading = read(child)

    assert reading.ingredients[0].digest == Digest.of(b"parent")
    assert (reading.ingredients[0].present, reading.ingredients[0].label, reading.problems) == (False, None, ())
    label = read(signed).label or ""
    weights = Digest.of(b"weights").hex
    told = [label[9:45], "landscapes", "01J8", "Run 7", "prov-gan", "trainedAlgorithmicMedia", weights]
    assert all(each.encode() in signed for each in told)
    assert [each for each in told if each.encode() in child] == []


def test_a_signed_file_is_not_signed_over(
    signer: Signer, signed: bytes, created: Callable[..., Claim], edited: Callable[..., Claim]
) -> None:
    with pytest.raises(SigningError, match="would drop its manifest"):
        signer.sign(signed, "image/png", created())
    with pytest.raises(SigningError, match="would drop its manifest"):
        signer.sign(signed, "image/png", edited(None))


def test_a_signed_file_may_be_its_own_parent(
    signer: Signer, anchor: Anchor, signed: bytes, edited: Callable[..., Claim]
) -> None:
    again = signer.sign(signed, "image/png", edited(signed)).data

    assert read(again, anchors=[anchor]).ingredients[0].label == read(signed).label


def test_a_changed_parent_is_refused_unless_that_is_meant(
    signer: Signer, anchor: Anchor, signed: bytes, picture: Callable[..., bytes], edited: Callable[..., Claim]
) -> None:
    changed = bytearray(signed)
    changed[-30] ^= 1

    with pytest.raises(SigningError, match="The picture was changed after it was signed"):
        signer.sign(picture(), "image/png", edited(bytes(changed)))
    allowed = signer.sign(picture(), "image/png", edited(bytes(changed), "a fake"), allow_changed_parent=True)

    reading = read(allowed.data, anchors=[anchor])
    assert (allowed.state, reading.intact) == ("Trusted", True)
    assert reading.problems == (
        "There is a gap in the history: the parent 'a fake' had been changed after it was signed.",
    )


def test_a_changed_grandparent_is_found(
    signer: Signer, anchor: Anchor, signed: bytes, picture: Callable[..., bytes], edited: Callable[..., Claim]
) -> None:
    changed = bytearray(signed)
    changed[-30] ^= 1
    data = bytes(changed)
    for generation in range(3):
        claim = edited(data, f"generation {generation}")
        with pytest.raises(SigningError, match=r"changed|gap"):
            signer.sign(picture(seed=generation), "image/png", claim)
        data = signer.sign(picture(seed=generation), "image/png", claim, allow_changed_parent=True).data

    reading = read(data, anchors=[anchor])

    assert (reading.state, reading.trusted_by, reading.intact) == ("Trusted", anchor.name, True)
    assert any("'generation 0' had been changed after it was signed" in problem for problem in reading.problems)


def test_an_unsigned_parent_is_welcome(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], edited: Callable[..., Claim]
) -> None:
    reading = read(signer.sign(picture(), "image/png", edited(picture(seed=3))).data, anchors=[anchor])

    assert (reading.intact, reading.problems, reading.ingredients[0].label) == (True, (), None)
    assert "ingredient.unknownProvenance" in reading.informational


def test_a_parent_signed_by_a_stranger_is_welcome(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Any, edited: Any
) -> None:
    from provenance.sign.identity import create_trial

    stranger = Signer(create_trial("stranger", now=created().when))
    theirs = stranger.sign(picture(), "image/png", created()).data

    reading = read(signer.sign(picture(seed=1), "image/png", edited(theirs)).data, anchors=[anchor])

    assert (reading.trusted_by, reading.problems) == (anchor.name, ())
    assert "signingCredential.untrusted" in reading.ingredients[0].codes


@pytest.mark.parametrize("parent", [b"garbage", b"\x89PNG\r\n\x1a\n", b"GIF89a"])
def test_a_parent_that_cannot_be_read_is_refused(
    signer: Signer, picture: Callable[..., bytes], edited: Callable[..., Claim], parent: bytes
) -> None:
    with pytest.raises(SigningError, match="cannot be taken in"):
        signer.sign(picture(), "image/png", edited(parent))


def test_a_parent_may_be_a_file(
    signer: Signer, signed: bytes, picture: Callable[..., bytes], edited: Callable[..., Claim], tmp_path: Path
) -> None:
    path = tmp_path / "parent.png"
    path.write_bytes(signed)
    parent = Ingredient(label="parent", relationship="parentOf", title="p", data=path, media_type="image/png")

    reading = read(signer.sign(picture(), "image/png", edited(None, ingredients=(parent,))).data)

    assert reading.ingredients[0].label == read(signed).label


@pytest.mark.parametrize(
    ("data", "media_type", "sentence"),
    [
        (b"BM not a real bitmap", "image/bmp", "cannot hold a manifest"),
        (b"", "image/png", "empty"),
        (b"no picture", "image/png", "could not be signed"),
        (b"no picture", "image/jpeg", "could not be signed"),
    ],
)
def test_what_cannot_be_signed_has_its_sentence(
    signer: Signer, created: Callable[..., Claim], data: bytes, media_type: str, sentence: str
) -> None:
    with pytest.raises(SigningError, match=sentence):
        signer.sign(data, media_type, created(media_type=media_type))


def test_the_claim_and_the_file_have_to_agree_on_the_format(
    signer: Signer, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    with pytest.raises(SigningError, match="but the claim"):
        signer.sign(picture("JPEG"), "image/jpeg", created())


def test_a_file_is_signed_into_another_whole_or_not_at_all(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Callable[..., Claim], tmp_path: Path
) -> None:
    source, target = tmp_path / "in.png", tmp_path / "out.png"
    source.write_bytes(picture())

    signed = signer.sign_file(source, target, "image/png", created())
    reading = read(target, anchors=[anchor])

    assert (signed.data, signed.state, reading.store_digest) == (b"", "Trusted", signed.store_digest)
    source.write_bytes(b"no picture")
    with pytest.raises(SigningError):
        signer.sign_file(source, tmp_path / "never.png", "image/png", created())
    with pytest.raises(SigningError, match="No such file"):
        signer.sign_file(tmp_path / "missing.png", target, "image/png", created())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "out.png"]
    assert read(target, anchors=[anchor]) == reading


def test_a_full_disk_is_named_as_the_cause(
    signer: Signer, picture: Callable[..., bytes], created: Callable[..., Claim], tmp_path: Path
) -> None:
    source = tmp_path / "in.jpg"
    source.write_bytes(picture("JPEG", side=400))

    said = in_a_fork(_sign_with_little_space, signer, source, created(media_type="image/jpeg"))

    assert "File too large" in said
    assert [path.name for path in tmp_path.iterdir()] == ["in.jpg"]


def _sign_with_little_space(signer: Signer, source: Path, claim: Claim) -> str:
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
    try:
        signer.sign_file(source, source.with_name("out.jpg"), "image/jpeg", claim)
    except SigningError as error:
        return str(error)
    return "it was signed"


def in_a_fork(function: Callable[..., str], *arguments: object) -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, function(*arguments).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return said


def test_a_signer_works_on_after_a_fork(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    data = picture()
    signer.sign(data, "image/png", created())  # the parent has its context already

    def sign_in_child() -> str:
        return read(signer.sign(data, "image/png", created()).data, anchors=[anchor]).trusted_by or "nobody"

    assert in_a_fork(sign_in_child) == anchor.name
    assert signer.sign(data, "image/png", created()).state == "Trusted"


def test_threads_share_a_signer(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    def sign(number: int) -> Reading:
        claim = created(title=f"picture {number}")
        return read(signer.sign(picture(seed=number), "image/png", claim).data, anchors=[anchor])

    with ThreadPoolExecutor(4) as pool:
        readings = list(pool.map(sign, range(24)))

    assert [(each.title, each.trusted_by) for each in readings] == [(f"picture {n}", anchor.name) for n in range(24)]


def test_without_a_check_nothing_is_read_back(
    signer: Signer, anchor: Anchor, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    signed = signer.sign(picture(), "image/png", created(), check=False)
    reading = read(signed.data, anchors=[anchor])

    assert signed.state is None
    assert (reading.label, reading.trusted_by) == (signed.label, anchor.name)


def test_importing_sign_does_not_import_c2pa() -> None:
    names = "identity, claim, definition, embed, read"
    code = (
        f"import sys; from provenance.sign import {names}; print('c2pa' in sys.modules, 'cryptography' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.split() == ["False", "False"]
