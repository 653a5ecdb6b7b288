"""The claims of a picture's own metadata as plain texts, cut to what can be recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from provenance.digest import Json

PROMPT_LIMIT = 20_000
"""Characters of a prompt; nobody writes more by hand. The whole text stays in the file, which is kept."""

FIELD_LIMIT = 500
"""Characters of any other field."""

RAW_LIMIT = 1_000_000
"""Characters of one text as it stood in the file: graphs of ComfyUI have some hundred thousand."""

LORA_LIMIT = 100
"""Adapters that are listed."""

_MORE_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a picture says of itself. Every value is the text that stood there; None where it says nothing."""

    program: str | None
    program_version: str | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    seed: str | None = None
    steps: str | None = None
    sampler: str | None = None
    scheduler: str | None = None
    guidance: str | None = None
    model: str | None = None
    model_hash: str | None = None
    loras: tuple[str, ...] = ()
    """Names of adapters, with their strength where it is said: `name 0.8`."""
    size: str | None = None
    """WIDTHxHEIGHT in pixels, as asked for."""
    more: Mapping[str, str] = field(default_factory=dict)
    """What else the program said, by the program's own names."""
    raw: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The texts as they stood in the file, by their name there."""
    notes: tuple[str, ...] = ()
    """Sentences about what was cut or changed, so that it could be recorded."""

    def to_json(self) -> dict[str, Json]:
        """Write what is said as JSON; what is not said is left out."""
        said: dict[str, Json] = {name: getattr(self, name) for name in _PLAIN if getattr(self, name) is not None}
        listed: dict[str, Json] = {
            "loras": list(self.loras),
            "more": dict(self.more),
            "raw": dict(self.raw),
            "notes": list(self.notes),
        }
        said.update({name: value for name, value in listed.items() if value})
        return said


_PLAIN = (
    *("program", "program_version", "prompt", "negative_prompt", "seed", "steps", "sampler", "scheduler"),
    *("guidance", "model", "model_hash", "size"),
)
_LONG = {"prompt", "negative_prompt"}


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a reader of one format found, before it is cut: any plain value, None where nothing is said."""

    program: str | None
    fields: dict[str, object] = field(default_factory=dict)
    """By the names of `Claims`."""
    loras: list[str] = field(default_factory=list)
    more: dict[str, object] = field(default_factory=dict)

    def claims(self, raw: Mapping[str, str], notes: tuple[str, ...]) -> Claims:
        """Make the claims, with everything cut to its limit and a note about each cut."""
        told: dict[str, Any] = {}
        for name, value in {"program": self.program, **self.fields}.items():
            text = plain_text(value)
            if text is None:
                continue
            told[name], changed = recordable_text(text, PROMPT_LIMIT if name in _LONG else FIELD_LIMIT)
            notes += tuple(f"The {name.replace('_', ' ')} {what}." for what in changed)
        more = {
            recordable_text(name, FIELD_LIMIT)[0]: recordable_text(text, FIELD_LIMIT)[0]
            for name, value in list(self.more.items())[:_MORE_LIMIT]
            if (text := plain_text(value)) is not None
        }
        loras = tuple(dict.fromkeys(recordable_text(each, FIELD_LIMIT)[0] for each in self.loras[:LORA_LIMIT]))
        return Claims(
            program=told.pop("program", None),
            loras=loras,
            more=more,
            raw=raw,
            notes=notes,
            **told,
        )


def plain_text(value: object) -> str | None:
    """Write a plain JSON value as text; None for nothing, an empty text, and for lists and mappings."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return value.strip() or None if isinstance(value, str) else None


def recordable_text(text: str, limit: int) -> tuple[str, list[str]]:
    """Make `text` one that databases and manifests hold: at most `limit` characters, no NUL, whole UTF-8.

    Returns it with what was done, each the end of a sentence; emoji and every script stay as they are.
    """
    changed: list[str] = []
    if len(text) > limit:
        changed.append(f"has {len(text):,} characters; the first {limit:,} are recorded, the file is kept whole")
        text = text[:limit]
    if "\0" in text:
        changed.append("holds NUL characters, which are recorded as \ufffd")
        text = text.replace("\0", "\ufffd")
    whole = text.encode("utf-8", "replace").decode()
    if whole != text:
        changed.append("holds broken Unicode, which is recorded as ?")
    return whole, changed
