"""The database: opening it, transactions, upgrades. SQLite and PostgreSQL are told apart here and nowhere else.

One writer at a time in both: SQLite by BEGIN IMMEDIATE, PostgreSQL by an advisory lock. So row ids become
visible in their order, and whoever reads "everything after id n" misses nothing.
"""

import contextlib
import re
import sqlite3
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from provenance.errors import (
    ArchiveError,
    DamagedArchiveError,
    LockedArchiveError,
    NewerArchiveError,
    ProvenanceError,
    StoreError,
    UsageError,
)

BUSY_SECONDS = 30
"""How long a writer waits for another before it gives up."""

_WRITER_LOCK = 0x70726F76  # "prov"

_ONE_MIGRATION = threading.Lock()
"""Alembic's `op` is one for the process: two threads that migrate would share a connection, and crash."""


class Database:
    """An engine and its two kinds of transaction: `read` and `write`."""

    def __init__(self, engine: Engine, *, name: str, busy_seconds: float) -> None:
        """Wrap `engine`; `name` is how messages call it."""
        self._engine = engine
        self._busy_seconds = busy_seconds
        self.name = name

    @classmethod
    def open(cls, url: str | URL, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Open the database at `url` without looking into it. Raises UsageError when the URL is wrong."""
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            if parsed.drivername not in ("sqlite", "postgresql+psycopg"):
                raise _not_known(url)
            engine = create_engine(parsed, **_engine_options(parsed.get_backend_name(), busy_seconds))
        except (ArgumentError, ValueError) as cause:
            raise _not_known(url) from cause
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return cls(engine, name=parsed.render_as_string(hide_password=True), busy_seconds=busy_seconds)

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that only reads: one consistent view."""
        with self._explained(), self._engine.connect() as plain:
            view = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            with Session(plain.execution_options(**view)) as session:
                yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Open the one transaction that may write; it commits at the end and leaves nothing on an error."""
        with self._explained(), self._engine.connect() as plain:
            connection = plain.execution_options(prov_write=True)
            with connection.begin(), Session(connection, join_transaction_mode="rollback_only") as session:
                _take_turn(connection)
                yield session
                session.flush()

    def revision(self) -> str | None:
        """Read which schema the database has; None if it is empty."""
        with self._explained(), self._engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def upgrade(self, *, backup: Path | None = None) -> bool:
        """Bring the schema up to date; an older SQLite file is copied to `backup` first.

        Returns whether anything changed. Raises NewerArchiveError when a newer program wrote it, UsageError
        when the database holds other tables than ours.
        """
        script = _script()
        head, current = script.get_current_head(), self.revision()
        if current == head:
            return False
        if current is not None and current not in {entry.revision for entry in script.walk_revisions()}:
            message = (
                f"The database {self.name} has schema {current}, which is newer than this program knows ({head}). "
                "Upgrade prov (pip install --upgrade provenance-archive), then call again."
            )
            raise NewerArchiveError(message)
        if current is not None and backup is not None and self.is_sqlite:
            self.copy_to(backup)
        with self._explained(), self._engine.connect() as plain:
            connection = plain.execution_options(prov_write=True)
            with connection.begin():
                _take_turn(connection)
                _refuse_strangers(connection, self.name)
                _migrate(connection)
        return True

    def copy_to(self, path: Path) -> None:
        """Copy a SQLite database to `path` while others may use it; a copy that fails is removed."""
        try:
            with (
                self._explained(),
                self._engine.connect() as connection,
                contextlib.closing(sqlite3.connect(path)) as target,
            ):
                source = connection.connection.driver_connection
                assert isinstance(source, sqlite3.Connection)
                source.backup(target)
        except ProvenanceError:
            path.unlink(missing_ok=True)
            raise

    def problems(self) -> list[str]:
        """Ask the database whether its pages and references are sound; an empty list is good news."""
        if not self.is_sqlite:
            return []
        with self._explained(), self._engine.connect() as connection:
            pages = [str(row[0]) for row in connection.execute(text("PRAGMA integrity_check(20)"))]
            orphans = [f"a row of {row[0]} refers to nothing in {row[2]}" for row in _foreign_keys(connection)]
        return [page for page in pages if page != "ok"] + orphans

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as cause:
            raise _explain(cause, self.name, self._busy_seconds) from cause


def _not_known(url: str | URL) -> UsageError:
    scheme = re.split("[:/@]", str(url))[0]  # the rest may hold a password
    return UsageError(
        f"The database URL that begins with {scheme!r} is none that we know. "
        "Give postgresql://user@host/name, or none for SQLite."
    )


def _engine_options(backend: str, busy_seconds: float) -> dict[str, Any]:
    if backend == "sqlite":
        return {"connect_args": {"timeout": busy_seconds, "check_same_thread": False}}
    waits = {"options": f"-c lock_timeout={int(busy_seconds * 1000)}", "connect_timeout": 10}
    return {"connect_args": waits, "pool_pre_ping": True}  # a run of days outlives a restart of the server


def _take_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # SQLite has taken its turn with BEGIN IMMEDIATE
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})


def _refuse_strangers(connection: Connection, name: str) -> None:
    if MigrationContext.configure(connection).get_current_revision() is not None:
        return
    tables = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
    if tables:
        listed = ", ".join(tables[:3]) + (", ..." if len(tables) > 3 else "")
        message = f"The database {name} holds tables that are not ours ({listed}). Give the archive an empty one."
        raise UsageError(message)


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.DatabaseError:
        connection.close()
        raise


def _begin_sqlite(connection: Connection) -> None:
    # A plain BEGIN that later writes fails with "database is locked" however long it may wait.
    immediate = connection.get_execution_options().get("prov_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _foreign_keys(connection: Connection) -> list[Any]:
    return list(connection.execute(text("PRAGMA foreign_key_check")))[:20]


def _config() -> Config:
    package = Path(__file__).parent
    shipped, checkout = package / "_alembic", package.parent
    config = Config()
    if shipped.is_dir():
        config.set_main_option("script_location", _literal(shipped))
        config.set_main_option("version_locations", _literal(shipped / "versions"))
    else:
        config.set_main_option("script_location", _literal(checkout / "alembic"))
        config.set_main_option("version_locations", _literal(checkout / "migrations"))
    config.set_main_option("path_separator", "newline")
    return config


def _literal(path: Path) -> str:
    return str(path).replace("%", "%%")  # the settings of Alembic interpolate


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _migrate(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    with _ONE_MIGRATION:
        command.upgrade(config, "head")


def _explain(cause: Exception, name: str, busy_seconds: float) -> ProvenanceError:
    """Turn what the database says into a sentence of ours."""
    original = getattr(cause, "orig", None) or cause
    reason = str(original).strip().split("\n")[0].rstrip(".")
    trouble = _TROUBLES.get(getattr(original, "sqlstate", None) or getattr(original, "sqlite_errorcode", 0) & 0xFF)
    if trouble is None:
        reached = isinstance(original, sqlite3.Error) or getattr(original, "sqlstate", None)
        server = "" if reached else " Is its server there, and is database.url in prov.toml right?"
        return ArchiveError(f"The database {name} does not answer as it should: {reason}.{server}")
    kind, sentence = trouble
    return kind(sentence.format(name=name, reason=reason, seconds=f"{busy_seconds:g}"))


_LOCKED = (
    LockedArchiveError,
    (
        "Another program has been writing to {name} for more than {seconds} seconds. "
        "Wait until it is done, then call again; nothing was written."
    ),
)
_DAMAGED = (
    DamagedArchiveError,
    (
        "The database {name} is damaged ({reason}). Keep a copy as it is, then restore a backup "
        "or try `sqlite3 archive.sqlite .recover`."
    ),
)
_FULL = (StoreError, "There is no room left for {name}. Make room, then call again; what was finished is kept.")
_DISK = (
    StoreError,
    (
        "The disk of {name} refused ({reason}): it may be full, over its quota or gone. "
        "See to it, then call again; what was finished is kept."
    ),
)
_FORBIDDEN = (
    StoreError,
    "The database {name} is out of reach: {reason}. Check that it is there and that you may write there.",
)
_TROUBLES: dict[str | int, tuple[type[ProvenanceError], str]] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    "55P03": _LOCKED,  # lock_not_available
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    "XX001": _DAMAGED,  # data_corrupted
    "XX002": _DAMAGED,  # index_corrupted
    sqlite3.SQLITE_FULL: _FULL,
    "53100": _FULL,  # disk_full
    sqlite3.SQLITE_IOERR: _DISK,  # also EFBIG and EDQUOT: only ENOSPC is SQLITE_FULL
    "58030": _DISK,  # io_error
    sqlite3.SQLITE_READONLY: _FORBIDDEN,
    sqlite3.SQLITE_CANTOPEN: _FORBIDDEN,
    sqlite3.SQLITE_PERM: _FORBIDDEN,
    "25006": _FORBIDDEN,  # read_only_sql_transaction
    "42501": _FORBIDDEN,  # insufficient_privilege
}
"""By SQLite's primary result code and PostgreSQL's SQLSTATE (its manual, appendix A)."""


def utc_now() -> datetime:
    """Read this computer's clock, in UTC."""
    return datetime.now(UTC)
