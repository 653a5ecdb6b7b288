"""Ctrl-C: the first stops the work, the second says what is still going on, the third leaves at once."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

_FINISHING = b"prov: Finishing what was begun. Ctrl-C once more leaves at once; the next call tidies up.\n"


_asked = False
_held = False


def stop_if_asked() -> None:
    """Raise KeyboardInterrupt if Ctrl-C was pressed: long work asks at every step.

    The one that the signal raised may be lost where Python cannot pass it on, as in a weak reference's callback.
    """
    if _asked:
        raise KeyboardInterrupt


@contextlib.contextmanager
def held_back() -> Iterator[None]:
    """Hear Ctrl-C only at the end of the block: some libraries abort the process if it comes while they are loaded."""
    global _held  # noqa: PLW0603  (as above: the process has one)
    _held = True
    try:
        yield
    finally:
        _held = False
    stop_if_asked()


def load_torch() -> None:
    """Import torch, which takes a second or two and must not be interrupted."""
    with held_back():
        import torch  # noqa: F401


@contextlib.contextmanager
def patient(*, alone: bool) -> Iterator[None]:
    """Count the interruptions of a process that is ours `alone`; in another program's process change nothing."""
    global _asked
    if not alone or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # ignored: a script's background job
        yield
        return
    heard, _asked = 0, False

    def hear(_signal: int, _frame: FrameType | None) -> None:
        nonlocal heard
        global _asked  # noqa: PLW0603
        heard += 1
        _asked = True
        if _held:
            return
        if heard == 1:
            raise KeyboardInterrupt
        if heard == 2:
            os.write(2, _FINISHING)
            return
        os._exit(130)  # the journal of the run holds what is missing in the database

    def lose(lost: "sys.UnraisableHookArgs") -> None:
        if lost.exc_type is not KeyboardInterrupt:  # ours is asked for again; Python need not tell of it
            sys.__unraisablehook__(lost)

    sys.unraisablehook = lose
    signal.signal(signal.SIGINT, hear)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done, and the interpreter only takes itself apart
