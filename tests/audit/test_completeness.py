from dataclasses import replace

from provenance import words
from provenance.audit.completeness import Known, Part, answer, replies
from provenance.words import Severity, Truth

CHECKED, CLAIMED = Truth.CHECKED, Truth.CLAIMED
NONE = Part(missing=0, of=0)

FULL = Known(
    maker=CLAIMED,
    editor=None,
    signer=CHECKED,
    generated=True,
    model=CHECKED,
    weights=Part(missing=0, of=1, truth=CHECKED),
    seed=CHECKED,
    settings=CHECKED,
    machine=CHECKED,
    libraries=CHECKED,
    made_at=CHECKED,
    witness=CHECKED,
    trainings=Part(missing=0, of=1, truth=CHECKED),
    licences=Part(missing=0, of=3000),
    creators=Part(missing=0, of=3000),
    edits_tools=NONE,
    edits_measured=NONE,
)


def states(known: Known) -> dict[str, Truth | None]:
    return {reply.key: reply.truth for reply in replies(known)}


def test_a_record_that_answers_everything_is_no_finding() -> None:
    assert answer(FULL) == []


def test_what_cannot_be_answered_is_asked_in_one_finding() -> None:
    found = answer(replace(FULL, seed=None, witness=None))

    assert len(found) == 1
    assert found[0].severity is Severity.NOTE
    assert found[0].sentence == (
        "The record leaves 2 of 13 questions open: From which seed? Does an independent clock say when?"
    )


def test_the_evidence_has_every_question_with_its_state() -> None:
    evidence = answer(replace(FULL, seed=None))[0].evidence
    questions = evidence["questions"]

    assert isinstance(questions, list)
    assert {each["state"] for each in questions} == {"claimed", "checked", "not recorded"}
    assert {each["group"] for each in questions} == {"who", "with what", "from what", "when"}
    assert evidence["open"] == 1
    assert evidence["of"] == len(questions)


def test_one_work_without_a_licence_leaves_the_question_open() -> None:
    found = answer(replace(FULL, licences=Part(missing=24, of=3000)))

    reply = next(each for each in replies(replace(FULL, licences=Part(missing=24, of=3000))) if each.key == "licences")
    assert reply.truth is None
    assert reply.detail == "Not recorded for 24 of 3,000."
    assert "Under which licence is each work behind it?" in found[0].sentence


def test_neither_model_nor_person_is_a_warning() -> None:
    found = answer(replace(FULL, model=None, maker=None))

    assert found[0].severity is Severity.WARNING
    assert found[0].sentence.startswith("Neither the model nor a person behind it is recorded.")


def test_a_model_or_a_person_is_enough_for_a_note() -> None:
    edits = Part(missing=0, of=1)
    someone = (
        replace(FULL, model=None),
        replace(FULL, maker=None),
        replace(FULL, model=None, maker=None, editor=CLAIMED, edits_tools=edits, edits_measured=edits),
    )

    assert [answer(known)[0].severity for known in someone] == [Severity.NOTE] * 3


def test_what_led_to_the_same_picture_again_is_reproduced() -> None:
    again = states(replace(FULL, reproduced=True))

    assert {key for key, truth in again.items() if truth is Truth.REPRODUCED} == {
        "model",
        "weights",
        "seed",
        "settings",
    }


def test_what_is_not_recorded_is_not_reproduced_either() -> None:
    assert states(replace(FULL, seed=None, reproduced=True))["seed"] is None


def test_edits_are_only_asked_for_where_there_are_some() -> None:
    edited = replace(FULL, editor=CLAIMED, edits_tools=Part(missing=1, of=2), edits_measured=Part(missing=0, of=2))

    assert {"editor", "tools", "changes"}.isdisjoint(states(FULL))
    assert states(edited)["tools"] is None
    assert states(edited)["editor"] is CLAIMED


def test_nobody_asks_for_the_model_of_a_photograph() -> None:
    photograph = replace(FULL, generated=False, model=None, seed=None, settings=None, machine=None, libraries=None)

    assert answer(photograph) == []


def test_the_sentence_stays_short() -> None:
    nothing = replace(
        FULL, maker=None, signer=None, model=None, seed=None, settings=None, machine=None, libraries=None, made_at=None
    )

    assert answer(nothing)[0].sentence.count("?") == 4
    assert answer(nothing)[0].sentence.endswith("And 4 more.")
    assert words.forbidden_in(answer(nothing)[0].sentence) == []
