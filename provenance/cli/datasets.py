"""`prov dataset`: training works."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from provenance.cli.console import emit, next_steps, out, say, sign, talk
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.words import Sign, count

if TYPE_CHECKING:
    from provenance.archive.collect import Added

_SHOWN = 12


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Training works: add, list and show datasets.", no_args_is_help=True)
    group.command("add")(add)
    group.command("list")(listed)
    group.command("show")(show)
    app.add_typer(group, name="dataset")


def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What you call the dataset.")],
    path: Annotated[Path, typer.Argument(help="A folder of pictures, or one picture.")],
    metadata: Annotated[Path | None, typer.Option(help="CSV, a row for each file: docs/datasets.md.")] = None,
    licence: Annotated[str | None, typer.Option(help="SPDX, for works without one: CC-BY-4.0.")] = None,
    creator: Annotated[str | None, typer.Option(help="For works without one.")] = None,
    source: Annotated[str | None, typer.Option(help="Where they come from, for works that do not say.")] = None,
    workers: Annotated[int, typer.Option(help="Threads that read; 0 takes one for each core.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Read works into an immutable version of a dataset.

    The files stay where they are.

    Example: prov dataset add openmoji corpus/openmoji --metadata corpus/openmoji/works.csv
    """
    from provenance.archive.collect import Defaults, add_dataset

    defaults = Defaults(licence=licence, creator=creator, source=source)
    with opened(context, create=True) as archive, _progress(name) as progress:
        added = add_dataset(
            archive, name, path, metadata=metadata, defaults=defaults, workers=workers, progress=progress
        )
    if as_json:
        emit(added)
    else:
        _say_added(added)


def listed(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the datasets and their versions.

    Example: prov dataset list
    """
    from provenance.archive.collect import versions

    with opened(context) as archive:
        found = versions(archive)
    if as_json:
        emit({"datasets": found})
        return
    if not found:
        say("There is no dataset yet.")
        next_steps("prov dataset add NAME FOLDER")
        return
    table = Table("dataset", "version", "works", "id", "Merkle root", "added", box=None, padding=(0, 2), pad_edge=False)
    for version in found:
        when = f"{version.added_at:%Y-%m-%d %H:%M}"
        row = (
            version.name,
            str(version.number),
            count(version.works),
            version.uid[:12],
            version.merkle_root[:12],
            when,
        )
        table.add_row(*row)
    out.print(table)


def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The dataset.")],
    version: Annotated[int | None, typer.Option(help="Which version; else the latest.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a version: works, creators, licences, what was left out.

    Example: prov dataset show openmoji
    """
    from provenance.archive.collect import show_dataset

    with opened(context) as archive:
        detail = show_dataset(archive, name, number=version)
    if as_json:
        emit(detail)
        return
    it = detail.version
    say(f"{it.name} version {it.number}: {count(it.works)} works by {count(detail.creator_count)} creators")
    say(f"  id           {it.uid}")
    say(f"  Merkle root  {it.merkle_root}")
    say("  licences     ", _tally(detail.licences), "  (claimed)")
    say("  consent      ", _tally(detail.consent), "  (claimed)")
    say("  creators     ", _tally(dict(list(detail.creators.items())[:5])))
    table = Table("work", "title", "creator", "licence", box=None, padding=(0, 2), pad_edge=False)
    for work in detail.works[:_SHOWN]:
        table.add_row(
            work["uid"][:12],
            work["title"] or work["name"],
            work["creator"] or "not recorded",
            work["licence"] or "not recorded",
        )
    out.print(table)
    for skipped in detail.skipped[:_SHOWN]:
        say(sign(Sign.ATTENTION), f" {skipped['reason']}: ", skipped["sentence"])
    next_steps("prov impact WORK", f"prov generate --palette-from {it.name}")


def _tally(counts: "dict[str, int] | object") -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{name} {count(number)}" for name, number in counts.items())


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bars:
        task = bars.add_task(name, total=None, rate="")
        begun = time.monotonic()

        def progress(done: int, total: int) -> None:
            rate = f"{done / max(time.monotonic() - begun, 1e-6):,.0f} works/s"
            bars.update(task, completed=done, total=total, rate=rate)

        yield progress


def _say_added(added: "Added") -> None:
    if added.made:
        what = f"{count(added.works)} works, {count(added.new)} of them new"
        say(sign(Sign.CHECKED), f" {added.name} version {added.number}: {what}.")
    else:
        say(
            sign(Sign.CHECKED),
            f" Nothing new: version {added.number} of {added.name} has all {count(added.works)} works.",
        )
    say(f"  id {added.uid[:12]}, Merkle root {added.merkle_root}")
    for refusal in added.refusals[:_SHOWN]:
        say(sign(Sign.ATTENTION), f" left out ({refusal.reason}): ", refusal.sentence)
    if len(added.refusals) > _SHOWN:
        say(f"  and {len(added.refusals) - _SHOWN} more: prov dataset show {added.name} --json lists all.")
    for _, note in added.notes[:_SHOWN]:
        say(sign(Sign.CLAIMED), " ", note.sentence)
    if len(added.notes) > _SHOWN:
        say(f"  and {len(added.notes) - _SHOWN} more remarks.")
    if added.skipped:
        say(f"  {count(added.skipped)} files that are no pictures by their names were passed over.")
    next_steps(f"prov dataset show {added.name}", "prov generate")
