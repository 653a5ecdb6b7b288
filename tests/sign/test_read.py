import io
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from PIL import Image

from provenance.errors import IdentityError, PictureError, SigningError
from provenance.sign.claim import Claim
from provenance.sign.container import STORE_LIMIT, find_store
from provenance.sign.embed import Signer
from provenance.sign.identity import Identity, create_trial, import_identity
from provenance.sign.read import Anchor, Reading, read

NOW = datetime.now(UTC)
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"


def flipped(data: bytes, at: int, bits: int = 1) -> bytes:
    changed = bytearray(data)
    changed[at] ^= bits
    return bytes(changed)


def hard(reading: Reading) -> list[str]:
    return [code for code in reading.failure if code != "signingCredential.untrusted"]


# Who vouches for the signer


def test_without_an_anchor_nobody_vouches_and_the_picture_is_intact_all_the_same(signed: bytes) -> None:
    reading = read(signed)

    assert (reading.state, reading.intact, reading.trusted_by, reading.problems) == ("Valid", True, None, ())
    assert "signingCredential.untrusted" in reading.failure


def test_another_root_vouches_for_nobody(signed: bytes) -> None:
    other = create_trial("other", now=NOW)
    assert other.root is not None

    reading = read(signed, anchors=[Anchor(name="other", pem=other.root)])

    assert (reading.state, reading.intact, reading.trusted_by) == ("Valid", True, None)


def test_among_many_anchors_the_right_one_is_named(signed: bytes, anchor: Anchor) -> None:
    others = [create_trial(f"other-{number}", now=NOW).root or b"" for number in range(3)]
    crowd = Anchor(name="a list of strangers", pem=b"".join(others[:2]))

    reading = read(signed, anchors=[crowd, Anchor(name="one more", pem=others[2]), anchor])

    assert (reading.state, reading.trusted_by) == ("Trusted", anchor.name)


def test_an_intermediate_may_vouch(signed: bytes, identity: Identity) -> None:
    middle = x509.load_pem_x509_certificates(identity.chain)[1]
    from cryptography.hazmat.primitives.serialization import Encoding

    reading = read(signed, anchors=[Anchor(name="the intermediate", pem=middle.public_bytes(Encoding.PEM))])

    assert reading.trusted_by == "the intermediate"


def test_a_chain_without_its_intermediate_is_completed_by_the_anchor(
    authority: Any, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    identity = import_identity(
        "a", authority.pem(authority.leaf(key)), authority.key_pem(key), key_passphrase=None, now=NOW
    )
    data = Signer(identity).sign(picture(), "image/png", created()).data
    both = Anchor(name="both", pem=authority.pem(authority.middle, authority.root))

    assert read(data, anchors=[Anchor(name="root", pem=authority.pem(authority.root))]).trusted_by is None
    assert read(data, anchors=[both]).trusted_by == "both"


def test_trust_survives_a_changed_picture_but_not_a_changed_claim(signed: bytes, anchor: Anchor) -> None:
    picture = read(flipped(signed, len(signed) - 30), anchors=[anchor])
    claim = read(flipped(signed, signed.index(b"claim_generator_info") + 30), anchors=[anchor])

    assert (picture.intact, picture.trusted_by) == (False, anchor.name)
    assert (claim.intact, claim.trusted_by) == (False, None)


@pytest.mark.parametrize("pem", [b"", b"hello"])
def test_an_anchor_has_to_be_a_certificate(signed: bytes, pem: bytes) -> None:
    with pytest.raises(IdentityError, match="The anchor 'mine' holds no certificates"):
        read(signed, anchors=[Anchor(name="mine", pem=pem)])


def test_a_trusted_parent_does_not_make_a_stranger_trusted(
    signed: bytes, anchor: Anchor, picture: Callable[..., bytes], edited: Callable[..., Claim]
) -> None:
    stranger = Signer(create_trial("stranger", now=NOW))  # knows no anchor of ours, and freezes that in
    theirs = stranger.sign(picture(seed=1), "image/png", edited(signed)).data

    reading = read(theirs, anchors=[anchor])

    assert (reading.intact, reading.trusted_by) == (True, None)
    assert "signingCredential.untrusted" in reading.failure


# Whether it is intact


CHANGES: list[tuple[Callable[[bytes], bytes], str, str]] = [
    (lambda data: flipped(data, len(data) - 30), "assertion.dataHash.mismatch", "The picture was changed"),
    (lambda data: data + b"more", "assertion.dataHash.mismatch", "The picture was changed"),
    (lambda data: flipped(data, data.index(b"landscapes")), "assertion.hashedURI.mismatch", "A statement"),
    (lambda data: flipped(data, data.index(b"specVersion")), "claimSignature.mismatch", "The manifest was changed"),
    (lambda data: flipped(data, data.index(b"prov trial signer")), "claimSignature.mismatch", "The manifest was"),
]


@pytest.mark.parametrize(("change", "code", "sentence"), CHANGES)
def test_every_change_is_found_and_named(
    signed: bytes, anchor: Anchor, change: Callable[[bytes], bytes], code: str, sentence: str
) -> None:
    reading = read(change(signed), anchors=[anchor])

    assert (reading.present, reading.intact, reading.state) == (True, False, "Invalid")
    assert code in reading.failure
    assert any(problem.startswith(sentence) for problem in reading.problems)


def test_a_manifest_from_another_picture_does_not_fit(
    signer: Signer, anchor: Anchor, signed: bytes, picture: Callable[..., bytes]
) -> None:
    other = picture(seed=9)
    at = 33  # after the header chunk
    length = int.from_bytes(signed[at : at + 4], "big") + 12

    reading = read(other[:at] + signed[at : at + length] + other[at:], anchors=[anchor])

    assert (reading.intact, hard(reading)) == (False, ["assertion.dataHash.mismatch"])


def test_a_broken_box_cannot_be_read(signed: bytes) -> None:
    reading = read(flipped(signed, signed.index(b"c2ma")))

    assert (reading.present, reading.intact, reading.reason) == (True, None, "unreadable")


def test_a_parent_changed_inside_of_the_child_is_found(
    signer: Signer, signed: bytes, picture: Callable[..., bytes], edited: Callable[..., Claim], anchor: Anchor
) -> None:
    child = signer.sign(picture(seed=1), "image/png", edited(signed)).data

    reading = read(flipped(child, child.index(b"01J8")), anchors=[anchor])

    assert (reading.state, reading.intact) == ("Invalid", False)
    assert "The manifest of the parent 'the parent' was changed inside of this file." in reading.problems
    assert "ingredient.manifest.mismatch" in reading.failure


def test_bytes_that_c2pa_leaves_unsigned_are_checked_too(signed: bytes, anchor: Anchor) -> None:
    padding = signed.rindex(b"cpad") + 60

    reading = read(flipped(signed, padding), anchors=[anchor])

    assert reading.state == "Trusted"  # c2pa sees nothing
    assert (reading.intact, hard(reading)) == (False, ["org.prov.unusualWrapping"])


# What cannot be read


def test_a_picture_without_a_manifest_says_nothing(picture: Callable[..., bytes]) -> None:
    assert read(picture()) == Reading(present=False, intact=None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"hello " * 100, "format"),
        (bytes(range(256)) * 8, "format"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff\xe0", "format"),
        (b"RIFF\0\0\0\0WEBP", None),
        (b"GIF89a", "truncated"),
    ],
)
def test_garbage_has_its_reason(data: bytes, reason: str | None) -> None:
    reading = read(data)

    assert (reading.present, reading.intact) == (False, None)
    assert reading.reason in {reason, "unreadable"}
    assert reading.unreadable is None or reading.unreadable.endswith(".")


def test_a_bitmap_cannot_hold_a_manifest() -> None:
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "BMP")

    reading = read(target.getvalue())

    assert (reading.present, reading.reason) == (False, "format")
    assert reading.unreadable == "the data is of a format that cannot hold a manifest."


@pytest.mark.parametrize("length", [100, 1000, 3000, 4500])
def test_a_file_that_breaks_off_is_never_intact(signed: bytes, tmp_path: Path, length: int) -> None:
    path = tmp_path / "half.png"
    path.write_bytes(signed[:length])

    reading = read(path)

    assert reading.intact is None
    assert reading.unreadable is not None
    assert "half.png" in reading.unreadable


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"missing\.png cannot be read: No such file"):
        read(tmp_path / "missing.png")
    with pytest.raises(PictureError, match="Is a directory"):
        read(tmp_path)


def test_a_file_reads_as_its_bytes_do(signed: bytes, anchor: Anchor, tmp_path: Path) -> None:
    path = tmp_path / "picture.of.no.known.kind"
    path.write_bytes(signed)

    assert read(path, anchors=[anchor]) == read(signed, anchors=[anchor])


def test_a_manifest_elsewhere_is_named_and_not_fetched(picture: Callable[..., bytes]) -> None:
    reading = read(with_remote_manifest(picture()))

    assert (reading.present, reading.intact, reading.reason) == (False, None, "remote")
    assert reading.remote_url == "http://127.0.0.1:9/manifest.c2pa"


def with_remote_manifest(png: bytes) -> bytes:
    import zlib

    xmp = (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="http://127.0.0.1:9/manifest.c2pa"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + xmp.encode()
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:33] + chunk + png[33:]


# Bombs


def chunk_of(store: bytes) -> bytes:
    import zlib

    body = b"caBX" + store
    return len(store).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def with_store(png: bytes, store: bytes) -> bytes:
    return png[:33] + chunk_of(store) + png[33:]


def test_a_store_over_the_limit_is_not_parsed(picture: Callable[..., bytes]) -> None:
    started = time.monotonic()
    bomb = with_store(picture(), bytes(STORE_LIMIT + 1))
    reading = read(bomb)

    assert (reading.present, reading.intact, reading.reason) == (True, None, "huge")
    assert find_store(io.BytesIO(bomb)).store == b""
    assert time.monotonic() - started < 2


def box(kind: bytes, body: bytes) -> bytes:
    return (len(body) + 8).to_bytes(4, "big") + kind + body


def test_a_store_of_very_many_boxes_is_not_parsed(picture: Callable[..., bytes]) -> None:
    root = box(b"jumd", bytes.fromhex("6332706100110010800000aa00389b71") + b"\x03c2pa\0")

    reading = read(with_store(picture(), box(b"jumb", root + box(b"free", b"") * 5000)))

    assert (reading.reason, reading.present) == ("huge", True)


def test_a_store_of_very_deep_boxes_is_not_parsed(picture: Callable[..., bytes]) -> None:
    store = b""
    for _ in range(2000):
        store = box(b"jumb", box(b"jumd", bytes(16) + b"\x03x\0") + store)

    assert read(with_store(picture(), store)).reason == "huge"


def test_a_manifest_named_twice_is_followed_once(
    signer: Signer, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    from provenance.sign.claim import Edit, Ingredient

    data = signer.sign(picture(), "image/png", created()).data
    for generation in range(6):  # as a tree that would be 64 leaves
        pair = tuple(
            Ingredient(label=label, relationship="componentOf", title=label, data=data, media_type="image/png")
            for label in ("left", "right")
        )
        placed = Edit(action="c2pa.placed", ingredients=("left", "right"))
        claim = created(title=f"collage {generation}", ingredients=pair, edits=(placed,))
        data = signer.sign(picture(seed=generation), "image/png", claim).data

    reading = read(data)

    assert (reading.intact, reading.problems) == (True, ())
    assert count(reading.ingredients) == 6 * 2 + 1


def count(ingredients: tuple[Any, ...]) -> int:
    return sum(1 + count(each.ingredients) for each in ingredients)


# Time


@pytest.fixture
def time_authority(authority: Any, tmp_path: Path) -> Iterator[str]:
    """An RFC 3161 service on this computer, made of openssl."""
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = authority.certificate(
        "clock", key, "root", authority.root_key, purposes=(TIME_STAMPING,), critical_purposes=True
    )
    for name, data in {
        "tsa.pem": authority.pem(leaf),
        "root.pem": authority.pem(authority.root),
        "tsa.key": authority.key_pem(key),
        "serial": b"01\n",
    }.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\nsigner_cert=tsa.pem\ncerts=root.pem\nsigner_key=tsa.key\n"
        "signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256,sha384,sha512\ness_cert_id_alg=sha256\n"
    )

    class Clock(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (tmp_path / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query"]
            answer = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True).stdout
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Clock)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.enable_socket
@pytest.mark.skipif(which("openssl") is None and "CI" not in os.environ, reason="openssl plays the authority")
def test_an_expired_certificate_leaves_a_picture_intact_and_a_time_stamp_leaves_it_trusted(
    authority: Any,
    time_authority: str,
    picture: Callable[..., bytes],
    created: Callable[..., Claim],
    edited: Callable[..., Claim],
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    # c2pa judges by the real clock, so this certificate has to run out while we wait.
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    leaf = authority.leaf(key, start=end - timedelta(days=1), days=1)
    chain = authority.pem(leaf, authority.middle, authority.root)
    identity = import_identity("short", chain, authority.key_pem(key), key_passphrase=None, now=NOW)
    claim = created(when=NOW - timedelta(days=3))
    plain = Signer(identity).sign(picture(), "image/png", claim).data
    stamped = Signer(identity, time_authority=time_authority).sign(picture(), "image/png", claim).data
    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 1.1)
    anchors = [Anchor(name="root", pem=authority.pem(authority.root))]

    without, with_time = read(plain, anchors=anchors), read(stamped, anchors=anchors)
    child = Signer(create_trial("heir", now=NOW)).sign(picture(seed=1), "image/png", edited(plain))

    assert (without.state, without.intact, without.trusted_by) == ("Invalid", True, None)
    assert "signingCredential.expired" in without.failure
    assert without.problems[0].startswith("The signer's certificate ran out on")
    assert (without.signed_at, without.clock_independent) == (claim.when.replace(microsecond=0), False)
    assert (with_time.state, with_time.intact, with_time.trusted_by) == ("Trusted", True, "root")
    assert with_time.clock_independent
    assert with_time.signed_at is not None
    assert abs(with_time.signed_at - NOW) < timedelta(minutes=10)
    assert (child.state, read(child.data).problems) == ("Trusted", ())  # an old picture may be worked on
    assert not read(stamped).clock_independent  # nobody vouches for that clock


def test_a_time_authority_that_is_silent_stops_the_signing(
    identity: Identity, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    signer = Signer(identity, time_authority="http://127.0.0.1:9/")

    with pytest.raises(SigningError, match="gave no answer"):
        signer.sign(picture(), "image/png", created())


# Lists of numbers, which c2pa's other reports distort


def foreign(identity: Identity, data: bytes, actions: list[dict[str, object]], **assertions: object) -> bytes:
    """Sign with bare c2pa, unchecked: what other programs may do."""
    import c2pa

    from provenance.sign.read import context_settings

    definition = {
        "claim_generator_info": [{"name": "another", "version": "1"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions}},
            *({"label": label.replace("_", "."), "data": each} for label, each in assertions.items()),
        ],
    }
    settings = context_settings([])
    settings["verify"]["verify_after_sign"] = False
    info = c2pa.C2paSignerInfo(identity.algorithm, identity.chain, identity.key, None)
    context = c2pa.Context.from_dict(settings, signer=c2pa.Signer.from_info(info))
    target = io.BytesIO()
    c2pa.Builder(definition, context=context).sign("image/png", io.BytesIO(data), target)
    return target.getvalue()


MADE: dict[str, object] = {
    "action": "c2pa.created",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalArt",
}


def test_lists_of_numbers_in_foreign_records_are_read_as_they_were_signed(
    identity: Identity, picture: Callable[..., bytes]
) -> None:
    values = {"bytes": [1, 2, 3], "wide": [1, 300], "real": [1.5, 2.5], "empty": []}

    reading = read(foreign(identity, picture(), [MADE], org_prov_record=values))

    assert (reading.record, reading.claim_generator, reading.intact) == (values, "another 1", True)


@pytest.mark.parametrize(
    "actions",
    [
        [MADE, MADE],
        [{"action": "org.a.b"}, MADE],
        [{"action": "c2pa.created"}],
        [{"action": "c2pa.opened"}],
        [MADE, {"action": "c2pa.placed"}],
    ],
)
def test_a_claim_that_breaks_the_rules_does_not_hold(
    identity: Identity, picture: Callable[..., bytes], actions: list[dict[str, object]]
) -> None:
    reading = read(foreign(identity, picture(), actions))

    assert (reading.state, reading.intact) == ("Invalid", False)
    assert reading.problems[0].startswith("The manifest breaks a rule of C2PA (assertion.action.")


def test_where_the_store_lies_is_known_for_every_format(
    signer: Signer, picture: Callable[..., bytes], created: Callable[..., Claim]
) -> None:
    long = created(media_type="image/jpeg", description="x" * 200_000)  # four JPEG segments

    for file_format, claim in [("PNG", created()), ("JPEG", long), ("GIF", created(media_type="image/gif"))]:
        signed = signer.sign(picture(file_format), claim.media_type, claim)
        found = find_store(io.BytesIO(signed.data))
        assert (found.known, found.size, found.faults) == (True, signed.store_size, ())
        assert not find_store(io.BytesIO(picture(file_format))).size
