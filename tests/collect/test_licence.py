"""Licences are SPDX expressions in one spelling, or they are refused with a suggestion."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.collect.licence import spdx_expression
from provenance.errors import UsageError


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("CC0-1.0", "CC0-1.0"),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT AND CC-BY-4.0) OR CC0-1.0", "(MIT AND CC-BY-4.0) OR CC0-1.0"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("GPL-2.0+", "GPL-2.0-or-later"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"),
        ("LicenseRef-my-terms", "LicenseRef-my-terms"),
        ("mit OR LicenseRef-My.Terms", "MIT OR LicenseRef-My.Terms"),
        ("DocumentRef-contract:LicenseRef-4", "DocumentRef-contract:LicenseRef-4"),
    ],
)
def test_an_expression_gets_its_normal_form(written: str, normal: str) -> None:
    assert spdx_expression(written) == normal
    assert spdx_expression(normal) == normal


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("public domain", "Write CC0-1.0 if the creator gave it away by CC0, else LicenseRef-public-domain."),
        ("CC BY-SA 4.0", "Write CC-BY-SA-4.0, if that is meant."),
        ("https://creativecommons.org/licenses/by-nc/3.0/", "Write CC-BY-NC-3.0, if that is meant."),
        ("CC0", "Write CC0-1.0, if that is meant."),
        ("The MIT License", "Write MIT, if that is meant."),
        ("Apache License, Version 2.0", "Write Apache-2.0, if that is meant."),
        ("© Ana Ruiz", "Write LicenseRef-all-rights-reserved, or leave the cell empty."),
        ("unknown", "Leave the cell empty when the licence is not known."),
        ("NOASSERTION", "Leave the cell empty when the licence is not known."),
        ("CC-BY-4.0, MIT", "Join licences by AND when all of them hold, by OR when one may be chosen."),
        ("free as in beer", "Look the name up at spdx.org/licenses, or write LicenseRef- and a name of your own."),
    ],
)
def test_what_is_no_expression_gets_a_suggestion(written: str, advice: str) -> None:
    with pytest.raises(UsageError) as caught:
        spdx_expression(written)

    assert str(caught.value) == f"{written!r} is not an SPDX licence expression. {advice}"


MALFORMED = [
    "",
    " ",
    "MIT OR",
    "AND",
    "(MIT",
    "()and(",
    "( AND é",
    "MIT MIT",
    "MIT/X11",
    "MIT\0",
    "LicenseRef-",
    "LicenseRef-ÄÖ",
    "Classpath-exception-2.0",
    "GPL-2.0-only WITH MIT",
    "(" * 300 + "MIT",
    "LicenseRef-" + "x" * 5000,
]


@pytest.mark.parametrize("written", MALFORMED)
def test_what_is_malformed_is_refused(written: str) -> None:
    with pytest.raises(UsageError):
        spdx_expression(written)


@given(st.text() | st.lists(st.sampled_from(["MIT", "OR", "AND", "WITH", "(", ")", "cc0-1.0", "LicenseRef-x", " "])))
def test_any_text_is_normal_or_refused_and_normal_stays_normal(text: str | list[str]) -> None:
    try:
        normal = spdx_expression(" ".join(text) if isinstance(text, list) else text)
    except UsageError:
        return

    assert spdx_expression(normal) == normal


def test_the_list_of_licences_is_not_loaded_before_it_is_needed() -> None:
    script = "import sys, provenance.collect.read; sys.exit('license_expression' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
