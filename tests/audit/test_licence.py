import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance import words
from provenance.audit.attribution import Credited, credit, licence_address, licence_at
from provenance.audit.finding import Finding
from provenance.audit.licence import Behind, answer, credited_licences
from provenance.audit.licence_conflicts import can_be_met
from provenance.audit.licence_held import Held, Purpose, Use
from provenance.audit.licence_terms import terms
from provenance.audit.share_alike import allowed_for_adaptations
from provenance.collect.licence import spdx_expression
from provenance.collect.policy import Policy
from provenance.words import Severity

RULES = Policy.parse("").licences
NAMES = [
    "CC0-1.0",
    "CC-BY-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-NC-4.0",
    "CC-BY-NC-SA-4.0",
    "GPL-2.0-only",
    "MIT",
    "LicenseRef-x",
]

EXPRESSIONS = st.recursive(
    st.sampled_from(NAMES),
    lambda part: st.builds("({} {} {})".format, part, st.sampled_from(["AND", "OR"]), part),
    max_leaves=5,
)


def held(*licences: str | None, use: Use = Use.LEARNT, number: int = 1) -> list[Held]:
    return [Held(licence=licence, use=use, number=number) for licence in licences]


def asked(
    *everything: Held, licence: str | None = None, commercial: bool = False, disputed: int = 0, brought_in: int = 0
) -> list[Finding]:
    behind = Behind(held=everything, disputed=disputed, brought_in=brought_in)
    return answer(behind, RULES, Purpose(licence=licence, commercial=commercial))


def kinds(found: list[Finding]) -> list[object]:
    return [finding.evidence["kind"] for finding in found if "kind" in finding.evidence]


def met(*expressions: str) -> bool:
    return can_be_met([terms(RULES, expression) for expression in expressions])


def test_nothing_behind_an_artwork_is_no_finding() -> None:
    assert asked() == []


def test_works_that_ask_for_nothing_are_counted_and_no_conflict() -> None:
    found = asked(*held("CC0-1.0", number=3000), licence="CC-BY-4.0", commercial=True)

    assert [finding.severity for finding in found] == [Severity.NOTE]
    assert found[0].sentence.startswith(
        "Behind it: 3,000 works. None of their known licences asks for anything. 3,000 licences are only claimed."
    )


def test_what_is_asked_is_counted_by_kind() -> None:
    found = asked(*held("CC-BY-SA-4.0", number=2), *held("CC-BY-4.0", number=5))

    assert found[0].evidence["asks"] == {"attribution": 7, "share-alike": 2}
    assert "attribution (7) and share-alike (2)" in found[0].sentence
    assert found[0].evidence["credits_of"] == 7


def test_what_a_model_learnt_from_is_never_said_to_bind_the_picture() -> None:
    learnt, made_from = asked(*held("CC-BY-4.0")), asked(*held("CC-BY-4.0", use=Use.GIVEN))

    assert "not settled in law" in learnt[0].sentence
    assert "not settled in law" not in made_from[0].sentence
    assert words.NOT_A_LEGAL_OPINION in learnt[0].sentence


def test_works_without_a_licence_are_a_warning_of_their_own() -> None:
    found = asked(*held("CC0-1.0", number=2), *held(None, number=24))

    assert found[1].severity is Severity.WARNING
    assert found[1].sentence == "24 works have no licence on record: what may be done is not known."


def test_a_model_without_a_licence_is_a_note() -> None:
    found = asked(*held(None, use=Use.MODEL))

    assert [finding.severity for finding in found] == [Severity.NOTE]
    assert found[0].sentence.startswith("1 model has no licence on record")


def test_a_licence_that_the_policy_does_not_know_is_named() -> None:
    found = asked(*held("LicenseRef-mine", number=5))

    assert "The policy does not know the terms of LicenseRef-mine (5)." in found[1].sentence
    assert found[1].severity is Severity.WARNING


def test_a_licence_that_is_no_expression_any_more_is_not_judged() -> None:
    found = asked(*held("()and("))

    assert kinds(found) == []
    assert "()and(" in found[1].sentence


def test_a_work_whose_licence_lets_no_model_learn_is_found() -> None:
    found = asked(*held("LicenseRef-no-ai"), *held("CC0-1.0", number=9))

    assert "1 of 10 training works forbids this use." in found[1].sentence
    assert found[1].severity is Severity.WARNING


def test_a_picture_that_is_recorded_with_two_licences_is_found() -> None:
    found = asked(*held("CC0-1.0", number=2), disputed=1)

    assert found[1].sentence.startswith("1 picture is recorded several times with different licences")


def test_a_picture_that_was_brought_in_is_told() -> None:
    assert "1 picture was brought in without word of a licence." in asked(brought_in=1)[0].sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CC-BY-SA-4.0", "GPL-2.0-only"),
        ("CC-BY-SA-4.0", "CC-BY-NC-SA-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0"),
        ("GPL-3.0-or-later", "CC-BY-NC-4.0"),
        ("GPL-2.0-only", "GPL-3.0-only"),
        ("CC-BY-SA-1.0", "CC-BY-SA-4.0"),
        ("CC-BY-NC-SA-4.0", "GPL-3.0-only"),
        ("ODbL-1.0", "CC-BY-SA-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0 OR GPL-2.0-only"),
    ],
)
def test_licences_that_no_known_licence_meets_are_a_conflict(one: str, other: str) -> None:
    found = asked(*held(one, other))

    assert not met(one, other)
    assert kinds(found) == ["share-alike"]
    assert found[-1].severity is Severity.WARNING
    assert one in found[-1].sentence
    assert other in found[-1].sentence


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CC-BY-SA-4.0", "GPL-3.0-only"),  # creativecommons.org/compatiblelicenses
        ("CC-BY-SA-4.0", "GPL-2.0-or-later"),
        ("CC-BY-SA-4.0", "LAL-1.3"),
        ("CC-BY-SA-2.5", "CC-BY-SA-4.0"),
        ("CC-BY-SA-3.0-DE", "CC-BY-SA-3.0"),
        ("CC-BY-SA-4.0", "CC-BY-4.0"),
        ("CC-BY-NC-SA-4.0", "CC-BY-NC-4.0"),
        ("CC-BY-NC-4.0", "CC-BY-4.0"),
        ("CC-BY-SA-4.0", "CC-BY-NC-4.0 OR MIT"),
        ("GPL-3.0-only", "AGPL-3.0-only"),
        ("MPL-2.0", "GPL-2.0-only"),
        ("CC-BY-SA-4.0", "LicenseRef-x"),
    ],
)
def test_licences_that_can_be_met_together_are_no_conflict(one: str, other: str) -> None:
    assert met(one, other)
    assert kinds(asked(*held(one, other))) == []


def test_one_expression_can_contradict_itself() -> None:
    assert kinds(asked(*held("CC-BY-SA-4.0 AND GPL-2.0-only"))) == ["share-alike"]


def test_three_licences_may_only_conflict_together() -> None:
    three = ["CC-BY-SA-4.0", "MPL-2.0", "LAL-1.3 OR GPL-2.0-only"]
    found = asked(*held(*three))

    assert all(met(one, other) for one, other in product(three, three))
    assert kinds(found) == ["share-alike"]
    assert found[-1].evidence["licences"] == sorted(three)


def test_pictures_that_it_was_made_from_need_a_decision() -> None:
    found = asked(*held("CC-BY-SA-4.0", "GPL-2.0-only", use=Use.GIVEN))

    assert found[-1].severity is Severity.DECIDE


def test_a_picture_that_may_not_be_changed_needs_a_decision() -> None:
    found = asked(*held("CC-BY-ND-4.0", use=Use.GIVEN))

    assert kinds(found) == ["no-derivatives"]
    assert found[-1].severity is Severity.DECIDE


def test_a_model_may_have_learnt_from_what_may_not_be_changed() -> None:
    assert kinds(asked(*held("CC-BY-ND-4.0"))) == []


def test_a_commercial_purpose_conflicts_with_non_commercial() -> None:
    assert kinds(asked(*held("CC-BY-NC-4.0"), commercial=True)) == ["commercial"]
    assert kinds(asked(*held("CC-BY-NC-4.0"))) == []
    assert kinds(asked(*held("CC-BY-NC-4.0 OR CC-BY-4.0"), commercial=True)) == []


@pytest.mark.parametrize(
    ("behind", "outgoing", "kept"),
    [
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0", True),
        ("CC-BY-SA-3.0-DE", "CC-BY-SA-4.0", True),
        ("CC-BY-SA-4.0", "GPL-3.0-or-later", True),
        ("CC-BY-SA-4.0", "CC-BY-4.0", False),
        ("CC-BY-SA-4.0", "CC-BY-SA-3.0", False),
        ("CC-BY-NC-4.0", "CC-BY-4.0", False),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", True),
        ("CC-BY-NC-4.0", "LicenseRef-all-rights-reserved", True),
        ("CC-BY-SA-4.0", "LicenseRef-all-rights-reserved", False),
        ("CC-BY-4.0", "LicenseRef-all-rights-reserved", True),
    ],
)
def test_the_licence_that_it_leaves_under_must_keep_to_those_behind_it(behind: str, outgoing: str, kept: bool) -> None:
    found = asked(*held(behind), licence=outgoing)

    assert kinds(found) == ([] if kept else ["outgoing"])


def test_many_conflicts_are_bounded_and_the_rest_is_counted() -> None:
    several = [f"GPL-2.0-only AND LicenseRef-{number}" for number in range(20)]
    start = time.perf_counter()
    found = asked(*held("CC-BY-SA-4.0", *several))

    assert len(kinds(found)) == 8
    assert "And 12 more such conflicts." in found[-1].sentence
    assert time.perf_counter() - start < 2


def test_only_licences_that_ask_or_may_ask_are_credited() -> None:
    assert credited_licences(RULES, held("CC0-1.0", "CC-BY-4.0", "LicenseRef-x", "CC-BY-4.0 OR CC0-1.0", None)) == {
        "CC-BY-4.0",
        "LicenseRef-x",
    }


def test_a_credit_names_title_author_source_and_licence() -> None:
    line = credit(
        Credited(
            title="Night crossing",
            author="Ada Lind",
            source="https://example.org/7",
            licence="CC-BY-SA-3.0-DE",
            use=Use.GIVEN,
        )
    )

    assert line == (
        '"Night crossing" by Ada Lind (https://example.org/7), licensed under CC-BY-SA-3.0-DE '
        "(https://creativecommons.org/licenses/by-sa/3.0/de/). This picture was made from it."
    )


def test_a_credit_says_what_is_not_recorded() -> None:
    line = credit(Credited(title=None, author=None, source=None, licence="LicenseRef-mine", use=Use.LEARNT))

    assert line == (
        "A work by an author who is not recorded (source not recorded), licensed under LicenseRef-mine. "
        "A model that made this picture learnt from it."
    )


@given(st.text(), st.text(), st.sampled_from(Use))
def test_a_credit_is_one_printable_line(title: str, author: str, use: Use) -> None:
    line = credit(Credited(title=title, author=author, source=title, licence="MIT", use=use))

    assert line.isprintable()


def test_addresses_of_licences_lead_back_to_them() -> None:
    for name in ("CC-BY-4.0", "CC-BY-NC-SA-3.0-IGO", "CC0-1.0", "CC-BY-NC-ND-2.5"):
        assert licence_at(licence_address(name) or "") == name
    assert licence_at("https://creativecommons.org/licenses/by/4.0/deed.de") == "CC-BY-4.0"
    assert licence_at("https://example.org/terms") is None
    assert licence_address("MIT") == "https://spdx.org/licenses/MIT.html"
    assert licence_address("MIT OR CC-BY-4.0") is None


@given(EXPRESSIONS)
def test_every_expression_that_can_be_recorded_can_be_judged(text: str) -> None:
    said = terms(RULES, spdx_expression(text))

    assert said.alternatives
    assert set(said.asks) <= said.alternatives[0].asks


def test_an_expression_with_too_many_choices_is_not_judged() -> None:
    endless = " AND ".join(f"(MIT OR LicenseRef-{number})" for number in range(30))

    assert terms(RULES, endless).alternatives == ()


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_whether_two_can_be_met_does_not_depend_on_their_order(one: str, other: str) -> None:
    assert met(one, other) == met(other, one)
    assert met(one, one)


def test_every_share_alike_licence_meets_itself() -> None:
    for name in ("CC-BY-SA-1.0", "LAL-1.2", "MPL-2.0", "OFL-1.1", "GFDL-1.3-or-later", "CC-SA-1.0"):
        assert allowed_for_adaptations(name)
        assert met(name)


def test_findings_say_nothing_that_overclaims() -> None:
    found = asked(
        *held("CC-BY-SA-4.0", "GPL-2.0-only", None, "LicenseRef-no-ai", "LicenseRef-x"),
        *held("CC-BY-ND-4.0", use=Use.GIVEN),
        licence="CC-BY-4.0",
        commercial=True,
        disputed=2,
        brought_in=2,
    )

    assert len(found) > 6
    assert [hit for finding in found for hit in words.forbidden_in(finding.sentence)] == []
