"""How the command line speaks: results on stdout, talk on stderr, one JSON document where it was asked for."""

import dataclasses
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from rich.console import Console
from rich.text import Text

from provenance.digest import Digest
from provenance.words import Sign

out = Console(highlight=False, soft_wrap=False, emoji=False)
"""Results."""

talk = Console(stderr=True, highlight=False, emoji=False)
"""Progress, warnings, what to do next."""

_COLOURS = {
    Sign.CLAIMED: "cyan",
    Sign.CHECKED: "green",
    Sign.REPRODUCED: "green",
    Sign.ATTENTION: "yellow",
    Sign.WRONG: "red",
    Sign.OPEN: "blue",
}


def sign(which: Sign) -> Text:
    """Draw a sign; the words after it say the same without colour."""
    utf8 = (out.encoding or "").lower().replace("-", "") == "utf8"
    return Text(which.text(utf8=utf8), style=_COLOURS[which])


def say(*parts: str | Text, indent: int = 0, console: Console | None = None) -> None:
    """Print a line of plain words; markup inside of them is not obeyed."""
    line = Text(" " * indent)
    for part in parts:
        line.append(part) if isinstance(part, str) else line.append_text(part)
    (console or out).print(line, soft_wrap=len(line.plain.split()) < 4)


def next_steps(*commands: str) -> None:
    """Say what can be done next."""
    for index, command in enumerate(commands):
        say(Text("next: " if index == 0 else "      ", style="dim"), Text(command, style="dim"), console=talk)


def emit(document: object) -> None:
    """Print one JSON document on stdout."""
    text = json.dumps(plain(document), indent=2, ensure_ascii=False)
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")


def plain(value: Any) -> Any:  # noqa: ANN401, PLR0911  (any value of ours becomes plain JSON, kind by kind)
    """Turn records into what JSON can hold."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Digest):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Digest | PurePath):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def interactive() -> bool:
    """Tell whether a person sits at the terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty() and "CI" not in os.environ
