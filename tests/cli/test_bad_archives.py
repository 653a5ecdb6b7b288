"""Archives that cannot be used as they are: locked, half made, newer, damaged, not writable, or none at all."""

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provenance.settings import archive_uid

Refused = Callable[..., str]
Prov = Callable[..., Any]

GENERATE = ("generate", "cppn", "--style", "facet", "--size", "32x24")


@pytest.fixture
def locked(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold the database for writing, as another program would, and wait for it only shortly."""
    monkeypatch.setenv("PROV_DATABASE_WAIT", "1")
    connection = sqlite3.connect(filled / "archive.sqlite", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.usefixtures("locked")
def test_a_locked_archive_is_waited_for_and_then_left_alone(refused: Refused) -> None:
    said = refused(*GENERATE, code=3)

    assert "Another program has been writing" in said
    assert "more than 1 second" in said


@pytest.mark.usefixtures("locked")
def test_a_locked_archive_can_be_read(prov: Prov, artwork: str) -> None:
    assert prov("show", artwork).code == 0
    assert prov("list").code == 0


@pytest.mark.parametrize("left", ["blobs", "archive.sqlite", "identity"])
def test_a_half_made_archive_is_called_so_and_can_be_finished(
    refused: Refused, prov: Prov, here: Path, left: str
) -> None:
    folder = here / "prov-archive"
    folder.mkdir()
    (folder / left).touch() if "." in left else (folder / left).mkdir()

    assert "is half made" in refused("--archive", folder, "list", code=3)
    assert prov("init").code == 0
    assert prov("db", "check").code == 0


def test_an_archive_of_a_newer_format_is_left_alone(refused: Refused, filled: Path) -> None:
    settings = filled / "prov.toml"
    settings.write_text(settings.read_text().replace("format = 1", "format = 99"))

    assert "Upgrade prov" in refused(*GENERATE, code=3)


def test_a_database_of_a_newer_schema_is_left_alone(refused: Refused, filled: Path) -> None:
    with sqlite3.connect(filled / "archive.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()

    assert "Upgrade prov" in refused("list", code=3)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("this is no TOML", 3, "not valid TOML"),
        ("[archive\n", 3, "not valid TOML"),
        ("", 3, "does not say the archive's format"),
        ("archive = 1\n", 3, "does not say the archive's format"),
        ("[archive]\nformat = 'one'\n", 3, "does not say the archive's format"),
        ("[archive]\nformat = true\n", 3, "does not say the archive's format"),
        ("[archive]\nformat = 1\n[recorder]\nspeed = 9\n", 2, "recorder.speed"),
        ("[archive]\nformat = 1\n[colours]\nred = 1\n", 2, "sets colours, which is not a setting"),
        ("[archive]\nformat = 1\n[colours]\n", 2, "sets colours"),
        ("stray = 1\n[archive]\nformat = 1\n", 2, "sets stray"),
        ("[archive]\nformat = 1\n[recorder]\nworkers = 'many'\n", 2, "must be a whole number"),
        ("[archive]\nformat = 1\n[recorder]\nworkers = -1\n", 2, "at least 0"),
        ("[archive]\nformat = 1\n[recorder]\nworkers = 1.5\n", 2, "must be a whole number"),
        ("[archive]\nformat = 1\n[recorder]\nqueue = 0\n", 2, "at least 1"),
        ("[archive]\nformat = 1\n[recorder]\nqueue = true\n", 2, "must be a whole number"),
        ("[archive]\nformat = 1\n[recorder]\ncompression = 10\n", 2, "from 0 to 9"),
        ("[archive]\nformat = 1\n[signing]\nidentity = 7\n", 2, "must be a text"),
        ("[archive]\nformat = 1\n[database]\nurl = 'nonsense'\n", 2, "The database URL that begins with"),
        ("[archive]\nformat = 1\n[signing]\nidentity = 'nobody'\n", 3, "nobody"),
        ("[archive]\nformat = 1\n[signing]\nanchors = '/nowhere.pem'\n", 3, "/nowhere.pem"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_wrong_settings_are_named(refused: Refused, filled: Path, text: str, code: int, said: str) -> None:
    uid = archive_uid(filled)
    (filled / "prov.toml").write_text(text.replace("format = 1\n", f'format = 1\nuid = "{uid}"\n'))

    command = ("verify", filled / "prov.toml") if "anchors" in text else GENERATE
    assert said in refused(*command, code=code)


def test_a_settings_file_of_other_bytes_is_named(refused: Refused, filled: Path) -> None:
    (filled / "prov.toml").write_bytes(b"\xff\xfe\x00")

    assert "not valid TOML" in refused("list", code=3)


def test_a_wrong_environment_variable_is_named(refused: Refused, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROV_RECORDER_WORKERS", "many")

    assert "PROV_RECORDER_WORKERS" in refused("list", code=2)


def test_a_folder_with_other_things_is_not_taken(refused: Refused, here: Path) -> None:
    (here / "holiday.txt").write_text("sea")

    assert "holds other things (holiday.txt)" in refused("--archive", here, *GENERATE, code=3)
    assert [path.name for path in here.iterdir()] == ["holiday.txt"]


@pytest.mark.parametrize("place", ["/proc/archive", "/dev/null/archive", "a-file"])
def test_a_place_that_cannot_be_written_is_said(refused: Refused, here: Path, place: str) -> None:
    (here / "a-file").write_text("")

    assert "cannot be made" in refused("--archive", place, *GENERATE, code=3)


def test_no_archive_where_one_is_named_is_said(refused: Refused, here: Path) -> None:
    assert "prov init" in refused("list", code=3)
    assert not (here / "prov-archive").exists()


def test_a_damaged_database_is_said(prov: Prov, filled: Path) -> None:
    database = filled / "archive.sqlite"
    database.write_bytes(b"not a database at all, but long enough to be read" * 100)

    outcome = prov("list")

    assert outcome.code == 3
    assert "is damaged" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("command", ["export", "verify", "edit"])
def test_a_missing_file_of_an_artwork_is_said(
    refused: Refused, artwork: str, stored: Path, here: Path, command: str
) -> None:
    from pictures import picture

    other = here / "other.png"
    picture(1).image().save(other)
    stored.unlink()
    arguments = {
        "export": (artwork,),
        "verify": (stored,),
        "edit": (artwork, other, "--by", "Ada", "--action", "drawn"),
    }

    said = refused(command, *arguments[command], code=3) if command != "verify" else ""

    assert said == "" or "missing" in said


def test_show_tells_that_the_file_is_missing(prov: Prov, artwork: str, stored: Path) -> None:
    stored.unlink()

    outcome = prov("show", artwork)

    assert outcome.code == 0
    assert "Its file is missing from the archive" in outcome.out
    assert prov("show", artwork, "--json").code == 0
    assert prov("reproduce", artwork).code == 0  # the pixels' digest is enough


def test_check_finds_missing_and_changed_files(prov: Prov, stored: Path) -> None:
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes()[:-1])
    changed = prov("db", "check")
    stored.unlink()
    missing = prov("db", "check")

    assert (changed.code, missing.code) == (1, 1)
    assert "1 problem." in changed.out
    assert "1 problem." in missing.out


def test_a_changed_file_of_an_artwork_is_not_exported(refused: Refused, artwork: str, stored: Path) -> None:
    stored.chmod(0o600)
    data = bytearray(stored.read_bytes())
    data[-20] ^= 1
    stored.write_bytes(bytes(data))

    assert "damaged" in refused("export", artwork, code=3)


@pytest.mark.parametrize("limit", [4_096, 65_536])
def test_a_full_disk_is_said_and_leaves_a_clean_archive(prov: Prov, filled: Path, limit: int) -> None:
    program = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "import torch\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "from provenance.cli import main\n"
        "main(['generate', 'cppn', '--style', 'facet', '--size', '256', '--seed', '1'])\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert re.search("no room|may be full|File too large", ended.stderr)
    check = prov("db", "check")
    assert check.code == 0, check.out
    assert prov("generate", "cppn", "--style", "facet", "--size", "32x24").code == 0


def test_nothing_can_be_printed_on_a_full_disk(filled: Path) -> None:
    with Path(os.devnull.replace("null", "full")).open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "provenance.cli", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert ended.returncode == 3
    assert "no room left" in ended.stderr
    assert "Traceback" not in ended.stderr
