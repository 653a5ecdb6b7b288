"""DOT: whatever a label says, the file is one graph of the language, with every node and every edge."""

import dataclasses
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from provenance.archive.lineage import Lineage, Relative, Step
from provenance.export.dot import dot

# The tokens of the language (graphviz.org/doc/info/lang.html): quoted strings know one escape, \", and may hold
# anything else but a NUL; bare ids are letters, digits and underscores.
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:\\.|[^"\\\0])*")|(?P<id>[A-Za-z_][A-Za-z_0-9]*)|(?P<sign>->|[{}\[\]=;,]))', re.DOTALL
)


def tokens(source: str) -> list[str]:
    found, place = [], 0
    while source[place:].strip():
        token = _TOKEN.match(source, place)
        assert token is not None, source[place : place + 80]
        found.append(token[0].strip())
        place = token.end()
    return found


def parsed(source: str) -> tuple[dict[str, dict[str, str]], list[tuple[str, str, dict[str, str]]]]:
    """Parse the statements that we write, strictly; give nodes and edges with their attributes."""
    left = tokens(source)
    nodes: dict[str, dict[str, str]] = {}
    edges: list[tuple[str, str, dict[str, str]]] = []
    assert left[0] == "digraph"
    assert left[2] == "{"
    assert left[-1] == "}"
    left = left[3:-1]
    while left:
        end = left.index(";")
        statement, left = left[:end], left[end + 1 :]
        begin = statement.index("[")
        assert statement[-1] == "]"
        names, given_ = statement[:begin], statement[begin + 1 : -1]
        attributes = {given_[at]: given_[at + 2] for at in range(0, len(given_), 4)}
        assert all(given_[at + 1] == "=" for at in range(0, len(given_), 4))
        if len(names) == 3:
            assert names[1] == "->"
            edges.append((names[0].strip('"'), names[2].strip('"'), attributes))
        elif names[0] not in {"graph", "node", "edge"}:
            nodes[names[0].strip('"')] = attributes
    return nodes, edges


def drawn(label: str) -> str:
    """Read a label as Graphviz draws it: a backslash and what follows are one escape."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], label[1:-1], flags=re.DOTALL)


def relative(number: int, label: str, kind: str = "artwork") -> Relative:
    return Relative(
        uid=f"{number:064x}", kind=kind, label=label, depth=number, recorded_at=datetime(2026, 11, 22, tzinfo=UTC)
    )


def answer(*labels: str, truths: tuple[str, ...] = ("checked",)) -> Lineage:
    nodes = [relative(number, label) for number, label in enumerate(labels)]
    steps = [
        Step(child=nodes[0].uid, role="parent", parent=each.uid, truth=truths[at % len(truths)])
        for at, each in enumerate(nodes[1:])
    ]
    return Lineage(
        subject=nodes[0],
        upwards=True,
        relatives=tuple(nodes[1:]),
        steps=tuple(steps),
        earlier=(),
        complete=True,
        next=None,
        counts={},
        counted=True,
        cycles=(),
    )


@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_any_label_gives_one_graph_with_every_node_and_edge(labels: list[str]) -> None:
    found = answer(*labels)
    nodes, edges = parsed(dot(found))

    assert [found.subject.uid, *(each.uid for each in found.relatives)] == list(nodes)
    assert [(step.parent, step.child) for step in found.steps] == [edge[:2] for edge in edges]
    dot(found).encode()


def test_hostile_labels_are_drawn_as_they_read() -> None:
    for label in ('say "hi"', "back\\", "\\N \\G \\l", '"]; evil [label="', "<b>bold</b>", "日本 👩🏽‍🎨", "}"):
        nodes, _ = parsed(dot(answer(label)))

        assert [f"artwork {'0' * 12}\n{label}"] == [drawn(each["label"]) for each in nodes.values()]


def test_what_cannot_be_seen_is_spelt_out() -> None:
    nodes, _ = parsed(dot(answer("a\nb\0c\x1b[31m\u202ed \udc80")))

    assert ["a\\nb\\x00c\\x1b[31m\\u202ed \\udc80"] == [drawn(each["label"]).split("\n")[1] for each in nodes.values()]


def test_a_long_label_is_cut() -> None:
    nodes, _ = parsed(dot(answer("x" * 1_000_000)))

    assert all(len(each["label"]) < 200 for each in nodes.values())


def test_the_level_of_truth_is_the_style_of_the_line() -> None:
    _, edges = parsed(dot(answer("a", "b", "c", "d", truths=("claimed", "checked", "reproduced"))))

    assert ['"dashed"', '"solid"', '"bold"'] == [edge[2]["style"] for edge in edges]
    assert ["parent\nclaimed", "parent\nchecked", "parent\nreproduced"] == [drawn(edge[2]["label"]) for edge in edges]


def test_an_impact_says_that_it_is_one() -> None:
    assert dot(dataclasses.replace(answer("a"), upwards=False)).startswith('digraph "Impact of artwork 0000')
