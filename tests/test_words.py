"""The words: a golden table of what is said about signatures, and a watch over every string people may read.

`python tests/test_words.py` writes the golden table anew; read it in review.
"""

import ast
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import words
from provenance.words import (
    Clock,
    Difference,
    Disclosure,
    Found,
    Intactness,
    Likeness,
    Making,
    Severity,
    Sign,
    Signature,
    Standing,
    Truth,
    Verdict,
    Vouched,
)

GOLDEN = Path(__file__).parent / "golden" / "words.json"
PACKAGE = Path(words.__file__).parents[1]
NOVEMBER = datetime(2026, 11, 4, 14, 2, 9, tzinfo=UTC)
STATES = st.builds(
    Signature,
    intact=st.sampled_from(Intactness),
    vouched=st.sampled_from(Vouched),
    found=st.sampled_from(Found),
    signer=st.sampled_from([None, "Harbour Pictures"]),
    at=st.sampled_from([None, NOVEMBER]),
    expired=st.booleans(),
)


def signature(intact: Intactness, vouched: Vouched, found: Found) -> Signature:
    return Signature(
        intact=intact,
        vouched=vouched,
        found=found,
        signer="Lind Studio",
        anchor="the anchor of Harbour Museum",
        at=NOVEMBER,
        artwork="Night crossing (7f3a91)",
        distance="3 of 256 bits differ",
    )


def golden_text() -> str:
    lines = []
    for intact, vouched, found in product(Intactness, Vouched, Found):
        told = signature(intact, vouched, found)
        row = {
            "exit": words.exit_code(told),
            "exit if the signer must be known": words.exit_code(told, known_signer=True),
            "heading": f"{words.signature_sign(told).text()} {words.verdict_heading(told)}",
            "answers": [f"{answer.short}: {answer.sentence}" for answer in words.three_answers(told)],
        }
        lines.append(f'"{intact}, {vouched}, {found}": {json.dumps(row, ensure_ascii=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def said(told: Signature) -> str:
    answers = [part for answer in words.three_answers(told) for part in answer]
    return "\n".join([words.verdict_heading(told), *answers])


def test_every_state_of_a_signature_says_what_the_golden_table_says() -> None:
    assert golden_text() == GOLDEN.read_text(encoding="utf-8")


def test_the_golden_table_is_json_with_a_row_for_every_state() -> None:
    table = json.loads(GOLDEN.read_text(encoding="utf-8"))

    assert len(table) == len(Intactness) * len(Vouched) * len(Found)


@given(STATES)
def test_what_was_found_again_is_never_called_intact(told: Signature) -> None:
    if told.found.recovered:
        assert "Intact" not in said(told)
        assert words.exit_code(told) == 1


@given(STATES)
def test_the_trial_identity_never_goes_without_its_warning(told: Signature) -> None:
    if told.vouched is Vouched.TRIAL and told.sayable not in {Intactness.NOTHING, Intactness.UNREADABLE}:
        assert "To the public it proves no name." in said(told)


@given(STATES)
def test_an_unknown_signer_never_gets_the_tick(told: Signature) -> None:
    if told.vouched in {Vouched.TRIAL, Vouched.NOBODY}:
        assert words.signature_sign(told) is not Sign.CHECKED


@given(STATES)
def test_only_an_intact_file_exits_with_zero(told: Signature) -> None:
    assert (words.exit_code(told) == 0) == words.verdict_heading(told).startswith("Intact. ")


@given(STATES)
def test_what_we_say_about_signatures_holds_no_forbidden_word(told: Signature) -> None:
    assert words.forbidden_in(said(told)) == []


def test_a_certificate_that_ran_out_leaves_intactness_unsaid() -> None:
    told = Signature(intact=Intactness.INTACT, vouched=Vouched.ANCHOR, found=Found.IN_FILE, expired=True)

    assert words.exit_code(told) == 1
    assert "The certificate has run out" in words.three_answers(told)[0].sentence


def test_nothing_found_says_that_it_says_nothing() -> None:
    told = Signature(intact=Intactness.NOTHING, vouched=Vouched.NOBODY, found=Found.NOWHERE)

    assert words.verdict_heading(told) == "Nothing found. That says nothing about how it was made."


@given(st.lists(st.sampled_from(Truth), min_size=1))
def test_a_composite_is_as_true_as_its_weakest_part(levels: list[Truth]) -> None:
    lowest = Truth.lowest(*levels)

    assert lowest in levels
    assert all(lowest <= level for level in levels)


def test_levels_of_truth_stand_in_order() -> None:
    assert Truth.CLAIMED < Truth.CHECKED < Truth.REPRODUCED


def test_a_composite_without_parts_has_no_level() -> None:
    with pytest.raises(ValueError, match="without parts"):
        Truth.lowest()


def test_levels_of_disclosure_stand_in_order() -> None:
    assert Disclosure.MINIMAL < Disclosure.PUBLIC < Disclosure.FULL


def test_signs_have_a_form_for_terminals_without_utf8() -> None:
    assert [Sign.of_truth(truth).text(utf8=False) for truth in Truth] == ["o", "v", "vv"]
    assert all(sign.text(utf8=False).isascii() for sign in Sign)


def test_every_state_has_its_words_and_its_sign() -> None:
    texts = [*(s.word for s in Severity), *(x.word for x in Likeness), *(m.sentence for m in Making)]
    texts += [*(t.meaning for t in Truth), *(d.meaning for d in Disclosure)]
    texts += [words.reproduction_heading(verdict) for verdict in (None, *Verdict)]
    signs = [*map(Sign.of_severity, Severity), *map(Sign.of_verdict, Verdict)]

    assert all(texts)
    assert len(signs) == len(Severity) + len(Verdict)
    assert [hit for text in texts for hit in words.forbidden_in(text)] == []


@pytest.mark.parametrize(
    ("source", "by_person", "by_model", "expected"),
    [
        ("algorithmicMedia", False, False, "Made by a formula, without a trained model."),
        (words.DIGITAL_SOURCE_TYPE + "trainedAlgorithmicMedia", False, False, "Generated by an AI model."),
        ("trainedAlgorithmicMedia", True, False, "Generated by an AI model, then partly changed by a person."),
        ("digitalCreation", False, True, "Made by a person, then partly changed by an AI model."),
        ("digitalCapture", False, True, "Made in part by an AI model. Which part is not recorded."),
        (None, True, False, "Brought in. Nobody has said how it was made."),
        ("no such code", False, False, "Brought in. Nobody has said how it was made."),
    ],
)
def test_how_it_was_made_follows_the_source_type_and_the_edits(
    source: str | None, by_person: bool, by_model: bool, expected: str
) -> None:
    assert words.making_of(source, by_person=by_person, by_model=by_model).sentence == expected


@pytest.mark.parametrize("making", Making)
def test_a_file_says_that_a_model_took_part_whenever_one_did(making: Making) -> None:
    source = words.digital_source_type(making)

    assert ("rainedAlgorithmicMedia" in (source or "")) == making.by_model


def test_a_reproduction_is_told_with_its_measured_difference() -> None:
    difference = Difference(largest=2, share=0.0041, psnr=52.31)

    assert words.reproduction_sentence(Verdict.EQUIVALENT, difference, why="torch is another version.") == (
        "Reproduced: equivalent. 0.41 % of the pixels differ, by at most 2 of 255 (PSNR 52.3 dB). "
        "torch is another version."
    )


def test_a_reproduction_of_another_size_says_so() -> None:
    said = words.reproduction_sentence(Verdict.DIFFERENT, Difference(largest=None, share=None))

    assert said == "Made again: different. The two have different sizes."


def test_no_copy_is_told_with_what_was_compared() -> None:
    assert words.no_copy_found(compared=3012, of=3012) == (
        "No copy of a training work found, compared with 3,012 of 3,012."
    )
    assert words.coverage_warning(compared=3012, of=3422) == "The verdict covers 3,012 of 3,422."
    assert words.coverage_warning(compared=3422, of=3422) is None


@pytest.mark.parametrize("given", [0, 2])
@pytest.mark.parametrize("of", [0, 7])
def test_nothing_compared_is_never_no_copy(of: int, given: int) -> None:
    assert "No copy" not in words.no_copy_found(compared=0, of=of, given=min(of, given))


@pytest.mark.parametrize(
    ("of", "given", "said"),
    [
        (3013, 1, "3,013 works (3,012 training works, 1 only given as a picture)"),
        (3, 2, "3 works (1 training work, 2 only given as pictures)"),
        (2, 2, "2 works (no training work, 2 only given as pictures)"),
        (1, 1, "1 work (no training work, 1 only given as a picture)"),
    ],
)
def test_pictures_that_were_given_are_told_apart_from_training_works(of: int, given: int, said: str) -> None:
    assert words.no_copy_found(compared=1, of=of, given=given) == f"No copy of a work found, compared with 1 of {said}."


@pytest.mark.parametrize("recorded", ["the work", "the training work"])
@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("truth", Truth)
def test_a_finding_calls_a_work_what_it_is(recorded: str, standing: Standing, truth: Truth) -> None:
    told = words.about_work(f"Looks like {recorded} 3f9a: 3 bits.", "3f9a", standing, truth)

    called = "the work 3f9a" if standing is Standing.GIVEN else "the training work 3f9a"
    assert told.startswith(f"Looks like {called}: 3 bits. ")
    assert ("It is claimed" in told) == (standing is Standing.LEARNT and truth is Truth.CLAIMED)


def test_a_likeness_is_told_with_the_line_and_with_what_it_means() -> None:
    told = words.looks_like("“Picture 0B”, freespace", likeness=Likeness.PART, value="0.91", line="0.62")

    assert told.startswith("Looks like “Picture 0B”, freespace (0.91; we flag from 0.62): copy of a part.")
    assert told.endswith("Whether it is a copy in law is for people to say.")


def test_licences_are_told_with_how_many_are_only_claimed() -> None:
    assert words.licences(works=3012, forbidding=0, claimed=24) == (
        "None of 3,012 training works forbids this use; 24 licences are only claimed."
    )
    assert words.licences(works=3012, forbidding=1, claimed=24) == "1 of 3,012 training works forbids this use."


def test_a_part_of_a_picture_is_evidence_and_no_opinion() -> None:
    assert words.part_changed(0.061) == "6.1 % of the picture changed. This is evidence, not a legal opinion."
    assert "cannot be said" in words.part_changed(None)


def test_a_withdrawal_does_not_unlearn() -> None:
    assert words.withdrawn(NOVEMBER) == (
        "Withdrawn on 4 November 2026. What a model has learnt stays learnt until it is trained again."
    )


def test_a_time_is_told_with_its_clock() -> None:
    paris = NOVEMBER.astimezone(timezone(timedelta(hours=1)))

    assert words.moment_by(paris, Clock.OWN) == "4 November 2026, 14:02 UTC, by this computer's clock"
    assert words.moment_by(paris, Clock.INDEPENDENT).endswith(", by an independent clock")


def test_a_time_without_a_zone_is_not_told() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        words.minute(datetime(2026, 11, 4))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0, "0 %"), (1e-7, "under 0.01 %"), (0.0005, "0.05 %"), (0.061, "6.1 %"), (0.9999, "over 99.9 %"), (1, "100 %")],
)
def test_a_percentage_never_rounds_something_to_nothing_or_part_to_all(share: float, expected: str) -> None:
    assert words.percent(share) == expected


def test_a_rate_has_its_sample_and_its_interval() -> None:
    assert words.rate(found=4, of=2000, low=0.0005, high=0.0051) == (
        "4 of 2,000: 0.2 % (95 % interval 0.05 % to 0.51 %)"
    )
    assert words.rate(found=0, of=2000, low=0, high=0.0018) == "0 of 2,000: under 0.18 % (95 % interval)"


def test_a_fact_is_told_with_who_said_it() -> None:
    assert words.told(Truth.CLAIMED, by="Ada Lind", at=NOVEMBER) == "Claimed by Ada Lind, 4 November 2026"


@pytest.mark.parametrize(
    "text",
    [
        "Trusted", "trusted", "Signature: untrusted", "Verified", "verified signature", "Authentic", "authenticity",
        "Genuine picture", "Fake", "This was tampered with.", "Real", "Plagiarism", "It infringes.", "stolen",
        "Original", "The picture is original.", "Safe", "Clean.", "All rights cleared", "Not AI", "No AI detected",
        "Suspicious", "Made with AI", "AI-assisted", "99.9 % accurate", "{} % similar", "Human-made", "C2PA badge",
        "according to metadata", "Confirmed", "Removed", "Content credentials found", "a trust score of 7",
    ],
)  # fmt: skip
def test_what_overclaims_is_forbidden(text: str) -> None:
    assert words.forbidden_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Calling it again is safe.", "the original bytes", "xmpMM:OriginalDocumentID", "in real time", "fakeredis",
        "The manifest was verified: manifest in the file.", "vouched for by an anchor, trusted by Ada", "cleaned up",
        "Not confirmed: call again with --yes.", "unverifiable", "Content Credentials", "removed 3 files", "realism",
        "95 % interval", "A likeness of 0.62, where we flag",
    ],
)  # fmt: skip
def test_plain_speech_is_not_forbidden(text: str) -> None:
    assert words.forbidden_in(text) == []


@pytest.mark.parametrize("module", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_string_for_people_overclaims(module: Path) -> None:
    if module.name == "forbidden.py":
        return
    tree = ast.parse(module.read_text(encoding="utf-8"))
    hits = {(line, hit) for line, text in strings_for_people(tree, module) for hit in words.forbidden_in(text)}

    assert hits == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('print("Verified")', ["Verified"]),
        ('print(f"{name} is Trusted, {x:.2f}")', ["{} is Trusted, {}"]),
        ("print(f\"{'Verified' if good else 'no'}\")", ["{}", "Verified"]),
        ('state["verified"]', []),
        ('"""Trusted words."""\nx = "a_name"', []),
        ('def f():\n    """Verified."""\n    return "two words"', ["two words"]),
    ],
)
def test_the_watch_reads_sentences_and_labels_and_no_names(source: str, expected: list[str]) -> None:
    found = [text for _, text in strings_for_people(ast.parse(source), PACKAGE / "archive" / "x.py")]

    assert found == expected


def strings_for_people(tree: ast.Module, module: Path) -> Iterator[tuple[int, str]]:
    """Give every string that may be read by people, with its line.

    Names in code are none: no blank and a small first letter. Docstrings are only where they become help.
    C2PA's own names of states are no words of ours, but only `sign/` may know them.
    """
    passed_over = set(pieces_of_f_strings(tree))
    if "cli" not in module.relative_to(PACKAGE).parts:
        passed_over |= set(docstrings_of(tree))
    for node in ast.walk(tree):
        if id(node) in passed_over:
            continue
        if isinstance(node, ast.JoinedStr):
            pieces = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            yield node.lineno, "".join(map(str, pieces))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not is_name(node.value, module):
            yield node.lineno, node.value


def pieces_of_f_strings(tree: ast.Module) -> Iterator[int]:
    """Give the ids of what an f-string is put together from and of its format codes, but not of its expressions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from (id(part) for part in node.values)
        elif isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            yield from (id(part) for part in ast.walk(node.format_spec))


def docstrings_of(tree: ast.Module) -> Iterator[int]:
    """Give the ids of all strings that stand alone as a statement: docstrings of modules, functions and fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield id(node.value)


def is_name(text: str, module: Path) -> bool:
    if module.relative_to(PACKAGE).parts[0] == "sign" and text in {"Trusted", "Valid", "Invalid"}:
        return True
    return not any(letter.isspace() for letter in text.strip()) and not text[:1].isupper()


if __name__ == "__main__":
    GOLDEN.write_text(golden_text(), encoding="utf-8")
