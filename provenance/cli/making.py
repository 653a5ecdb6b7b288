"""`prov generate`, `prov reproduce`, `prov engines`."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from provenance.cli.console import emit, next_steps, out, say, sign, talk
from provenance.cli.findings import say_findings
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.errors import UsageError
from provenance.words import Sign, Verdict

if TYPE_CHECKING:
    from provenance.archive import Archive
    from provenance.archive.create import Made

_SIZE = re.compile(r"(-?\d+)(?:[x*](-?\d+))?")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(generate)
    app.command()(reproduce)
    app.command()(engines)


def generate(
    context: typer.Context,
    engine: Annotated[str, typer.Argument(help="The engine; `prov engines` lists them.")] = "cppn",
    style: Annotated[str | None, typer.Option(help="One of the engine's styles; else the seed chooses.")] = None,
    count: Annotated[int, typer.Option("-n", "--count", help="How many artworks.")] = 1,
    seed: Annotated[str | None, typer.Option(help="The first one's seed, 0 to 2^64 - 1; they count up.")] = None,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT or one side, in pixels, up to 16384.")] = "1024",
    param: Annotated[list[str] | None, typer.Option(help="name=value, as often as you like.")] = None,
    palette_from: Annotated[
        list[str] | None, typer.Option(help="A dataset or a work whose colours to take; it joins the lineage.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    by: Annotated[str | None, typer.Option(help="Who makes it: recorded as claimed.")] = None,
    title: Annotated[str | None, typer.Option(help="A title for the artworks.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make artworks: recorded, checked and signed.

    Example: prov generate cppn --style drift -n 4 --seed 7 --size 1024x768 --by "Ada Lind"
    """
    from provenance.archive.create import Order
    from provenance.archive.create import generate as create

    width, height = _size(size)
    order = Order(
        engine=engine,
        style=style,
        count=count,
        seed=None if seed is None else _seed(seed),
        width=width,
        height=height,
        parameters=_parameters(param or []),
        device=device,
        by=by,
        palette_from=tuple(palette_from or ()),
        title=title,
    )
    with opened(context, create=True) as archive:
        with _progress(f"{engine}, {width} x {height}", count) as progress:
            made = create(archive, order, progress=progress)
        if as_json:
            _emit_made(archive, made)
        else:
            _say_made(archive, made)


def reproduce(
    context: typer.Context,
    artwork: Annotated[str, typer.Argument(help="The artwork, by the beginning of its id.")],
    as_json: AsJson = False,
) -> None:
    """Make an artwork again, and judge how near it came.

    Exits with 1 if it came out close or different. Example: prov reproduce 3f9a1c2b77de
    """
    from provenance.archive.reproduce import reproduce as again

    with opened(context) as archive:
        result = again(archive, artwork)
    if as_json:
        emit(result)
    else:
        say(sign(Sign.of_verdict(result.verdict)), " ", result.sentence)
        next_steps(f"prov show {result.artwork[:12]}")
    if result.verdict not in {Verdict.EXACT, Verdict.EQUIVALENT}:
        raise typer.Exit(1)


def engines(
    as_json: AsJson = False,
) -> None:
    """List the engines with their styles and parameters.

    Example: prov engines
    """
    from provenance.generate.describe import describe

    described = describe()
    if as_json:
        emit(described)
        return
    for engine in described.engines:
        say(f"{engine.name} {engine.version}  ", engine.summary)
        table = Table(box=None, padding=(0, 2), show_header=False, pad_edge=False)
        for name, summary in engine.styles.items():
            table.add_row(f"  --style {name}", summary)
        for option in engine.options:
            table.add_row(f"  --param {option.name}={option.default}", option.help)
        out.print(table)
        say("")
    for problem in described.problems:
        say(sign(Sign.ATTENTION), " ", problem, console=talk)


def _size(text: str) -> tuple[int, int]:
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"{text!r} is not a size. Give WIDTHxHEIGHT in pixels, for example 1024x768.")
    width = int(match[1])
    return width, int(match[2]) if match[2] else width


def _seed(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError as cause:
        raise UsageError(f"{text!r} is not a seed: a whole number from 0 to {2**64 - 1} is needed.") from cause


def _parameters(given: list[str]) -> dict[str, str | int | float | bool]:
    parameters: dict[str, str | int | float | bool] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{text!r} is not a parameter. Give name=value, for example --param grain=0.4.")
        parameters[name.strip()] = value.strip()
    return parameters


@contextlib.contextmanager
def _progress(what: str, count: int) -> Iterator[Callable[[int, float], None]]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(compact=True))
    with Progress(*columns, console=talk, transient=True, disable=not talk.is_terminal) as bars:
        task = bars.add_task(what, total=count)
        yield lambda index, share: bars.update(task, completed=index + share)


def _emit_made(archive: "Archive", made: "Made") -> None:
    from provenance.archive.search import show

    artworks = [show(archive, uid) for uid in made.artworks]
    files = {artwork.uid: _file(archive, artwork.file_digest) for artwork in artworks}
    emit({"run": made.run, "device": made.device, "artworks": artworks, "files": files})


def _file(archive: "Archive", digest: str) -> Path:
    from provenance.digest import Digest

    return archive.store.path(Digest(digest))


def _say_made(archive: "Archive", made: "Made") -> None:
    from provenance.archive.search import show

    artworks = [show(archive, uid) for uid in made.artworks]
    what = "artwork" if len(artworks) == 1 else "artworks"
    say(
        sign(Sign.CHECKED),
        f" {len(artworks)} {what} recorded, checked and signed (run {made.run[:12]}, {made.device}).",
    )
    table = Table(box=None, padding=(0, 2), show_header=False, pad_edge=False)
    for artwork in artworks:
        choices = artwork.parameters
        style = " ".join(str(choices[name]) for name in ("style", "palette_name") if choices.get(name))
        table.add_row(f"  {artwork.uid[:12]}", style, f"{artwork.width} x {artwork.height}", f"seed {artwork.seed}")
    out.print(table)
    say_findings(artworks)
    first = artworks[0]
    say(f"file: {_file(archive, first.file_digest)}", console=talk)
    next_steps(f"prov show {first.uid[:12]}", f"prov export {first.uid[:12]} --to exports")
