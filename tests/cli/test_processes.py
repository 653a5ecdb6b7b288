"""What only a process of its own can show: imports, exit codes, Ctrl-C, pipes and terminals."""

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROV = (sys.executable, "-m", "provenance.cli")
HEAVY = ("torch", "numpy", "PIL", "sqlalchemy", "alembic", "c2pa", "cryptography", "scipy", "faiss")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["generate", "--help"], ["dataset", "add", "-h"], []])
def test_help_is_quick_because_it_imports_little(arguments: list[str]) -> None:
    program = (
        "import sys\nfrom provenance.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print([name for name in sys.modules if '.' not in name], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)

    loaded = set(eval(ended.stderr.strip().splitlines()[-1]))
    assert loaded & set(HEAVY) == set()
    assert ended.returncode == (0 if arguments else 2)


@pytest.mark.parametrize("seconds", [0.05, 0.6, 2.0, 3.5])
def test_ctrl_c_at_any_moment_leaves_a_clean_archive(here: Path, seconds: float) -> None:
    arguments = [*PROV, "generate", "clifford", "--size", "512", "-n", "500", "--seed", "1"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)

    if seconds >= 0.6 or process.returncode == 130:  # before that Python itself may not yet be awake
        # While Python reads our files it may end itself by the signal, which shells call 130 as well.
        assert process.returncode in {130, -signal.SIGINT}, said
        assert "Traceback" not in said
    if (here / "prov-archive" / "prov.toml").exists():
        check = subprocess.run([*PROV, "db", "check"], capture_output=True, text=True, check=False)
        assert check.returncode == 0, check.stdout + check.stderr
        assert list((here / "prov-archive" / "runs").glob("*.journal")) == []


def test_an_interruption_that_got_lost_is_heard_at_the_next_step() -> None:
    program = (
        "import os, signal, weakref\n"
        "from provenance.cli.interrupt import patient, stop_if_asked\n"
        "class Thing: pass\n"
        "with patient(alone=True):\n"
        "    thing = Thing()\n"
        "    reference = weakref.ref(thing, lambda _: (os.kill(os.getpid(), signal.SIGINT), [0 for _ in range(9)]))\n"
        "    del thing\n"
        "    try: stop_if_asked()\n"
        "    except KeyboardInterrupt: print('heard')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert ended.stdout == "heard\n"


def test_a_reader_that_has_enough_is_no_error(filled: Path) -> None:
    ended = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(PROV)} dataset show shapes --json | head -c 1; echo"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout == "{\n"
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_for_terminals_that_want_them(filled: Path, environment: dict[str, str], coloured: bool) -> None:
    said = _on_a_terminal(["db", "check"], environment)

    assert "no problem" in said
    assert ("\x1b[32m" in said) == coloured


def test_signs_are_ascii_without_utf8(filled: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ended = subprocess.run([*PROV, "db", "check"], capture_output=True, env=environment, check=False)

    assert ended.returncode == 0
    assert ended.stdout.startswith(b"v ")


def _on_a_terminal(arguments: list[str], environment: dict[str, str]) -> str:
    ours, theirs = pty.openpty()
    plain = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM", "FORCE_COLOR"}}
    settings = {**plain, "TERM": "xterm-256color", **environment}
    with subprocess.Popen([*PROV, *arguments], stdout=theirs, stderr=theirs, env=settings):
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other side has closed
                break
            if not part:
                break
            said += part
    os.close(ours)
    return said.decode()
