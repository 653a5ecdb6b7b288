"""`prov init`, `prov settings`, `prov db`: the archive itself."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from provenance.cli.console import emit, facts, next_steps, say, sign, some, table
from provenance.cli.files import near
from provenance.cli.options import AsJson
from provenance.cli.progress import counted
from provenance.cli.session import opened, passphrase
from provenance.words import TRIAL_IDENTITY, Sign


def register(app: typer.Typer) -> None:
    """Add the commands and the group."""
    app.command()(init)
    app.command()(settings)
    group = typer.Typer(help="Look after the database.", no_args_is_help=True)
    group.command()(upgrade)
    group.command()(check)
    group.command()(seal)
    group.command()(fingerprints)
    app.add_typer(group, name="db")


def init(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Where; else as --archive says, else ./prov-archive.")
    ] = None,
    database: Annotated[
        str, typer.Option(metavar="URL", help="postgresql://user@host/name; else SQLite in the archive.")
    ] = "",
) -> None:
    """Make an archive, with a trial identity.

    With PROV_PASSPHRASE its signing key is encrypted.

    Example: prov init
    """
    from provenance.archive.archive import DEFAULT_NAME, Archive, find_archive

    chosen = (folder or context.obj or Path.cwd() / DEFAULT_NAME).expanduser().resolve()
    with Archive.make(chosen, database=database, passphrase=passphrase) as archive:
        say(sign(Sign.CHECKED), f" Made an archive in {chosen}.")
        where = "SQLite, in the archive" if archive.database.is_sqlite else archive.database.name
        locked = "encrypted with PROV_PASSPHRASE" if passphrase() else "not encrypted (PROV_PASSPHRASE is not set)"
        facts([("records", where), ("signs with", TRIAL_IDENTITY), ("its key", locked)])
    call = "prov" if find_archive() == chosen else f"prov --archive {near(chosen)}"
    next_steps(f"{call} generate", f"{call} dataset add NAME FOLDER")


def settings(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List every setting with its value, and where to change it.

    Example: prov settings
    """
    from provenance.settings import FILE_NAME, Settings, environment_name

    with opened(context) as archive:
        chosen, path = archive.settings, archive.folder / FILE_NAME
    rows = [
        (f"{f.metadata['table']}.{f.name}", getattr(chosen, f.name), f.metadata["help"], environment_name(f))
        for f in dataclasses.fields(Settings)
    ]
    if as_json:
        emit(
            {
                "file": path,
                "settings": [dict(zip(("name", "value", "help", "environment"), r, strict=True)) for r in rows],
            }
        )
        return
    say(f"Settings of {near(path)}; an environment variable goes before it, for example {rows[-1][3]}.")
    shown = [(name, str(value) or "(empty)", text) for name, value, text, _ in rows]
    table("setting", "value", "what it does", rows=shown, wrap=True)


def upgrade(context: typer.Context) -> None:
    """Bring the database up to date, as every command does.

    Example: prov db upgrade
    """
    with opened(context) as archive:
        say(sign(Sign.CHECKED), f" The database has schema {archive.database.revision()}, the newest that prov knows.")


def check(
    context: typer.Context,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A seal that was kept elsewhere; see prov db seal.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that rows, bytes, digests, signatures and seals agree.

    Exits with 1 if something is wrong.

    Example: prov db check
    """
    from provenance.archive.altered_seals import kept_elsewhere
    from provenance.archive.integrity import check as examine

    with opened(context) as archive:
        missing = None if against is None else kept_elsewhere(archive, against)
        report = examine(archive)
    if missing is not None:
        report = dataclasses.replace(report, problems=(missing, *report.problems))
    if as_json:
        emit(report)
    else:
        for problem in report.problems:
            say(sign(Sign.WRONG), " ", problem)
        mark = sign(Sign.WRONG if report.problems else Sign.CHECKED)
        checked = f"{some(report.blobs, 'file')}, {some(report.artworks, 'artwork')}"
        say(mark, f" {checked}: {some(len(report.problems), 'problem') if report.problems else 'no problem'}.")
        if report.unused:
            say(f"  {some(report.unused, 'file')} that no row names, left by a crash: nothing needs them.")
    if report.problems:
        raise typer.Exit(1)


def seal(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="Copy the seal there: to a place of other people's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign what every row says now, so that a later alteration is found.

    Example: prov db seal --to /media/stick
    """
    from provenance.archive.altered_seals import seal as make

    with opened(context) as archive:
        made = make(archive, to)
    if as_json:
        emit(made)
        return
    say(sign(Sign.CHECKED), f" Seal {made.number}: {some(made.rows, 'row')} that no seal held. Its digest is")
    say(f"  {made.digest}")
    next_steps("prov db check" if made.copy is None else f"prov db check --against {near(made.copy)}")


def fingerprints(context: typer.Context, as_json: AsJson = False) -> None:
    """Give an old archive the codes of newer methods.

    Exits with 1 if a picture could not be read.

    Example: prov db fingerprints
    """
    from provenance.archive.refingerprint import refingerprint

    with opened(context) as archive, counted("fingerprints", "pictures") as progress:
        result = refingerprint(archive, progress=progress)
    if as_json:
        emit(result)
    else:
        say(sign(Sign.CHECKED), f" {some(result.pictures, 'picture')} got codes that they did not have.")
        for problem in result.problems:
            say(sign(Sign.WRONG), " ", problem)
    if result.problems:
        raise typer.Exit(1)
