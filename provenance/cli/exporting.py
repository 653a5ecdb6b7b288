"""`prov export`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from provenance.cli.console import emit, next_steps, say, sign, some, table, talk
from provenance.cli.options import AsJson
from provenance.cli.progress import counted
from provenance.cli.session import opened
from provenance.words import Disclosure, Sign

if TYPE_CHECKING:
    from provenance.archive.publish import Batch


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    context: typer.Context,
    artworks: Annotated[
        list[str], typer.Argument(metavar="ARTWORK...", help="Artworks, by the beginnings of their ids.")
    ],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that they go to.")] = Path("exports"),
    file_format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="png, jpeg, webp, tiff or avif.")
    ] = "png",
    quality: Annotated[
        int | None, typer.Option(metavar="N", help="0 to 100, for jpeg, webp and avif; else a good one.")
    ] = None,
    disclose: Annotated[
        Disclosure,
        typer.Option(
            metavar="LEVEL", help="full: everything. public: no prompt, seed, people. minimal: how it was made."
        ),
    ] = Disclosure.FULL,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let artworks leave as signed files with their records.

    If one cannot leave, the others do, and the exit code is that of the worst failure.

    Example: prov export 3f9a1c2b77de --to exports --format jpeg --disclose public
    """
    from provenance.archive.publish import Form, export_each
    from provenance.export.encode import Format

    form = Form(
        format=cast("Format", file_format.lower().replace("jpg", "jpeg")),
        quality=quality,
        disclosure=disclose,
        overwrite=overwrite,
    )
    with opened(context) as archive, counted("exporting", "artworks") as progress:
        batch = export_each(archive, artworks, to, form, progress=progress)
        if len(artworks) == 1 and batch.failed:
            raise batch.failed[0].error
        named = archive.identity.subject if archive.identity.kind == "imported" else None
    if as_json:
        failed = [{"artwork": each.artwork, "text": each.sentence} for each in batch.failed]
        emit({"exports": batch.exported, "failed": failed})
    else:
        _say_exported(batch, disclose, named)
    if batch.failed:
        raise typer.Exit(max(each.error.exit_code for each in batch.failed))


def _say_exported(batch: "Batch", disclose: Disclosure, named: str | None) -> None:
    exported, failed = batch.exported, batch.failed
    if exported:
        say(sign(Sign.CHECKED), f" {some(len(exported), 'artwork')} exported and signed. {disclose.meaning}")
        table("", ">", rows=[(str(item.path), f"{item.size / 1000:,.0f} kB") for item in exported], indent=2)
        say("  Beside each lies its record, as JSON.")
    for item in exported:
        for text in item.warnings:
            say(sign(Sign.ATTENTION), f" {item.artwork[:12]}: {text}", console=talk)
    if exported and named is not None and disclose is not Disclosure.FULL:
        say(
            sign(Sign.ATTENTION), f" The certificate names its owner in every file all the same: {named}.", console=talk
        )
    if failed:
        say(sign(Sign.WRONG), f" {some(len(failed), 'artwork')} could not be exported:", console=talk)
    for each in failed:
        say(f"{each.artwork}: {each.sentence}", indent=2, console=talk)
    if exported:
        next_steps(f"prov verify {exported[0].path}")
