"""An audit as one page: a file that needs no other, for people who know no statistics.

It reads without a script and without a network; light, dark and on paper. Artworks that ask for something come first.
At most `LIMIT` artworks have pictures, the others are lines of a table; the more pictures there are, the smaller.
"""

from collections.abc import Iterator, Sequence
from importlib import resources
from typing import Final
from xml.etree.ElementTree import Element

from provenance.export.audit_report import AuditReport, ReportedArtwork, ReportedCheck, ReportedMatch
from provenance.export.audit_report_html import (
    document,
    element,
    flag,
    grid,
    icon,
    rows,
    short,
    sprite,
    state,
)
from provenance.export.audit_report_match import evidence
from provenance.export.audit_report_models import model_section
from provenance.export.audit_report_pictures import shown_or_why
from provenance.export.audit_report_words import MEANING, SAID, asks, compared, has_copy, headline, quoted, title
from provenance.words import MATCH_MEANS, NOT_A_LEGAL_OPINION, Clock, Severity, count, moment_by

LIMIT: Final = 500
"""Artworks that have pictures on one page."""

SHOWN: Final = 4
"""Matches of one artwork that have pictures; the others are named."""

_SIDES: Final = ((6, 900), (24, 640), (100, 480))
"""Up to how many matches pictures have how many pixels on their longest side."""
_SMALLEST: Final = 320
_THUMBNAIL: Final = 240
_LISTED: Final = 5_000
"""Lines of a table: a page is for reading."""


def audit_page(report: AuditReport) -> str:
    """Write `report` as one HTML file, in UTF-8 when it is encoded. The same report gives the same page."""
    name = title(report)
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{name} · {report.archive}"),
        element("style", _own("audit_report.css")),
    )
    body = element(
        "body",
        sprite(),
        element("a", "Skip to content", href="#main", class_="skip"),
        _top(report),
        _main(report, name),
        _foot(report),
        _script(),
    )
    return document(element("html", head, body, lang="en"))


def _own(file: str) -> str:
    return resources.files(__package__).joinpath(file).read_text(encoding="utf-8")


def _script() -> Element:
    made = element("script")
    made.text = _own("audit_report.js")
    return made


def _top(report: AuditReport) -> Element:
    when = f"Audit of {moment_by(report.audited_at, Clock.OWN)}"
    brand = element("span", "prov", element("span", report.archive), class_="brand")
    return element(
        "header", element("div", brand, element("span", when, class_="quiet small"), class_="wrap"), class_="top"
    )


def _main(report: AuditReport, name: str) -> Element:
    ordered = sorted(report.artworks, key=_weight)
    shown, listed = ordered[:LIMIT], ordered[LIMIT:]
    matches = sum(min(SHOWN, len(artwork.matches)) for artwork in shown)
    side = next((side for most, side in _SIDES if matches <= most), _SMALLEST)
    alone = len(ordered) == 1
    return element(
        "main",
        element("h1", name),
        _verdict(ordered),
        None if alone or not ordered else _overview(shown, listed),
        [_artwork(artwork, f"a{place}", side, alone=alone) for place, artwork in enumerate(shown, start=1)],
        _listed(listed),
        [model_section(model, f"m{place}") for place, model in enumerate(report.models, start=1)],
        _reading(report),
        id="main",
        class_="wrap",
    )


def _weight(artwork: ReportedArtwork) -> tuple[int, float, str, str]:
    """Order artworks: what asks most comes first, and the rest by title."""
    rank = -1 if artwork.severity is None else list(Severity).index(artwork.severity)
    return -rank, -len(artwork.matches), artwork.title, artwork.uid


def _verdict(artworks: Sequence[ReportedArtwork]) -> Element | None:
    """Say what is asked, and with what everything was compared."""
    if not artworks:
        return None
    worst = artworks[0].severity
    heading = "Nothing was found" if worst is None else worst.word
    said = compared(artworks[0]) if len(artworks) == 1 else []
    asked = sum(artwork.severity is worst for artwork in artworks)
    what = asks(worst) if len(artworks) == 1 or worst is None else _asks_of_many(worst, asked)
    return flag(worst, heading, what, *said)


def _asks_of_many(severity: Severity, number: int) -> str:
    which = "One artwork is" if number == 1 else f"{count(number)} artworks are"
    return {
        Severity.DECIDE: f"{which} kept from leaving the archive, by the policy, until somebody decides.",
        Severity.WARNING: f"{which} worth a look. Nothing is kept back.",
        Severity.NOTE: "Nothing is asked of anybody.",
    }[severity]


def _overview(shown: Sequence[ReportedArtwork], listed: Sequence[ReportedArtwork]) -> Element:
    lines = [
        (element("a", artwork.title, href=f"#a{place}"), state(artwork.severity), headline(artwork))
        for place, artwork in enumerate(shown, start=1)
    ]
    more = f"{count(len(listed))} more are in a table below, without pictures." if listed else None
    return element(
        "section",
        element("h2", f"All {count(len(shown) + len(listed))} artworks", id="all"),
        grid(("Artwork", "Verdict", "What was found"), lines, "All artworks of this audit"),
        element("p", more, class_="small quiet") if more else None,
        class_="band",
        aria_labelledby="all",
    )


def _artwork(artwork: ReportedArtwork, mark: str, side: int, *, alone: bool) -> Element:
    """Write the section of one artwork. A page of one artwork has said its headline and its verdict already."""
    found = element("p", headline(artwork) + ".", class_="lead") if has_copy(artwork) else None
    said = [] if alone else [found, element("p", " ".join(compared(artwork)))]
    shown = artwork.matches[:SHOWN]
    name = element("h2", quoted(artwork.title), id=mark)
    identity = element("p", f"{artwork.caption} ", short(artwork.uid), class_="quiet")
    return element(
        "section",
        element("header", name, None if alone else state(artwork.severity), identity),
        said,
        evidence(artwork, shown, mark=mark, side=side),
        _unshown(artwork.matches[SHOWN:]),
        element("div", None if shown else _picture(artwork), _checks(artwork), _nearest(artwork), class_="aside"),
        class_="artwork",
        aria_labelledby=mark,
    )


def _unshown(matches: Sequence[ReportedMatch]) -> Element | None:
    if not matches:
        return None
    lines = [
        element("li", f"{SAID[match.relation]} {quoted(match.title)} ", short(match.uid)) for match in matches[:_LISTED]
    ]
    return element("div", element("h3", f"And {count(len(matches))} more"), element("ul", lines))


def _picture(artwork: ReportedArtwork) -> Element | None:
    if artwork.picture is None and artwork.withheld is None:
        return None
    alt = f"{artwork.title}: {artwork.alt or 'nobody has described it yet'}"
    return shown_or_why(artwork.picture, artwork.withheld, _THUMBNAIL, alt=alt, class_="thumbnail")


def _checks(artwork: ReportedArtwork) -> Element | None:
    if not artwork.checks:
        return None
    table = [(check.name.capitalize(), list(_answer(check))) for check in artwork.checks]
    return element(
        "div",
        element("h3", "Other checks" if artwork.matches else "All checks"),
        element("div", rows(table, f"Checks of {artwork.title}"), class_="card"),
    )


def _answer(check: ReportedCheck) -> Iterator[Element]:
    yield state(check.severity)
    yield element("p", check.sentence)
    if check.details:
        yield element("ul", [element("li", line) for line in check.details], class_="small")
    yield element("p", f"Version {check.version} of this check", class_="small quiet")


def _nearest(artwork: ReportedArtwork) -> Element | None:
    if not artwork.nearest:
        return None
    table = [(each.label, each.text) for each in artwork.nearest]
    note = "Nearest of all works that it was compared with. That does not say that it comes from them."
    return element(
        "div",
        element("h3", "Nearest works and creators"),
        element("div", rows(table, f"Nearest to {artwork.title}"), class_="card"),
        element("p", note, class_="small quiet"),
    )


def _listed(artworks: Sequence[ReportedArtwork]) -> Element | None:
    if not artworks:
        return None
    lines = [
        (artwork.title, short(artwork.uid), state(artwork.severity), headline(artwork))
        for artwork in artworks[:_LISTED]
    ]
    left = len(artworks) - len(lines)
    rest = (
        element("p", f"{count(left)} more artworks are not on this page: none of them asks for more.") if left else None
    )
    return element(
        "section",
        element("h2", f"{count(len(artworks))} artworks without pictures", id="listed"),
        grid(("Artwork", "Id", "Verdict", "What was found"), lines, "Artworks without pictures"),
        rest,
        class_="band",
        aria_labelledby="listed",
    )


def _reading(report: AuditReport) -> Element:
    """Explain the words, and write down by what everything was judged."""
    meanings = [(element("dt", name), element("dd", text)) for name, text in MEANING]
    judged = [*report.methods, *([("Policy", report.policy)] if report.policy else [])]
    methods = element("div", element("h3", "Judged by"), element("div", rows(judged, "Methods"), class_="card"))
    return element(
        "section",
        element("h2", "How to read this page", id="reading"),
        element("div", _words(meanings), methods if judged else None, class_="columns"),
        class_="band",
        aria_labelledby="reading",
    )


def _words(meanings: Sequence[tuple[Element, Element]]) -> Element:
    rate = (
        "“By mistake” tells how often a picture by other people, compared with the whole set of works, was flagged "
        "although it has nothing to do with them. The interval says how far chance may have moved that figure."
    )
    return element(
        "div",
        element("h3", "What can be said"),
        element("dl", [part for pair in meanings for part in pair]),
        element("p", icon("note"), f" {rate}"),
        element("p", f"{MATCH_MEANS} {NOT_A_LEGAL_OPINION}"),
    )


def _foot(report: AuditReport) -> Element:
    command = element("span", "On the command line ", element("code", report.command)) if report.command else None
    made = element("span", f"Written by {report.program}.") if report.program else None
    return element("footer", element("div", made, command, class_="wrap"), class_="foot")
