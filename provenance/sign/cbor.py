"""As much CBOR (RFC 8949) as the header of a signature needs: definite lengths, no floats."""

from dataclasses import dataclass
from typing import Any, TypeAlias

Value: TypeAlias = Any
"""int, bytes, str, list, dict, bool, None or Tagged."""

_DEPTH = 16
_SIMPLE = {20: False, 21: True, 22: None}


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value with a tag."""

    tag: int
    value: Value


def decode(data: bytes) -> Value:
    """Decode exactly one value that fills `data`. Raises ValueError for all else."""
    value, end = _item(data, 0, 0)
    if end != len(data):
        raise ValueError("bytes follow the value")
    return value


def _item(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    if at >= len(data) or depth > _DEPTH:
        raise ValueError("the value breaks off or is too deep")
    major, short = data[at] >> 5, data[at] & 31
    number, at = _number(data, at + 1, short)
    if major <= 1:
        return (number if major == 0 else -1 - number), at
    if major <= 3:
        return _string(data, at, number, text=major == 3)
    if major == 7:
        return _simple(short), at
    return _nested(data, at, number, major, depth)


def _nested(data: bytes, at: int, number: int, major: int, depth: int) -> tuple[Value, int]:
    if major == 4:
        return _array(data, at, number, depth)
    if major == 5:
        return _map(data, at, number, depth)
    value, at = _item(data, at, depth + 1)
    return Tagged(number, value), at


def _simple(short: int) -> bool | None:
    if short not in _SIMPLE:
        raise ValueError("floats and other simple values have no place in a signature header")
    return _SIMPLE[short]


def _number(data: bytes, at: int, short: int) -> tuple[int, int]:
    if short < 24:
        return short, at
    if short > 27:
        raise ValueError("indefinite lengths are not read")
    end = at + (1 << (short - 24))
    if end > len(data):
        raise ValueError("the value breaks off")
    return int.from_bytes(data[at:end], "big"), end


def _string(data: bytes, at: int, length: int, *, text: bool) -> tuple[str | bytes, int]:
    if at + length > len(data):
        raise ValueError("the value breaks off")
    piece = data[at : at + length]
    return piece.decode() if text else piece, at + length


def _array(data: bytes, at: int, count: int, depth: int) -> tuple[list[Value], int]:
    values = []
    for _ in range(count):
        value, at = _item(data, at, depth + 1)
        values.append(value)
    return values, at


def _map(data: bytes, at: int, count: int, depth: int) -> tuple[dict[Value, Value], int]:
    values = {}
    for _ in range(count):
        key, at = _item(data, at, depth + 1)
        if not isinstance(key, int | str | bytes) or key in values:
            raise ValueError("a key is of an odd kind or appears twice")
        values[key], at = _item(data, at, depth + 1)
    return values, at
