"""What comes out of a manifest as it went in: anything else is refused before it is signed."""

import math
from collections.abc import Iterable, Mapping, Sequence

from provenance.digest import Json
from provenance.errors import SigningError

_INTEGER = 1 << 63  # greater ones are refused by c2pa-rs, or silently become floats


def check_faithful(value: Json, where: str) -> None:
    """Refuse what would not come out of a manifest as it went in. Raises SigningError, with `where` it stands."""
    match value:
        case str():
            _check_text(value, where)
        case bool() | None:
            pass
        case int() | float():
            _check_number(value, where)
        case Mapping():
            for key, each in value.items():
                _check_text(key, where)
                check_faithful(each, f"{where}, {key}" if len(where) < 200 else where)
        case Sequence():
            _check_list(value, where)


def _check_number(number: float, where: str) -> None:
    whole = isinstance(number, int)
    if (whole and not -_INTEGER <= number < _INTEGER) or (not whole and not math.isfinite(number)):
        raise SigningError(f"The number {number} in {where} does not fit into a manifest: write it as a text.")


def _check_list(values: Iterable[Json], where: str) -> None:
    for each in values:
        if isinstance(each, int | float) and not isinstance(each, bool):
            # Several readers, c2pa-rs among them, take a list of numbers for bytes and show nonsense.
            raise SigningError(f"There is a list of numbers in {where}, which readers distort: write it as a text.")
        check_faithful(each, where)


def _check_text(text: str, where: str) -> None:
    if "\0" in text:
        raise SigningError(f"A text in {where} holds a NUL character: remove it. The text begins {text[:40]!r}.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise SigningError(f"A text in {where} is broken Unicode (half of a pair): it begins {text[:40]!r}.")
