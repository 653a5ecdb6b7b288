"""Engines from other distributions, as real packages on the path."""

from collections.abc import Callable
from pathlib import Path

import pytest

from provenance.errors import EngineError, UsageError
from provenance.generate.registry import BUILT_IN, engines, find, problems
from provenance.plugins import ENGINES, plugins

Install = Callable[..., None]

GOOD = """
from dataclasses import dataclass
from provenance.generate.engine import Promise

@dataclass(frozen=True)
class Options:
    level: int = 1

class Stripes:
    name = "{name}"
    version = "3"
    summary = "Stripes."
    styles = {{}}
    promise = Promise()
    Options = Options

    def generate(self, request, out):
        out[:] = request.options.level
        return {{"level": request.options.level}}
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Give a function that installs a distribution with one engine of the given source."""

    def put(name: str, source: str, attribute: str = "Stripes") -> None:
        (tmp_path / f"{name}_engine.py").write_text(source)
        info = tmp_path / f"{name}-2.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.5\n")
        (info / "entry_points.txt").write_text(f"[{ENGINES}]\n{name} = {name}_engine:{attribute}\n")

    monkeypatch.syspath_prepend(tmp_path)
    return put


def test_an_installed_engine_is_found_with_who_supplied_it(install: Install) -> None:
    install("welcome", GOOD.format(name="welcome"))

    supplied = find("welcome")

    assert (supplied.engine.name, supplied.distribution, supplied.version) == ("welcome", "welcome", "2.5")
    assert supplied.code_digest in {other.code_digest for other in engines()}
    assert [plugin.name for plugin in plugins(ENGINES) if plugin.distribution == "welcome"] == ["welcome"]


def test_listing_plugins_imports_nothing(install: Install) -> None:
    install("explosive", "raise RuntimeError('imported')")

    assert "explosive" in {plugin.name for plugin in plugins(ENGINES)}


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("raising", "raise RuntimeError('no driver')", "RuntimeError: no driver"),
        ("leaving", "import sys\nsys.exit(3)", "SystemExit: 3"),
        ("wrong", "def (", "SyntaxError"),
        ("empty", "", "no attribute 'Stripes'|AttributeError"),
        ("halfdone", "class Stripes:\n    name = 'halfdone'", "lacks version, summary, styles"),
        ("unmade", "class Stripes:\n    def __init__(self, key): ...", "cannot be made"),
    ],
)
def test_a_broken_engine_is_a_sentence_and_hides_no_other(
    install: Install, name: str, source: str, reason: str
) -> None:
    install(name, source)
    install(f"{name}friend", GOOD.format(name=f"{name}friend"))

    names = [supplied.engine.name for supplied in engines()]

    assert names[len(BUILT_IN) :] == [f"{name}friend"]
    assert len(problems()) == 1
    with pytest.raises(EngineError, match=reason) as caught:
        find(name)
    assert f"{name} 2.5" in str(caught.value)


def test_a_namesake_of_ours_is_left_out_and_said_so(install: Install) -> None:
    install("impostor", GOOD.format(name="cppn"))

    assert find("cppn").distribution == "provenance-archive"
    assert len(engines()) == len(BUILT_IN)
    assert "'cppn' of impostor 2.5 is left out" in problems()[0]


def test_an_unknown_name_is_still_a_usage_error_beside_plugins(install: Install) -> None:
    install("known", GOOD.format(name="known"))

    with pytest.raises(UsageError, match="There is no engine 'unheard'"):
        find("unheard")
