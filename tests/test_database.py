"""The database: what it promises, and what it says when something is wrong."""

import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import create_engine, insert, text
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive.archive import Archive, open_archive
from provenance.database import Database, utc_now
from provenance.errors import (
    ArchiveError,
    DamagedArchiveError,
    LockedArchiveError,
    NewerArchiveError,
    ProvenanceError,
    StoreError,
    UsageError,
)

SQLITE = "archive.sqlite"


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(8192, len(data)):
        data[place] ^= 0x5A
    path.write_bytes(data)


def _replace_by_folder(path: Path) -> None:
    path.unlink()
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()


@pytest.fixture
def database(tmp_path: Path, database_url: str) -> Iterator[Database]:
    """Give an upgraded database, on each kind."""
    opened = Database.open(database_url or f"sqlite:///{tmp_path / SQLITE}", busy_seconds=0.1)
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    """Give an upgraded SQLite file with some rows in it, closed."""
    path = tmp_path / SQLITE
    opened = Database.open(f"sqlite:///{path}")
    opened.upgrade()
    with opened.write() as session:
        nodes = [{"uid": f"{number:064x}", "kind": "work", "created_at": utc_now()} for number in range(2000)]
        session.execute(insert(schema.Node), nodes)
    opened.close()
    return path


def test_sqlite_syncs_fully_keeps_references_and_writes_ahead(tmp_path: Path) -> None:
    opened = Database.open(f"sqlite:///{tmp_path / SQLITE}")
    with opened.read() as session:
        found = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    opened.close()

    assert found == ["wal", 2, 1]


def test_a_writer_holds_the_lock_from_its_first_word(database: Database) -> None:
    with database.write(), pytest.raises(LockedArchiveError), database.write():
        pytest.fail("two writers at once")


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.write() as writing:
        _add_node(writing)
        with database.read() as reading:
            assert reading.scalar(text("SELECT count(*) FROM node")) == 0


def test_a_reader_keeps_one_view_while_others_write(database: Database) -> None:
    with database.read() as reading:
        before = reading.scalar(text("SELECT count(*) FROM node"))
        with database.write() as writing:
            _add_node(writing)
        assert reading.scalar(text("SELECT count(*) FROM node")) == before == 0


def test_what_an_error_interrupts_is_not_written(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as session:
        _add_node(session)
        _ = 1 / 0

    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM node")) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO run_end (run_id, outcome, ended_at) VALUES (99, 'finished', 0)",
        "INSERT INTO node (uid, kind, created_at) VALUES ('ab', 'work', 'yesterday')",
        "INSERT INTO archive (id, uid, created_at) VALUES (2, 'second', 0)",
        "INSERT INTO blob (digest, size, media_type, stored_at) VALUES ('ab', NULL, 'image/png', 0)",
    ],
    ids=["a reference to nothing", "a text for a number", "a second archive", "a hole"],
)
def test_rows_that_break_the_rules_are_refused(database: Database, statement: str) -> None:
    with pytest.raises(ArchiveError, match="does not answer as it should"), database.write() as session:
        session.execute(text(statement))


def test_a_server_that_restarted_between_two_transactions_does_no_harm(postgres_url: str) -> None:
    database = Database.open(postgres_url)
    with database.read() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
    admin = create_engine(postgres_url.replace("postgresql://", "postgresql+psycopg://"))
    with admin.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:backend)"), {"backend": backend})
    admin.dispose()

    with database.read() as session:
        assert session.scalar(text("SELECT 1")) == 1
    database.close()


@pytest.mark.parametrize(
    ("spoil", "error", "sentence"),
    [
        (lambda path: path.write_text("dear diary, " * 400), DamagedArchiveError, "is damaged .*restore a backup"),
        (lambda path: _cut(path, path.stat().st_size // 3), DamagedArchiveError, "is damaged .*restore a backup"),
        (_flip, DamagedArchiveError, "is damaged .*restore a backup"),
        (_replace_by_folder, StoreError, "is out of reach: unable to open"),
    ],
    ids=["a text in its place", "cut off", "a page of noise", "a folder in its place"],
)
def test_a_damaged_file_is_told_with_what_to_do(
    sqlite_path: Path, spoil: Callable[[Path], None], error: type[ProvenanceError], sentence: str
) -> None:
    spoil(sqlite_path)
    database = Database.open(f"sqlite:///{sqlite_path}")

    with pytest.raises(error, match=sentence):
        database.upgrade()
        with database.read() as session:
            session.execute(text("SELECT uid, kind FROM node ORDER BY uid DESC")).all()
            session.execute(text("SELECT * FROM node ORDER BY id")).all()
    database.close()


def test_a_check_names_the_pages_and_references_that_are_wrong(sqlite_path: Path) -> None:
    with sqlite3.connect(sqlite_path) as plain:
        plain.execute("INSERT INTO run_end (run_id, outcome, ended_at) VALUES (9999, 'finished', 0)")
    plain.close()
    database = Database.open(f"sqlite:///{sqlite_path}")

    assert database.problems() == ["a row of run_end refers to nothing in run"]
    database.close()


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["gone", "empty"])
def test_an_archive_whose_database_is_gone_says_so(
    make_archive: Callable[..., Archive], spoil: Callable[[Path], None]
) -> None:
    archive = make_archive()
    archive.close()
    spoil(archive.folder / SQLITE)

    with pytest.raises(ArchiveError, match=r"is empty\. Restore a backup"):
        open_archive(archive.folder)


@pytest.mark.parametrize(
    "url", ["postgres//ada:secret@host/x", "mysql://ada:secret@host/x", "oracle:secret", "nonsense", "sqlite+odd:///x"]
)
def test_a_wrong_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="none that we know") as caught:
        Database.open(url)

    assert "secret" not in str(caught.value)


@pytest.mark.enable_socket
def test_a_server_that_is_not_there_is_told_without_its_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    database = Database.open(f"postgresql://ada:secret@127.0.0.1:{port}/prov")

    with pytest.raises(ArchiveError, match="Is its server there") as caught, database.read() as session:
        session.execute(text("SELECT 1"))
    assert "secret" not in str(caught.value)


def test_a_database_with_other_tables_is_left_alone(tmp_path: Path, database_url: str) -> None:
    url = database_url or f"sqlite:///{tmp_path / SQLITE}"
    database = Database.open(url)
    with database.write() as session:
        session.execute(text("CREATE TABLE customers (name TEXT)"))

    with pytest.raises(UsageError, match=r"holds tables that are not ours \(customers\)"):
        database.upgrade()
    database.close()


def test_a_schema_of_a_newer_program_is_refused(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NewerArchiveError, match=r"schema 9999, which is newer.*pip install --upgrade"):
        database.upgrade()


def test_an_archive_of_a_higher_format_is_refused(plain_archive: Archive) -> None:
    marker = plain_archive.folder / "prov.toml"
    marker.write_text(marker.read_text().replace("format = 1", "format = 2"))

    with pytest.raises(NewerArchiveError, match=r"format 2; this program knows up to 1\. Upgrade prov"):
        open_archive(plain_archive.folder)


def test_an_older_file_is_copied_before_it_is_upgraded(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path / SQLITE}")
    with database.write() as session:  # a schema of ours from before the first release, with nothing in it
        session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    assert database.upgrade(backup=tmp_path / "backup.sqlite")
    assert not database.upgrade(backup=tmp_path / "backup.sqlite")
    database.close()

    assert not (tmp_path / "backup.sqlite").exists(), "what is empty needs no copy"


def test_a_copy_has_what_the_database_has(sqlite_path: Path, tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{sqlite_path}")
    database.copy_to(tmp_path / "copy.sqlite")
    database.close()

    with sqlite3.connect(tmp_path / "copy.sqlite") as copy:
        assert copy.execute("SELECT count(*) FROM node").fetchone() == (2000,)
    copy.close()


def test_a_copy_that_fails_is_told_and_removed(sqlite_path: Path) -> None:
    database = Database.open(f"sqlite:///{sqlite_path}")
    with pytest.raises(StoreError, match="out of reach"):
        database.copy_to(sqlite_path.parent / "no such folder" / "copy.sqlite")
    database.close()


def test_a_disk_that_takes_no_more_is_told_and_nothing_is_lost(sqlite_path: Path) -> None:
    answer = _in_child(
        f"""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        from sqlalchemy import text
        from provenance.database import Database
        from provenance.errors import StoreError
        database = Database.open("sqlite:///{sqlite_path}")
        database.upgrade()
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            with database.write() as session:
                session.execute(text("UPDATE node SET kind = kind || hex(randomblob(400))"))
        except StoreError as error:
            print(error)
        """
    )

    assert "refused (disk I/O error): it may be full, over its quota or gone" in answer
    with sqlite3.connect(sqlite_path) as plain:
        assert plain.execute("SELECT count(*) FROM node WHERE kind = 'work'").fetchone() == (2000,)
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


def test_a_full_database_is_told(sqlite_path: Path) -> None:
    database = Database.open(f"sqlite:///{sqlite_path}")
    with pytest.raises(StoreError, match="There is no room left"), database.write() as session:
        session.execute(text("PRAGMA max_page_count = 1"))
        session.execute(text("UPDATE node SET kind = kind || hex(randomblob(400))"))
    database.close()


def test_a_run_on_a_full_disk_ends_with_a_sentence_and_a_whole_archive(plain_archive: Archive) -> None:
    plain_archive.close()
    answer = _in_child(
        f"""
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        import numpy as np
        from provenance import open_archive
        from provenance.errors import StoreError
        archive = open_archive({str(plain_archive.folder)!r})
        noise = np.random.default_rng(1)
        try:
            with archive.run("my-model") as run:
                run.add(noise.integers(0, 255, (8, 8, 3), np.uint8)).result()
                resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
                run.add(noise.integers(0, 255, (400, 400, 3), np.uint8)).result()
        except StoreError as error:
            print(error)
        """
    )

    assert "File too large" in answer or "full" in answer
    with open_archive(plain_archive.folder) as archive, archive.database.read() as session:
        outcomes = session.execute(text("SELECT outcome FROM run_end")).scalars().all()
        assert session.scalar(text("SELECT count(*) FROM artwork")) == 1
    assert outcomes in (["failed"], ["interrupted"])


@pytest.mark.parametrize("name", ["100% art", "art #1", "c'est la vie", "büro"])
def test_an_archive_may_lie_in_a_folder_of_any_name(make_archive: Callable[..., Archive], name: str) -> None:
    archive = make_archive(name)
    with archive.run("my-model") as run:
        run.add(picture(1))

    assert (archive.folder / SQLITE).stat().st_size > 0


def _add_node(session: Session) -> None:
    session.execute(insert(schema.Node), [{"uid": "ab" * 32, "kind": "work", "created_at": utc_now()}])


def _cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def _in_child(program: str) -> str:
    lines = [line.removeprefix("        ") for line in program.splitlines()]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
