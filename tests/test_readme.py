"""What the README shows works."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from pictures import picture

from provenance.archive.archive import open_archive
from provenance.archive.detail import show
from provenance.archive.search import artworks

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_example_records_every_picture_of_a_pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pipeline(prompt: str, generator: torch.Generator) -> Any:
        assert (prompt, generator.initial_seed()) == ("boats at dusk", 7)
        return SimpleNamespace(images=[picture(seed).image() for seed in range(3)])

    monkeypatch.chdir(tmp_path)
    [example] = _blocks("python")
    exec(compile(example, "README.md", "exec"), {"pipeline": pipeline})

    with open_archive(tmp_path / "prov-archive", create=False) as archive:
        rows = artworks(archive)
        assert len(rows) == 3
        assert show(archive, rows[0].uid).run["prompt"] == "boats at dusk"  # type: ignore[index]


@pytest.mark.parametrize("line", [line for block in _blocks("console") for line in block.splitlines()])
def test_every_command_of_the_readme_exists(line: str) -> None:
    words = line.split("#", maxsplit=1)[0].split()
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    if words[0] == "prov":
        if words[1] == "audit" and words[2] not in {"calibrate", "decide", "policy", "model"}:
            words.insert(2, "artworks")  # the command that is meant where none is named
        groups = {"audit", "dataset", "identity", "model", "db"}
        name = " ".join(words[:3]) if words[1] in groups else " ".join(words[:2])
        section = REFERENCE.split(f"### {name}\n", 1)[1].split("\n### ", 1)[0]
        own = words[: words.index("--")] if "--" in words else words
        assert all(option in section for option in own if option.startswith("-"))


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#]+)\)", README))
def test_every_link_of_the_readme_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
