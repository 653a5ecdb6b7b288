"""The policy decides by one ladder: what says no stands above all that says yes."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.collect.licence import spdx_expression
from provenance.collect.policy import FILE_NAME, Policy, decide, explain, shipped_text
from provenance.collect.signals import Signal, Source
from provenance.collect.signals_values import Says
from provenance.collect.work import Consent
from provenance.errors import UsageError
from provenance.words import Decision, forbidden_in

SHIPPED = Policy.parse("")
FOUND = [source for source in Source if source not in {Source.CONSENT, Source.LICENCE}]


def signal(says: Says | None, source: Source = Source.XMP) -> Signal:
    return Signal(source=source, statement="s", value="v", says=says)


def decided(
    *says: Says | None, licence: str | None = None, consent: str = "unknown", policy: Policy = SHIPPED
) -> tuple[Decision, str]:
    found = decide(policy, map(signal, says), licence, consent)
    return found.decision, found.rule


@pytest.mark.parametrize(
    ("licence", "decision", "rule", "obligations"),
    [
        ("CC0-1.0", Decision.ALLOWED, "licences.CC0-1.0", ()),
        ("CC-BY-4.0", Decision.ALLOWED, "licences.CC-BY-*", ("attribution",)),
        ("CC-BY-SA-4.0", Decision.ALLOWED, "licences.CC-BY-SA-*", ("attribution", "share-alike")),
        ("CC-BY-NC-4.0", Decision.UNCLEAR, "licences.CC-BY-NC-*", ("attribution", "non-commercial")),
        ("CC-BY-ND-4.0", Decision.UNCLEAR, "licences.CC-BY-ND-*", ("attribution", "no-derivatives")),
        ("LicenseRef-all-rights-reserved", Decision.UNCLEAR, "licences.LicenseRef-all-rights-reserved", ()),
        ("LicenseRef-no-ai-1", Decision.REFUSED, "licences.LicenseRef-no-ai*", ()),
        ("LicenseRef-mine", Decision.UNCLEAR, "licences", ()),
        ("CC-BY-4.0 OR LicenseRef-no-ai", Decision.ALLOWED, "licences.CC-BY-*", ("attribution",)),
        ("CC-BY-4.0 AND LicenseRef-no-ai", Decision.REFUSED, "licences.LicenseRef-no-ai*", ("attribution",)),
        ("CC-BY-4.0 AND LicenseRef-mine", Decision.UNCLEAR, "licences", ("attribution",)),
        (
            "MIT AND CC-BY-SA-4.0",
            Decision.ALLOWED,
            "licences.MIT AND CC-BY-SA-*",
            ("attribution", "share-alike"),
        ),
        ("CC0-1.0 OR CC-BY-NC-4.0 AND LicenseRef-no-ai", Decision.ALLOWED, "licences.CC0-1.0", ()),
        ("(CC0-1.0 OR CC-BY-4.0) AND LicenseRef-no-ai", Decision.REFUSED, "licences.LicenseRef-no-ai*", ()),
        (
            "GPL-2.0-only WITH Classpath-exception-2.0",
            Decision.ALLOWED,
            "licences.GPL-*",
            ("attribution", "share-alike"),
        ),
    ],
)
def test_the_shipped_policy_judges_licences(
    licence: str, decision: Decision, rule: str, obligations: tuple[str, ...]
) -> None:
    found = decide(SHIPPED, (), spdx_expression(licence), "unknown")

    assert (found.decision, found.rule, found.obligations) == (decision, rule, obligations)


def test_an_expression_may_be_nested_deep() -> None:
    expression = "(" * 300 + "MIT" + ")" * 300

    assert decided(licence=expression)[0] is Decision.ALLOWED


@pytest.mark.parametrize(
    ("says", "facts", "expected"),
    [
        ([], {}, (Decision.UNCLEAR, "training.unclear")),
        ([None], {}, (Decision.UNCLEAR, "training.unclear")),
        ([], {"consent": "granted"}, (Decision.ALLOWED, "consent.granted")),
        ([], {"consent": "denied", "licence": "CC0-1.0"}, (Decision.REFUSED, "consent.denied")),
        ([Says.YES], {"consent": "withdrawn"}, (Decision.REFUSED, "consent.withdrawn")),
        ([Says.YES], {}, (Decision.ALLOWED, "signals.xmp")),
        ([Says.YES, Says.NO], {"licence": "CC0-1.0", "consent": "granted"}, (Decision.REFUSED, "signals.xmp")),
        ([Says.AI_OUTPUT], {"licence": "CC0-1.0", "consent": "granted"}, (Decision.REFUSED, "training.ai_output")),
        ([Says.CONDITIONAL, Says.YES], {"licence": "CC0-1.0"}, (Decision.REFUSED, "training.conditions")),
        ([Says.CONDITIONAL], {"consent": "granted"}, (Decision.ALLOWED, "consent.granted")),
        ([Says.YES], {"licence": "CC-BY-NC-4.0"}, (Decision.ALLOWED, "signals.xmp")),
        ([Says.YES], {"licence": "LicenseRef-no-ai", "consent": "granted"}, (Decision.REFUSED, None)),
    ],
)
def test_the_ladder(says: list[Says], facts: dict[str, str], expected: tuple[Decision, str | None]) -> None:
    found = decided(*says, **facts)  # type: ignore[arg-type]

    assert found == (expected[0], expected[1] or found[1])


@given(st.lists(st.sampled_from([*Says, None]), max_size=5), st.sampled_from(Consent), st.booleans())
def test_one_no_is_enough_in_any_order(says: list[Says | None], consent: Consent, licensed: bool) -> None:
    licence = "CC0-1.0" if licensed else None
    for order in list(permutations([*says, Says.NO]))[:30]:
        assert decided(*order, licence=licence, consent=consent)[0] is Decision.REFUSED


def test_evidence_holds_consent_and_licence_once() -> None:
    first = decide(SHIPPED, [signal(Says.YES)], "CC0-1.0", "granted")
    again = decide(SHIPPED, first.signals, "CC0-1.0", "granted")

    assert [each.source for each in first.signals] == [Source.CONSENT, Source.LICENCE, Source.XMP]
    assert again == first


def test_unclear_works_are_kept_out_unless_the_owner_lets_them_in() -> None:
    open_minded = Policy.parse('[training]\nunclear = "allow"')

    assert [policy.lets_learn(Decision.UNCLEAR) for policy in (SHIPPED, open_minded)] == [False, True]
    assert not open_minded.lets_learn(Decision.REFUSED)
    assert decided(Says.CONDITIONAL, policy=open_minded)[0] is Decision.REFUSED


@pytest.mark.parametrize(
    ("text", "says", "facts", "decision"),
    [
        ('[training]\nai_output = "allow"', [Says.AI_OUTPUT], {}, Decision.ALLOWED),
        ('[training]\nai_output = "allow"', [Says.AI_OUTPUT, Says.NO], {}, Decision.REFUSED),
        ('[training]\nai_output = "ignore"', [Says.AI_OUTPUT], {}, Decision.UNCLEAR),
        ('[training]\nconditions = "refuse"', [Says.CONDITIONAL], {"consent": "granted"}, Decision.REFUSED),
        ('[training]\ngranted = "overrides"', [Says.NO], {"consent": "granted"}, Decision.ALLOWED),
        ('[training]\ngranted = "overrides"', [Says.NO], {"licence": "CC0-1.0"}, Decision.REFUSED),
        ('[signals]\nignore = ["xmp"]', [Says.NO], {"licence": "CC0-1.0"}, Decision.ALLOWED),
        ('[licences]\n"CC-BY-NC-*" = "allow"', [], {"licence": "CC-BY-NC-4.0"}, Decision.ALLOWED),
        ('[licences]\n"*" = { training = "refuse" }', [], {"licence": "CC0-1.0"}, Decision.REFUSED),
        ('[licences]\n"cc0-*" = { training = "unclear" }', [], {"licence": "CC0-1.0"}, Decision.UNCLEAR),
    ],
)
def test_the_owner_may_decide_otherwise(text: str, says: list[Says], facts: dict[str, str], decision: Decision) -> None:
    assert decided(*says, policy=Policy.parse(text), **facts)[0] is decision


def test_without_a_file_the_shipped_policy_holds_and_nothing_is_written(tmp_path: Path) -> None:
    assert Policy.load(tmp_path).digest == SHIPPED.digest
    assert list(tmp_path.iterdir()) == []


def test_the_digest_is_over_what_the_policy_says(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('# a remark\n[training]\nunclear =   "refuse"\n', encoding="utf-8")
    same = Policy.load(tmp_path)
    (tmp_path / FILE_NAME).write_text('[training]\nunclear = "allow"\n', encoding="utf-8")

    assert same.digest == SHIPPED.digest
    assert Policy.load(tmp_path).digest != SHIPPED.digest


def test_the_shipped_text_is_a_policy_of_its_own() -> None:
    assert Policy.parse(shipped_text()).unclear == "refuse"
    assert forbidden_in(shipped_text()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[training]\nunclear = "perhaps"', "training.unclear is 'perhaps'; it must be one of: refuse, allow"),
        ("[training]\nwithdrawn = 3", "training.withdrawn is 3; it must be one of: warn, refuse"),
        ("[training]\nunclear = []", "training.unclear is []; it must be one of"),
        ('[training]\nuncler = "allow"', "sets training.uncler, which is none of: unclear, ai_output"),
        ('[signals]\nignore = ["consent"]', "signals.ignore is 'consent'; it must be one of: table, xmp"),
        ('[signals]\nignore = "xmp"', "signals.ignore must be a list"),
        ("[signals]\nignore = [[]]", "signals.ignore is []; it must be one of"),
        ('[licences]\n"MIT" = "yes"', "licences.\"MIT\".training is 'yes'; it must be one of: allow, refuse, unclear"),
        ('[licences]\n"MIT" = 3', 'licences."MIT" is 3'),
        ('[licences]\n"MIT" = { training = "allow", obligations = ["pay"] }', "obligations is 'pay'"),
        ('[licences]\n"MIT" = { training = "allow", obligations = [["pay"]] }', "obligations is ['pay']"),
        ('[licences]\n"MIT" = { training = [] }', "training is []"),
        ('[licences]\n"MIT" = { allow = true }', 'sets licences."MIT".allow, which is none of: training'),
        ('[licenses]\n"MIT" = "allow"', "sets licenses, which it cannot"),
        ('training = "allow"', "sets training, which it cannot"),
        ("[training", "is not valid TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_with_what_would_be_right(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")

    with pytest.raises(UsageError) as raised:
        Policy.load(tmp_path)
    assert said in str(raised.value)
    assert str(tmp_path / FILE_NAME) in str(raised.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"\xff\xfe\x00")

    with pytest.raises(UsageError, match="not UTF-8"):
        Policy.load(tmp_path)


@pytest.mark.parametrize("source", FOUND)
def test_every_rule_can_be_explained(source: Source) -> None:
    assert explain(f"signals.{source.value}")
    assert explain("licences.CC-BY-*") == "the policy does not let models learn under CC-BY-*"
