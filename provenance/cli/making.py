"""`prov generate`, `prov reproduce`, `prov engines`."""

import re
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from provenance.cli.console import emit, next_steps, say, sign, some, table, talk
from provenance.cli.files import say_file, stored_file
from provenance.cli.findings import say_findings, say_held_back
from provenance.cli.interrupt import held_back, load_torch
from provenance.cli.options import ArtworkId, AsJson, name_text, whole
from provenance.cli.progress import shares
from provenance.cli.session import opened, there
from provenance.errors import CancelledError, UsageError
from provenance.words import Sign, Verdict

if TYPE_CHECKING:
    from provenance.archive import Archive
    from provenance.archive.create import Made
    from provenance.generate.describe import DescribedEngine, DescribedOption

_SIZE = re.compile(r"([+-]?[0-9]{1,20})(?:[x*\u00d7]([+-]?[0-9]{1,20}))?")
_LISTED = 8
"""Choices of a parameter that `engines` lists."""

_DIGITS = 100
"""Characters of a number that anybody can mean."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(generate)
    app.command()(reproduce)
    app.command()(engines)


def generate(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="An engine (`prov engines`) or a model (`prov model list`).")
    ] = "cppn",
    style: Annotated[
        str | None,
        typer.Option(
            metavar="STYLE", help="One of its styles; for the engine style, the picture whose manner it takes."
        ),
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", metavar="N", parser=whole, help="How many artworks.")] = 1,
    seed: Annotated[
        str | None, typer.Option(metavar="SEED", help="The first one's seed, 0 to 2^64 - 1; they count up.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="WIDTHxHEIGHT or the longer side, in pixels; else the model's own, or 1024."),
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="What to draw, for models that take a text.")
    ] = None,
    content: Annotated[
        str | None, typer.Option(metavar="FILE|ID", help="The picture whose shapes are kept, for the engine style.")
    ] = None,
    image: Annotated[str | None, typer.Option(metavar="FILE|ID", help="A picture to start from.")] = None,
    mask: Annotated[str | None, typer.Option(metavar="FILE|ID", help="Where it may change: white on black.")] = None,
    like: Annotated[str | None, typer.Option(metavar="ARTWORK", help="Near an artwork of the same model.")] = None,
    mix: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="Between two artworks of the same model.")
    ] = None,
    truncation: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Lower is more typical, for models that take it.")
    ] = None,
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="As often as you like.")] = None,
    palette_from: Annotated[
        list[str] | None,
        typer.Option(metavar="DATASET|WORK", help="Take its colours; it joins the lineage. As often as you like."),
    ] = None,
    device: Annotated[str, typer.Option(metavar="DEVICE", help="auto, cpu, cuda or mps.")] = "auto",
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Who makes it: recorded as claimed.")] = None,
    title: Annotated[str | None, typer.Option(metavar="TITLE", help="A title for the artworks.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make artworks: recorded, checked and signed.

    Example: prov generate cppn --style drift -n 4 --seed 7 --by "Ada Lind"
    """
    from provenance.archive.create import Order, check_order
    from provenance.archive.create import generate as create

    width, height, side = _size(size)
    parameters = read_parameters(param or [])
    pictures = {"content": content, "image": image, "mask": mask}
    order = Order(
        model=model,
        style=style,
        count=count,
        seed=None if seed is None else read_seed(seed),
        width=width,
        height=height,
        side=side,
        parameters=parameters if truncation is None else {"truncation": truncation, **parameters},
        device=device,
        by=name_text(by, "--by"),
        palette_from=tuple(palette_from or ()),
        pictures={role: text for role, text in pictures.items() if text is not None},
        prompt=prompt,
        like=_guides(like, mix),
        title=name_text(title, "--title"),
    )
    with held_back():  # it may load torch to find the device
        check_order(order, models=there(context))  # before an archive is made for nothing
    load_torch()
    with opened(context, create=True) as archive:
        try:
            with shares(model, count) as progress:
                made = create(archive, order, progress=progress)
        except KeyboardInterrupt as cause:
            raise CancelledError("Stopped. What was finished is kept: `prov list` shows it.") from cause
        if as_json:
            _emit_made(archive, made)
        else:
            _say_made(archive, made)


def reproduce(context: typer.Context, artwork: ArtworkId, as_json: AsJson = False) -> None:
    """Make an artwork again, and judge how near it came.

    Exits with 1 if it came out close or different.

    Example: prov reproduce 3f9a1c2b77de
    """
    from provenance.archive.reproduce import reproduce as again

    load_torch()

    with opened(context) as archive, shares(f"making {artwork[:12]} again", 1) as progress:
        result = again(archive, artwork, progress=lambda share: progress(0, share))
    if as_json:
        emit(result)
    else:
        say(sign(Sign.of_verdict(result.verdict)), " ", result.sentence)
        next_steps(f"prov show {result.artwork[:12]}")
    if result.verdict not in {Verdict.EXACT, Verdict.EQUIVALENT}:
        raise typer.Exit(1)


def engines(as_json: AsJson = False) -> None:
    """List the engines with their styles and parameters.

    Example: prov engines
    """
    from provenance.generate.describe import describe

    described = describe()
    if as_json:
        emit(described)
        return
    for number, engine in enumerate(described.engines):
        if number:
            say("")
        _say_engine(engine)
    for problem in described.problems:
        say(sign(Sign.ATTENTION), " ", problem, console=talk)
    first = described.engines[0]
    style = next(iter(first.styles), None)
    next_steps(f"prov generate {first.name}" + (f" --style {style}" if style else ""))


def _say_engine(engine: "DescribedEngine") -> None:
    say(Text(f"{engine.name} {engine.version}", style="bold"), "  ", engine.summary, hang=2)
    rows = [(f"--style {name}", summary) for name, summary in engine.styles.items()]
    rows += [(f"--param {option.name}={option.default}", option_text(option)) for option in engine.options]
    table("", "", rows=rows, indent=2, wrap=True)


def option_text(option: "DescribedOption") -> str:
    """Say what a parameter does and takes; a long list of choices is in docs/reference.md."""
    if 0 < len(option.choices) <= _LISTED:
        return f"{option.help} ({', '.join(map(str, option.choices))})"
    return option.help if option.low is None else f"{option.help} ({option.low:g} to {option.high:g})"


def _size(text: str | None) -> tuple[int | None, int | None, int | None]:
    """Read a size: width and height, or the longer side alone."""
    if text is None:
        return None, None, None
    match = _SIZE.fullmatch(text.strip().lower())
    if match is None:
        shown = repr(text[:_DIGITS])
        raise UsageError(f"{shown} is not a size. Give WIDTHxHEIGHT in pixels, for example 1024x768.")
    first = int(match[1])
    return (first, int(match[2]), None) if match[2] else (None, None, first)


def _guides(like: str | None, mix: tuple[str, str] | None) -> tuple[str, ...]:
    if like is not None and mix is not None:
        raise UsageError("--like and --mix say different things. Give one of them.")
    return mix or ((like,) if like is not None else ())


def read_seed(text: str) -> int:
    """Read the text after `--seed`. Raises UsageError."""
    try:
        return int(text[:_DIGITS], 0)
    except ValueError as cause:
        shown = repr(text[:_DIGITS])
        raise UsageError(f"{shown} is not a seed: a whole number from 0 to {2**64 - 1} is needed.") from cause


def read_parameters(given: list[str]) -> dict[str, str | int | float | bool]:
    """Read the texts after `--param`. Raises UsageError."""
    parameters: dict[str, str | int | float | bool] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{text!r} is not a parameter. Give name=value, for example --param grain=0.4.")
        if name.strip() in parameters:
            raise UsageError(f"--param {name.strip()} stands there twice. Say it once.")
        parameters[name.strip()] = value.strip()
    return parameters


def _emit_made(archive: "Archive", made: "Made") -> None:
    from provenance.archive.detail import show

    artworks = [show(archive, uid) for uid in made.artworks]
    files = {artwork.uid: stored_file(archive, artwork.file_digest) for artwork in artworks}
    emit(
        {
            "run": made.run,
            "device": made.device,
            "warnings": made.warnings,
            "artworks": artworks,
            "files": files,
        }
    )


def _say_made(archive: "Archive", made: "Made") -> None:
    from provenance.archive.detail import show
    from provenance.archive.standing import given_only

    artworks = [show(archive, uid) for uid in made.artworks]
    what = some(len(artworks), "artwork")
    say(sign(Sign.CHECKED), f" {what} recorded, checked and signed (run {made.run[:12]}, {made.device}).")
    rows = []
    for artwork in artworks:
        choices = artwork.parameters
        style = " ".join(str(choices[name]) for name in ("style", "palette_name") if choices.get(name))
        rows.append((artwork.uid[:12], style, f"{artwork.width} x {artwork.height}", f"seed {artwork.seed}"))
    table("", "", "", "", rows=rows, indent=2, give=1)
    for warning in made.warnings:
        say(sign(Sign.ATTENTION), " ", warning)
    say_findings(artworks, given=given_only(archive))
    say_held_back(archive, made.artworks)
    first = artworks[0]
    say_file(stored_file(archive, first.file_digest))
    next_steps(f"prov show {first.uid[:12]}", f"prov export {first.uid[:12]}")
