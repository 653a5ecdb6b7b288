"""The policy on findings: what blocks, what warns, and that nothing that blocks is passed over."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.audit import copies
from provenance.audit.finding import Finding
from provenance.audit.policy import EFFECTS, RELATIONS, Gate, PersonSaid, Policy, Rule
from provenance.audit.policy_file import FILE_NAME, PRESETS, load_policy, parse_policy, preset_text
from provenance.errors import UsageError
from provenance.words import PersonDecision, Severity, forbidden_in

NOTE, WARNING, DECIDE = Severity.NOTE, Severity.WARNING, Severity.DECIDE
STANDARD, STRICT, LENIENT = (parse_policy(f'preset = "{preset}"') for preset in PRESETS)
PICTURES = ("a" * 64, "b" * 64)
CHECKS = ("similarity", "copies", "licence", "completeness", "bias", "integrity", "audit", "something-new")


def finding(
    check: str = "copies",
    severity: Severity = WARNING,
    *,
    relation: str | None = None,
    kind: str = "work",
    score: float | None = None,
    other: str | None = PICTURES[0],
    sentence: str = "It looks like it.",
) -> Finding:
    evidence = {"kind": kind, "relation": relation and RELATIONS[relation], "score": score}
    told = {key: value for key, value in evidence.items() if value is not None}
    return Finding(check=check, check_version="1", severity=severity, sentence=sentence, evidence=told, other=other)


def said(
    decision: PersonDecision,
    check: str = "copies",
    other: str | None = PICTURES[0],
    sentence: str = "It looks like it.",
) -> PersonSaid:
    return PersonSaid(check=check, other=other, decision=decision, sentence=sentence)


FINDINGS = st.builds(
    finding,
    st.sampled_from(CHECKS),
    st.sampled_from(Severity),
    relation=st.sampled_from([None, *RELATIONS]),
    kind=st.sampled_from(["work", "artwork"]),
    score=st.none() | st.floats(-5, 30),
    other=st.sampled_from([None, *PICTURES]),
    sentence=st.sampled_from(["It looks like it.", "It is another."]),
)
SAID = st.builds(
    said,
    st.sampled_from(PersonDecision),
    st.sampled_from(CHECKS),
    st.sampled_from([None, *PICTURES]),
    st.sampled_from(["It looks like it.", "It is another."]),
)
POLICIES = st.sampled_from(
    [STANDARD, STRICT, LENIENT, parse_policy('[decided]\naccepted = "warn"\ndisputed = "inform"')]
)


@pytest.mark.parametrize(
    ("found", "effects"),
    [
        (finding(relation="near-copy"), (DECIDE, DECIDE, WARNING)),
        (finding(relation="contains"), (DECIDE, DECIDE, WARNING)),
        (finding(relation="part"), (DECIDE, DECIDE, WARNING)),
        (finding(relation="recoloured"), (WARNING, DECIDE, NOTE)),
        (finding(relation="style"), (NOTE, WARNING, NOTE)),
        (finding("similarity"), (WARNING, DECIDE, NOTE)),
        (finding("similarity", kind="artwork"), (NOTE, WARNING, NOTE)),
        (finding("similarity", NOTE, other=None, kind=""), (NOTE, NOTE, NOTE)),
        (finding("licence", WARNING, other=None), (WARNING, DECIDE, NOTE)),
        (finding("licence", DECIDE, other=None), (DECIDE, DECIDE, WARNING)),
        (finding("licence", NOTE, other=None), (NOTE, NOTE, NOTE)),
        (finding("completeness", WARNING, other=None), (WARNING, DECIDE, NOTE)),
        (finding("memorisation", WARNING, other=None), (WARNING, DECIDE, NOTE)),
        (finding("bias", WARNING, other=None), (NOTE, WARNING, NOTE)),
        (finding("integrity", WARNING, other=None), (WARNING, WARNING, WARNING)),
        (finding("integrity", DECIDE, other=None), (DECIDE, DECIDE, DECIDE)),
        (finding("audit", NOTE, other=None), (NOTE, DECIDE, NOTE)),
        (finding("something-new", DECIDE, other=None), (DECIDE, DECIDE, DECIDE)),
    ],
)
def test_each_preset_says_what_follows(found: Finding, effects: tuple[Severity, ...]) -> None:
    assert tuple(policy.judge([found]).effect for policy in (STANDARD, STRICT, LENIENT)) == effects


@given(POLICIES, st.lists(FINDINGS, max_size=6), st.lists(SAID, max_size=6), FINDINGS, st.sampled_from(Gate))
def test_a_dismissed_pair_never_blocks(
    policy: Policy, findings: list[Finding], before: list[PersonSaid], found: Finding, gate: Gate
) -> None:
    last = said(PersonDecision.DISMISSED, found.check, found.other, found.sentence)
    ruling = policy.judge([*findings, found], [*before, last], gate=gate)

    assert not any(reason.finding == found for reason in ruling.reasons)
    assert found in ruling.dismissed
    assert policy.judge([found], [*before, last], gate=gate).effect is NOTE


@given(POLICIES, st.lists(FINDINGS, max_size=6), st.lists(SAID, max_size=6), st.sampled_from(Gate))
def test_a_block_never_passes_silently(
    policy: Policy, findings: list[Finding], judgements: list[PersonSaid], gate: Gate
) -> None:
    ruling = policy.judge(findings, judgements, gate=gate)
    order = list(Severity)

    weighed = [reason.finding for reason in ruling.reasons]
    assert sorted(map(id, [*weighed, *ruling.dismissed])) == sorted(map(id, findings))
    alone = [policy.judge([each], judgements, gate=gate).effect for each in findings]
    assert ruling.effect is max(alone, key=order.index, default=NOTE)
    assert bool(ruling.of(DECIDE)) == (ruling.effect is DECIDE) == (DECIDE in alone)
    for each in ruling.dismissed:
        assert any(one.decision is PersonDecision.DISMISSED and one.is_about(each) for one in judgements)


@given(POLICIES, st.lists(FINDINGS, max_size=6), st.sampled_from(Gate))
def test_a_ruling_is_recorded_with_its_policy_and_the_rule_that_blocks(
    policy: Policy, findings: list[Finding], gate: Gate
) -> None:
    ruling = policy.judge(findings, gate=gate)
    record = ruling.record()

    assert (record["digest"], record[gate.value]) == (str(policy.digest), ruling.effect.value)
    assert ("rule" in record) == (ruling.effect is DECIDE)
    assert record.get("rule") in {None, *(rule.name for rule in policy.rules)}


def test_the_last_decision_of_a_pair_holds() -> None:
    copy = finding(relation="near-copy")
    dismissed, disputed = said(PersonDecision.DISMISSED), said(PersonDecision.DISPUTED)

    assert STANDARD.judge([copy], [disputed, dismissed]).effect is NOTE
    assert STANDARD.judge([copy], [dismissed, disputed]).effect is DECIDE


def test_who_compared_two_pictures_has_answered_every_check_of_likeness() -> None:
    copy = finding(relation="near-copy", sentence="Other words, by a later version.")

    assert STANDARD.judge([copy], [said(PersonDecision.DISMISSED, "similarity")]).effect is NOTE
    assert STANDARD.judge([copy], [said(PersonDecision.DISMISSED, "licence")]).effect is DECIDE
    assert STANDARD.judge([copy], [said(PersonDecision.DISMISSED, other=PICTURES[1])]).effect is DECIDE


def test_what_is_about_the_artwork_alone_is_dismissed_only_in_the_words_that_were_read() -> None:
    forbids = finding("licence", DECIDE, other=None, sentence="1 of 7 licences forbids it.")
    dismissed = said(PersonDecision.DISMISSED, "licence", None, forbids.sentence)

    assert STANDARD.judge([forbids], [dismissed]).effect is NOTE
    assert STANDARD.judge([replace(forbids, sentence="2 of 7 licences forbid it.")], [dismissed]).effect is DECIDE


@pytest.mark.parametrize(("accepted", "effect"), [("stands", DECIDE), ("warn", WARNING), ("inform", NOTE)])
def test_the_owner_says_what_becomes_of_a_finding_that_somebody_agreed_with(accepted: str, effect: Severity) -> None:
    policy = parse_policy(f'[decided]\naccepted = "{accepted}"')
    agreed = [said(PersonDecision.ACCEPTED)]

    assert policy.judge([finding(relation="part")], agreed).effect is effect
    assert policy.judge([finding(relation="style")], agreed).effect is NOTE
    assert policy.judge([finding(relation="part")], [said(PersonDecision.DISPUTED)]).effect is DECIDE


def test_rules_of_ones_own_come_first() -> None:
    policy = parse_policy(
        """
        [rules.surely]
        check = ["cop*", "similarity"]
        relation = "part"
        score_from = 10
        score_below = 20.5
        evidence = { kind = "work" }
        sign = "block"
        export = "warn"
        """
    )
    judged = [policy.judge([finding(relation="part", score=score)]) for score in (9.9, 10.0, 20.5, None)]

    assert [each.reasons[0].rule for each in judged] == ["part", "surely", "part", "part"]
    assert [each.effect for each in judged] == [DECIDE, WARNING, DECIDE, DECIDE]


def test_a_rule_with_a_shipped_name_changes_what_it_says_of_that() -> None:
    policy = parse_policy('preset = "strict"\n[rules.look-alike]\nexport = "inform"')

    assert policy.judge([finding("similarity")]).effect is NOTE
    assert policy.judge([finding("similarity")], gate=Gate.SIGN).effect is DECIDE
    assert len(policy.rules) == len(STRICT.rules)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_that_is_written_out_is_the_same_policy(preset: str) -> None:
    written = parse_policy(preset_text(preset))

    assert written.digest == parse_policy(f'preset = "{preset}"').digest
    assert forbidden_in(preset_text(preset)) == []


@pytest.mark.parametrize("preset", [preset for preset in PRESETS if preset != "standard"])
def test_all_that_a_preset_answers_otherwise_is_in_its_text(preset: str) -> None:
    file = resources.files("provenance.audit").joinpath(f"audit_{preset}.toml")
    answers = tomllib.loads(file.read_text(encoding="utf-8"))["rules"]
    written = tomllib.loads(preset_text(preset))

    assert written["preset"] == preset
    assert {rule: written["rules"][rule] | said for rule, said in answers.items()}.items() <= written["rules"].items()
    assert preset_text(preset).count("#") == preset_text("standard").count("#")


def test_presets_ask_the_same_and_answer_differently() -> None:
    asked = [
        [replace(rule, sign="inform", export="inform") for rule in each.rules] for each in (STANDARD, STRICT, LENIENT)
    ]
    order = list(Severity)

    assert asked[0] == asked[1] == asked[2]
    assert len({STANDARD.digest, STRICT.digest, LENIENT.digest}) == 3
    for severity in Severity:
        for check in CHECKS:
            found = [finding(check, severity, relation="part")]
            ranks = [order.index(policy.judge(found).effect) for policy in (LENIENT, STANDARD, STRICT)]
            assert ranks == sorted(ranks)


def test_comments_do_not_change_the_digest_and_effects_do() -> None:
    assert parse_policy("# nothing\n\n").digest == STANDARD.digest
    assert parse_policy('[rules.part]\nexport = "warn"').digest != STANDARD.digest
    assert parse_policy('[decided]\ndisputed = "warn"').digest != STANDARD.digest


def test_relations_are_those_that_the_check_of_copies_writes() -> None:
    written = {relation.name.lower().replace("_", "-"): relation.value for relation in copies.Relation}

    assert written == dict(RELATIONS)


def test_an_archive_without_a_file_follows_the_shipped_policy(tmp_path: Path) -> None:
    assert load_policy(tmp_path).digest == STANDARD.digest
    (tmp_path / FILE_NAME).write_text('\ufeffpreset = "strict"', encoding="utf-8")
    assert load_policy(tmp_path).digest == STRICT.digest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("preset = 1", "preset is 1; it must be one of: standard, strict, lenient"),
        ('preset = "hard"', "preset is 'hard'"),
        ("preset = [1]", "preset is [1]"),
        ("rules = 1", "rules is 1; it must be a table"),
        ("[[rules]]", "rules is [{}]; it must be a table"),
        ("[rules]\npart = 1", "rules.part is 1; it must be a table"),
        ("other = 1", "sets other, which is none of: preset, decided, rules"),
        ('[rules.part]\nexprot = "warn"', "sets rules.part.exprot"),
        ('[rules.part]\nexport = "allow"', "rules.part.export is 'allow'; it must be one of: block, warn, inform"),
        ('[rules.part]\nexport = ["warn"]', "rules.part.export is ['warn']"),
        ('[rules.part]\nexport = {a = "warn"}', "rules.part.export is {'a': 'warn'}"),
        ('[rules.mine]\nsign = "warn"', "rules.mine does not say export"),
        ('[rules.part]\nrelation = "copy"', "rules.part.relation is 'copy'; it must be one of: near-copy"),
        ("[rules.part]\nrelation = []", "rules.part.relation is []; it must be a text, or a list of texts"),
        ('[rules.part]\ncheck = " "', "rules.part.check is ' '"),
        ("[rules.part]\ncheck = [1]", "rules.part.check is [1]"),
        ('[rules.part]\nof = "model"', "rules.part.of is 'model'"),
        ('[rules.part]\nseverity = "bad"', "rules.part.severity is 'bad'"),
        ('[rules.part]\nscore_from = "1"', "rules.part.score_from is '1'; it must be a number"),
        ("[rules.part]\nscore_below = nan", "rules.part.score_below is nan"),
        ("[rules.part]\nscore_below = true", "rules.part.score_below is True"),
        ("[rules.part]\nevidence = 1", "rules.part.evidence is 1"),
        ("[rules.part]\nevidence = {a = 1.5}", "rules.part.evidence.a is 1.5"),
        ('[rules.everything-else]\ncheck = "copies"', "rules.everything-else takes no conditions"),
        ('[rules."\\n"]\nsign = "warn"\nexport = "warn"', "a rule has no name that can be printed"),
        ("decided = 1", "decided is 1; it must be a table"),
        ('[decided]\ndismissed = "block"', "sets decided.dismissed"),
        ('[decided]\naccepted = "block"', "decided.accepted is 'block'; it must be one of: stands, warn, inform"),
        ("[rules", "is not valid TOML"),
    ],
)
def test_a_wrong_policy_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as refused:
        load_policy(tmp_path)
    assert told in str(refused.value)
    assert str(tmp_path / FILE_NAME) in str(refused.value)
    assert str(refused.value).endswith(".")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="is not UTF-8"):
        load_policy(tmp_path)


@pytest.mark.parametrize("rules", [(), (Rule(name="one", checks=("copies",), sign="warn", export="warn"),)])
def test_a_policy_without_an_answer_for_all_is_invalid(rules: Sequence[Rule]) -> None:
    with pytest.raises(ValueError, match="last rule without conditions"):
        Policy(preset="standard", rules=tuple(rules))


def test_every_effect_is_a_severity_or_as_found() -> None:
    assert set(EFFECTS) == {*(severity.value for severity in Severity), "as-found"}
