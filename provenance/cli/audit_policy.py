"""`prov audit policy`: which findings keep artworks here, which warn, which inform."""

from typing import Annotated

import typer

from provenance.cli.console import emit, next_steps, out, say, sign, talk
from provenance.cli.files import near
from provenance.cli.options import AsJson
from provenance.cli.session import opened
from provenance.words import Sign


def register(group: typer.Typer) -> None:
    """Add the command to `prov audit`."""
    group.command("policy")(policy)


def policy(
    context: typer.Context,
    write: Annotated[bool, typer.Option("--write", help="Write it into the archive, to be edited.")] = False,
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="A shipped one: standard, strict or lenient.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the policy that says which findings keep artworks from being signed or exported.

    Example: prov audit policy --preset strict --write
    """
    from provenance.archive.audit_policy import audit_policy, write_audit_policy

    with opened(context) as archive:
        found = write_audit_policy(archive, preset) if write else audit_policy(archive, preset)
    if as_json:
        emit(found)
    elif write and found.path is not None:
        say(sign(Sign.CHECKED), f" Wrote {near(found.path)}. What it says holds from the next call on.")
    else:
        out.print(found.text.rstrip(), soft_wrap=True)
        say(f"Decisions name it {found.digest}.", console=talk)
        if found.path is None:
            named = "" if preset is None else f" --preset {preset}"
            next_steps(f"prov audit policy --write{named}")
