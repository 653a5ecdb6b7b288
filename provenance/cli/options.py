"""Options and arguments that many commands have, and how their texts are read."""

import re
from typing import Annotated

import typer

from provenance.errors import UsageError

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
"""Results as JSON on stdout, for programs."""

ArtworkId = Annotated[str, typer.Argument(metavar="ARTWORK", help="The artwork, by the beginning of its id.")]
"""One artwork."""

NAME_LIMIT = 200
"""Characters of a name or title."""

NOTE_LIMIT = 10_000
"""Characters of a note."""

_SPACES = re.compile(r"\s")


_MOST = 1_000_000_000


def whole(text: str) -> int:
    """Read a whole number of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= _MOST:
        message = f"{text!r} is not a whole number of at least 1 and at most {_MOST:,}."
        raise typer.BadParameter(message)
    return number


def name_text(text: str | None, option: str) -> str | None:
    """Read a name or title after `option`: one line of printable characters. Raises UsageError."""
    if text is None:
        return None
    cleaned = text.strip()
    if not cleaned:
        raise UsageError(f"{option} is empty. Give a text, or leave {option} out.")
    if not all(character.isprintable() or character in "\u200c\u200d" for character in cleaned):
        raise UsageError(f"{option} takes one line of text without control characters; {_short(text)} has some.")
    return _not_too_long(cleaned, option, NAME_LIMIT)


def note_text(text: str | None, option: str) -> str | None:
    """Read a text of several lines after `option`. Raises UsageError."""
    if text is None:
        return None
    if not all(character.isprintable() or _SPACES.match(character) for character in text):
        raise UsageError(f"{option} takes text without control characters; {_short(text)} has some.")
    return _not_too_long(text.strip(), option, NOTE_LIMIT) or None


def _not_too_long(text: str, option: str, limit: int) -> str:
    if len(text) > limit:
        raise UsageError(f"{option} has {len(text):,} characters; {limit:,} are possible. Make it shorter.")
    return text


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 60 else f"{shown[:57]}...'"
