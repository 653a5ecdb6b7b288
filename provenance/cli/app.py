"""`prov`: the options that all commands share, and what happens when something goes wrong."""

import errno
import logging
import os
import shlex
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from provenance.cli import (
    auditing,
    datasets,
    exporting,
    external,
    identities,
    making,
    models,
    people,
    reading,
    searching,
    tracing,
    upkeep,
    verifying,
)
from provenance.cli.console import calling, say, silence, talk
from provenance.cli.interrupt import patient
from provenance.errors import ProvenanceError

app = typer.Typer(
    name="prov",
    help="Generative art that can say where it came from, and prove it.\n\nExample: prov generate --by 'Ada Lind'",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    making,
    reading,
    searching,
    tracing,
    verifying,
    auditing,
    exporting,
    people,
    external,
    datasets,
    models,
    identities,
    upkeep,
):
    group.register(app)

STOPPED = "Stopped. What was finished is kept; nothing is half done."
"""What is said after Ctrl-C where a command has nothing better to say."""

_LONGEST = 2_000
"""Characters of a message: what somebody typed may be a megabyte."""


def _print_version(wanted: bool) -> None:  # noqa: FBT001
    if wanted:
        typer.echo(f"prov {version('provenance-archive')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The archive; else PROV_ARCHIVE, else the nearest upwards, else ./prov-archive is made."
        ),
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    context.obj = archive
    calling.set("prov" if archive is None else f"prov --archive {shlex.quote(str(archive))}")


def run(arguments: list[str] | None = None) -> None:
    """Run the command that `arguments` (the process's own if None) name, and exit."""
    _write_anything()
    # Pillow remarks on every tag that it skips; what matters of it we say ourselves.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    with patient(alone=arguments is None):
        code = _code(arguments)
    sys.exit(code)


def _code(arguments: list[str] | None) -> int:
    try:
        command = typer.main.get_command(app)
        code = command.main(args=arguments, prog_name="prov", standalone_mode=False)
        sys.stdout.flush()  # here, so that a full disk is heard of
    except ProvenanceError as error:
        code = _complain(str(error), error.exit_code)
    except KeyboardInterrupt:
        code = _complain(STOPPED, 130)
    except BrokenPipeError:
        silence()  # the reader has gone: nobody to tell
        code = 0
    except OSError as error:
        code = _complain(_disk(error), 3)
    except Exception as error:  # noqa: BLE001  (the last line of defence: a sentence, never a traceback)
        code = _unexpected(error)
    return code if isinstance(code, int) else 0


def _write_anything() -> None:
    """Let names in any script come out, spelt in ASCII where the terminal has nothing else."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _complain(sentence: str, code: int) -> int:
    if len(sentence) > _LONGEST:
        sentence = f"{sentence[: _LONGEST // 2]} ... {sentence[-_LONGEST // 4 :]}"
    say("prov: ", sentence, hang=6, console=talk)
    return code


def _disk(error: OSError) -> str:
    what = f" {error.filename}" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}:
        return f"There is no room left on the disk{what}. Make room, then call again; what was finished is kept."
    return f"The system refused{what}: {error.strerror or error}. Check the name and its permissions, then call again."


def _unexpected(error: Exception) -> int:
    """Foreign errors: the parser's own have a sentence and a code; anything else is a defect of ours."""
    message = getattr(error, "format_message", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(message() if message else "", file=sys.stderr)  # noqa: T201  (it is laid out already)
        return 2
    if message is not None:
        return _complain(_usage(error, message()), int(getattr(error, "exit_code", 2)))
    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, typer.Abort):
        return _complain(STOPPED, 130)
    if "PROV_DEBUG" in os.environ:
        raise error
    kind = type(error).__name__
    return _complain(f"A defect of prov: {kind}: {error}. Set PROV_DEBUG=1 for the details, and report it.", 3)


def _usage(error: Any, message: str) -> str:  # noqa: ANN401  (the parser's errors share no public type)
    path = error.ctx.command_path if getattr(error, "ctx", None) else "prov"
    return f"{message.rstrip('.')}. `{path} --help` shows what is possible."
