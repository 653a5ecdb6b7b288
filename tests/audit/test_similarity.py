import json
import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from provenance.audit import CHECKS, Answer, Subject, ask, compare
from provenance.errors import UsageError
from provenance.fingerprint import METHODS, Fingerprint, fingerprint_all
from provenance.fingerprint.index import Index
from provenance.picture import Picture

SUBJECT, WORK, OTHER, FAR = ("a1" * 32, "b2" * 32, "c3" * 32, "d4" * 32)

FORBIDDEN = re.compile(r"plagiar|infring|stolen|original|verified|authentic|genuine|fake", re.IGNORECASE)


def painted(seed: int) -> Picture:
    coarse = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (9, 6, 3), dtype=np.uint8))
    return Picture(np.array(coarse.resize((120, 90), Image.Resampling.BICUBIC)))


def indexes(**pictures: Picture) -> dict[str, Index]:
    """An index a method, holding the pictures under the uids that their names stand for."""
    names = {"subject": SUBJECT, "work": WORK, "other": OTHER, "far": FAR}
    made = {method.name: Index(method.name, method.size) for method in METHODS}
    for name, picture in pictures.items():
        for method, fingerprint in fingerprint_all(picture).items():
            made[method].add([names[name]], fingerprint.matrix[:1])
    return made


def fingerprint_of(codes: dict[str, NDArray[np.uint8]], quality: float = 1.0) -> dict[str, Fingerprint]:
    """Fingerprints whose first code is given, and whose other orientations lie far from everything."""
    return {
        name: Fingerprint(
            method=name,
            codes=np.vstack([code, np.tile(~code, (7, 1))]).tobytes(),
            quality=quality,
        )
        for name, code in codes.items()
    }


def flipped(code: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """The code with its first `bits` bits turned round."""
    unpacked = np.unpackbits(code)
    unpacked[:bits] ^= 1
    return np.packbits(unpacked)


def at_distance(**bits: int) -> tuple[dict[str, Fingerprint], dict[str, Index]]:
    """A subject, and an index with one picture at so many bits from it by each method."""
    rng = np.random.default_rng(4)
    codes = {m.name: rng.integers(0, 256, m.size, dtype=np.uint8) for m in METHODS if m.name in bits}
    made = {m.name: Index(m.name, m.size) for m in METHODS if m.name in bits}
    for name, code in codes.items():
        made[name].add([WORK], flipped(code, bits[name])[None])
    return fingerprint_of(codes), made


def test_a_recompressed_training_work_is_a_warning_that_says_how_near() -> None:
    work = painted(1)
    smaller = Picture.from_image(work.image().resize((90, 70)))

    answer = compare(fingerprint_all(smaller), indexes(work=work, far=painted(2)), {})

    [finding] = answer.findings
    assert (finding.severity, finding.check, finding.other) == ("warn", "similarity", WORK)
    assert finding.sentence.startswith(f"Looks like the work {WORK[:12]}: ")
    assert "256 bits of phash16_v1 differ, and 51 or fewer are flagged" in finding.sentence
    assert "It is near by 3 of 4 methods." in finding.sentence
    assert {match.method for match in answer.matches if match.flagged} == {"phash8_v1", "phash16_v1", "dhash16_v1"}


def test_a_mirrored_work_is_named_as_mirrored() -> None:
    work = painted(1)
    mirrored = Picture.from_image(work.image().transpose(Image.Transpose.FLIP_LEFT_RIGHT))

    answer = compare(fingerprint_all(mirrored), indexes(work=work), {})

    assert f"{WORK[:12]}, mirrored: 0 of 256 bits" in answer.findings[0].sentence


def test_unrelated_works_are_matches_but_no_finding() -> None:
    answer = compare(fingerprint_all(painted(1)), indexes(work=painted(2), other=painted(3)), {}, keep=1)

    assert answer.findings == []
    assert [match.method for match in answer.matches] == [method.name for method in METHODS]
    assert not any(match.flagged for match in answer.matches)


def test_other_artworks_are_told_of_only_when_near_and_only_inform() -> None:
    picture = painted(1)

    answer = compare(fingerprint_all(picture), {}, indexes(other=picture, far=painted(2)))

    assert {(match.kind, match.uid) for match in answer.matches} == {("artwork", OTHER)}
    [finding] = answer.findings
    assert (finding.severity, finding.other) == ("inform", OTHER)
    assert finding.sentence.startswith("Looks like the artwork ")


def test_a_picture_is_never_matched_with_itself() -> None:
    picture = painted(1)
    artworks = indexes(subject=picture, other=picture)

    answer = compare(fingerprint_all(picture), {}, artworks, but={SUBJECT})

    assert {match.uid for match in answer.matches} == {OTHER}


@pytest.mark.parametrize(
    ("coarse", "fine", "flagged"), [(0, 51, True), (0, 52, False), (30, 51, True), (5, 128, False)]
)
def test_one_fingerprint_decides(coarse: int, fine: int, flagged: bool) -> None:
    fingerprints, works = at_distance(phash8_v1=coarse, phash16_v1=fine)

    answer = compare(fingerprints, works, {})

    assert [finding.other for finding in answer.findings] == ([WORK] if flagged else [])
    fine_match = next(match for match in answer.matches if match.method == "phash16_v1")
    assert (fine_match.distance, fine_match.flagged) == (fine, flagged)


@pytest.mark.parametrize("near", [{"pdq_v1": 0}, {"dhash16_v1": 0}, {"pdq_v1": 0, "dhash16_v1": 0, "phash8_v1": 0}])
def test_what_is_near_by_others_only_is_measured_and_is_no_finding(near: dict[str, int]) -> None:
    fingerprints, pictures = at_distance(**({"phash16_v1": 52} | near))

    answer = compare(fingerprints, pictures, pictures, keep=1)

    assert answer.findings == []
    measured = [{m.method: m.distance for m in answer.matches if m.kind == kind} for kind in ("work", "artwork")]
    assert measured == [{"phash16_v1": 52} | near, near]
    assert not any(match.flagged for match in answer.matches)


def test_a_work_that_is_near_by_every_method_is_one_finding() -> None:
    fingerprints, works = at_distance(phash8_v1=0, phash16_v1=0, dhash16_v1=11, pdq_v1=31)

    [finding] = compare(fingerprints, works, {}).findings

    assert "It is near by 3 of 4 methods." in finding.sentence
    assert [each["near"] for each in finding.evidence["methods"]] == [True, True, False, True]  # type: ignore[index,union-attr,call-overload]


def test_a_method_that_cannot_be_relied_on_does_not_support() -> None:
    fingerprints, works = at_distance(phash16_v1=0, pdq_v1=0)
    fingerprints["pdq_v1"] = replace(fingerprints["pdq_v1"], quality=0.4)

    [finding] = compare(fingerprints, works, {}).findings

    assert "It is near by 1 of 2 methods." in finding.sentence


def test_works_without_a_code_by_some_methods_are_compared_by_the_others() -> None:
    fingerprints, works = at_distance(phash8_v1=0, phash16_v1=0, dhash16_v1=0, pdq_v1=0)
    works |= {name: Index(name, works[name].size) for name in ("dhash16_v1", "pdq_v1")}

    answer = compare(fingerprints, works, {})

    [finding] = answer.findings
    assert "It is near by 2 of 2 methods." in finding.sentence
    assert answer.works_compared == 1


@pytest.mark.parametrize(
    ("known", "decides"),
    [
        (("phash8_v1", "dhash16_v1", "pdq_v1"), "pdq_v1"),
        (("phash8_v1", "dhash16_v1"), "dhash16_v1"),
        (("phash8_v1",), "phash8_v1"),
    ],
)
def test_without_the_method_that_decides_the_next_one_does(known: tuple[str, ...], decides: str) -> None:
    fingerprints, works = at_distance(**dict.fromkeys(known, 0))

    [finding] = compare(fingerprints, works, {}).findings

    assert f"bits of {decides} differ" in finding.sentence


def test_without_a_finer_fingerprint_the_coarse_one_decides() -> None:
    fingerprints, works = at_distance(phash8_v1=5)

    answer = compare(fingerprints, works, {})

    assert [finding.other for finding in answer.findings] == [WORK]


def test_the_line_can_be_moved() -> None:
    fingerprints, works = at_distance(phash8_v1=0, phash16_v1=40)

    assert compare(fingerprints, works, {}, thresholds={"phash16_v1": 39}).findings == []
    assert len(compare(fingerprints, works, {}, thresholds={"phash16_v1": 40}).findings) == 1


def test_the_evidence_names_every_method_even_where_others_were_nearer() -> None:
    fingerprints, works = at_distance(phash8_v1=9, phash16_v1=10)
    code = fingerprints["phash8_v1"].matrix[0]
    works["phash8_v1"].add([f"{number:064x}" for number in range(9)], np.array([flipped(code, 8)] * 9))

    [finding] = compare(fingerprints, works, {}).findings

    assert finding.evidence["methods"] == [
        {"method": "phash8_v1", "flagged_at": 5, "reliable_at": 0.5, "quality": 1.0}
        | {"distance": 9, "bits": 64, "orientation": "identity", "near": False},
        {"method": "phash16_v1", "flagged_at": 51, "reliable_at": 0.5, "quality": 1.0}
        | {"distance": 10, "bits": 256, "orientation": "identity", "near": True},
    ]


def test_a_flat_picture_among_flat_works_gets_one_finding_that_nothing_can_be_said() -> None:
    def flat(level: int) -> Picture:
        return Picture(np.full((40, 40, 3), level, dtype=np.uint8))

    works = indexes(work=flat(10), other=flat(200), far=flat(90))

    answer = compare(fingerprint_all(flat(120)), works, indexes(other=flat(7)))

    assert [finding.severity for finding in answer.findings] == ["inform"]
    assert answer.findings[0].sentence.startswith("Cannot be said")
    assert not any(match.flagged for match in answer.matches)


def test_works_come_before_artworks_and_the_nearest_first() -> None:
    fingerprints, works = at_distance(phash16_v1=20)
    artworks = at_distance(phash16_v1=0)[1]
    code = fingerprints["phash16_v1"].matrix[0]
    works["phash16_v1"].add([OTHER, FAR], np.array([flipped(code, 3), flipped(code, 51)]))

    answer = compare(fingerprints, works, artworks, keep=0)

    found = [(finding.evidence["kind"], finding.other) for finding in answer.findings]
    assert found == [("work", OTHER), ("work", WORK), ("work", FAR), ("artwork", WORK)]


def test_no_more_matches_are_kept_than_wanted() -> None:
    fingerprints, works = at_distance(phash16_v1=100)
    works["phash16_v1"].add([OTHER, FAR], np.zeros((2, 32), dtype=np.uint8))

    assert [len(compare(fingerprints, works, {}, keep=keep).matches) for keep in (0, 1, 2, 9)] == [0, 1, 2, 3]


def test_the_answer_says_with_how_much_it_was_compared() -> None:
    answer = compare(fingerprint_all(painted(1)), indexes(work=painted(2), far=painted(3)), indexes(other=painted(4)))

    assert (answer.works_compared, answer.artworks_compared) == (2, 1)


def test_sentences_never_judge(subtests: pytest.Subtests) -> None:
    picture = painted(1)
    answers = [
        compare(fingerprint_all(picture), indexes(work=picture), indexes(other=picture)),
        compare(fingerprint_all(Picture(np.zeros((9, 9, 3), dtype=np.uint8))), {}, {}),
    ]

    for finding in (finding for answer in answers for finding in answer.findings):
        with subtests.test(finding.sentence):
            assert FORBIDDEN.search(finding.sentence) is None
            assert finding.sentence.endswith(".")


def test_all_checks_together_answer_in_json() -> None:
    picture = painted(1)
    subject = Subject(fingerprints=fingerprint_all(picture), works=indexes(work=picture), uid=SUBJECT)

    answer = ask(subject, CHECKS)

    assert [check.name for check in CHECKS] == ["similarity"]
    assert answer.works_compared == 1
    assert answer.settings["similarity"] == {"version": "2", **CHECKS[0].examine(subject).settings}
    assert json.loads(json.dumps([answer.settings, [finding.evidence for finding in answer.findings]]))


def test_a_further_check_joins_without_a_change_elsewhere() -> None:
    class Silent:
        name, version, summary = "silent", "3", "Says nothing."

        def examine(self, subject: Subject) -> Answer:
            return Answer(artworks_compared=7 + len(subject.works))

    answer = ask(Subject(fingerprints={}), [*CHECKS, Silent()])

    assert (answer.works_compared, answer.artworks_compared) == (0, 7)
    assert answer.settings["silent"] == {"version": "3"}


def test_an_audit_without_checks_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one"):
        ask(Subject(fingerprints={}), [])


def test_a_subject_without_fingerprints_has_no_finding() -> None:
    assert compare({}, {}, {}).findings == []


def test_what_is_unreliable_by_the_finest_is_not_flagged_by_a_coarser_one() -> None:
    fingerprints, works = at_distance(phash8_v1=0, phash16_v1=0)
    fingerprints["phash16_v1"] = replace(fingerprints["phash16_v1"], quality=0.1)

    [finding] = compare(fingerprints, works, {}).findings

    assert finding.sentence.startswith("Cannot be said")
