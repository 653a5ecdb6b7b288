"""The policy on findings as a file: `audit.toml` in the archive, read on top of one of the shipped ones.

The file names the shipped policy that it starts from as `preset`. A rule with the name of a shipped one changes what
it says of that; rules with new names come before all shipped ones, in the order of the file. What the file leaves out
stays as shipped, and a file that says the same has the same digest.
"""

import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from provenance.audit.policy import EFFECTS, RELATIONS, STANDS, Policy, Rule
from provenance.errors import ArchiveError, UsageError
from provenance.words import Severity

FILE_NAME: Final = "audit.toml"
"""The policy, in the archive's folder."""

PRESETS: Final[Mapping[str, str]] = {
    "standard": "Copies of works need a decision before they leave; the rest is told.",
    "strict": "Whatever looks like a work, lacks a licence or was not looked for needs a decision.",
    "lenient": "No likeness and no licence holds anything back; copies of works are told.",
}
"""The shipped policies, with what they are for."""

_STANDARD: Final = "standard"
_DECIDED: Final = (STANDS, Severity.WARNING.value, Severity.NOTE.value)
_KINDS: Final = ("work", "artwork")
_SEVERITIES: Final = tuple(severity.value for severity in Severity)
_RULE: Final = ("check", "relation", "of", "severity", "score_from", "score_below", "evidence", "sign", "export")
"""What a rule may hold."""


def load_policy(folder: Path) -> Policy:
    """Read the policy of the archive in `folder`; the shipped standard one where it has none.

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
    return parse_policy(text, name=str(path))


@lru_cache(maxsize=8)
def parse_policy(text: str, *, name: str = FILE_NAME) -> Policy:
    """Read the text of a policy. Raises UsageError, with `name`, the key, and what may stand there."""
    held = _toml(text, name)
    preset = _choice(held.get("preset", _STANDARD), tuple(PRESETS), "preset", name)
    shipped = _toml(preset_text(preset), f"the shipped policy {preset}")
    own, base = _rule_tables(held, name), _rule_tables(shipped, preset)
    rules = [_rule(key, table, name) for key, table in own.items() if key not in base]
    rules += [_rule(key, {**table, **own.get(key, {})}, name) for key, table in base.items()]
    decided = {**shipped["decided"], **_decided(held, name)}
    try:
        return Policy(preset=preset, rules=tuple(rules), **decided)
    except ValueError as cause:
        last = next(reversed(base))
        raise UsageError(
            f"In {name}, rules.{last} takes no conditions: it is for all that no rule is about."
        ) from cause


@cache
def preset_text(preset: str) -> str:
    """Give the text of a shipped policy, which is also a template for an archive's own. Raises UsageError.

    The file of the standard one is whole; those of the others say only what they answer otherwise.
    """
    if preset not in PRESETS:
        raise UsageError(f"There is no policy {preset!r}. Choose one of {', '.join(PRESETS)}.")
    standard = _shipped(_STANDARD)
    return standard if preset == _STANDARD else "".join(_answered_otherwise(standard, preset))


def _shipped(preset: str) -> str:
    return resources.files(__package__).joinpath(f"audit_{preset}.toml").read_text(encoding="utf-8")


def _answered_otherwise(standard: str, preset: str) -> Iterator[str]:
    """Give the lines of the standard policy with what `preset` says instead, so that its comments stay."""
    answers, rule = tomllib.loads(_shipped(preset))["rules"], ""
    text = standard.replace("findings.", f"findings: the {preset} policy.", 1)
    for line in text.replace(f'preset = "{_STANDARD}"', f'preset = "{preset}"').splitlines(keepends=True):
        if line.startswith("[rules."):
            rule = line[len("[rules.") : -len("]\n")]
        gate = line.partition(" = ")[0]
        answer = answers.get(rule, {}).get(gate)
        yield line if answer is None else f'{gate} = "{answer}"\n'


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        held = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as cause:
        raise UsageError(f"{name} is not valid TOML: {cause}. Correct the file, then call again.") from cause
    _refuse_unknown(held, ("preset", "decided", "rules"), "", name)
    return held


def _rule_tables(held: Mapping[str, Any], name: str) -> dict[str, dict[str, Any]]:
    tables = _table(held.get("rules", {}), "rules", name)
    for key, table in tables.items():
        _refuse_unknown(_table(table, f"rules.{key}", name), _RULE, f"rules.{key}.", name)
    return tables


def _decided(held: Mapping[str, Any], name: str) -> dict[str, str]:
    table = _table(held.get("decided", {}), "decided", name)
    _refuse_unknown(table, ("accepted", "disputed"), "decided.", name)
    return {key: _choice(value, _DECIDED, f"decided.{key}", name) for key, value in table.items()}


def _rule(key: str, table: Mapping[str, Any], name: str) -> Rule:
    place = f"rules.{key}"
    if not key.isprintable() or not key.strip():
        raise UsageError(f"In {name}, a rule has no name that can be printed. Call it by a few letters.")
    for gate in ("sign", "export"):
        if gate not in table:
            raise UsageError(f"In {name}, {place} does not say {gate}. Add one of: {', '.join(EFFECTS)}.")
    return Rule(
        name=key,
        checks=_texts(table, "check", place, name),
        relations=_several(table, "relation", tuple(RELATIONS), place, name),
        of=_several(table, "of", _KINDS, place, name),
        severities=tuple(map(Severity, _several(table, "severity", _SEVERITIES, place, name))),
        score_from=_number(table, "score_from", place, name),
        score_below=_number(table, "score_below", place, name),
        evidence=_evidence(table, place, name),
        sign=_choice(table["sign"], EFFECTS, f"{place}.sign", name),
        export=_choice(table["export"], EFFECTS, f"{place}.export", name),
    )


def _several(table: Mapping[str, Any], key: str, choices: tuple[str, ...], place: str, name: str) -> tuple[str, ...]:
    found = _texts(table, key, place, name)
    for each in found:
        _choice(each, choices, f"{place}.{key}", name)
    return tuple(choice for choice in choices if choice in found)


def _texts(table: Mapping[str, Any], key: str, place: str, name: str) -> tuple[str, ...]:
    if key not in table:
        return ()
    value = table[key]
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(each, str) and each.strip() for each in found):
        raise UsageError(f"In {name}, {place}.{key} is {value!r}; it must be a text, or a list of texts.")
    return tuple(found)


def _number(table: Mapping[str, Any], key: str, place: str, name: str) -> float | None:
    value = table.get(key)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value)):
        raise UsageError(f"In {name}, {place}.{key} is {value!r}; it must be a number.")
    return None if value is None else float(value)


def _evidence(table: Mapping[str, Any], place: str, name: str) -> tuple[tuple[str, str | bool | int], ...]:
    wanted = _table(table.get("evidence", {}), f"{place}.evidence", name)
    for key, value in wanted.items():
        if not isinstance(value, str | bool | int):
            raise UsageError(
                f"In {name}, {place}.evidence.{key} is {value!r}; it must be a text, true, false or whole."
            )
    return tuple(sorted(wanted.items()))


def _table(value: Any, place: str, name: str) -> dict[str, Any]:  # noqa: ANN401
    if not isinstance(value, dict):
        raise UsageError(f"In {name}, {place} is {value!r}; it must be a table, written [{place}].")
    return value


def _choice(value: Any, choices: tuple[str, ...], place: str, name: str) -> str:  # noqa: ANN401
    if value not in choices:
        raise UsageError(f"In {name}, {place} is {value!r}; it must be one of: {', '.join(choices)}.")
    return str(value)


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str], place: str, name: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{name} sets {place}{key}, which is none of: {', '.join(known)}. Take it out.")
