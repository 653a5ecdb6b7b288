"""A digest and its algorithm, as one value, and the canonical JSON that records are digested in."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeAlias

Json: TypeAlias = str | int | float | bool | Sequence["Json"] | Mapping[str, "Json"] | None

_TEXT = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest (FIPS 180-4). Its text is `sha256:<64 hex>`; `hex` alone names files and rows."""

    hex: str

    def __post_init__(self) -> None:
        """Refuse anything but 64 lower-case hex digits: digests become file names."""
        if len(self.hex) != 64 or not set(self.hex) <= set("0123456789abcdef"):
            message = f"{self.hex!r} is not a SHA-256 digest: 64 hex digits are needed."
            raise ValueError(message)

    @classmethod
    def of(cls, data: bytes | bytearray | memoryview) -> Self:
        """Digest `data`."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """Digest the bytes of the file at `path`. Raises OSError."""
        with path.open("rb") as file:
            return cls(hashlib.file_digest(file, "sha256").hexdigest())

    @classmethod
    def of_json(cls, value: Json) -> Self:
        """Digest `value` in its canonical JSON form."""
        return cls.of(canonical_json(value).encode())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sha256:<hex>`. Raises ValueError."""
        if (match := _TEXT.fullmatch(text)) is None:
            message = f"{text!r} is not a digest of the form sha256:<64 hex digits>."
            raise ValueError(message)
        return cls(match[1])

    def __str__(self) -> str:
        """Write the digest with its algorithm."""
        return f"sha256:{self.hex}"


def canonical_json(value: Json) -> str:
    """Write `value` as the one JSON text that we digest: sorted keys, no spaces, UTF-8 kept, no NaN.

    It is RFC 8785 (JCS) for all that we record: keys of our records are ASCII, and floats in records
    are written as strings where their exact text matters.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
