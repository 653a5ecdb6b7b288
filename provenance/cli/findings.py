"""What the checks said of artworks, for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provenance.cli.console import say, sign
from provenance.words import Severity, Sign, no_copy_found

if TYPE_CHECKING:
    from provenance.archive.search import Detail


def say_findings(artworks: "Sequence[Detail]") -> None:
    """Say what was compared, and what was found."""
    compared = min((artwork.works_compared for artwork in artworks), default=0)
    about_works = [f for artwork in artworks for f in artwork.findings if f.severity != Severity.NOTE.value]
    if compared == 0:
        say(sign(Sign.OPEN), " There is no training work in this archive yet, so there was nothing to compare with.")
    elif not about_works:
        say(sign(Sign.CHECKED), " ", no_copy_found(compared=compared, of=compared))
    for artwork in artworks:
        for finding in artwork.findings:
            mark = sign(Sign.of_severity(Severity(finding.severity)))
            say(mark, " ", *([f"{artwork.uid[:12]}: "] if len(artworks) > 1 else []), finding.sentence)
