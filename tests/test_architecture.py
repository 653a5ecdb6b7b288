"""The shape of the code: what may know what, what is loaded when, and how long a file may be."""

import ast
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "provenance").rglob("*.py"))
SLOW = ("torch", "c2pa", "faiss", "scipy", "sqlalchemy", "alembic", "numpy", "PIL", "cryptography")
LONG, TOO_LONG = 300, 400


def test_the_import_contracts_hold() -> None:
    program = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["provenance", "provenance.cli", "provenance.errors", "provenance.settings"])
def test_what_every_command_loads_is_quick(module: str) -> None:
    program = f"import sys, {module}; print(*sorted({{*{SLOW!r}}} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["generate", "--help"]])
def test_help_loads_nothing_slow(arguments: list[str]) -> None:
    program = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(*sorted({{*{SLOW!r}}} & {{*sys.modules}}), file=sys.stderr))\n"
        f"from provenance.cli import main; main({arguments!r})"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stderr.split() == []


def test_the_archive_opens_without_what_only_some_commands_need() -> None:
    program = (
        "import sys, provenance.archive.record; print(*sorted({'torch', 'c2pa', 'faiss', 'scipy'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_and_is_not_too_long(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    lines = source.count("\n")

    assert ast.get_docstring(ast.parse(source)), "a module begins with a sentence"
    assert lines <= TOO_LONG, f"{lines} lines: look for a seam"


def test_long_modules_are_few() -> None:
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    long = {name: count for name, count in lines.items() if count > LONG}
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        for name, count in sorted(long.items()):
            warnings.warn(f"{name} has {count} lines; {LONG} are plenty", stacklevel=1)

    assert len(long) <= len(lines) // 20


def test_nothing_is_called_by_a_word_that_says_nothing() -> None:
    empty = {"utils", "util", "helpers", "common", "core", "misc", "manager", "service", "base"}
    names = {path.relative_to(ROOT).as_posix() for path in MODULES if {path.stem, path.parent.name} & empty}

    assert names <= {"provenance/schema/base.py"}  # what all tables share is their Base
