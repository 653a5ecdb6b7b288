"""The sealed rows of an archive while they are compared: on disk, for there may be tens of millions of them."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Self


class Sealed:
    """Digests of rows by table and key, in a database of its own that goes away with it."""

    def __init__(self) -> None:
        """Make an empty one; SQLite keeps it in memory until it grows, then in a nameless file."""
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA cache_size = -65536")
        self._rows.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, name TEXT, key TEXT, digest TEXT) STRICT")
        self._rows.execute("CREATE UNIQUE INDEX by_key ON row (name, key)")
        self._seen = bytearray(1)

    def __enter__(self) -> Self:
        """Use it in a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let it go."""
        self._rows.close()

    def add(self, lines: Iterable[Sequence[str]]) -> None:
        """Take in lines of table, key and digest. A row that was sealed before keeps its first digest."""
        self._rows.execute("BEGIN")
        self._rows.executemany("INSERT OR IGNORE INTO row (name, key, digest) VALUES (?, ?, ?)", lines)
        self._rows.execute("COMMIT")
        (last,) = self._rows.execute("SELECT coalesce(max(number), 0) FROM row").fetchone()
        self._seen = bytearray(last + 1)

    def tables(self) -> list[str]:
        """List the tables that have sealed rows."""
        return [name for (name,) in self._rows.execute("SELECT DISTINCT name FROM row")]

    def has(self, table: str, key: str) -> bool:
        """Whether a row is sealed."""
        return self._find(table, key) is not None

    def differs(self, table: str, key: str, digest: str) -> bool:
        """Whether a row is sealed with another digest; it counts as seen from now on."""
        found = self._find(table, key)
        if found is None:
            return False
        self._seen[found[0]] = 1
        return found[1] != digest

    def unseen(self, table: str, most: int) -> Iterator[str]:
        """Give the keys of sealed rows that were not seen: of each table `most` at the most."""
        given = 0
        for number, key in self._rows.execute("SELECT number, key FROM row WHERE name = ? ORDER BY number", (table,)):
            if not self._seen[number] and given < most:
                given += 1
                yield key

    def _find(self, table: str, key: str) -> tuple[int, str] | None:
        found: tuple[int, str] | None = self._rows.execute(
            "SELECT number, digest FROM row WHERE name = ? AND key = ?", (table, key)
        ).fetchone()
        return found
