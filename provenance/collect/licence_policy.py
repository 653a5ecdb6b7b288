"""What a policy makes of an SPDX expression: AND asks for all licences, OR for one of them, WITH for both."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from provenance.words import Decision

OBLIGATIONS: Final = ("attribution", "share-alike", "non-commercial", "no-derivatives")
"""What a licence may ask for, in the order in which it is told."""

_ORDER: Final = (Decision.ALLOWED, Decision.UNCLEAR, Decision.REFUSED)
_WORD: Final = re.compile(r"[()]|[^\s()]+")
_BINDS: Final = {"OR": 1, "AND": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceRule:
    """One line of the policy's table of licences."""

    pattern: str
    """An SPDX name in which `*` stands for any text; case does not matter."""
    training: Decision
    obligations: tuple[str, ...] = ()

    def fits(self, licence: str) -> bool:
        """Tell whether the rule is about `licence`."""
        return fnmatchcase(licence.lower(), self.pattern.lower().replace("[", "[[]").replace("?", "[?]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the policy says of an expression."""

    decision: Decision
    rules: tuple[str, ...]
    """The patterns that decided; empty if no line of the table fits."""
    obligations: tuple[str, ...] = ()


def judge(rules: tuple[LicenceRule, ...], expression: str) -> Judged:
    """Judge a valid SPDX expression in its normal form, however deep it is nested."""
    done: list[Judged] = []
    waiting: list[str] = []
    for word in _words(expression):
        if word == "(":
            waiting.append(word)
        elif word == ")":
            while waiting and waiting[-1] != "(":
                _join(done, waiting.pop())
            waiting.pop()
        elif word in _BINDS:
            while waiting and _BINDS.get(waiting[-1], 0) >= _BINDS[word]:
                _join(done, waiting.pop())
            waiting.append(word)
        else:
            done.append(_single(rules, word))
    while waiting:
        _join(done, waiting.pop())
    return done[0]


def _words(expression: str) -> list[str]:
    """Split an expression; a licence with its exception is one word."""
    words: list[str] = []
    for word in _WORD.findall(expression):
        if words and (word == "WITH" or words[-1].endswith(" WITH")):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


def _single(rules: tuple[LicenceRule, ...], licence: str) -> Judged:
    """Judge one licence, by its whole name first; an exception only adds permissions to what its licence allows."""
    for name in dict.fromkeys((licence, licence.partition(" WITH ")[0])):
        for rule in rules:
            if rule.fits(name):
                return Judged(decision=rule.training, rules=(rule.pattern,), obligations=rule.obligations)
    return Judged(decision=Decision.UNCLEAR, rules=())


def _join(done: list[Judged], operator: str) -> None:
    right, left = done.pop(), done.pop()
    better, worse = sorted((left, right), key=lambda judged: _ORDER.index(judged.decision))
    if operator == "OR":
        done.append(left if left.decision is right.decision else better)
        return
    asked = {*left.obligations, *right.obligations}
    decided = (left, right) if left.decision is right.decision else (worse,)
    done.append(
        Judged(
            decision=worse.decision,
            rules=tuple(dict.fromkeys(rule for each in decided for rule in each.rules)),
            obligations=tuple(name for name in OBLIGATIONS if name in asked),
        )
    )
