"""`prov export`."""

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table

from provenance.cli.console import emit, next_steps, out, say, sign
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.words import Disclosure, Sign


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(export)


def export(
    context: typer.Context,
    artworks: Annotated[list[str], typer.Argument(help="Artworks, by the beginnings of their ids.")],
    to: Annotated[Path, typer.Option(help="The folder that they go to.")] = Path("exports"),
    file_format: Annotated[str, typer.Option("--format", help="png, jpeg, webp, tiff or avif.")] = "png",
    quality: Annotated[int | None, typer.Option(help="0 to 100, for jpeg, webp and avif.")] = None,
    disclose: Annotated[
        Disclosure, typer.Option(help="full: everything. public: no prompt, seed, people. minimal: how it was made.")
    ] = Disclosure.FULL,
    overwrite: Annotated[bool, typer.Option(help="Replace files that are there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let artworks leave as signed files with their records.

    Example: prov export 3f9a1c2b77de --to exports --format jpeg --disclose public
    """
    from provenance.archive.publish import Form
    from provenance.archive.publish import export as publish
    from provenance.export.encode import Format

    form = Form(
        format=cast("Format", file_format.lower().replace("jpg", "jpeg")),
        quality=quality,
        disclosure=disclose,
        overwrite=overwrite,
    )
    with opened(context) as archive:
        exported = publish(archive, artworks, to, form)
    if as_json:
        emit({"exports": exported})
        return
    what = "artwork" if len(exported) == 1 else "artworks"
    say(sign(Sign.CHECKED), f" {len(exported)} {what} exported and signed. {disclose.meaning}")
    table = Table(box=None, padding=(0, 2), show_header=False, pad_edge=False)
    for item in exported:
        table.add_row(f"  {item.path}", f"{item.size / 1000:,.0f} kB")
    out.print(table)
    next_steps(f"prov verify {exported[0].path}")
