"""`prov run` and `prov import`."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from PIL.PngImagePlugin import PngInfo

Prov = Callable[..., Any]
WEBUI = "boats\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Model: dream, Version: v1.9.3"


def saved(path: Path, seed: int = 1, text: str | None = None) -> Path:
    info = PngInfo()
    if text is not None:
        info.add_itxt("parameters", text)
    picture(seed).image().save(path, pnginfo=info)
    return path


@pytest.fixture
def program(here: Path) -> list[str]:
    """Give a command that copies what it is told into `out`."""
    (here / "out").mkdir()
    saved(here / "source.png", 5)
    lines = (
        "import shutil, sys\nprint('talk of the program')\n[shutil.copy('source.png', name) for name in sys.argv[2:]]"
    )
    return [sys.executable, "-S", "-c", f"{lines}\nsys.exit(int(sys.argv[1]))"]


def test_import_tells_what_came_in_and_exits_with_1_if_something_did_not(prov: Prov, here: Path) -> None:
    folder = here / "in"
    folder.mkdir()
    saved(folder / "a.png", text=WEBUI)
    (folder / "b.png").write_bytes(b"no picture")
    outcome = prov("import", folder, "--by", "Ada Lind")

    assert outcome.code == 1
    assert "1 artwork brought in" in outcome.out
    assert "AUTOMATIC1111" in outcome.out
    assert "b.png is not a PNG" in outcome.out
    again = prov("import", folder / "a.png")
    assert (again.code, "was taken in before" in again.out) == (0, True)


def test_import_gives_one_json_document(prov: Prov, here: Path) -> None:
    outcome = prov("import", saved(here / "a.png", text=WEBUI), "--model", "dream", "--json")

    document = json.loads(outcome.out)
    assert outcome.code == 0
    assert document["artworks"][0]["imported"]["claims"]["prompt"] == "boats"
    assert document["artworks"][0]["run"]["uid"] == document["run"]


def test_import_of_nothing_makes_no_archive(prov: Prov, here: Path) -> None:
    outcome = prov("import", "nowhere.png")

    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert not (here / "prov-archive").exists()


def test_what_came_in_is_listed_shown_traced_exported_and_verified(prov: Prov, here: Path) -> None:
    document = json.loads(prov("import", saved(here / "a.png", text=WEBUI), "--json").out)
    uid = document["artworks"][0]["uid"]

    assert "a.png, brought in" in prov("list").out
    assert prov("show", uid).code == 0
    assert prov("lineage", uid).code == 0
    for level in ("full", "public", "minimal"):
        assert prov("export", uid, "--to", f"out-{level}", "--disclose", level).code == 0
        assert prov("verify", f"out-{level}/{uid[:12]}.png").code == 0
    assert prov("reproduce", uid).code == 2


def test_no_claim_leaves_with_a_minimal_export(prov: Prov, here: Path) -> None:
    text = WEBUI.replace("boats", "a very secret harbour")
    uid = json.loads(prov("import", saved(here / "secret-name.png", text=text), "--json").out)["artworks"][0]["uid"]
    prov("export", uid, "--to", "out", "--disclose", "minimal")

    for path in (here / "out").iterdir():
        assert b"secret" not in path.read_bytes()


def test_run_records_what_the_program_writes_and_passes_its_code_on(prov: Prov, program: list[str]) -> None:
    good = prov("run", "--watch", "out", "--model", "mine", *program, "0", "out/a.png")
    bad = prov("run", "--watch", "out", "--", *program, "7", "out/b.png")

    assert (good.code, bad.code) == (0, 7)
    assert "1 artwork recorded" in good.out
    assert "1 artwork recorded" in bad.out
    assert "exit code 7" in bad.err


def test_run_keeps_stdout_for_its_one_json_document(prov: Prov, program: list[str]) -> None:
    outcome = prov("run", "--watch", "out", "--json", "--", *program, "0", "out/a.png")

    document = json.loads(outcome.out)
    assert (outcome.code, document["exit_code"], len(document["artworks"])) == (0, 0, 1)


def test_run_of_a_program_that_writes_nothing_exits_with_1(prov: Prov, program: list[str]) -> None:
    outcome = prov("run", "--watch", "out", "--", *program, "0")

    assert outcome.code == 1
    assert "It left no picture in" in outcome.err


def test_run_of_no_program_makes_no_archive(prov: Prov, here: Path) -> None:
    outcome = prov("run", "--", "no-such-program")

    assert (outcome.code, outcome.err.count("\n")) == (2, 1)
    assert not (here / "prov-archive").exists()
