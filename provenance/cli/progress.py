"""Bars for long work: on terminals only, on stderr, and gone when the work is done."""

import contextlib
import time
from collections.abc import Callable, Iterator

from provenance.cli.console import talk
from provenance.cli.interrupt import stop_if_asked


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
