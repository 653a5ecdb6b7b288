"""The parts that a report's page is built of: elements whose texts cannot become markup, signs, tables.

Everything is built as a tree, and `xml.etree` writes it: a title with angle brackets stays a title.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element, tostring

from provenance.export.metadata import clean
from provenance.words import Severity, Truth

Child: TypeAlias = Element | str | None

_SIGNS: Final = {
    "ring": '<circle cx="12" cy="12" r="8.5"/>',
    "tick": '<circle cx="12" cy="12" r="8.5"/><path d="m8 12.4 2.7 2.7L16 9.6"/>',
    "twice": '<circle cx="12" cy="12" r="10.2"/><circle cx="12" cy="12" r="6.9"/><path d="m9.2 12.2 2 2 3.7-4"/>',
    "triangle": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.2M12 16.9v.1"/>',
    "note": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5M12 8v.1"/>',
    "hand": '<path d="m4 20 1-4.2L15.8 5a2 2 0 0 1 2.8 0l.5.5a2 2 0 0 1 0 2.8L8.2 19z"/><path d="m13.8 7 3.2 3.2"/>',
}
_TRUTHS: Final = {Truth.CLAIMED: "ring", Truth.CHECKED: "tick", Truth.REPRODUCED: "twice"}
_CLASSES: Final = {
    Severity.DECIDE: ("triangle", "bad"),
    Severity.WARNING: ("triangle", "warn"),
    Severity.NOTE: ("note", "note"),
    None: ("tick", "good"),
}
_SHORT: Final = 12
NOTHING: Final = "Nothing found"
"""What stands where a check found nothing."""


def element(tag: str, /, *children: Child | Iterable[Child], **attributes: object) -> Element:
    """Make an element. Texts are escaped when they are written; None is left out, as child and as attribute.

    An underscore at the end of an attribute's name is dropped, and one within it becomes a hyphen.
    """
    made = Element(tag)
    for key, value in attributes.items():
        if value is not None:
            made.set(key.rstrip("_").replace("_", "-"), clean(str(value)))
    for child in _flat(children):
        _append(made, child)
    return made


def document(root: Element) -> str:
    """Write a whole page."""
    return "<!doctype html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def sprite() -> Element:
    """Make the drawings that `icon` uses, once for a page."""
    from xml.etree.ElementTree import fromstring

    symbols = "".join(f'<symbol id="{name}" viewBox="0 0 24 24">{drawn}</symbol>' for name, drawn in _SIGNS.items())
    return fromstring(f'<svg width="0" height="0" class="sprite" aria-hidden="true">{symbols}</svg>')  # noqa: S314


def icon(name: str) -> Element:
    """Draw a sign; the words beside it say the same."""
    return element("svg", element("use", href=f"#{name}"), class_="i", aria_hidden="true")


def truth(level: Truth | None) -> Element | None:
    """Say how well a fact is known: ring, tick or double ring, with the word."""
    if level is None:
        return None
    return element("span", icon(_TRUTHS[level]), level.word, class_=f"truth {level.value}", title=level.meaning)


def state(severity: Severity | None, text: str | None = None) -> Element:
    """Say how much something asks of people: a sign with the word, or with `text`."""
    sign, colour = _CLASSES[severity]
    word = NOTHING if severity is None else severity.word
    return element("span", icon(sign), text or word, class_=f"state {colour}")


def flag(severity: Severity | None, heading: str, *sentences: str) -> Element:
    """Make the box that says what is asked of people."""
    sign, colour = _CLASSES[severity]
    body = element("div", element("b", heading), [element("p", sentence) for sentence in sentences if sentence])
    return element("div", icon(sign), body, class_=f"flag {colour}")


def short(uid: str) -> Element:
    """Write the beginning of an id."""
    return element("span", uid[:_SHORT], class_="mono")


def rows(pairs: Iterable[tuple[str, Child | Sequence[Child]]], label: str) -> Element:
    """Make a table of names with what is said of each; `label` tells people who cannot see it what it is."""
    lines = [element("tr", element("th", name, scope="row"), element("td", said)) for name, said in pairs]
    return element("table", element("tbody", lines), aria_label=label)


def grid(head: Sequence[str], lines: Iterable[Sequence[Child]], label: str) -> Element:
    """Make a table with names above; the first cell of each line names it."""
    titles = element("thead", element("tr", [element("th", name, scope="col") for name in head]))
    body = [
        element("tr", element("th", line[0], scope="row"), [element("td", cell) for cell in line[1:]]) for line in lines
    ]
    table = element("table", titles, element("tbody", body), aria_label=label)
    return element("div", table, class_="card wide", tabindex=0, role="region", aria_label=label)


def _flat(children: Iterable[Child | Iterable[Child]]) -> Iterable[Child]:
    for child in children:
        if child is None or isinstance(child, (str, Element)):
            yield child
        else:
            yield from child


def _append(parent: Element, child: Child) -> None:
    if isinstance(child, Element):
        parent.append(child)
    elif child:
        text = _spaced(child)
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text


def _spaced(text: str) -> str:
    """Clean a text, and keep the blanks at its ends: it may stand between two elements."""
    inner = clean(text)
    if not inner:
        return " " if text.isspace() else ""
    return (" " if text[0].isspace() else "") + inner + (" " if text[-1].isspace() else "")
