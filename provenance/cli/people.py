"""`prov edit`: what people make of artworks."""

from pathlib import Path
from typing import Annotated

import typer

from provenance.cli.console import emit, next_steps, say, sign
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.words import CANNOT_BE_SAID, Sign, part_changed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(edit)


def edit(
    context: typer.Context,
    artwork: Annotated[str, typer.Argument(help="The artwork that was edited, by the beginning of its id.")],
    file: Annotated[Path, typer.Argument(help="What came out of the editor.")],
    by: Annotated[str, typer.Option(help="Who did it.")],
    action: Annotated[
        list[str],
        typer.Option(help="What was done: adjusted, cropped, drawn, retouched, ... or a C2PA name."),
    ],
    tool: Annotated[str | None, typer.Option(help='With what, for example "GIMP 3.0".')] = None,
    note: Annotated[str | None, typer.Option(help="In their own words.")] = None,
    title: Annotated[str | None, typer.Option(help="A title for what came of it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in what a person made of an artwork, as a new artwork.

    Example: prov edit 3f9a1c2b77de retouched.png --by "Ada Lind" --action retouched --tool "GIMP 3.0"
    """
    from provenance.archive.edit import edit as take

    with opened(context) as archive:
        edited = take(archive, artwork, file, by=by, actions=action, tool=tool, note=note, title=title)
    if as_json:
        emit(edited)
        return
    share = edited.change.share
    say(sign(Sign.CHECKED), f" Recorded as the artwork {edited.uid[:12]}, made from {edited.parent[:12]}.")
    if share is None:
        say(f"  How much changed: {CANNOT_BE_SAID}. {edited.change.evidence.get('reason', '')}")
    else:
        say("  ", part_changed(share))
    next_steps(f"prov show {edited.uid[:12]}", f"prov lineage {edited.uid[:12]}")
