"""Laws about changed files, and an independent judge that shares no code with our reader."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.sign.claim import Claim
from provenance.sign.embed import Signer
from provenance.sign.read import Anchor, read

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "AVIF")
FLIPS = 100  # a format


@pytest.fixture(scope="module")
def files(
    signer: Signer,
    picture: Callable[..., bytes],
    created: Callable[..., Claim],
    edited: Callable[..., Claim],
    signed: bytes,
) -> dict[str, bytes]:
    made = {}
    for file_format in FORMATS:
        media_type = f"image/{file_format.lower()}"
        claim = created(media_type=media_type)
        made[file_format] = signer.sign(picture(file_format, side=8), media_type, claim).data
    made["child"] = signer.sign(picture(side=8, seed=1), "image/png", edited(signed)).data
    return made


@pytest.mark.parametrize("name", [*FORMATS, "child"])
def test_no_flipped_byte_leaves_a_file_intact(files: dict[str, bytes], anchor: Anchor, name: str) -> None:
    data, chance = files[name], random.Random(20261122)

    for _ in range(FLIPS):
        at, bits = chance.randrange(len(data)), chance.randrange(1, 256)
        changed = bytearray(data)
        changed[at] ^= bits
        reading = read(bytes(changed), anchors=[anchor])
        assert reading.intact is not True, f"{name}: byte {at} with {bits:#x}"


UNSIGNED = {
    "PNG": (b"caBX", -1),  # the length of the chunk
    "JPEG": (b"JP\x02\x11\0\0\0\1", 0),
    "AVIF": (b"mif1", 0),
    "TIFF": (b"jumb", -1),
    "WEBP": (b"jumb", -1),
}


@pytest.mark.parametrize("name", UNSIGNED)
def test_the_bytes_around_a_manifest_are_checked_although_nothing_signs_them(
    files: dict[str, bytes], anchor: Anchor, name: str
) -> None:
    data = files[name]
    mark, offset = UNSIGNED[name]
    places = [data.index(mark) + offset + step for step in range(4)]
    if name == "PNG":
        start = data.index(b"caBX")
        end = start + 4 + int.from_bytes(data[start - 4 : start], "big")
        places += range(end, end + 4)  # its checksum
    if name == "JPEG":
        places += range(places[0], places[0] + 8)

    for at in places:
        changed = bytearray(data)
        changed[at] ^= 0x20
        assert read(bytes(changed), anchors=[anchor]).intact is not True, f"byte {at}"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.data())
def test_no_cut_or_insertion_leaves_a_file_intact(files: dict[str, bytes], anchor: Anchor, drawn: Any) -> None:
    data = files[drawn.draw(st.sampled_from(sorted(files)))]
    start, end = sorted((drawn.draw(st.integers(0, len(data))), drawn.draw(st.integers(0, len(data)))))
    middle = drawn.draw(st.binary(max_size=64))
    changed = data[:start] + middle + data[end:]

    reading = read(changed, anchors=[anchor])

    assert reading.intact is not True or changed == data


@settings(max_examples=100, deadline=None)
@given(data=st.one_of(st.binary(max_size=400), st.builds(lambda head, tail: head + tail, st.sampled_from(
    [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xeb", b"RIFF\xff\0\0\0WEBPC2PA", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08",
     b"\0\0\0\x10ftypavif\0\0\0\0", b"GIF89a", b"%PDF-1.7\n", b"<svg>", b"PK\x03\x04", b"\0\0\0\x20jumb"]
), st.binary(max_size=300))))  # fmt: skip
def test_no_bytes_at_all_make_the_reader_fail(data: bytes) -> None:
    assert read(data).intact is None


@pytest.fixture(autouse=True)
def _home_of_the_judge(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    # It writes down that telemetry is off; that must not land in the home of whoever runs the tests.
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path_factory.getbasetemp()))


def judged(path: Path, anchor: Anchor) -> tuple[str, bool]:
    report = encypher_c2pa.verify(
        str(path), trust_pem=anchor.pem.decode(), no_default_trust=True, telemetry=False, online=False
    )
    return report["validation_state"], report["trust"]["status"] == "trusted"


@pytest.mark.parametrize("name", [*FORMATS, "child"])
def test_an_independent_judge_agrees(files: dict[str, bytes], anchor: Anchor, tmp_path: Path, name: str) -> None:
    file_format = "PNG" if name == "child" else name
    good, bad = (tmp_path / f"{kind}.{file_format.lower()}" for kind in ("good", "bad"))
    good.write_bytes(files[name])
    changed = bytearray(files[name])
    changed[-20] ^= 1 if name != "JPEG" else 0x10
    bad.write_bytes(changed)

    assert judged(good, anchor)[0] == read(good, anchors=[anchor]).state == "Trusted"
    assert judged(bad, anchor)[0] == read(bad, anchors=[anchor]).state == "Invalid"
