"""Bars for long work: on terminals only, on stderr, and gone when the work is done."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from provenance.cli.console import say, talk
from provenance.cli.files import near
from provenance.cli.interrupt import stop_if_asked

if TYPE_CHECKING:
    from provenance.archive.train import Report


@contextlib.contextmanager
def shares(what: str, number: int) -> Iterator[Callable[[int, float], None]]:
    """Show a bar over `number` things; it hears of the thing at work (from 0) and its finished share."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bars:
        task = bars.add_task(what, total=number)

        def progress(index: int, share: float) -> None:
            stop_if_asked()
            bars.update(task, completed=index + share)

        yield progress


@contextlib.contextmanager
def counted(what: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with a rate; it hears how many of how many are done."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}")),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bars:
        task = bars.add_task(what, total=None, rate="")
        begun = time.monotonic()

        def progress(done: int, total: int) -> None:
            stop_if_asked()
            rate = f"{done / max(time.monotonic() - begun, 1e-6):,.0f} {unit}/s"
            bars.update(task, completed=done, total=total, rate=rate)

        yield progress


@contextlib.contextmanager
def trained(name: str) -> "Iterator[Callable[[Report], None]]":
    """Show how a training goes: phase, steps, losses; and say once where a live sheet of samples is.

    Where there is no terminal, a line is printed now and then instead.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[losses]}")),
        TimeRemainingColumn(compact=True),
    )
    seen: set[str] = set()
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bars:
        task = bars.add_task(name, total=None, losses="")

        def report(now: "Report") -> None:
            stop_if_asked()
            losses = " ".join(f"{each} {value:.2f}" for each, value in now.losses.items())
            bars.update(task, description=f"{name}: {now.phase}", completed=now.done, total=now.total, losses=losses)
            if now.sheet is not None and "sheet" not in seen:
                seen.add("sheet")
                say(f"Samples, made anew at each checkpoint: {near(now.sheet)}", console=talk)
            tenth = f"{now.phase} {10 * now.done // max(now.total, 1)}"
            if not talk.is_terminal and now.phase == "training" and tenth not in seen:
                seen.add(tenth)
                say(f"{name}: step {now.done} of {now.total}. {losses}", console=talk)

        yield report
