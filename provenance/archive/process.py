"""A command run as a process group of its own: an argument list, never a shell; it ends with all that it started."""

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from provenance.collect.item import printable
from provenance.errors import UsageError

PATIENCE = ((signal.SIGINT, 10.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
"""What a command that has to end is told, and how many seconds it has each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command ended."""

    code: int
    """Its exit code; 128 and the signal's number where a signal ended it, as shells say it."""
    timed_out: bool = False
    stopped: bool = False
    """Somebody pressed Ctrl-C."""

    @property
    def sentence(self) -> str:
        """Say how it ended."""
        if self.timed_out:
            return "The command ran longer than it was allowed to, and was stopped."
        if self.stopped:
            return f"Stopped by the person who started it; the command ended with {self.code}."
        if self.code > 128:
            return f"The command was ended by the signal {_signal_name(self.code - 128)} (exit code {self.code})."
        return f"The command ended with exit code {self.code}."


def program_path(command: Sequence[str]) -> Path:
    """Find the program of a command. Raises UsageError that says why it cannot be run."""
    if not command or not command[0]:
        raise UsageError("No program is named. Put one after --, for example `prov run -- python generate.py`.")
    found = shutil.which(command[0])
    if found is None:
        raise UsageError(_not_runnable(command[0]))
    return Path(found)


def _not_runnable(named: str) -> str:
    path, shown = Path(named), printable(named)
    if os.sep not in named:
        here = f", but a file here is called so. Write ./{shown} for it." if _is(Path.is_file, path) else ""
        return f"There is no program {shown} on the search path{here or '. Check the name, or give its whole path.'}"
    if _is(Path.is_dir, path):
        return f"{shown} is a folder, not a program. Name the program in it."
    if _is(Path.is_file, path):
        return f"{shown} is not executable. Allow it with chmod +x, or name first what runs it: `python {shown}`."
    return f"There is no program {shown}. Check the path: it begins at {printable(str(Path.cwd()))}."


def run_process(
    command: Sequence[str],
    *,
    meanwhile: Callable[[], float],
    timeout: float | None = None,
    stdout: "IO[bytes] | int | None" = None,
) -> Ending:
    """Run `command` to its end and call `meanwhile` again and again, which gives the seconds until the next time.

    Its output goes where ours goes, or to `stdout`. It reads our input unless that is a terminal: it is not in
    the terminal's foreground, where Ctrl-C would end it before we hear of it. After `timeout` seconds, and when
    this process is interrupted, the whole group is told to end, at last by SIGKILL. Raises UsageError where the
    system cannot start it, and whatever `meanwhile` raises, with the group ended.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    with _heard(signal.SIGTERM, _interrupt), _started(command, stdout) as process:
        try:
            while process.poll() is None:
                if deadline is not None and time.monotonic() > deadline:
                    _end(process, PATIENCE[1:])
                    return Ending(code=_code(process), timed_out=True)
                left = meanwhile() if deadline is None else min(meanwhile(), max(0.0, deadline - time.monotonic()))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(left)
        except KeyboardInterrupt:
            _end(process, PATIENCE)
            return Ending(code=_code(process), stopped=True)
        except BaseException:
            _end(process, PATIENCE[1:])
            raise
        return Ending(code=_code(process))


@contextlib.contextmanager
def _started(command: Sequence[str], stdout: "IO[bytes] | int | None") -> "Iterator[subprocess.Popen[bytes]]":
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        terminal = sys.stdin is None or sys.stdin.isatty()
        process = subprocess.Popen(  # noqa: S603  (the words of whoever calls us; no shell reads them)
            list(command), stdin=subprocess.DEVNULL if terminal else None, stdout=stdout, process_group=0
        )
    except (OSError, ValueError) as cause:
        raise UsageError(_not_started(command[0], cause)) from cause
    try:
        yield process
    finally:
        if process.poll() is None:
            _tell(process, signal.SIGKILL)
            process.wait()


def _not_started(named: str, cause: OSError | ValueError) -> str:
    """Say why the system would not start a program that is there and executable."""
    shown, number = printable(named), getattr(cause, "errno", None)
    if number == errno.ENOEXEC:
        return f"{shown} does not say in its first line what runs it. Name that first: `sh {shown}`."
    if number == errno.ENOENT:
        return f"What {shown} names in its first line to run it is not there. Name what runs it first: `sh {shown}`."
    reason = getattr(cause, "strerror", None) or str(cause)
    return f"The command {shown} cannot be started: {reason}. Check it, then call again."


def _is(what: Callable[[Path], bool], path: Path) -> bool:
    try:
        return what(path)
    except OSError:  # a name that is too long
        return False


def _end(process: "subprocess.Popen[bytes]", patience: Sequence[tuple[signal.Signals, float]]) -> None:
    """Tell the group to end, each time harder; whoever presses Ctrl-C again need not wait for the next time."""
    pressed = 0

    def hear(_signal: int, _frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1

    with _heard(signal.SIGINT, hear):
        for what, seconds in patience:
            _tell(process, what)
            until, before = time.monotonic() + seconds, pressed
            while process.poll() is None and time.monotonic() < until and pressed == before:
                time.sleep(0.05)
            if process.returncode is not None:
                break
    _tell(process, signal.SIGKILL)  # what it started and left behind


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _heard(what: signal.Signals, handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Let `handler` hear a signal; only the main thread may ask for that, and it is put back as it was."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(what, handler)
    try:
        yield
    finally:
        signal.signal(what, before)


def _tell(process: "subprocess.Popen[bytes]", what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, what)


def _code(process: "subprocess.Popen[bytes]") -> int:
    code = process.returncode if process.returncode is not None else -signal.SIGKILL
    return 128 - code if code < 0 else code


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
