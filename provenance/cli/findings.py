"""What the checks said of artworks, for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from provenance.cli.console import say, sign
from provenance.cli.judged import finding_sign, said_of
from provenance.words import Severity, Sign, coverage_warning, no_copy_found

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.archive.detail import Detail


def say_findings(artworks: "Sequence[Detail]", *, given: int) -> None:
    """Say what was compared, and what was found. `given` of the known works are no training works."""
    compared = min((artwork.works_compared for artwork in artworks), default=0)
    about_works = [f for artwork in artworks for f in artwork.findings if f.severity != Severity.NOTE.value]
    known = max((artwork.works_known for artwork in artworks), default=0)
    if compared == 0 and known <= given:
        say(sign(Sign.OPEN), " There is no training work in this archive yet, so there was nothing to compare with.")
    elif not about_works:
        _say_nothing_found(artworks, compared, given)
    for artwork in artworks:
        for finding in artwork.findings:
            which = f"{artwork.uid[:12]}: " if len(artworks) > 1 else ""
            say(sign(finding_sign(finding)), " ", which, said_of(finding))


def _say_nothing_found(artworks: "Sequence[Detail]", compared: int, given: int) -> None:
    """Say it only of those about which it can be said."""
    told = [artwork for artwork in artworks if all(finding.other for finding in artwork.findings)]
    if told:
        which = "" if len(told) == len(artworks) else f"{len(told)} of {len(artworks)} artworks: "
        known = max(artwork.works_known for artwork in told)
        say(
            sign(Sign.CHECKED if compared else Sign.OPEN),
            " ",
            which,
            no_copy_found(compared=compared, of=known, given=given),
        )
        if warning := coverage_warning(compared=compared, of=known):
            say(sign(Sign.ATTENTION), " ", warning, " The rest came later.")


def say_held_back(archive: "Archive", uids: Sequence[str]) -> None:
    """Say which of the artworks that were just recorded the policy holds back, and what to do."""
    from provenance.archive.ruling import held_back

    for refusal in held_back(archive, uids).values():
        say(sign(Sign.ATTENTION), " ", refusal)
