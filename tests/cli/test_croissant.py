"""`prov dataset export` says what left, what did not, and how it comes back."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from provenance.cli.croissant import export_dataset
from provenance.errors import NotFoundError, UsageError

Prov = Callable[..., Any]


@pytest.fixture
def export(filled: Path) -> typer.Typer:
    """Give the command alone, on an archive with a dataset of three works."""
    app = typer.Typer()

    @app.callback()
    def options(context: typer.Context) -> None:
        context.obj = filled

    app.command("export")(export_dataset)
    return app


def call(app: typer.Typer, *arguments: str) -> None:
    typer.main.get_command(app).main(args=["export", *arguments], prog_name="prov", standalone_mode=False)


def test_it_says_what_left(export: typer.Typer, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(export, "shapes", "--to", "out", "--copy-files")
    said = capsys.readouterr()

    assert "shapes version 1: 3 works, 3 pictures copied." in said.out
    assert "Another archive that adds it comes to the same Merkle root." in said.out
    assert "dataset add shapes out/croissant.json" in said.err
    assert json.loads((here / "out" / "croissant.json").read_bytes())["name"] == "shapes"


def test_it_says_what_did_not_leave(export: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    call(export, "shapes", "--to", "out")
    said = capsys.readouterr()

    assert "The pictures are not copied" in said.out
    assert "the same Merkle root" not in said.out


def next_arguments(said: str) -> list[str]:
    (line,) = [line for line in said.splitlines() if line.startswith("next: ")]
    words = shlex.split(line)
    return words[words.index("dataset") :]


def test_what_it_says_next_can_be_done(
    export: typer.Typer, prov: Prov, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(export, "shapes", "--to", "my folder", "--number", "1")
    first = next_arguments(capsys.readouterr().err)
    assert first == ["dataset", "export", "shapes", "--number", "1", "--to", "my folder", "--copy-files", "--overwrite"]

    copied = prov(*first)
    assert copied.code == 0
    assert prov("--archive", here / "other", *next_arguments(copied.err)).code == 0


def test_an_export_beside_the_pictures_can_be_added(
    export: typer.Typer, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call(export, "shapes", "--to", "out", "--copy-files")
    call(export, "shapes", "--to", "out", "--overwrite")

    assert next_arguments(capsys.readouterr().err.splitlines()[-1])[:2] == ["dataset", "add"]


def test_where_no_picture_is_left_nothing_is_said_to_be_next(
    prov: Prov, filled: Path, template: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    works = template / "works"
    works.rename(template / "elsewhere")
    try:
        outcome = prov("dataset", "export", "shapes", "--to", "out", "--copy-files")
    finally:
        (template / "elsewhere").rename(works)

    assert "0 pictures copied" in outcome.out
    assert "next:" not in outcome.err


def test_it_speaks_json(export: typer.Typer, capsys: pytest.CaptureFixture[str]) -> None:
    call(
        export,
        "shapes",
        "--to",
        "out",
        "--number",
        "1",
        "--url",
        "https://e.org",
        "--published",
        "2026-11-04",
        "--json",
    )
    told = json.loads(capsys.readouterr().out)

    assert (told["works"], told["copied"], told["same_root"]) == (3, 0, False)
    assert told["files"] == ["works.csv", "decisions.csv", "croissant.json"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("shapes", "--to", "out", "--url", "example.org"), UsageError),
        (("shapes", "--to", "out", "--published", "yesterday"), UsageError),
        (("none", "--to", "out"), NotFoundError),
    ],
)
def test_a_wrong_call_leaves_nothing(
    export: typer.Typer, here: Path, arguments: tuple[str, ...], error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"\.$"):
        call(export, *arguments)

    assert not (here / "out").exists()
