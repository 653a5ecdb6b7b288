"""Lines for people: broken between words, never in a path, and harmless whoever wrote their words."""

import json
from typing import Any

import pytest
from rich.text import Text

from provenance.cli import console
from provenance.cli.console import Voice, emit, facts, say, some, table, visible


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> Voice:
    voice = Voice(width=40, highlight=False, markup=False, emoji=False)
    monkeypatch.setattr(console, "out", voice)
    return voice


@pytest.mark.usefixtures("narrow")
def test_a_sentence_is_broken_below_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    say(Text("✓"), " One two three four five six seven eight nine ten.")

    assert capsys.readouterr().out == "✓ One two three four five six seven\n  eight nine ten.\n"


@pytest.mark.usefixtures("narrow")
def test_a_path_is_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/a/" + "b" * 60
    say("file: ", path)

    assert capsys.readouterr().out == f"file: {path}\n"


@pytest.mark.usefixtures("narrow")
def test_facts_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    facts([("a", "one two three four five six seven eight nine"), ("long", "x")])

    assert capsys.readouterr().out == "  a     one two three four five six\n        seven eight nine\n  long  x\n"


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize(
    ("wrap", "expected"),
    [(False, "id  what\n1   a title that is too long for this w…\n"), (True, None)],
)
def test_a_table_gives_way_in_one_column(capsys: pytest.CaptureFixture[str], wrap: bool, expected: str | None) -> None:
    table("id", "what", rows=[("1", "a title that is too long for this width")], wrap=wrap)

    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= 40
    assert expected in (None, said)


@pytest.mark.parametrize(
    "text", ["\x1b[31mred", "back\b\b", "turned \u202eround", "\x9b2J", "bell\a", "half \udc80", "a\rb"]
)
def test_what_strangers_write_cannot_move_the_cursor(capsys: pytest.CaptureFixture[str], text: str) -> None:
    say("title: ", text)
    table("", "", rows=[("x", text)])

    said = capsys.readouterr().out
    assert not any(character in said for character in "\x1b\b\u202e\x9b\a\udc80\r")
    assert "\\" in said


def test_other_scripts_and_pictures_are_left_alone() -> None:
    for text in ("Østergård", "שלום", "日本", "👩🏽‍🎨"):
        assert visible(text) == text


def test_json_spells_out_what_is_no_text(capsys: pytest.CaptureFixture[str]) -> None:
    document: dict[str, Any] = {"name": "half \udc80", "escape": "\x1b"}
    emit(document)

    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert json.loads(said.replace("\\udc80", ""))["escape"] == "\x1b"


def test_things_are_counted_in_words() -> None:
    assert ["1 file", "2 files", "1,219 works"] == [some(1, "file"), some(2, "file"), some(1219, "work")]
