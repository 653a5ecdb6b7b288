"""The command line: parse, call one function of the archive, print. A file for each group of commands."""

import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run `prov` and exit: 0 good, 1 a finding or a failed verification, 2 wrong usage, 3 missing or broken."""
    try:
        from provenance.cli.app import run  # here, so that Ctrl-C is heard while Python still reads our files
    except KeyboardInterrupt:
        sys.exit(130)
    run(arguments)
