"""`prov identity`: who signs."""

from pathlib import Path
from typing import Annotated

import typer

from provenance.cli.console import emit, next_steps, say, sign, table
from provenance.cli.options import AsJson, name_text
from provenance.cli.session import ask_passphrase, opened, passphrase
from provenance.words import TRIAL_IDENTITY, Sign


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Who signs: make, import, list and choose identities.", no_args_is_help=True)
    group.command("create")(create)
    group.command("import")(bring_in)
    group.command("list")(listed)
    group.command("use")(use)
    app.add_typer(group, name="identity")


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call it.")],
    organisation: Annotated[
        str, typer.Option(metavar="NAME", help="The name in its certificates.")
    ] = "prov trial identity",
) -> None:
    """Make a trial identity; with PROV_PASSPHRASE its key is encrypted.

    Example: prov identity create studio
    """
    from provenance.archive.identity import create as make

    called = name_text(organisation, "--organisation") or ""
    with opened(context) as archive:
        identity = make(archive, name, organisation=called, passphrase=passphrase())
    say(sign(Sign.CHECKED), f" Made {identity.name}: {TRIAL_IDENTITY}")
    next_steps(f"prov identity use {identity.name}")


def bring_in(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What you call it.")],
    chain: Annotated[
        Path, typer.Argument(metavar="CHAIN", help="PEM: the signer's certificate, then its intermediates.")
    ],
    key: Annotated[Path, typer.Argument(metavar="KEY", help="PEM: the private key.")],
    locked: Annotated[bool, typer.Option("--locked", help="The key file has a passphrase: ask for it.")] = False,
) -> None:
    """Take a certificate and its key from an authority; with PROV_PASSPHRASE the key is encrypted here.

    Example: prov identity import studio chain.pem key.pem
    """
    from provenance.archive.identity import bring_in as take

    key_passphrase = ask_passphrase("Passphrase of the key file: ") if locked else None
    with opened(context) as archive:
        identity = take(archive, name, chain, key, key_passphrase=key_passphrase, passphrase=passphrase())
    say(sign(Sign.CHECKED), f" Imported {identity.name}: {identity.subject}, good until {identity.not_after:%Y-%m-%d}.")
    next_steps(f"prov identity use {identity.name}")


def listed(
    context: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the identities of this archive.

    Example: prov identity list
    """
    from provenance.archive.identity import identities

    with opened(context) as archive:
        found, current = identities(archive), archive.settings.identity
    if as_json:
        public = [
            {
                "name": identity.name,
                "kind": identity.kind,
                "algorithm": identity.algorithm,
                "subject": identity.subject,
                "fingerprint": identity.fingerprint,
                "not_after": identity.not_after,
                "signs": identity.name == current,
            }
            for identity in found
        ]
        emit({"identities": public})
        return
    rows = [
        ("*" if each.name == current else "", each.name, each.kind, each.subject, f"{each.not_after:%Y-%m-%d}")
        for each in found
    ]
    table("", "name", "kind", "signer", "good until", rows=rows, give=3)
    trial = any((each.name, each.kind) == (current, "trial") for each in found)
    say(f"The archive signs with {current}", f", {TRIAL_IDENTITY}" if trial else ".")
    next_steps("prov identity import NAME CHAIN KEY" if len(found) == 1 else "prov identity use NAME")


def use(
    context: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Which one signs from now on.")]
) -> None:
    """Choose who signs from now on. What is signed already stays as it is.

    Example: prov identity use studio
    """
    from provenance.archive.identity import use as choose

    with opened(context) as archive:
        choose(archive, name)
    say(sign(Sign.CHECKED), f" {name} signs from now on.")
