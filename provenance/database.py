"""The database: opening it, transactions, upgrades. SQLite and PostgreSQL are told apart here and nowhere else.

One writer at a time in both: SQLite by BEGIN IMMEDIATE, PostgreSQL by an advisory lock. So row ids become
visible in their order, and whoever reads "everything after id n" misses nothing.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError, SQLAlchemyError
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


class Database:
    """An engine and its two kinds of transaction: `read` and `write`."""

    def __init__(self, engine: Engine, *, name: str) -> None:
        """Wrap `engine`; `name` is how messages call it."""
        self._engine = engine
        self.name = name

    @classmethod
    def open(cls, url: str, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """Open the database at `url` without looking into it. Raises UsageError when the URL is wrong."""
        try:
            parsed = make_url(url)
            if parsed.drivername in ("postgres", "postgresql"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            engine = create_engine(parsed, connect_args=_connect_args(parsed.get_backend_name(), busy_seconds))
        except (ArgumentError, NoSuchModuleError, ValueError) as cause:
            message = (
                f"{url!r} is not a database URL that we know. Give postgresql://user@host/name, or none for SQLite."
            )
            raise UsageError(message) from cause
        if parsed.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        return cls(engine, name=parsed.render_as_string(hide_password=True))

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Open a transaction that only reads: one consistent view."""
        with self._explained(), self._engine.connect() as connection, Session(connection) as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """Open the one transaction that may write; it commits at the end and leaves nothing on an error."""
        with self._explained(), self._engine.connect() as plain:
            connection = plain.execution_options(prov_write=True)
            with connection.begin(), Session(connection, join_transaction_mode="rollback_only") as session:
                if not self.is_sqlite:
                    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
                yield session
                session.flush()

    def revision(self) -> str | None:
        """Read which schema the database has; None if it is empty."""
        with self._explained(), self._engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def upgrade(self, *, backup: Path | None = None) -> bool:
        """Bring the schema up to date; an older SQLite file is copied to `backup` first.

        Returns whether anything changed. Raises NewerArchiveError when a newer program wrote it.
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
                _migrate(connection)
        return True

    def copy_to(self, path: Path) -> None:
        """Copy a SQLite database to `path` while others may use it."""
        with self._engine.connect() as connection, contextlib.closing(sqlite3.connect(path)) as target:
            source = connection.connection.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(target)

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
        except SQLAlchemyError as cause:
            raise _explain(cause, self.name) from cause


def _connect_args(backend: str, busy_seconds: float) -> dict[str, Any]:
    if backend == "sqlite":
        return {"timeout": busy_seconds, "check_same_thread": False}
    return {"options": f"-c lock_timeout={int(busy_seconds * 1000)}", "connect_timeout": 10}


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
        config.set_main_option("script_location", str(shipped))
        config.set_main_option("version_locations", str(shipped / "versions"))
    else:
        config.set_main_option("script_location", str(checkout / "alembic"))
        config.set_main_option("version_locations", str(checkout / "migrations"))
    config.set_main_option("path_separator", "newline")
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _migrate(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _explain(cause: SQLAlchemyError, name: str) -> ProvenanceError:
    """Turn what the database says into a sentence of ours."""
    reason = str(getattr(cause, "orig", None) or cause).strip().split("\n")[0]
    code = getattr(getattr(cause, "orig", None), "sqlstate", None)
    if "locked" in reason or "busy" in reason or code == "55P03":
        return LockedArchiveError(
            f"Another program has been writing to {name} for more than {BUSY_SECONDS} seconds. "
            "Wait until it is done, then call again; nothing was written."
        )
    if "malformed" in reason or "not a database" in reason or "disk I/O" in reason:
        return DamagedArchiveError(
            f"The database {name} is damaged ({reason}). Keep a copy as it is, then restore a backup "
            "or try `sqlite3 archive.sqlite .recover`."
        )
    if "full" in reason or code == "53100":
        return StoreError(f"There is no room left for {name}. Make room, then call again; what was finished is kept.")
    if "readonly" in reason or "read-only" in reason:
        return StoreError(f"The database {name} cannot be written: {reason}. Check the permissions of its folder.")
    if isinstance(cause, OperationalError) or code is not None or not isinstance(cause, DatabaseError):
        return ArchiveError(f"The database {name} does not answer as it should: {reason}.")
    return ArchiveError(f"The database {name} refused: {reason}.")


def utc_now() -> datetime:
    """Read this computer's clock, in UTC."""
    return datetime.now(UTC)
