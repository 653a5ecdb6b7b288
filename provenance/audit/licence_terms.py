"""What a licence expression asks for by the policy's table: each of its alternatives, since OR leaves the choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from provenance.audit.share_alike import allowed_for_adaptations, plain_names
from provenance.collect.licence_policy import OBLIGATIONS, LicenceRule, judge

if TYPE_CHECKING:
    from license_expression import Licensing

ATTRIBUTION, SHARE_ALIKE, NON_COMMERCIAL, NO_DERIVATIVES = OBLIGATIONS
"""The names of what a licence may ask for."""

_MOST: Final = 64
"""Alternatives of one expression; what has more is not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One way to keep to an expression: licences that all hold at once."""

    licences: frozenset[str]
    asks: frozenset[str]
    """What they ask for, of `OBLIGATIONS`."""
    adaptations: frozenset[str] | None
    """The licences that an adaptation may have as far as share-alike goes; None for any."""
    known: bool
    """False if the policy has no line for one of them, so that it may ask for more."""

    @property
    def names(self) -> frozenset[str]:
        """The licences as `adaptations` names them: without ports, `-only`, `-or-later` and exceptions."""
        return frozenset(name for licence in self.licences for name in plain_names(licence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an expression asks for."""

    expression: str
    alternatives: tuple[Alternative, ...]
    """Those that are known and ask for least come first; there are none if the expression cannot be read."""

    @property
    def asks(self) -> tuple[str, ...]:
        """What is asked for at the least, in the order of `OBLIGATIONS`."""
        least = self.alternatives[0].asks if self.alternatives else frozenset()
        return tuple(name for name in OBLIGATIONS if name in least)

    @property
    def known(self) -> bool:
        """Whether the policy knows all licences of at least one alternative."""
        return any(each.known for each in self.alternatives)


def terms(rules: tuple[LicenceRule, ...], expression: str) -> Terms:
    """Read `expression` by the policy's table `rules`. What cannot be read has no alternatives; nothing is raised."""
    found = [_alternative(rules, licences) for licences in _choices(expression)]
    ordered = sorted(found, key=lambda each: (not each.known, len(each.asks), sorted(each.licences)))
    return Terms(expression=expression, alternatives=tuple(ordered))


def _alternative(rules: tuple[LicenceRule, ...], licences: frozenset[str]) -> Alternative:
    judged = {name: judge(rules, name) for name in licences}
    demands = [allowed_for_adaptations(name) for name, each in judged.items() if SHARE_ALIKE in each.obligations]
    return Alternative(
        licences=licences,
        asks=frozenset(asked for each in judged.values() for asked in each.obligations),
        adaptations=frozenset.intersection(*demands) if demands else None,
        known=all(each.rules for each in judged.values()),
    )


@lru_cache(maxsize=4096)
def _choices(expression: str) -> tuple[frozenset[str], ...]:
    """Write an expression as a choice among licences that hold together; empty if it cannot be read, or is too long."""
    from license_expression import ExpressionError, ParseError

    # As in collect/licence.py: the parser answers some malformed texts with errors of its own workings.
    malformed = (ExpressionError, ParseError, LookupError, AssertionError, AttributeError, TypeError, ValueError)
    try:
        tree = _grammar().parse(expression)
        return () if tree is None else _expanded(tree)
    except (*malformed, RecursionError):
        return ()


def _expanded(tree: Any) -> tuple[frozenset[str], ...]:  # noqa: ANN401  (license-expression has no types)
    operator = getattr(tree, "operator", "").strip()
    if operator not in {"AND", "OR"}:
        return (frozenset([str(tree.render())]),)
    parts = [_expanded(part) for part in tree.args]
    if operator == "OR":
        found = dict.fromkeys(choice for part in parts for choice in part)
    else:
        found = {frozenset[str]().union(*choice): None for choice in _products(parts)}
    if len(found) > _MOST:
        raise ValueError(f"{len(found)} alternatives are too many.")
    return tuple(found)


def _products(parts: Sequence[tuple[frozenset[str], ...]]) -> Any:  # noqa: ANN401
    count = 1
    for part in parts:
        count *= len(part)
    if count > _MOST:
        raise ValueError(f"{count} alternatives are too many.")
    return product(*parts)


@cache
def _grammar() -> "Licensing":
    """Give a parser that takes any name for a licence: the expressions were held against SPDX when they came."""
    from license_expression import Licensing

    return Licensing()
