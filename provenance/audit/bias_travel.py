"""What of a model's bias travels in the manifests of works that leave: a few hundred bytes, written and read here.

Of each dimension the group whose share differs most from that among the works: the statistical parity difference, with
its 95 % interval. What cannot be told is named too. Numbers are texts: readers of manifests distort numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from provenance.audit.bias_figures import Told
from provenance.audit.bias_material import VERSION
from provenance.digest import Digest, Json
from provenance.words import count

DIMENSIONS: Final[Mapping[str, str]] = {
    "category": "categories",
    "creator": "nearest creators",
    "skin_tone": "skin tones by metadata",
    "subject": "subjects",
    "faces": "skin tones of faces",
    "ita": "skin tones of faces (ITA)",
    "monk": "skin tones of faces (Monk scale)",
    "colour": "colours",
    "diversity": "variety",
    "all": "anything",
}
"""What is compared, by the attribute of a finding, in words for people."""

PEOPLE: Final = frozenset({"creator"})
"""Dimensions whose groups are people by name."""

FACES: Final = frozenset({"ita", "monk"})
"""Dimensions that are read from faces, of which an artwork may have several."""

_LONGEST: Final = 40
"""Characters of a group's name."""
_FIGURE: Final = re.compile(r"([+-]?\d+\.\d+) \(([+-]?\d+\.\d+) to ([+-]?\d+\.\d+)\)")


def travelling(records: Sequence[Mapping[str, Json]], at: datetime, audit: Digest, *, people: bool) -> dict[str, Json]:
    """Shorten an audit to what travels: `records` are those of its findings on bias, `audit` names it.

    With `people` false no person is named: that a creator is over-represented is told, and not who.
    """
    told = {str(each.get("attribute")): each for each in records}
    silent = [name for name, each in told.items() if each.get("verdict") == Told.CANNOT_TELL.value]
    dimensions: dict[str, Json] = {
        name: _dimension(each, named=people or name not in PEOPLE) for name, each in told.items() if name not in silent
    }
    some = next(iter(told.values()), {})
    return {
        "version": VERSION,
        "audit": str(audit),
        "date": at.astimezone(UTC).date().isoformat(),
        "outputs": str(some.get("outputs", 0)),
        "works": str(some.get("works", 0)),
        "dimensions": dimensions,
        "cannot_tell": silent,
    }


def sentences(travelled: Mapping[str, Json]) -> Iterator[str]:
    """Say what came with a file, which may be anything that a stranger wrote: what is not as expected is left out."""
    date, outputs, works = (_text(travelled.get(key)) for key in ("date", "outputs", "works"))
    if not (_is_date(date) and outputs.isdecimal() and works.isdecimal()):
        return
    yield f"Audited on {date}: {_many(outputs)} artworks of its model beside the {_many(works)} works behind it."
    dimensions = travelled.get("dimensions")
    alike = []
    for name, each in dimensions.items() if isinstance(dimensions, Mapping) else ():
        if name not in DIMENSIONS or not isinstance(each, Mapping):
            continue
        if each.get("told") == Told.ALIKE.value:
            alike.append(DIMENSIONS[name])
        elif sentence := _differs(name, each):
            yield sentence
    if alike:
        yield f"About as among the works: {', '.join(alike)}."
    silent = travelled.get("cannot_tell")
    if names := [DIMENSIONS[name] for name in _texts(silent) if name in DIMENSIONS]:
        yield f"Cannot tell: {', '.join(names)}."


def _dimension(record: Mapping[str, Json], *, named: bool) -> dict[str, Json]:
    told: dict[str, Json] = {"told": record.get("verdict"), "of": str(_sample(record))}
    if isinstance(ratio := record.get("ratio"), Mapping):  # variety has no groups
        return told | {"ratio": _figure(ratio, "")}
    groups = record.get("groups")
    found = [each for each in groups if isinstance(each, Mapping)] if isinstance(groups, Sequence) else []
    notable = [each for each in found if each.get("told") in {Told.MORE.value, Told.LESS.value}]
    most = max(notable or found, key=lambda each: abs(_value(each.get("difference"))), default=None)
    if most is None:
        return told
    group: dict[str, Json] = {"group": str(most.get("group"))[:_LONGEST]} if named else {}
    return told | group | {"parity": _figure(most["difference"], "+")}


def _sample(record: Mapping[str, Json]) -> int:
    """Count what a dimension was read from: faces, or artworks; those that could not be labelled do not count."""
    for name in ("faces", "sample", "size"):
        if isinstance(number := record.get(name), int):
            return number
    labels = [record.get(name) for name in ("told", "copied")]
    numbers = [each for found in labels if isinstance(found, Sequence) for each in found if isinstance(each, int)]
    outputs = record.get("outputs")
    return sum(numbers) or (outputs if isinstance(outputs, int) else 0)


def _figure(figure: Json, sign: str) -> str:
    value, low, high = (_value(figure, name) for name in ("value", "low", "high"))
    return f"{value:{sign}.3f} ({low:{sign}.3f} to {high:{sign}.3f})"


def _value(figure: Json, name: str = "value") -> float:
    value = figure.get(name) if isinstance(figure, Mapping) else 0
    return float(value) if isinstance(value, int | float) else 0.0


def _differs(name: str, told: Mapping[str, Json]) -> str | None:
    """Say how one dimension differs; None if it is not written as we write it."""
    key = "ratio" if name == "diversity" else "parity"
    found, more = _FIGURE.fullmatch(_text(told.get(key))), _text(told.get("told"))
    if found is None or more not in {Told.MORE.value, Told.LESS.value}:
        return None
    value, low, high = map(float, found.groups())
    of = _text(told.get("of"))
    things = "faces" if name in FACES else "artworks"
    sample = f", from {_many(of)} {things}" if of.isdecimal() else ""
    if key == "ratio":
        ends = f"95 % interval {low:.2f} to {high:.2f}{sample}"
        return f"Artworks are {more} varied than works: ratio {value:.2f} ({ends})."
    way = "more" if value > 0 else "fewer"
    least, most = sorted((100 * abs(low), 100 * abs(high))) if low * high > 0 else (100 * low, 100 * high)
    who = f" of “{group}”" if (group := _text(told.get("group"))) else " of one of them"
    what = DIMENSIONS[name][0].upper() + DIMENSIONS[name][1:]
    return (
        f"{what}: {100 * abs(value):.1f} points {way}{who} than among the works "
        f"(95 % interval {least:.1f} to {most:.1f}{sample})."
    )


def _text(value: Json) -> str:
    """Take a text as a stranger wrote it, without what would move a terminal's cursor."""
    return "".join(filter(str.isprintable, value[:200])) if isinstance(value, str) else ""


def _texts(value: Json) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _many(number: str) -> str:
    return count(int(number[:9]))


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) is not None
