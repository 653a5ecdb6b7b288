"""JSON from strangers, taken apart without trust: what is not of the expected kind is empty."""

import json
from collections.abc import Mapping

TEXT_LIMIT = 1 << 23
"""Characters of a JSON text that is parsed."""


def parsed(text: str | None) -> object:
    """Parse `text`; None for anything that is no JSON, is too long, or nests too deep."""
    if not text or len(text) > TEXT_LIMIT:
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def mapping(value: object) -> Mapping[str, object]:
    """Give a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """Give a JSON list, or an empty one."""
    return value if isinstance(value, list) else []
