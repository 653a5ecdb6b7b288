"""`prov db check` and `prov db seal` at the command line."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

from provenance.archive.archive import Archive

Prov: TypeAlias = Any
"""The fixture of tests/cli/conftest.py."""


def _archive(prov: Prov, here: Path) -> Path:
    assert prov("generate", "--size", "32x24", "--seed", "7").code == 0
    return here / "prov-archive"


def _alter(archive: Path, statement: str) -> None:
    with closing(sqlite3.connect(archive / "archive.sqlite")) as database, database:
        database.execute(statement)


def test_an_altered_row_is_named_and_the_exit_code_says_so(prov: Prov, here: Path) -> None:
    archive = _archive(prov, here)
    _alter(archive, "UPDATE run SET seed = '8', parameters = replace(parameters, '32', '33')")

    outcome = prov("db", "check")

    assert outcome.code == 1
    assert "width '33'; what was signed says '32'" in " ".join(outcome.out.split() + outcome.err.split())


def test_what_nothing_else_covers_is_found_by_a_seal(prov: Prov, here: Path) -> None:
    archive = _archive(prov, here)
    sealed = prov("db", "seal", "--json")
    assert json.loads(sealed.out)["number"] == 1
    assert prov("db", "check").code == 0
    _alter(archive, "UPDATE audit SET works_compared = 900")

    outcome = prov("db", "check", "--json")

    assert outcome.code == 1
    assert json.loads(outcome.out)["problems"] == ["The row 1 of audit was altered after it was sealed."]


def test_a_seal_that_was_kept_elsewhere_finds_a_rewritten_one(prov: Prov, here: Path) -> None:
    archive = _archive(prov, here)
    (here / "stick").mkdir()
    assert "prov db check --against stick" in prov("db", "seal", "--to", "stick").err
    (kept,) = (here / "stick").glob("*.json")
    assert prov("db", "check", "--against", kept).code == 0
    for path in (archive / "seals").iterdir():
        path.unlink()

    outcome = prov("db", "check", "--against", kept)

    assert outcome.code == 1
    assert "rewritten or deleted" in outcome.out + outcome.err


def test_a_file_that_is_no_seal_and_a_folder_that_is_none_are_refused(prov: Prov, here: Path) -> None:
    archive = _archive(prov, here)

    for arguments in (("check", "--against", archive / "prov.toml"), ("seal", "--to", "nowhere")):
        outcome = prov("db", *arguments)
        assert outcome.code == 2, outcome
    assert not (archive / "seals").exists(), "nothing is half made"
    with Archive(archive, passphrase=lambda: None) as opened:
        assert opened.uid
