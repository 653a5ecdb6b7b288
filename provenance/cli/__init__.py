"""The command line: parse, call one function of the archive, print. A file for each group of commands."""

import os
import sys

__all__ = ["main"]

# torch's threads wait by spinning, which takes the cores from the threads that record: six times the work measured.
# It has to stand in the environment before torch is loaded; who sets it for themselves is not overruled.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# numpy's threads do the same over products that are too small for them: up to four times the work of one measured.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main(arguments: list[str] | None = None) -> None:
    """Run `prov` and exit: 0 good, 1 a finding or a failed verification, 2 wrong usage, 3 missing or broken."""
    try:
        from provenance.cli.app import run  # here, so that Ctrl-C is heard while Python still reads our files
    except KeyboardInterrupt:
        sys.stderr.write("prov: Stopped before anything was begun.\n")
        sys.exit(130)
    run(arguments)
