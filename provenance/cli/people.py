"""`prov edit`: what people make of artworks."""

from pathlib import Path
from typing import Annotated

import typer

from provenance.cli.console import emit, next_steps, say, sign, some
from provenance.cli.options import ArtworkId, AsJson, name_text, note_text
from provenance.cli.session import opened
from provenance.words import Sign, part_changed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(edit)


def edit(
    context: typer.Context,
    artwork: ArtworkId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What came out of the editor.")],
    by: Annotated[str, typer.Option(metavar="NAME", help="Who did it.")],
    action: Annotated[
        list[str],
        typer.Option(
            metavar="ACTION", help="What was done: adjusted, cropped, drawn, retouched, ... or a C2PA name; repeatable."
        ),
    ],
    tool: Annotated[str | None, typer.Option(metavar="TOOL", help='With what, for example "GIMP 3.0".')] = None,
    with_model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The AI model that took part, as in a generative fill.")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="In their own words.")] = None,
    title: Annotated[str | None, typer.Option(metavar="TITLE", help="A title for what came of it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in what a person made of an artwork, as a new artwork.

    Example: prov edit 3f9a1c2b77de new.png --by "Ada Lind" --action retouched
    """
    from provenance.archive.edit import edit as take

    who, used, called = name_text(by, "--by") or "", name_text(tool, "--tool"), name_text(title, "--title")
    words, helper = note_text(note, "--note"), name_text(with_model, "--with-model")
    with opened(context) as archive:
        edited = take(archive, artwork, file, by=who, actions=action, tool=used, model=helper, note=words, title=called)
    if as_json:
        emit(edited)
        return
    say(sign(Sign.CHECKED), f" Recorded as the artwork {edited.uid[:12]}, made from {edited.parent[:12]}.")
    say("  ", part_changed(edited.change.share))
    if edited.findings:
        say(sign(Sign.ATTENTION), f" {some(edited.findings, 'finding')}: prov show {edited.uid[:12]} tells more.")
    next_steps(f"prov show {edited.uid[:12]}", f"prov lineage {edited.uid[:12]}")
