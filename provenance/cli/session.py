"""The archive that a command works on."""

import contextlib
import getpass
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from provenance.cli.console import interactive, say, talk

if TYPE_CHECKING:
    from provenance.archive import Archive


@contextlib.contextmanager
def opened(context: typer.Context, *, create: bool = False) -> "Iterator[Archive]":
    """Open the archive that the options name; make it where `create` allows, and say so."""
    from provenance.archive import find_archive, open_archive
    from provenance.settings import FILE_NAME

    folder = find_archive(context.obj)
    new = create and not (folder / FILE_NAME).exists()
    with open_archive(folder, create=create, passphrase=passphrase if new else unlock) as archive:
        if new:
            say(f"Made a new archive in {folder}.", console=talk)
        yield archive


def there(context: typer.Context) -> bool:
    """Whether the archive that the options name exists."""
    from provenance.archive import find_archive
    from provenance.settings import FILE_NAME

    return (find_archive(context.obj) / FILE_NAME).exists()


@contextlib.contextmanager
def opened_if_there(context: typer.Context) -> "Iterator[Archive | None]":
    """Open the archive if there is one: some questions need none."""
    from provenance.archive import find_archive
    from provenance.settings import FILE_NAME

    if context.obj is None and not (find_archive() / FILE_NAME).exists():
        yield None
        return
    with opened(context) as archive:
        yield archive


def passphrase() -> str | None:
    """Take the passphrase of the signing key from `PROV_PASSPHRASE`."""
    return os.environ.get("PROV_PASSPHRASE") or None


def unlock() -> str | None:
    """Take the passphrase from `PROV_PASSPHRASE`, else ask a person; called only for a key that needs one."""
    return passphrase() or ask_passphrase("Passphrase of the signing key: ")


def ask_passphrase(prompt: str) -> str | None:
    """Ask for a passphrase where a person sits at the terminal."""
    return getpass.getpass(prompt) if interactive() else None
