"""`parameters`, as A1111's web UI, Forge, SD.Next and many others write it: prompt lines, then a line of settings.

The format is that of A1111's `create_infotext`: the prompt, `Negative prompt: ...`, and last
`Steps: 20, Sampler: Euler a, ...`, a value being quoted as JSON where it holds a comma. All scans are linear.
"""

import json
import re
from collections.abc import Iterator, Mapping

from provenance.collect.parameters_claims import LORA_LIMIT, Draft

_LINES_BACK = 12
"""How many lines from the end the settings are looked for."""

_SETTINGS_LIMIT = 200_000
"""Characters of a line of settings."""

_NEGATIVE = "Negative prompt:"
_LORA = re.compile(r"<(?:lora|lyco):([^:<>\n]{1,200})(?::([^<>\n]{0,40}))?>")
_KNOWN = {
    "Seed": "seed",
    "Steps": "steps",
    "Sampler": "sampler",
    "Schedule type": "scheduler",
    "CFG scale": "guidance",
    "Model": "model",
    "Model hash": "model_hash",
    "Size": "size",
    "Version": "program_version",
}
_DECODE = json.JSONDecoder()


def read_webui(texts: Mapping[str, str]) -> Draft | None:
    """Read `parameters`, or the same in EXIF UserComment; None if the settings are not to be found there."""
    for name in ("parameters", "UserComment"):
        draft = _read(texts.get(name, ""))
        if draft is not None:
            return draft
    return None


def settings_of(line: str) -> dict[str, str]:
    """Read `key: value, key: "quoted, value", ...`; the first of a key counts."""
    return dict(_settings(line[:_SETTINGS_LIMIT]))


def _read(text: str) -> Draft | None:
    lines = text.strip().splitlines()
    for at in range(len(lines) - 1, max(-1, len(lines) - 1 - _LINES_BACK), -1):
        settings = settings_of(lines[at])
        if len(settings) >= 3 and "Steps" in settings:
            return _draft(lines[:at], settings)
    return None


def _draft(lines: list[str], settings: dict[str, str]) -> Draft:
    prompt, negative = _prompts(lines)
    fields: dict[str, object] = {"prompt": prompt, "negative_prompt": negative}
    fields |= {name: settings.pop(key) for key, name in _KNOWN.items() if key in settings}
    loras = [" ".join(filter(None, found.groups())) for found in _first(_LORA.finditer(prompt[:_SETTINGS_LIMIT]))]
    program = _program(settings, str(fields.get("program_version", "")))
    return Draft(program=program, fields=fields, loras=loras, more=dict(settings))


def _first(found: Iterator[re.Match[str]]) -> Iterator[re.Match[str]]:
    return (match for match, _ in zip(found, range(LORA_LIMIT), strict=False))


def _prompts(lines: list[str]) -> tuple[str, str]:
    at = next((number for number, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    negative = "\n".join(lines[at:]).removeprefix(_NEGATIVE)
    return "\n".join(lines[:at]).strip(), negative.strip()


def _program(settings: Mapping[str, str], version: str) -> str:
    if "SD.Next" in settings.get("App", ""):
        return "SD.Next"
    if version.startswith("Fooocus"):
        return "Fooocus"
    if re.match(r"(?:f\d|forge|neo|classic)", version):
        return "Forge"
    return "AUTOMATIC1111" if version.startswith("v") else "AUTOMATIC1111 or kin"


def _settings(line: str) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    at = 0
    while at < len(line):
        colon = line.find(":", at)
        comma = line.find(",", at)
        if colon < 0:
            return
        if 0 <= comma < colon:  # pieces without a name
            at = line.rfind(",", at, colon) + 1
        key = line[at:colon].strip()
        value, at = _value(line, colon + 1)
        if key and len(key) <= 80 and key not in seen:
            seen.add(key)
            yield key, value


def _value(line: str, start: int) -> tuple[str, int]:
    """Read a value and give where the next item begins."""
    while start < len(line) and line[start] == " ":
        start += 1
    if line[start : start + 1] in {'"', "{", "["}:
        try:
            value, end = _DECODE.raw_decode(line, start)
        except (ValueError, RecursionError):
            pass
        else:
            text = value if isinstance(value, str) else line[start:end]
            comma = line.find(",", end)
            return text, len(line) if comma < 0 else comma + 1
    comma = line.find(",", start)
    end = len(line) if comma < 0 else comma
    return line[start:end].strip(), end + 1
