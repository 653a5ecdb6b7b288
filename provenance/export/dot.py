"""A lineage as a graph in the DOT language, which Graphviz draws: from the oldest on the left to the newest."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from provenance.archive.lineage import Lineage, Relative, Step

_SHAPES: Final = {"run": "box", "training": "box", "contributor": "house", "dataset": "folder", "selection": "folder"}
_LINES: Final = {"claimed": "dashed", "checked": "solid", "reproduced": "bold"}
"""How an edge is drawn, by its level of truth."""

_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that no label may hold: Graphviz ends at a NUL, and the others deceive or are no text."""

_LONGEST = 60
"""Characters in a line of a label."""


def dot(found: "Lineage") -> str:
    """Write `found` as a directed graph; an arrow goes from what was used to what came of it."""
    nodes = (found.subject, *found.earlier, *found.relatives)
    title = f"{'Lineage' if found.upwards else 'Impact'} of {found.subject.kind} {found.subject.uid}"
    lines = [
        f"digraph {_quoted(title)} {{",
        '  graph [rankdir="LR", charset="UTF-8"];',
        '  node [shape="ellipse", fontname="sans-serif", fontsize="10"];',
        '  edge [fontname="sans-serif", fontsize="9"];',
        *(f"  {_quoted(node.uid)} [{', '.join(_looks(node, found))}];" for node in nodes),
        *(_edge(step) for step in found.steps),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _looks(node: "Relative", found: "Lineage") -> Iterator[str]:
    yield f"label={_label(f'{node.kind} {node.uid[:12]}', node.label)}"
    if node.kind in _SHAPES:
        yield f'shape="{_SHAPES[node.kind]}"'
    if node is found.subject:
        yield 'penwidth="2"'


def _edge(step: "Step") -> str:
    line = _LINES[step.truth]
    label = _label(step.role.replace("_", " "), step.truth)
    return f'  {_quoted(step.parent)} -> {_quoted(step.child)} [label={label}, style="{line}"];'


def _label(*lines: str) -> str:
    r"""Write lines as a label, in which a backslash begins an escape and `\n` a new line."""
    shown = (_UNSEEN.sub(_spelt, line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…") for line in lines)
    escaped = "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in shown)
    return f'"{escaped}"'


def _quoted(name: str) -> str:
    """Write an id of the language: hex digits and plain words of ours need no escape."""
    return f'"{name}"'


def _spelt(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
