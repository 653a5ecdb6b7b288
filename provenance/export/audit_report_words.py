"""The sentences of a report: what was found, for people who know no statistics."""

from collections.abc import Sequence
from typing import Final

from provenance.audit.copies import Relation
from provenance.export.audit_report import AuditReport, ErrorRate, Measure, ReportedArtwork, ReportedMatch
from provenance.export.audit_report_regions import regions, share, way
from provenance.words import Severity, count, coverage_warning, no_copy_found, percent, rate

_WHOLE: Final = 0.97

SAID: Final = {
    Relation.NEAR_COPY: "Near copy of",
    Relation.RECOLOURED: "Same design in other colours as",
    Relation.REDRAWN: "Same lines, drawn otherwise, as",
    Relation.CONTAINS: "Contains all of",
    Relation.PART: "Contains a part of",
    Relation.STYLE: "Similar style only, not a match:",
}
"""What stands before the name of the other picture."""

MEANING: Final = (
    ("Near copy of", "Laid over each other, the two agree nearly everywhere, once turned and scaled to fit."),
    ("Contains all of", "The whole of the other picture lies in the artwork, with something else around it."),
    ("Contains a part of", "A part of the other picture lies in the artwork. The outlines show which part, and where."),
    ("Same design in other colours", "The shapes agree nearly everywhere; the colours do not."),
    (
        "Same lines, drawn otherwise",
        "Edges and lines agree; what lies between them does not, as in a sketch or tracing.",
    ),
    (
        "Similar style only: not a match",
        "The two look alike as a whole, but no part of one was found in the other. Nobody is asked to decide.",
    ),
)
"""What each of these means."""

_HEADLINES: Final = {
    Relation.NEAR_COPY: "looks like a near copy of",
    Relation.RECOLOURED: "looks like the same design, in other colours, as",
    Relation.REDRAWN: "seems to have the lines, drawn otherwise, of",
    Relation.CONTAINS: "seems to contain all of",
    Relation.PART: "seems to contain a part of",
}
_ASKS: Final = {
    Severity.DECIDE: "By the policy it does not leave the archive until somebody decides.",
    Severity.WARNING: "Somebody should look at it. It may leave the archive.",
    Severity.NOTE: "Nothing is asked of anybody.",
    None: "Nothing is asked of anybody. That says nothing about pictures it was not compared with.",
}


def quoted(title: str) -> str:
    """Put a title into quotation marks."""
    return f"“{title}”"


def named(match: ReportedMatch) -> str:
    """Name the other picture and who made it."""
    return quoted(match.title) + (f" by {match.creator}" if match.creator else "")


def standing(match: ReportedMatch) -> str:
    """Say what the other picture is: a training work, a work, another artwork."""
    return "other artwork" if match.standing is None else match.standing.word


def title(report: AuditReport) -> str:
    """Say what the whole audit came to."""
    artworks = report.artworks
    if len(artworks) == 1:
        return headline(artworks[0])
    if not artworks:
        return f"What was found of {quoted(report.models[0].name)}" if report.models else "No artwork was audited"
    asking = {each: sum(artwork.severity is each for artwork in artworks) for each in Severity}
    all_of_them = f"of {count(len(artworks))} artworks"
    if number := asking[Severity.DECIDE]:
        return f"{count(number)} {all_of_them} {'needs' if number == 1 else 'need'} a decision"
    if number := asking[Severity.WARNING]:
        return f"{count(number)} {all_of_them} should be looked at"
    return f"None {all_of_them} asks for a decision"


def headline(artwork: ReportedArtwork) -> str:
    """Say the most important thing about an artwork."""
    found = [match for match in artwork.matches if match.relation in _HEADLINES and not match.dismissed]
    if found:
        more = f", and like {count(len(found) - 1)} more" if len(found) > 1 else ""
        return f"{quoted(artwork.title)} {_HEADLINES[found[0].relation]} {quoted(found[0].title)}{more}"
    if artwork.of and not artwork.compared:
        return f"Nothing can be said about copies in {quoted(artwork.title)}"
    if not artwork.of:
        return f"{quoted(artwork.title)}: there was no training work to compare it with"
    return f"No copy of a training work found in {quoted(artwork.title)}"


def has_copy(artwork: ReportedArtwork) -> bool:
    """Whether something was found that is more than a style, and that nobody dismissed."""
    return any(match.relation in _HEADLINES and not match.dismissed for match in artwork.matches)


def compared(artwork: ReportedArtwork) -> list[str]:
    """Say with what an artwork was compared, and what that leaves out."""
    if has_copy(artwork) and artwork.compared:
        first = f"It was compared with {count(artwork.compared)} of {count(artwork.of)} works."
    else:
        first = no_copy_found(compared=artwork.compared, of=artwork.of, given=artwork.given)
    hole = coverage_warning(compared=artwork.compared, of=artwork.of)
    said = [first] if hole is None or not artwork.compared else [first, hole]
    return said if artwork.dataset is None else [*said, f"Only works of {artwork.dataset} were asked about."]


def asks(severity: Severity | None) -> str:
    """Say what a verdict asks of people."""
    return _ASKS[severity]


def lead(match: ReportedMatch, shapes: tuple[tuple[int, int], tuple[int, int]] | None) -> str:
    """Say which part matches what, and what happened to it on the way.

    `shapes` are those of the artwork and of the other picture, width first; without both, its way is not told.
    """
    here, there = (share(outlines) for outlines in regions(match))
    if match.relation is Relation.STYLE:
        return f"The artwork and {named(match)} look alike as a whole; no part of one was found in the other."
    part = "A part of the artwork" if here is None else _part("artwork", here)
    whole = f"a part of {named(match)}" if there is None else _other(match, there)
    changes = way(match, *shapes) if shapes else ()
    how = f" In the artwork it is {_and(changes)}." if changes else ""
    return f"{part} matches {whole}.{how}"


def measured(measure: Measure) -> str:
    """Write a number with the line at which we flag."""
    unit = f" {measure.unit}" if measure.unit else ""
    if measure.line is None:
        return f"{number(measure.value)}{unit}; nothing is flagged by it alone"
    line = f"we flag {'up to' if measure.nearer_below else 'from'} {number(measure.line)}"
    return f"{number(measure.value)}{unit}; {line}"


def number(value: float) -> str:
    """Write a number with at most three digits that matter, and no exponent."""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def mistaken(error: ErrorRate) -> str:
    """Say how often unrelated pictures reached as much, for people who know no statistics."""
    against = "the whole set of works" if error.compared is None else f"all {count(error.compared)} works"
    found = "none" if error.found == 0 else count(error.found)
    once = f" That is about 1 in {count(round(error.of / error.found))}." if error.found else ""
    return (
        f"Of {count(error.of)} unrelated pictures, each compared with {against}, {found} reached {error.reached}.{once}"
    )


def interval(error: ErrorRate) -> str:
    """Write the rate with its interval."""
    return f"{rate(found=error.found, of=error.of, low=error.low, high=error.high)}. {error.measured_on}".strip()


def _part(name: str, amount: float) -> str:
    return f"The whole {name}" if amount >= _WHOLE else f"The outlined part, {percent(round(amount, 3))} of the {name},"


def _other(match: ReportedMatch, amount: float) -> str:
    return f"{percent(round(amount, 3))} of {named(match)}" if amount < _WHOLE else f"the whole of {named(match)}"


def _and(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
