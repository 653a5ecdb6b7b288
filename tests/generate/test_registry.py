"""Which engines there are, and what identifies them."""

import subprocess
import sys
from pathlib import Path

import pytest

from provenance.digest import Digest
from provenance.errors import EngineError, UsageError
from provenance.generate.identity import code_digest
from provenance.generate.registry import BUILT_IN, engines, find, problems

OURS = ["cppn", "flow", "clifford", "gray-scott", "style", "neural-style", "gan", "diffusers"]


def test_our_engines_come_in_their_order_and_all_work() -> None:
    assert [supplied.engine.name for supplied in engines()] == OURS
    assert problems() == ()
    assert len(BUILT_IN) == len(OURS)


def test_an_engine_knows_the_distribution_that_supplied_it() -> None:
    supplied = find("cppn")

    assert supplied.distribution == "provenance-archive"
    assert supplied.version[0].isdigit()


def test_an_unknown_name_names_near_ones_and_lists_all() -> None:
    with pytest.raises(UsageError, match=r"no engine 'clifort'\. Did you mean clifford\? There are: cppn, flow"):
        find("clifort")


def test_listing_engines_and_reading_options_do_not_import_torch() -> None:
    program = (
        "import sys\n"
        "from provenance.generate.engine import read_options\n"
        "from provenance.generate.registry import choose_device, engines\n"
        "assert len([read_options(s.engine, {}) for s in engines()]) == 8\n"
        "assert choose_device('cpu') == 'cpu'\n"
        "print('torch' in sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_code_digests_differ_between_engines_and_are_steady() -> None:
    digests = [supplied.code_digest for supplied in engines()]

    assert len(set(digests)) == len(OURS)
    assert all(isinstance(digest, Digest) for digest in digests)
    assert [supplied.code_digest for supplied in engines()] == digests


def test_a_code_digest_changes_with_the_module_and_with_what_it_draws_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written(folder: str, engine: str, brush: str) -> Digest:
        package = tmp_path / folder
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "engine.py").write_text(engine)
        (package / "brush.py").write_text(brush)
        (package / "unused.py").write_text("raise RuntimeError")
        return code_digest(f"{folder}.engine")

    monkeypatch.syspath_prepend(tmp_path)
    source = "from {}.brush import dab\n"

    one = written("paint_a", source.format("paint_a"), "dab = 1")
    texts = {str(one), str(code_digest("paint_a.brush"))}
    (tmp_path / "paint_a" / "brush.py").write_text("dab = 2")
    code_digest.cache_clear()
    texts.add(str(code_digest("paint_a.engine")))
    (tmp_path / "paint_a" / "engine.py").write_text(source.format("paint_a") + "# more\n")
    code_digest.cache_clear()
    texts.add(str(code_digest("paint_a.engine")))
    (tmp_path / "paint_a" / "unused.py").write_text("")
    code_digest.cache_clear()
    texts.add(str(code_digest("paint_a.engine")))

    assert len(texts) == 4


def test_an_engine_without_source_has_no_identity() -> None:
    with pytest.raises(EngineError, match=r"sys cannot be found"):
        code_digest("sys")
