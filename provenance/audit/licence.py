"""What the licences of everything behind an artwork ask of it: counted, and held against each other.

Whether a picture by a model is an adaptation of the works that the model learnt from is not settled in law; that one
made from a given picture is an adaptation of that is likelier. So the two are told apart, and people decide.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provenance import words
from provenance.audit.finding import Finding
from provenance.audit.licence_conflicts import Conflict, Licensed, conflicts
from provenance.audit.licence_held import Held, Purpose, Use
from provenance.audit.licence_terms import ATTRIBUTION, NON_COMMERCIAL, Terms, terms
from provenance.collect.licence_policy import OBLIGATIONS, LicenceRule, judge
from provenance.digest import Json
from provenance.words import NOT_A_LEGAL_OPINION, Decision, Severity, count

NAME, VERSION = "licence", "2"

UNSETTLED: Final = "What a licence asks of a picture by a model that learnt from the work is not settled in law."

_ROWS: Final = 50
"""Licences that the evidence lists, those of most works first."""

_NAMED: Final = 3
"""Licences that a sentence names."""

_CONFLICTS: Final = 8
"""Conflicts that become findings of their own; the last one says how many more there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What stands behind an artwork."""

    held: Sequence[Held]
    disputed: int = 0
    """Pictures among them that are recorded with different licences."""
    brought_in: int = 0
    """Pictures among them, or the artwork itself, that were brought in from elsewhere, where no licence is recorded."""
    credits: Sequence[str] = ()
    """The first lines of credit."""


def credited_licences(rules: tuple[LicenceRule, ...], held: Sequence[Held]) -> frozenset[str]:
    """Name the licences that ask for attribution, or whose terms the policy does not know: they may ask for it."""
    read = {each.licence: terms(rules, each.licence) for each in held if each.licence}
    return frozenset(name for name, said in read.items() if _is_credited(said))


def answer(behind: Behind, rules: tuple[LicenceRule, ...], purpose: Purpose) -> list[Finding]:
    """Say what the licences `behind` an artwork ask by the policy's table `rules`; nothing if nothing is behind it."""
    read = {each.licence: terms(rules, each.licence) for each in behind.held if each.licence}
    if not behind.held and not behind.brought_in:
        return []
    found = [_asked(behind, read, purpose)] if read or behind.brought_in else []
    found += _unknown(behind, read)
    found += _refused(behind, rules)
    found += _disputed(behind)
    uses = {name: frozenset(each.use for each in behind.held if each.licence == name) for name in read}
    outgoing = terms(rules, purpose.licence) if purpose.licence else None
    licensed = [Licensed(terms=said, uses=uses[name]) for name, said in read.items()]
    return found + _conflicting(conflicts(licensed, purpose, outgoing))


def _asked(behind: Behind, read: Mapping[str, Terms], purpose: Purpose) -> Finding:
    """Tell what is asked for, of how many, and how many of it is only claimed."""
    asked: Counter[str] = Counter()
    for each in behind.held:
        asked.update(dict.fromkeys(read[each.licence].asks if each.licence else (), each.number))
    listed = [f"{name} ({count(asked[name])})" for name in OBLIGATIONS if asked[name]]
    works, models = _number(behind, model=False), _number(behind, model=True)
    known = sum(each.number for each in behind.held if each.licence)
    sentences = [
        f"Behind it: {_things(works, models)}." if behind.held else "",
        f"Their licences ask for {_joined(listed)}." if listed else "",
        "None of their known licences asks for anything." if known and not listed else "",
        "" if purpose.commercial else _condition(read),
        f"{_are(known, 'licence')} only claimed." if known else "",
        _brought_in(behind.brought_in),
        UNSETTLED if any(each.use is Use.LEARNT for each in behind.held) else "",
        NOT_A_LEGAL_OPINION,
    ]
    evidence: dict[str, Json] = {
        "works": works,
        "models": models,
        "asks": {name: asked[name] for name in OBLIGATIONS if asked[name]},
        "claimed": known,
        "brought_in": behind.brought_in,
        "licences": [_row(each, read) for each in _ordered(behind.held)[:_ROWS]],
        "licences_left_out": max(0, len(behind.held) - _ROWS),
        "credits": list(behind.credits),
        "credits_of": sum(each.number for each in behind.held if each.licence and _is_credited(read[each.licence])),
    }
    return _finding(Severity.NOTE, " ".join(filter(None, sentences)), evidence)


def _condition(read: Mapping[str, Terms]) -> str:
    """Name the licences that would be broken by a commercial purpose, where none is stated."""
    names = [name for name in sorted(read) if _asks_always(read[name], NON_COMMERCIAL)]
    verb = "forbids" if len(names) == 1 else "forbid"
    return f"{_named(names)} {verb} commercial purposes; none is stated." if names else ""


def _asks_always(said: Terms, obligation: str) -> bool:
    return bool(said.alternatives) and all(obligation in each.asks for each in said.alternatives)


def _brought_in(number: int) -> str:
    if not number:
        return ""
    return (
        f"{'1 picture was' if number == 1 else f'{count(number)} pictures were'} brought in without word of a licence."
    )


def _is_credited(said: Terms) -> bool:
    return ATTRIBUTION in said.asks or not said.known


def _unknown(behind: Behind, read: Mapping[str, Terms]) -> list[Finding]:
    """Tell of works and models without a licence, or with one that the policy does not know."""
    without = [each for each in behind.held if each.licence is None]
    unread = [each for each in behind.held if each.licence and not read[each.licence].known]
    if not without and not unread:
        return []
    works = sum(each.number for each in without if each.use is not Use.MODEL)
    models = sum(each.number for each in without if each.use is Use.MODEL)
    names = sorted({each.licence or "" for each in unread})
    sentences = [
        f"{_have(_things(works, models), works + models)} no licence on record: what may be done is not known."
        if without
        else "",
        f"The policy does not know the terms of {_named(names)} ({count(sum(each.number for each in unread))})."
        if unread
        else "",
    ]
    severity = Severity.WARNING if works or any(each.use is not Use.MODEL for each in unread) else Severity.NOTE
    evidence: dict[str, Json] = {"works": works, "models": models, "not_in_policy": list(names[:_ROWS])}
    return [_finding(severity, " ".join(filter(None, sentences)), evidence)]


def _refused(behind: Behind, rules: tuple[LicenceRule, ...]) -> list[Finding]:
    """Tell of works that a model learnt from although their licence lets no model learn."""
    learnt = [each for each in behind.held if each.use is Use.LEARNT]
    refusing = [each for each in learnt if _refuses(rules, each.licence)]
    if not refusing:
        return []
    number, names = sum(each.number for each in refusing), sorted({each.licence or "" for each in refusing})
    of = sum(each.number for each in learnt)
    said = words.licences(works=of, forbidding=number, claimed=number)
    sentence = f"{said} The policy lets no model learn under {_named(names)}."
    return [_finding(Severity.WARNING, sentence, {"works": number, "of": of, "licences": list(names[:_ROWS])})]


def _refuses(rules: tuple[LicenceRule, ...], licence: str | None) -> bool:
    """Tell whether every way to keep to `licence` refuses that models learn."""
    chosen = terms(rules, licence).alternatives if licence else ()
    refused = [any(judge(rules, name).decision is Decision.REFUSED for name in each.licences) for each in chosen]
    return bool(refused) and all(refused)


def _disputed(behind: Behind) -> list[Finding]:
    if not behind.disputed:
        return []
    many = "1 picture is" if behind.disputed == 1 else f"{count(behind.disputed)} pictures are"
    said = f"{many} recorded several times with different licences: at most one of the claims is right."
    return [_finding(Severity.WARNING, said, {"pictures": behind.disputed})]


def _conflicting(found: Sequence[Conflict]) -> list[Finding]:
    """Make findings of conflicts, those that need a decision first."""
    ordered = sorted(found, key=lambda each: not _needs_decision(each))
    left = len(ordered) - _CONFLICTS
    more = f" And {count(left)} more such conflict{'s' if left > 1 else ''}." if left > 0 else ""
    return [
        _finding(
            Severity.DECIDE if _needs_decision(each) else Severity.WARNING,
            f"{each.sentence} {NOT_A_LEGAL_OPINION}{more if place == _CONFLICTS else ''}",
            {"kind": each.kind, "licences": list(each.licences), "given": each.given},
        )
        for place, each in enumerate(ordered[:_CONFLICTS], 1)
    ]


def _needs_decision(conflict: Conflict) -> bool:
    return conflict.given or conflict.kind == "commercial"


def _finding(severity: Severity, sentence: str, evidence: Mapping[str, Json]) -> Finding:
    return Finding(check=NAME, check_version=VERSION, severity=severity, sentence=sentence, evidence=evidence)


def _ordered(held: Sequence[Held]) -> list[Held]:
    places = list(Use)
    return sorted(held, key=lambda each: (places.index(each.use), -each.number, each.licence or ""))


def _row(each: Held, read: Mapping[str, Terms]) -> Json:
    asks = None if each.licence is None or not read[each.licence].known else list(read[each.licence].asks)
    row: dict[str, Json] = {"licence": each.licence, "use": each.use.value, "number": each.number, "asks": asks}
    return row | {"claimed_ties": each.claimed}


def _number(behind: Behind, *, model: bool) -> int:
    return sum(each.number for each in behind.held if (each.use is Use.MODEL) is model)


def _things(works: int, models: int) -> str:
    told = [(works, "work"), (models, "model")]
    return " and ".join(f"{count(number)} {word}{'' if number == 1 else 's'}" for number, word in told if number)


def _have(things: str, number: int) -> str:
    return f"{things} {'has' if number == 1 else 'have'}"


def _are(number: int, word: str) -> str:
    return f"{count(number)} {word} is" if number == 1 else f"{count(number)} {word}s are"


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {count(more)} more" if more > 0 else "")


def _joined(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
