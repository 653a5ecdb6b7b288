"""`prov dataset export`: a dataset as a Croissant description."""

import shlex
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenance.cli.console import emit, facts, next_steps, say, sign, some
from provenance.cli.options import AsJson, whole
from provenance.cli.progress import counted
from provenance.cli.session import opened
from provenance.errors import UsageError
from provenance.words import Sign, count

if TYPE_CHECKING:
    from provenance.archive.croissant import ExportedDataset

_SHOWN = 6
"""Remarks that are repeated."""


def export_dataset(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The dataset.")],
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder that it goes to.")],
    number: Annotated[
        int | None, typer.Option(metavar="N", parser=whole, help="Which version; else the latest.")
    ] = None,
    copy_files: Annotated[
        bool, typer.Option("--copy-files", help="Copy the pictures too, but those that were withdrawn.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(metavar="URL", help="Where the dataset is to be found, if anywhere.")
    ] = None,
    published: Annotated[
        str | None, typer.Option(metavar="DAY", help="When it was published, as 2026-11-04, if it was.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a version as a Croissant description, with tables of its works and of what was decided about them.

    Example: prov dataset export openmoji --to openmoji-croissant --copy-files
    """
    from provenance.archive.croissant import export_dataset as export

    _check(url, published)
    with opened(context) as archive, counted("copying", "files") as progress:
        exported = export(
            archive,
            name,
            to,
            number=number,
            copy_files=copy_files,
            url=url,
            published=published,
            overwrite=overwrite,
            progress=progress,
        )
    if as_json:
        emit(exported)
        return
    what = f"{exported.name} version {exported.number}: {some(exported.works, 'work')}"
    say(sign(Sign.CHECKED), f" {what}, {some(exported.copied, 'picture')} copied.")
    facts(
        [("folder", str(exported.folder)), ("files", ", ".join(exported.files)), ("Merkle root", exported.merkle_root)]
    )
    for remark in exported.remarks[:_SHOWN]:
        say(sign(Sign.ATTENTION), " ", remark)
    if len(exported.remarks) > _SHOWN:
        say(f"  and {count(len(exported.remarks) - _SHOWN)} more; all of them: --json")
    if exported.same_root:
        say("  Another archive that adds it comes to the same Merkle root.")
    if (step := _next_step(exported, copy_files=copy_files, number=number)) is not None:
        next_steps(step)


def _next_step(exported: "ExportedDataset", *, copy_files: bool, number: int | None) -> str | None:
    """Say how it is added elsewhere, which needs its pictures; where there are none, how they come along."""
    if exported.beside:
        return f"prov dataset add {exported.name} {shlex.quote(str(exported.folder / 'croissant.json'))}"
    if copy_files:
        return None
    version = "" if number is None else f" --number {number}"
    to = shlex.quote(str(exported.folder))
    return f"prov dataset export {exported.name}{version} --to {to} --copy-files --overwrite"


def _check(url: str | None, published: str | None) -> None:
    if url is not None and not url.startswith(("https://", "http://")):
        raise UsageError(f"--url takes an address that begins with https:// or http://, not {url!r}.")
    try:
        if published is not None:
            date.fromisoformat(published)
    except ValueError as cause:
        raise UsageError(f"--published takes a day such as 2026-11-04, not {published!r}.") from cause
