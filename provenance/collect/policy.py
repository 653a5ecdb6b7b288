"""The policy on learning: from signals, licence and consent of a work to one decision, by a named rule.

It is `rights.toml` in the archive. Where the file is missing, or leaves something out, the shipped text beside this
module holds; it is read and never written, so that an archive that nobody changed follows the newer text of a newer
program, and each decision names the policy by its digest. docs/decisions/0008 says why the defaults are as they are.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final, Self

from provenance.collect.licence_policy import OBLIGATIONS, Judged, LicenceRule, judge
from provenance.collect.signals import Signal, Source, consent_signal
from provenance.collect.signals_values import Says
from provenance.digest import Digest, Json
from provenance.errors import ArchiveError, UsageError
from provenance.words import Decision

FILE_NAME: Final = "rights.toml"
"""The policy, in the archive's folder."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "unclear": ("refuse", "allow"),
    "ai_output": ("refuse", "allow", "ignore"),
    "conditions": ("consent", "refuse"),
    "granted": ("permits", "overrides"),
    "withdrawn": ("warn", "refuse"),
}
"""What may be set under `[training]`."""

_IGNORABLE: Final = tuple(source.value for source in Source if source not in {Source.CONSENT, Source.LICENCE})
_TRAINING: Final = {"allow": Decision.ALLOWED, "refuse": Decision.REFUSED, "unclear": Decision.UNCLEAR}


_SIGNALS_SAY: Final = {
    Source.TABLE: "a column of the table says no",
    Source.XMP: "XMP in the file says no",
    Source.SIDECAR: "XMP beside the file says no",
    Source.C2PA: "a manifest in the file says no",
    Source.TDMREP: "tdmrep.json reserves it",
    Source.ROBOTS: "robots.txt closes it to crawlers that gather training data",
    Source.AI_TXT: "ai.txt closes it",
}

_RULES_SAY: Final = {
    "consent.denied": "its makers are said to refuse",
    "consent.withdrawn": "its makers are said to have changed their minds",
    "training.ai_output": "it was made by a model, or partly",
    "training.conditions": "it has terms of its own, or signals that cannot be read",
    "training.unclear": "nothing says yes",
    "licences": "the policy does not know its licence",
}


def explain(rule: str) -> str:
    """Say in words why a rule keeps a work out of training."""
    table, _, name = rule.partition(".")
    if table == "signals":
        return _SIGNALS_SAY[Source(name)]
    return _RULES_SAY.get(rule, f"the policy does not let models learn under {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What was decided about a work."""

    decision: Decision
    rule: str
    """What decided, as a place in the policy: `consent.denied`, `signals.xmp`, `licences.CC-BY-*`, ..."""
    obligations: tuple[str, ...]
    signals: tuple[Signal, ...]
    """All the evidence, consent and licence too."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What the archive's owner decided. Texts are those of `CHOICES`."""

    unclear: str
    ai_output: str
    conditions: str
    granted: str
    withdrawn: str
    ignored: frozenset[Source]
    licences: tuple[LicenceRule, ...]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read the policy of the archive in `folder`; the shipped one where it has none.

        Raises UsageError when a value is wrong, ArchiveError when the file cannot be read.
        """
        path = folder / FILE_NAME
        try:
            text = path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            text = ""
        except OSError as cause:
            raise ArchiveError(f"The policy {path} cannot be read: {cause.strerror}. Make it readable.") from cause
        except UnicodeDecodeError as cause:
            raise UsageError(f"{path} is not UTF-8. Save it as UTF-8, then call again.") from cause
        return cls.parse(text, name=str(path))

    @classmethod
    def parse(cls, text: str, *, name: str = FILE_NAME) -> Self:
        """Read the text of a policy on top of the shipped one. Raises UsageError, with `name`, key and choices."""
        tables = _tables(text, name)
        shipped = _tables(shipped_text(), "the shipped policy")
        training = {key: _choice(tables.get("training", {}), shipped["training"], key, name) for key in CHOICES}
        _refuse_unknown(tables.get("training", {}), CHOICES, "training", name)
        rules = (*_licences(tables.get("licences", {}), name), *_licences(shipped["licences"], name))
        return cls(**training, ignored=_ignored(tables.get("signals", {}), name), licences=rules)

    @cached_property
    def digest(self) -> Digest:
        """Digest what the policy says; comments and spaces in the file do not change it."""
        return Digest.of_json({"policy": self._record()})

    def judge(self, licence: str) -> Judged:
        """Judge a valid SPDX expression in its normal form; a folder of works has few of them."""
        if licence not in self._judged:
            self._judged[licence] = judge(self.licences, licence)
        return self._judged[licence]

    @cached_property
    def _judged(self) -> dict[str, Judged]:
        return {}

    def lets_learn(self, decision: Decision) -> bool:
        """Tell whether models may learn from works that were decided so."""
        return decision is Decision.ALLOWED or (decision is Decision.UNCLEAR and self.unclear == "allow")

    def _record(self) -> dict[str, Json]:
        record: dict[str, Json] = {key: getattr(self, key) for key in CHOICES}
        record["ignored"] = sorted(source.value for source in self.ignored)
        record["licences"] = [[rule.pattern, rule.training.value, list(rule.obligations)] for rule in self.licences]
        return record


@cache
def shipped_text() -> str:
    """Give the text of the shipped policy: what holds without a `rights.toml`, and a template for one."""
    return resources.files(__package__).joinpath(FILE_NAME).read_text(encoding="utf-8")


def decide(policy: Policy, signals: Iterable[Signal], licence: str | None, consent: str) -> Decided:
    """Decide whether models may learn from a work.

    `licence` is a valid SPDX expression in its normal form; `consent` one of the states of `Consent`. What says no
    comes first, then what sets conditions, then what says yes.
    """
    said = consent_signal(consent)
    judged = None if licence is None else policy.judge(licence)
    found = tuple(signal for signal in signals if signal.source not in {Source.CONSENT, Source.LICENCE})
    first: dict[Says | None, Signal] = {}
    for signal in found:
        if signal.source not in policy.ignored:
            first.setdefault(signal.says, signal)
    decision, rule = _outcome(policy, first, judged, said)
    evidence = [] if said is None else [said]
    if judged is not None and licence is not None:
        says = _LICENCE_SAYS[judged.decision]
        evidence.append(Signal(source=Source.LICENCE, statement="licence", value=licence, says=says))
    asked = () if judged is None else judged.obligations
    return Decided(decision=decision, rule=rule, obligations=asked, signals=(*evidence, *found))


def _outcome(
    policy: Policy, first: Mapping[Says | None, Signal], judged: Judged | None, consent: Signal | None
) -> tuple[Decision, str]:
    """Go down the ladder: the first rung that holds decides. `first` has the first signal of each meaning."""
    granted = consent is not None and consent.says is Says.YES
    denied = consent is not None and consent.says is Says.NO
    refused = judged is not None and judged.decision is Decision.REFUSED
    licence = "licences" if judged is None or not judged.rules else f"licences.{' AND '.join(judged.rules)}"
    found = {says: f"signals.{signal.source.value}" for says, signal in first.items()}
    ladder = (
        (denied, Decision.REFUSED, f"consent.{consent.value if consent else ''}"),
        (refused, Decision.REFUSED, licence),
        (granted and policy.granted == "overrides", Decision.ALLOWED, "consent.granted"),
        (Says.NO in found, Decision.REFUSED, found.get(Says.NO, "")),
        (Says.AI_OUTPUT in found and policy.ai_output == "refuse", Decision.REFUSED, "training.ai_output"),
        (Says.CONDITIONAL in found and policy.conditions == "refuse", Decision.REFUSED, "training.conditions"),
        (granted, Decision.ALLOWED, "consent.granted"),
        # Terms that nobody here can judge are no open question: `unclear = "allow"` must not let them through.
        (Says.CONDITIONAL in found, Decision.REFUSED, "training.conditions"),
        (Says.YES in found, Decision.ALLOWED, found.get(Says.YES, "")),
        (Says.AI_OUTPUT in found and policy.ai_output == "allow", Decision.ALLOWED, "training.ai_output"),
        (judged is not None, judged.decision if judged else Decision.UNCLEAR, licence),
        (True, Decision.UNCLEAR, "training.unclear"),
    )
    return next((decision, rule) for holds, decision, rule in ladder if holds)


_LICENCE_SAYS: Final = {Decision.ALLOWED: Says.YES, Decision.REFUSED: Says.NO, Decision.UNCLEAR: None}


def _tables(text: str, name: str) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as cause:
        raise UsageError(f"{name} is not valid TOML: {cause}. Correct the file, then call again.") from cause
    for key, table in tables.items():
        if key not in {"training", "signals", "licences"} or not isinstance(table, dict):
            raise UsageError(f"{name} sets {key}, which it cannot: it may hold the tables training, signals, licences.")
    return tables


def _choice(table: Mapping[str, Any], shipped: Mapping[str, Any], key: str, name: str) -> str:
    value = table.get(key, shipped[key])
    if value not in CHOICES[key]:
        raise _wrong(name, f"training.{key}", value, CHOICES[key])
    return str(value)


def _ignored(table: Mapping[str, Any], name: str) -> frozenset[Source]:
    _refuse_unknown(table, ("ignore",), "signals", name)
    listed = table.get("ignore", [])
    for value in listed if isinstance(listed, list) else [listed]:
        if value not in _IGNORABLE:
            raise _wrong(name, "signals.ignore", value, _IGNORABLE)
    if not isinstance(listed, list):
        raise UsageError(f'In {name}, signals.ignore must be a list, such as ["{listed}"].')
    return frozenset(map(Source, listed))


def _licences(table: Mapping[str, Any], name: str) -> list[LicenceRule]:
    return [_licence_rule(pattern, entry, name) for pattern, entry in table.items()]


def _licence_rule(pattern: str, entry: Any, name: str) -> LicenceRule:  # noqa: ANN401
    key = f'licences."{pattern}"'
    entry = {"training": entry} if isinstance(entry, str) else entry
    if not isinstance(entry, dict):
        raise _wrong(name, key, entry, tuple(_TRAINING))
    _refuse_unknown(entry, ("training", "obligations"), key, name)
    training, listed = entry.get("training"), entry.get("obligations", [])
    if training not in tuple(_TRAINING):
        raise _wrong(name, f"{key}.training", training, tuple(_TRAINING))
    for value in listed if isinstance(listed, list) else [listed]:
        if value not in OBLIGATIONS:
            raise _wrong(name, f"{key}.obligations", value, OBLIGATIONS)
    asked = tuple(each for each in OBLIGATIONS if each in listed)
    return LicenceRule(pattern=pattern, training=_TRAINING[training], obligations=asked)


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], place: str, name: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{name} sets {place}.{key}, which is none of: {', '.join(known)}. Take it out.")


def _wrong(name: str, key: str, value: object, choices: Iterable[str]) -> UsageError:
    return UsageError(f"In {name}, {key} is {value!r}; it must be one of: {', '.join(choices)}.")
