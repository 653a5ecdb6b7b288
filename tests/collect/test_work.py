"""A work, its record, and the name that follows from it."""

import dataclasses
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.collect.work import Consent, Work
from provenance.digest import Digest, canonical_json
from provenance.errors import DamagedArchiveError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DIGESTS = st.binary(max_size=4).map(Digest.of)
WORKS = st.builds(
    Work,
    file_digest=DIGESTS,
    pixels_digest=DIGESTS,
    file_size=st.integers(1, 1 << 40),
    media_type=st.sampled_from(["image/png", "image/webp"]),
    width=st.integers(1, 1 << 20),
    height=st.integers(1, 1 << 20),
    name=TEXT.map(lambda text: f"works/{text.replace('..', '')}"),
    title=st.none() | TEXT,
    creator=st.none() | TEXT,
    licence=st.none() | TEXT,
    source=st.none() | TEXT,
    category=st.none() | TEXT,
    subjects=st.lists(TEXT).map(tuple),
    series=st.none() | TEXT,
    consent=st.sampled_from(Consent),
    extra=st.dictionaries(TEXT, TEXT),
)
WORK = Work(
    file_digest=Digest.of(b"file"),
    pixels_digest=Digest.of(b"pixels"),
    file_size=1234,
    media_type="image/png",
    width=640,
    height=480,
    name="birds/heron.png",
    title="Heron",
    creator="Ana Ruiz",
    licence="CC-BY-4.0",
    subjects=("bird", "water"),
    consent=Consent.GRANTED,
    extra={"year": "1999", "Ä": "ö"},
)


@given(WORKS)
def test_a_work_comes_back_from_the_json_of_its_record(work: Work) -> None:
    assert Work.from_record(json.loads(canonical_json(work.record()))) == work


@given(WORKS, WORKS)
def test_works_share_a_uid_exactly_when_they_are_equal(one: Work, other: Work) -> None:
    assert (one.uid == other.uid) == (one == other)


@given(WORKS, st.randoms())
def test_the_uid_does_not_depend_on_the_order_of_extra_columns(work: Work, random: Any) -> None:
    items = list(work.extra.items())
    random.shuffle(items)

    assert dataclasses.replace(work, extra=dict(items)).uid == work.uid


def test_the_uid_is_the_leaf_hash_of_the_canonical_record() -> None:
    record = (
        '{"category":null,"consent":"granted","creator":"Ana Ruiz","extra":[["year","1999"],["Ä","ö"]],'
        '"file_digest":"sha256:3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80",'
        '"file_size":1234,"height":480,"licence":"CC-BY-4.0","media_type":"image/png","name":"birds/heron.png",'
        '"pixels_digest":"sha256:6ec9c2b0eb14010746c8bce8939303b382344b296206612eb8a907a37b2b2f37",'
        '"record":"work_v1","series":null,"source":null,"subjects":["bird","water"],"title":"Heron","width":640}'
    )

    assert canonical_json(WORK.record()) == record
    assert WORK.uid == hashlib.sha256(b"\0" + record.encode()).hexdigest()


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Work)])
def test_every_field_of_a_work_is_in_its_record(field: str) -> None:
    assert field in WORK.record()


@pytest.mark.parametrize("name", ["", "/home/ana/heron.png", "../heron.png", "a/../../b.png", "heron\udcff.png"])
def test_a_name_that_leads_elsewhere_or_is_no_text_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a work"):
        dataclasses.replace(WORK, name=name)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"record": "work_v2"}, "Upgrade prov"),
        ({"consent": "perhaps"}, "perhaps"),
        ({"file_digest": "md5:abc"}, "md5:abc"),
        ({"name": "/etc/passwd"}, "within the folder"),
        ({"mood": "blue"}, "mood"),
    ],
)
def test_a_record_that_cannot_be_read_is_said_to_be_damaged(change: dict[str, str], words: str) -> None:
    with pytest.raises(DamagedArchiveError, match=words):
        Work.from_record({**WORK.record(), **change})


def test_a_record_without_a_field_is_said_to_be_damaged() -> None:
    record = dict(WORK.record())
    del record["consent"]

    with pytest.raises(DamagedArchiveError, match="consent"):
        Work.from_record(record)


def test_a_work_can_be_a_key() -> None:
    assert {WORK: 1}[dataclasses.replace(WORK)] == 1
