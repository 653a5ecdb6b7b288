"""The migrations lead to the schema that the program knows, forwards and backwards, and old archives open."""

import re
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from provenance import schema
from provenance.archive.archive import open_archive
from provenance.archive.datasets import versions
from provenance.archive.detail import show
from provenance.archive.integrity import check
from provenance.archive.lineage import lineage
from provenance.archive.search import artworks
from provenance.database import Database, _config, _script
from provenance.schema import Base
from provenance.settings import FILE_NAME, Settings, file_text

ROOT = Path(__file__).parent.parent
OLD = sorted((ROOT / "tests" / "databases").glob("*.sql"))

NEXT = '''"""A later schema, for the tests."""
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "next_test", "{head}", None, None
def upgrade() -> None:
    op.add_column("artwork", sa.Column("mood", sa.Text()))
def downgrade() -> None:
    op.drop_column("artwork", "mood")
'''


@pytest.fixture
def database(tmp_path: Path, database_url: str) -> Iterator[Database]:
    """Give an empty database, on each kind."""
    opened = Database.open(database_url or f"sqlite:///{tmp_path / 'archive.sqlite'}")
    yield opened
    opened.close()


def test_up_down_and_up_again(database: Database) -> None:
    assert database.upgrade()
    before = _ddl(database)
    _downgrade(database)
    assert set(_ddl(database)) <= {"alembic_version", "alembic_version_pkc"}
    assert database.upgrade()

    assert _ddl(database) == before
    assert not database.upgrade()


def test_migrated_tables_are_those_that_the_program_would_make(database: Database) -> None:
    database.upgrade()
    migrated = _ddl(database)
    _downgrade(database)
    with database.write() as session:
        Base.metadata.create_all(session.connection())

    assert _ddl(database) == migrated


def test_alembic_finds_nothing_to_add(database: Database) -> None:
    database.upgrade()

    with database.read() as session:
        assert compare_metadata(MigrationContext.configure(session.connection()), Base.metadata) == []


def test_migrations_form_one_line_of_numbered_sentences() -> None:
    script = _script()
    files = sorted(path.name for path in (ROOT / "migrations").glob("*.py"))

    assert len(script.get_heads()) == len(script.get_bases()) == 1
    assert [name[:4] for name in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    assert all(re.fullmatch(r"\d{4}(_[a-z0-9]+)+\.py", name) for name in files)


def test_migrations_are_frozen_in_time() -> None:
    for path in (ROOT / "migrations").glob("*.py"):
        assert not re.search(r"^\s*(from|import) provenance", path.read_text(encoding="utf-8"), re.MULTILINE), path


def test_our_folder_does_not_hide_alembic_itself() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
    assert not (ROOT / "migrations" / "__init__.py").exists()


def test_the_wheel_is_told_to_hold_the_migrations_where_the_program_looks() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        included = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included == {"alembic": "provenance/_alembic", "migrations": "provenance/_alembic/versions"}


def test_as_installed_an_older_archive_is_copied_and_upgraded(tmp_path: Path) -> None:
    site = _installed(tmp_path / "site")
    old = _restore(OLD[-1], tmp_path / "old")
    program = (
        "import provenance.database, provenance; assert provenance.database.__file__.startswith({site!r});"
        "provenance.open_archive({old!r}, create=False).close()"
    )
    subprocess.run(
        [sys.executable, "-c", program.format(site=str(site), old=str(old))],
        check=True,
        env={"PYTHONPATH": str(site)},
        cwd=tmp_path,
    )

    (backup,) = old.glob("archive.before-*.sqlite")
    assert ("next_test", True) == _revision_and_mood(old / "archive.sqlite")
    assert (OLD[-1].stem, False) == _revision_and_mood(backup)


@pytest.mark.parametrize("path", OLD, ids=lambda path: path.stem)
def test_an_old_archive_opens_and_tells_its_story(tmp_path: Path, path: Path) -> None:
    folder = _restore(path, tmp_path / "old")
    with open_archive(folder, create=False) as archive:
        found = artworks(archive)
        details = [show(archive, row.uid) for row in found]
        (landscapes,) = versions(archive)

        assert len(found) == (5 if path.stem < "0003" else 6)
        assert {detail.making for detail in details} == {"generated", "edited"}
        assert landscapes.works == 3
        assert archive.database.problems() == []
        assert {"run", "work"} <= {relative.kind for relative in lineage(archive, found[-1].uid).relatives}
        # The SQL is kept without blobs and identity, and the check says so, once for each.
        (identity,) = [problem for problem in check(archive).problems if "is not in" not in problem]
        assert "identities" in identity


def test_every_released_schema_has_an_old_archive() -> None:
    revisions = {entry.revision for entry in _script().walk_revisions()}

    assert {path.stem for path in OLD} == revisions


def test_every_table_is_made_by_a_migration_and_has_a_class(database: Database) -> None:
    database.upgrade()
    classes = {getattr(schema, name) for name in schema.__all__} - {Base}
    tables = {c.__tablename__ for c in classes if hasattr(c, "__tablename__")}

    assert tables <= set(_ddl(database))


def _downgrade(database: Database) -> None:
    with database.write() as session:
        config = _config()
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "base")


def _ddl(database: Database) -> dict[str, list[str]]:
    """Read what the tables are, by name, in the database's own words."""
    with database.read() as session:
        read = _sqlite_ddl if database.is_sqlite else _postgres_ddl
        return read(session.connection())


def _sqlite_ddl(connection: Connection) -> dict[str, list[str]]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"))
    return {name: sorted(_clauses(sql)) for name, sql in rows}


def _clauses(sql: str) -> list[str]:
    """Take a statement apart: a migration may name constraints in another order."""
    return [" ".join(line.replace('"', "").split()).strip(" ,") for line in sql.splitlines() if line.strip(" \t(),")]


def _postgres_ddl(connection: Connection) -> dict[str, list[str]]:
    queries = {
        "columns": "SELECT table_name, concat_ws(' ', column_name, ordinal_position, data_type, is_nullable, "
        "column_default, collation_name) FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid) "
        "FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    found: dict[str, list[str]] = {}
    for query in queries.values():
        for table, fact in connection.execute(text(query)):
            found.setdefault(table.strip('"'), []).append(fact)
    return {table: sorted(facts) for table, facts in sorted(found.items())}


def _restore(path: Path, folder: Path) -> Path:
    """Make an archive folder from the SQL of its database."""
    folder.mkdir()
    with sqlite3.connect(folder / "archive.sqlite") as database:
        database.executescript(path.read_text(encoding="utf-8"))
        (uid,) = database.execute("SELECT uid FROM archive").fetchone()
    database.close()
    (folder / FILE_NAME).write_text(file_text(Settings(), uid), encoding="utf-8")
    return folder


def _installed(site: Path) -> Path:
    """Lay the package out as the wheel does, with one migration more."""
    package = site / "provenance"
    shutil.copytree(ROOT / "provenance", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "alembic", package / "_alembic", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(
        ROOT / "migrations", package / "_alembic" / "versions", ignore=shutil.ignore_patterns("__pycache__")
    )
    head = str(_script().get_current_head())
    (package / "_alembic" / "versions" / "next_test.py").write_text(NEXT.format(head=head), encoding="utf-8")
    return site


def _revision_and_mood(path: Path) -> tuple[str, bool]:
    with sqlite3.connect(path) as database:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        columns = {row[1] for row in database.execute("PRAGMA table_info(artwork)")}
    database.close()
    return revision, "mood" in columns
