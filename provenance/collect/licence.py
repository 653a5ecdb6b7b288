"""Licences as SPDX expressions (SPDX 3.0, annex "SPDX License Expressions"), in one spelling and checked offline.

A text that is none is never taken for one: it is refused with a suggestion, and a person decides.
"""

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from provenance.errors import UsageError

if TYPE_CHECKING:
    from license_expression import Licensing

_LONGEST = 1000
_OWN = re.compile(r"(DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+")
_CREATIVE_COMMONS = re.compile(
    r"(?:cc|creative\s*commons|.*creativecommons\.org/licenses/)[\s/_-]*"
    r"(by(?:[\s_-]*(?:nc|sa|nd))*)[\s/_-]*v?(\d\.\d)?[^;,]*",
    re.IGNORECASE,
)
_SUGGESTIONS = (
    (
        re.compile(r"cc[\s_-]?0|.*publicdomain/zero|creative\s*commons\s*(zero|0)", re.IGNORECASE),
        "Write CC0-1.0, if that is meant.",
    ),
    (
        re.compile(r".*public[\s_-]*domain|pd\b|.*publicdomain/mark", re.IGNORECASE | re.DOTALL),
        "Write CC0-1.0 if the creator gave it away by CC0, else LicenseRef-public-domain.",
    ),
    (
        re.compile(r".*all\s*rights\s*reserved|.*(©|\(c\)|copyright|proprietary)", re.IGNORECASE | re.DOTALL),
        "Write LicenseRef-all-rights-reserved, or leave the cell empty.",
    ),
    (
        re.compile(r"(none|noassertion|unknown|n/?a|-+|\?+|null|nan)\s*\Z", re.IGNORECASE),
        "Leave the cell empty when the licence is not known.",
    ),
)


@lru_cache(maxsize=4096)
def spdx_expression(text: str) -> str:
    """Write a licence in its normal form: `cc0-1.0 or mit` becomes `CC0-1.0 OR MIT`.

    `LicenseRef-...` names of one's own are kept. Raises UsageError with a suggestion for anything else.
    """
    from license_expression import ExpressionError, ParseError

    # The parser answers some malformed texts with errors of its own workings: "()and(" with an IndexError.
    malformed = (ExpressionError, ParseError, LookupError, AssertionError, AttributeError, TypeError, ValueError)
    if len(text) > _LONGEST:
        message = f"A licence of {len(text):,} characters is none. Name it LicenseRef-..., and keep its text elsewhere."
        raise UsageError(message)
    try:
        tree = _spdx().parse(text, strict=True)
        if tree is not None and all(_is_known(symbol.key) for symbol in _spdx().license_symbols(tree)):
            return str(tree.render())
    except (*malformed, RecursionError):
        pass
    message = f"{text!r} is not an SPDX licence expression. {_suggestion(text)}"
    raise UsageError(message)


@cache
def _spdx() -> "Licensing":
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


def _is_known(key: str) -> bool:
    return key in _spdx().known_symbols or _OWN.fullmatch(key) is not None


def _suggestion(text: str) -> str:
    stripped = text.strip()
    if (found := _CREATIVE_COMMONS.fullmatch(stripped)) is not None:
        terms = "-".join(re.findall("by|nc|sa|nd", found[1].lower())).upper()
        return f"Write CC-{terms}-{found[2] or '4.0'}, if that is meant."
    for pattern, sentence in _SUGGESTIONS:
        if pattern.match(stripped):
            return sentence
    if (likely := _likely(stripped)) is not None:
        return f"Write {likely}, if that is meant."
    if re.search("[;,|&]", stripped):
        return "Join licences by AND when all of them hold, by OR when one may be chosen."
    return "Look the name up at spdx.org/licenses, or write LicenseRef- and a name of your own."


def _likely(text: str) -> str | None:
    """Find the identifier that is spelt like `text` but for spaces, punctuation and the word licence."""
    wanted = _letters(re.sub(r"\b(the|licen[cs]e|version|v(?=\d))\b", "", text, flags=re.IGNORECASE))
    return _spellings().get(wanted)


@cache
def _spellings() -> dict[str, str]:
    return {_letters(key): key for key, symbol in _spdx().known_symbols.items() if not symbol.is_exception}


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
