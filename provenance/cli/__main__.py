"""`python -m provenance.cli`: the command line without its script."""

from provenance.cli import main

main()
