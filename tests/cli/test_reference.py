"""Help, examples and docs/reference.md are complete and say what the program says."""

import dataclasses
from pathlib import Path

import pytest

from provenance.cli.reference import commands, help_of, main, reference, takes_json
from provenance.settings import Settings

ROOT = Path(__file__).parents[2]
COMMANDS = dict(commands())
SILENT = {"init", "dataset policy", "db upgrade", "identity create", "identity import", "identity use"}
"""Commands that neither list nor show."""


def test_the_reference_is_what_the_program_says() -> None:
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == reference(), "run `make docs`"


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_help_and_an_example(words: str) -> None:
    text = help_of(words)

    assert f"\n  Example: prov {words}" in text
    assert max(map(len, text.splitlines())) <= 80
    for parameter in COMMANDS[words].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("words", sorted(COMMANDS.keys() - SILENT))
def test_every_command_that_lists_or_shows_takes_json(words: str) -> None:
    assert takes_json(COMMANDS[words])


def test_every_setting_is_in_the_reference() -> None:
    text = reference()

    for setting in dataclasses.fields(Settings):
        assert f"`{setting.metadata['table']}.{setting.name}`" in text


def test_a_page_that_is_not_up_to_date_is_told_and_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "reference.md"
    page.write_text("old")
    with pytest.raises(SystemExit, match="Run `make docs`"):
        main([str(page), "--check"])

    main([str(page)])
    main([str(page), "--check"])

    assert page.read_text(encoding="utf-8") == reference()
