"""The command line: parse, call one function of the archive, print. A file for each group of commands."""

from provenance.cli.app import main

__all__ = ["main"]
