"""`prov dataset export` says what left, what did not, and how it comes back."""

import json
from pathlib import Path

import pytest
import typer

from provenance.cli.croissant import export_dataset
from provenance.errors import NotFoundError, UsageError


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
