"""Settings come from the file, then the environment; what is wrong is said in a sentence."""

import dataclasses
from pathlib import Path

import pytest

from provenance.archive.thresholds import thresholds
from provenance.errors import ArchiveError, UsageError
from provenance.fingerprint import METHODS
from provenance.settings import (
    FILE_NAME,
    FORMAT,
    Settings,
    archive_format,
    archive_uid,
    change,
    environment_name,
    file_text,
)


def _write(folder: Path, text: str) -> Path:
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return folder


def test_a_new_file_reads_back_as_what_was_written(tmp_path: Path) -> None:
    settings = Settings(url='postgresql://ada:"q\\"@host/prov', identity="studio", queue=7)
    _write(tmp_path, file_text(settings, "ab" * 16))

    assert settings == Settings.load(tmp_path, {})
    assert (FORMAT, "ab" * 16) == (archive_format(tmp_path), archive_uid(tmp_path))


def test_every_setting_stands_in_a_new_file_with_its_help() -> None:
    text = file_text(Settings(), "0" * 32)

    for setting in dataclasses.fields(Settings):
        assert f"# {setting.name} = " in text
        assert setting.metadata["help"] in text


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    _write(tmp_path, f"[archive]\nformat = {FORMAT}\n[recorder]\nqueue = 5\n")

    assert 5 == Settings.load(tmp_path, {}).queue
    assert 9 == Settings.load(tmp_path, {"PROV_RECORDER_QUEUE": "9"}).queue


def test_every_fingerprint_method_has_a_line_that_is_found_by_its_name() -> None:
    names = {method.name.rpartition("_")[0]: method for method in METHODS}
    lines = {setting.name: setting for setting in dataclasses.fields(Settings) if setting.name in names}

    for name, method in names.items():
        assert (-1, "check", method.bits) == (
            lines[name].default,
            lines[name].metadata["table"],
            lines[name].metadata["high"],
        )
        assert method.name in lines[name].metadata["help"]
        assert {method.name: 3} == {key: line for key, line in thresholds(Settings(**{name: 3})).items() if line == 3}  # type: ignore[arg-type]
    assert {method.name: method.flagged_at for method in METHODS} == thresholds(Settings())


def test_environment_names_are_unique() -> None:
    names = [environment_name(setting) for setting in dataclasses.fields(Settings)]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[recorder]\nqueue = 0\n", "whole number of at least 1"),
        ('[recorder]\nqueue = "many"\n', "whole number"),
        ("[recorder]\nqueue = true\n", "whole number"),
        ("[recorder]\nspeed = 3\n", "not a setting"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Settings.load(_write(tmp_path, text), {})


@pytest.mark.parametrize("text", ["[archive\nformat = 1", "format ="])
def test_a_file_that_is_no_toml_is_a_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ArchiveError, match="not valid TOML"):
        Settings.load(_write(tmp_path, text), {})


def test_one_setting_is_changed_and_comments_stay(tmp_path: Path) -> None:
    _write(tmp_path, file_text(Settings(), "0" * 32) + "# mine\n")
    change(tmp_path, "signing", "identity", "studio")
    change(tmp_path, "signing", "identity", "atelier")

    text = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert "atelier" == Settings.load(tmp_path, {}).identity
    assert text.endswith("# mine\n")
    assert 1 == text.count("\nidentity = ")
