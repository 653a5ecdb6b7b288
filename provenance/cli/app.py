"""`prov`: the options that all commands share, and what happens when something goes wrong."""

import errno
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from provenance.cli import datasets, exporting, identities, making, people, reading, upkeep, verifying
from provenance.cli.console import say, talk
from provenance.errors import ProvenanceError

app = typer.Typer(
    name="prov",
    help="Generative art that can say where it came from, and prove it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (making, datasets, reading, verifying, people, exporting, identities, upkeep):
    group.register(app)


def _print_version(wanted: bool) -> None:  # noqa: FBT001
    if wanted:
        typer.echo(f"prov {version('provenance-archive')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    archive: Annotated[
        Path | None,
        typer.Option(help="The archive; else PROV_ARCHIVE, else the nearest upwards, else ./prov-archive is made."),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    context.obj = archive


def main(arguments: list[str] | None = None) -> None:
    """Run `prov` and exit: 0 good, 1 a finding or a failed verification, 2 wrong usage, 3 missing or broken."""
    command = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="prov", standalone_mode=False)
    except ProvenanceError as error:
        code = _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = _complain("Stopped. What was finished is kept; make the same call again to go on.", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone: nobody to tell
        code = 0
    except OSError as error:
        code = _complain(_disk(error), 3)
    except Exception as error:  # noqa: BLE001  (the last line of defence: a sentence, never a traceback)
        code = _unexpected(error)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(sentence: str, code: int) -> int:
    say("prov: ", sentence, console=talk)
    return code


def _disk(error: OSError) -> str:
    what = f" {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"There is no room left on the disk{what}. Make room, then call again; what was finished is kept."
    return f"The system refused{what}: {error.strerror or error}. Check the name and its permissions, then call again."


def _unexpected(error: Exception) -> int:
    """Foreign errors: the parser's own have a sentence and a code; anything else is a defect of ours."""
    message = getattr(error, "format_message", None)
    if message is not None:
        _complain(_usage(error, message()), 2)
        return int(getattr(error, "exit_code", 2))
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, typer.Abort):
        return _complain("Stopped. What was finished is kept.", 130)
    if "PROV_DEBUG" in os.environ:
        raise error
    kind = type(error).__name__
    return _complain(f"A defect of prov: {kind}: {error}. Set PROV_DEBUG=1 for the details, and report it.", 3)


def _usage(error: Any, message: str) -> str:  # noqa: ANN401  (the parser's errors share no public type)
    path = error.ctx.command_path if getattr(error, "ctx", None) else "prov"
    return f"{message.rstrip('.')}. `{path} --help` shows what is possible."
