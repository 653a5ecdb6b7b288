"""How the command line speaks: results on stdout, talk on stderr, one JSON document where it was asked for."""

import dataclasses
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from provenance.digest import Digest
from provenance.words import Sign

_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that could move the cursor, change colours or turn the line round: titles come from strangers."""

_ENDLESS = 10_000
"""The width where nobody looks: a program that reads our lines wants each of them whole."""


class Voice(Console):
    """A console that breaks lines for terminals only, and shows what could deceive instead of obeying it."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, with every unseen character written out."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))

    def on_broken_pipe(self) -> None:
        """End well: whoever read us had enough."""
        silence()
        raise SystemExit(0)


def silence() -> None:
    """Let nothing more come out, so that the interpreter does not complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _voice(*, stderr: bool) -> Voice:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream is not None and stream.isatty() else _ENDLESS
    return Voice(stderr=stderr, width=width, highlight=False, emoji=False, markup=False)


out = _voice(stderr=False)
"""Results."""

talk = _voice(stderr=True)
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
    return Text(which.text(utf8=_utf8(out.encoding)), style=_COLOURS[which])


def visible(text: str) -> str:
    r"""Write unseen characters out: an escape becomes the four letters `\x1b`."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def say(*parts: str | Text, indent: int = 0, hang: int | None = None, console: Console | None = None) -> None:
    """Print a sentence, broken between words at the terminal's edge; what follows stands `hang` columns in.

    Without `hang` it stands below the words, after a sign if there is one. A line with a word that is longer
    than the terminal is wide, such as a path, is left to the terminal, so that it can be copied whole.
    """
    voice = console or out
    line = Text(" " * indent)
    for part in parts:
        line.append(part) if isinstance(part, str) else line.append_text(part)
    if hang is None:
        signed = bool(parts) and isinstance(parts[0], Text) and cell_len(parts[0].plain) <= 2
        hang = cell_len(line.plain) - cell_len(line.plain.lstrip()) + (cell_len(str(parts[0])) + 1 if signed else 0)
    room = voice.width - hang
    if max(map(cell_len, line.plain.split()), default=0) >= room:
        voice.print(line, soft_wrap=True)
        return
    first, rest = _broken(voice, line, hang)
    voice.print(first, soft_wrap=True)
    for more in rest:
        voice.print(Text(" " * hang).append_text(more), soft_wrap=True)


def _broken(voice: Console, line: Text, hang: int) -> tuple[Text, list[Text]]:
    first = line.wrap(voice, voice.width)[0]
    first.rstrip()
    left = line[len(first.plain) :]
    if not left.plain.strip():
        return first, []
    left = left[len(left.plain) - len(left.plain.lstrip()) :]
    lines = left.wrap(voice, voice.width - hang)
    for each in lines:
        each.rstrip()
    return first, list(lines)


def facts(rows: Sequence[tuple[str, str | Text]], *, indent: int = 2, console: Console | None = None) -> None:
    """Print names with their values beside them, aligned."""
    widest = max((cell_len(name) for name, _ in rows), default=0)
    for name, value in rows:
        head = f"{' ' * indent}{name}{' ' * (widest - cell_len(name))}  "
        say(head, value, hang=len(head), console=console)


def table(
    *columns: str, rows: Iterable[Sequence[str | Text]], indent: int = 0, give: int = -1, wrap: bool = False
) -> None:
    """Print rows below each other; the column `give` gives way where the terminal is too narrow.

    It is cut short with an ellipsis; with `wrap` the last one is broken into lines.
    Column names that begin with `>` stand to the right; without any names there is no head.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    titles = [name.removeprefix(">") for name in columns]
    head = [[Text(title, style="dim") for title in titles]] if any(titles) else []
    widths = [max((row[at].cell_len for row in head + cells), default=0) for at in range(len(titles))]
    excess = indent + sum(widths) + 2 * (len(widths) - 1) - out.width
    widths[give] = max(8, widths[give] - max(0, excess))
    for row in head + cells:
        if not wrap:
            row[give].truncate(widths[give], overflow="ellipsis")
        start = Text(" " * indent)
        for name, cell, width in zip(columns[:-1], row[:-1], widths[:-1], strict=True):
            cell.align("right" if name.startswith(">") else "left", width)
            start.append_text(cell).append("  ")
        if columns[-1].startswith(">"):
            row[-1].align("right", widths[-1])
        say(start, row[-1], hang=start.cell_len)


def _cell(cell: str | Text) -> Text:
    return cell.copy() if isinstance(cell, Text) else Text(visible(" ".join(cell.split("\n"))))


calling = ContextVar("calling", default="prov")
"""How this call began: `prov`, with the archive where one was named."""


def next_steps(*commands: str) -> None:
    """Say what can be done next, on the archive that was named."""
    for index, named in enumerate(commands):
        command = named if named.startswith("prov --archive") else named.replace("prov", calling.get(), 1)
        talk.print(Text(("next: " if index == 0 else "      ") + command, style="dim"), soft_wrap=True)


def some(number: int, one: str, many: str | None = None) -> str:
    """Count things: `1 file`, `1,219 works`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def emit(document: object) -> None:
    """Print one JSON document on stdout."""
    text = json.dumps(plain(document), indent=2, ensure_ascii=not _utf8(sys.stdout.encoding))
    sys.stdout.write(text.encode("utf-8", "backslashreplace").decode() + "\n")
    sys.stdout.flush()


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


def _utf8(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").replace("_", "") == "utf8"
