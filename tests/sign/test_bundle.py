"""A set of works as one signed bundle, and what a stranger reads of it in a picture."""

import base64
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import encypher_c2pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.collect.merkle import dataset_root
from provenance.collect.work import Work
from provenance.digest import Digest, Json, canonical_json
from provenance.errors import DamagedArchiveError, SigningError
from provenance.picture import Picture
from provenance.sign import bundle as bundles
from provenance.sign.bundle import Form, WorkSet, bundle, bundle_facts, licence_counts
from provenance.sign.bundle_reading import read_bundles
from provenance.sign.claim import Claim, Ingredient
from provenance.sign.contained import Containment, contains
from provenance.sign.definition import ZIP
from provenance.sign.embed import Signer
from provenance.sign.identity import Identity

Make = Callable[..., bytes]


@pytest.fixture(scope="session")
def files(picture: Make) -> list[bytes]:
    return [picture(seed=seed) for seed in range(5)]


def work(file: bytes, number: int = 0, **changes: Any) -> Work:
    facts: dict[str, Any] = {
        "file_digest": Digest.of(file),
        "pixels_digest": Picture.open(file).digest,
        "file_size": len(file),
        "media_type": "image/png",
        "width": 16,
        "height": 16,
        "name": f"work-{number}.png",
        "creator": "Zebulon Quux",
        "licence": "CC0-1.0",
    }
    return Work(**{**facts, **changes})


def work_set(works: Sequence[Work], **changes: Any) -> WorkSet:
    root = dataset_root(each.uid for each in works)
    facts: dict[str, Any] = {"uid": "ab" * 32, "name": "faces", "version": 2, "merkle_root": root, "works": works}
    return WorkSet(**{**facts, **changes})


@pytest.fixture(scope="session")
def faces(files: list[bytes]) -> WorkSet:
    return work_set([work(file, number) for number, file in enumerate(files)])


@pytest.fixture(scope="session")
def staged(signer: Signer, created: Callable[..., Claim]) -> Callable[..., Ingredient]:
    """Sign a set, or a claim about one, and stage it for pictures."""

    def make(data: bytes, claim: Claim, **notes: str) -> Ingredient:
        signed = signer.sign(data, ZIP, claim).data
        ingredient = Ingredient(
            label="dataset",
            relationship="inputTo",
            title=claim.title,
            digest=Digest.of(signed),
            data=signed,
            media_type=ZIP,
            data_types=("c2pa.types.dataset",),
            notes=notes,
        )
        return signer.stage(ingredient)

    return make


@pytest.fixture(scope="session")
def made(
    signer: Signer, picture: Make, created: Callable[..., Claim], staged: Callable[..., Ingredient]
) -> Callable[..., bytes]:
    """A signed picture whose model learnt from a set."""

    def make(data: bytes, claim: Claim, file_format: str = "PNG") -> bytes:
        media_type = f"image/{file_format.lower()}"
        told = created(
            media_type=media_type, ingredients=(*created().ingredients, staged(data, claim, truth="checked"))
        )
        return signer.sign(picture(file_format, seed=99), media_type, told).data

    return make


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_an_independent_verifier_accepts_pictures_with_a_bundle(
    made: Callable[..., bytes],
    faces: WorkSet,
    created: Callable[..., Claim],
    identity: Identity,
    tmp_path: Path,
    file_format: str,
) -> None:
    path = tmp_path / f"made.{file_format.lower()}"
    path.write_bytes(made(*bundle(faces, people=True, at=created().when), file_format))

    assert identity.root is not None
    root = identity.root.decode()
    judged = encypher_c2pa.verify(str(path), trust_pem=root, no_default_trust=True, telemetry=False, online=False)
    assert (judged["validation_state"], judged["hard_binding"]) == ("Trusted", "match")


def test_the_records_travel_and_make_up_the_root(
    made: Callable[..., bytes], faces: WorkSet, created: Callable[..., Claim]
) -> None:
    (found,) = read_bundles(made(*bundle(faces, people=True, at=created().when)))

    assert (found.form, found.adds_up, found.problem, found.claimed) == (Form.RECORDS, True, None, False)
    assert (found.name, found.works, found.merkle_root) == ("faces version 2", 5, faces.merkle_root)
    assert {each["name"] for each in found.records.values()} == {f"work-{number}.png" for number in range(5)}


def test_the_same_set_gives_the_same_zip_in_any_order(faces: WorkSet, created: Callable[..., Claim]) -> None:
    turned = replace(faces, works=list(reversed(faces.works)))

    assert bundle(faces, people=True, at=created().when)[0] == bundle(turned, people=True, at=created().when)[0]


def test_without_people_there_are_digests_and_no_record(
    made: Callable[..., bytes], faces: WorkSet, files: list[bytes], created: Callable[..., Claim]
) -> None:
    data, claim = bundle(faces, people=False, at=created().when)
    picture = made(data, claim)

    assert b"Zebulon" not in data
    assert b"Zebulon" not in picture
    (found,) = read_bundles(picture)
    assert (found.form, found.adds_up, dict(found.records)) == (Form.DIGESTS, None, {})
    assert [each.answer for file in files for each in contains(picture, file)] == [Containment.FILE] * 5


def test_a_large_set_leaves_out_records_then_digests(
    made: Callable[..., bytes],
    faces: WorkSet,
    files: list[bytes],
    created: Callable[..., Claim],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forms, answers = [], []
    for limit in (10_000, 300, 20):
        monkeypatch.setattr(bundles, "LIMIT", limit)
        data, claim = bundle(faces, people=True, at=created().when)
        forms.append(claim.dataset["form"])
        answers += [each.answer for each in contains(made(data, claim), files[0])]

    assert forms == ["records_v1", "digests_v1", "root_v1"]
    assert answers == [Containment.FILE, Containment.FILE, Containment.UNSAID]


def test_the_three_answers_are_kept_apart(
    made: Callable[..., bytes], faces: WorkSet, files: list[bytes], picture: Make, created: Callable[..., Claim]
) -> None:
    signed = made(*bundle(faces, people=True, at=created().when))
    import io

    from PIL import Image

    again = io.BytesIO()
    Image.open(io.BytesIO(files[3])).save(again, "WEBP", lossless=True)

    asked = {"this": files[3], "again": again.getvalue(), "other": picture(seed=77), "none": b"no picture"}
    answers = {name: contains(signed, file)[0] for name, file in asked.items()}
    assert {name: each.answer.value for name, each in answers.items()} == {
        "this": "file",
        "again": "pixels",
        "other": "not_listed",
        "none": "unsaid",
    }
    assert answers["again"].record == answers["this"].record
    assert answers["this"].record is not None
    assert answers["this"].record["name"] == "work-3.png"


def test_a_list_that_does_not_make_up_its_root_is_no_evidence(
    made: Callable[..., bytes], faces: WorkSet, files: list[bytes], created: Callable[..., Claim]
) -> None:
    data, claim = bundle(faces, people=True, at=created().when)
    lied = replace(claim, dataset={**claim.dataset, "merkle_root": "cd" * 32})

    (answer,) = contains(made(data, lied), files[0])
    assert answer.answer is Containment.UNSAID
    assert "do not make up the Merkle root" in answer.sentence


def test_a_changed_picture_answers_nothing(
    made: Callable[..., bytes], faces: WorkSet, files: list[bytes], created: Callable[..., Claim]
) -> None:
    data = bytearray(made(*bundle(faces, people=True, at=created().when)))
    data[-100] ^= 1

    (answer,) = contains(bytes(data), files[0])
    assert (answer.answer, answer.basis) == (Containment.UNSAID, None)
    assert "changed after it was signed" in answer.sentence


def test_a_changed_list_inside_a_picture_answers_nothing(
    made: Callable[..., bytes], faces: WorkSet, files: list[bytes], created: Callable[..., Claim]
) -> None:
    data, claim = bundle(faces, people=True, at=created().when)
    signed = made(data, claim)
    place = signed.index(str(claim.dataset["records"])[40:80].encode())

    (answer,) = contains(signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :], files[0])
    assert answer.answer is Containment.UNSAID


def test_files_without_a_list_say_so(signed: bytes, files: list[bytes]) -> None:
    assert "names no list of works" in contains(signed, files[0])[0].sentence
    assert "carries no record" in contains(files[1], files[0])[0].sentence
    assert contains(b"", files[0])[0].answer is Containment.UNSAID


def test_a_selection_is_called_one(made: Callable[..., bytes], faces: WorkSet, created: Callable[..., Claim]) -> None:
    (found,) = read_bundles(made(*bundle(replace(faces, selected=True), people=True, at=created().when)))

    assert found.name == "a selection from faces version 2"


def test_works_that_are_not_those_of_the_root_are_not_signed(faces: WorkSet, created: Callable[..., Claim]) -> None:
    with pytest.raises(DamagedArchiveError, match="not those of its Merkle root"):
        bundle(replace(faces, works=faces.works[1:]), people=True, at=created().when)


def test_a_bundle_that_was_changed_is_not_taken_in(
    signer: Signer, faces: WorkSet, created: Callable[..., Claim]
) -> None:
    data, claim = bundle(faces, people=True, at=created().when)
    signed = bytearray(signer.sign(data, ZIP, claim).data)
    signed[signed.index(b"file_digest") + 20] ^= 1
    ingredient = Ingredient(label="dataset", relationship="inputTo", title="faces", data=bytes(signed), media_type=ZIP)

    with pytest.raises(SigningError, match="A file in it was changed"):
        signer.stage(ingredient)


def test_what_is_no_bundle_cannot_be_read() -> None:
    with pytest.raises(DamagedArchiveError, match="cannot be read"):
        bundle_facts(b"nonsense")


def test_a_hundred_licences_are_counted_and_the_others_together() -> None:
    counts = licence_counts([None, "MIT", "MIT", *(f"L-{number:03}" for number in range(200))])

    assert (counts["MIT"], len(counts), sum(counts.values())) == (2, 101, 203)


LISTS: dict[str, dict[str, Json]] = {
    "no Base64": {"form": "records_v1", "records": "###"},
    "no zlib": {"form": "records_v1", "records": base64.b64encode(b"none").decode()},
    "a bomb": {"form": "records_v1", "records": base64.b64encode(zlib.compress(bytes(70 << 20))).decode()},
    "no JSON": {"form": "records_v1", "records": base64.b64encode(zlib.compress(b"{")).decode()},
    "no digests": {"form": "records_v1", "records": base64.b64encode(zlib.compress(b'{"a": 1}')).decode()},
    "a list": {"form": "records_v1", "records": base64.b64encode(zlib.compress(b"[]")).decode()},
    "nested": {"form": "records_v1", "records": base64.b64encode(zlib.compress(b"[" * 99_999)).decode()},
    "an odd length": {"form": "digests_v1", "digests": base64.b64encode(b"abc").decode(), "works": 1},
    "unknown": {"form": "records_v9"},
    "nothing": {"name": "empty"},
    "numbers": {"form": {"a": 1}, "name": {"b": 2}, "works": "many", "merkle_root": {"c": 3}},
}


@pytest.mark.parametrize("what", LISTS)
def test_a_strangers_nonsense_is_a_sentence(
    made: Callable[..., bytes], faces: WorkSet, files: list[bytes], created: Callable[..., Claim], what: str
) -> None:
    data, claim = bundle(faces, people=True, at=created().when)

    (answer,) = contains(made(data, replace(claim, dataset=LISTS[what])), files[0])
    assert (answer.answer, answer.basis) == (Containment.UNSAID, None)
    assert ("more than 64 MiB" in answer.sentence) == (what == "a bomb")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=6))
def test_any_text_in_a_record_comes_back(
    made: Callable[..., bytes],
    files: list[bytes],
    created: Callable[..., Claim],
    texts: list[tuple[str, str]],
) -> None:
    writable = [text.encode("utf-8", "replace").decode() for pair in texts for text in pair]
    works = [work(files[0], number, title=text) for number, text in enumerate(writable)]
    data, claim = bundle(work_set(list({each.uid: each for each in works}.values())), people=True, at=created().when)

    (found,) = read_bundles(made(data, claim))
    assert found.adds_up
    said = zlib.decompress(base64.b64decode(str(claim.dataset["records"]))).split(b"\n")
    assert {canonical_json(each.record()) for each in works} == {line.decode() for line in said}
    assert all(json.loads(line)["title"] in writable for line in said)
