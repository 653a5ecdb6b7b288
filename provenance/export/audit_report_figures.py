"""A record of measurements as lines that people can read: names with values."""

from collections.abc import Iterator, Mapping
from typing import Final

from provenance.digest import Json
from provenance.words import NOT_RECORDED, count

MOST: Final = 60
"""Lines that are made of one record."""

_LISTED: Final = 8


def figures(record: Mapping[str, Json], *, most: int = MOST) -> tuple[tuple[str, str], ...]:
    """Write a record as names with values, in its order; what lies inside is named by its way.

    Of long lists the beginning is written, and how many there are. At most `most` lines, the last one then says
    how many are left out.
    """
    lines = list(_lines(record, ""))
    if len(lines) <= most:
        return tuple(lines)
    left = len(lines) - most + 1
    return (*lines[: most - 1], ("And more", f"{count(left)} figures that only the record has"))


def _lines(value: Json, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(inner, f"{name}: {_plain(key)}" if name else _plain(key).capitalize())
    else:
        yield name, _text(value)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_plain(key)} {_text(inner)}" for key, inner in value.items())
    shown = [_text(inner) for inner in value[:_LISTED]]
    more = [f"... {count(len(value))} in all"] if len(value) > _LISTED else []
    return ", ".join([*shown, *more]) or "none"


def _number(value: float | None) -> str:
    if value is None:
        return NOT_RECORDED
    if isinstance(value, bool):
        return "yes" if value else "no"
    return count(value) if isinstance(value, int) else f"{value:,.4g}"
