"""`prov` called in this process, and an archive with an artwork and a dataset to call it on."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pictures import picture

from provenance.cli import main

TINY = ("--size", "32x24")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a call came to."""

    code: int
    out: str
    err: str


Prov = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, without settings from the outside."""
    for name in [name for name in os.environ if name.startswith("PROV_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def prov(capsys: pytest.CaptureFixture[str]) -> Prov:
    """Call `prov` with arguments."""

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert isinstance(ended.value.code, int)
        return Outcome(code=ended.value.code, out=said.out, err=said.err)

    return call


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an archive once: a dataset of three works and an artwork."""
    folder = tmp_path_factory.mktemp("template")
    works = folder / "works"
    works.mkdir()
    for number in range(3):
        picture(number).image().save(works / f"{number}.png")
    for arguments in (
        ("dataset", "add", "shapes", str(works), "--creator", "Ada Lind", "--licence", "CC0-1.0"),
        ("generate", "cppn", "--style", "facet", "--seed", "7", *TINY, "--by", "Ada Lind"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["--archive", str(folder / "prov-archive"), *arguments])
        assert ended.value.code == 0
    return folder


@pytest.fixture
def filled(here: Path, template: Path) -> Path:
    """Give a copy of that archive, where `prov` finds it."""
    return Path(shutil.copytree(template / "prov-archive", here / "prov-archive"))


@pytest.fixture
def artwork(filled: Path) -> str:
    """Give the id of the artwork in it."""
    with sqlite3.connect(filled / "archive.sqlite") as connection:
        return str(connection.execute("SELECT uid FROM node JOIN artwork ON artwork.id = node.id").fetchone()[0])


@pytest.fixture
def stored(filled: Path) -> Path:
    """Give the file of that artwork."""
    (file,) = (filled / "blobs" / "sha256").glob("*/*/*")
    return file


@pytest.fixture
def refused(prov: Prov) -> Callable[..., str]:
    """Call `prov`, which must refuse with `code` and one sentence and leave the archive as it was."""

    def call(*arguments: object, code: int) -> str:
        before = contents(Path("prov-archive"))
        outcome = prov(*arguments)

        assert outcome.code == code, outcome
        assert outcome.out == ""
        assert outcome.err.startswith("prov: ")
        assert outcome.err.count("\n") == 1, outcome.err  # no terminal, so a sentence is a line
        assert "defect" not in outcome.err
        assert outcome.err.rstrip().endswith((".", "?"))
        assert contents(Path("prov-archive")) == before
        return outcome.err

    return call


def contents(archive: Path) -> dict[str, object]:
    """Count the rows of every table and list the files; an archive that is not there has none."""
    database = archive / "archive.sqlite"
    if not (archive / "prov.toml").exists():
        return {"files": sorted(path.name for path in archive.rglob("*")) if archive.is_dir() else []}
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}
    files = sorted(str(path) for path in (archive / "blobs").rglob("*") if path.is_file())
    return {**counts, "files": files, "runs": sorted(path.name for path in (archive / "runs").iterdir())}
