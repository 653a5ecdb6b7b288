"""The evidence of one match: the pictures side by side with what fits, one laid over the other, and how sure it is."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias
from xml.etree.ElementTree import Element

from PIL import Image

from provenance.audit.copies import Relation
from provenance.export.audit_report import ErrorRate, Measure, Outline, Point, ReportedArtwork, ReportedMatch
from provenance.export.audit_report_html import Child, element, icon, rows, short, state, truth
from provenance.export.audit_report_pictures import NotShownError, data_uri, opened
from provenance.export.audit_report_regions import laid_over, regions
from provenance.export.audit_report_words import (
    SAID,
    interval,
    lead,
    measured,
    mistaken,
    named,
    quoted,
    standing,
)
from provenance.words import MATCH_MEANS, NOT_RECORDED, Severity, count, minute

_WIDE: Final = 1000
"""The width of a drawing over a picture, whatever the picture's own is."""
_NUMBERED: Final = 8
_UNSEEN: Final = (3, 2)
"""The shape of the place of a picture that is not shown."""

_Picture: TypeAlias = Image.Image | str
"""A picture, or why it is not shown."""


def evidence(artwork: ReportedArtwork, matches: Sequence[ReportedMatch], *, mark: str, side: int) -> list[Element]:
    """Show matches. `mark` is a name for the elements that no other artwork has; `side` bounds pictures."""
    here = _opened(artwork, side) if matches else ""
    return [_match(artwork, here, match, mark=f"{mark}-{at}", side=side) for at, match in enumerate(matches, start=1)]


def _match(artwork: ReportedArtwork, here: _Picture, match: ReportedMatch, *, mark: str, side: int) -> Element:
    there = _opened(match, side)
    both = isinstance(here, Image.Image) and isinstance(there, Image.Image)
    shapes = (_size(here), _size(there)) if both else None
    over = _overlay(match, here, there, mark, side)
    heading = element("h3", state(match.severity, SAID[match.relation]), f" {quoted(match.title)}", id=mark)
    return element(
        "section",
        element("header", heading, element("p", lead(match, shapes), class_="lead")),
        _pair(artwork, match, here, there),
        _told_points(match.points),
        element("div", over, _sureness(match), class_="columns" if over is not None else "narrow"),
        class_="evidence",
        aria_labelledby=mark,
    )


def _opened(subject: ReportedArtwork | ReportedMatch, side: int) -> _Picture:
    try:
        return opened(subject.picture, subject.withheld, side)
    except NotShownError as why:
        return str(why)


def _size(picture: _Picture) -> tuple[int, int]:
    return picture.size if isinstance(picture, Image.Image) else _UNSEEN


def _pair(artwork: ReportedArtwork, match: ReportedMatch, here: _Picture, there: _Picture) -> Element:
    in_artwork, in_other = regions(match)
    left, right = [pair[0] for pair in match.points], [pair[1] for pair in match.points]
    of_artwork: list[Child] = [
        element("b", "The artwork."),
        f" {artwork.title}. {artwork.caption} ",
        short(artwork.uid),
    ]
    of_match: list[Child] = [element("b", f"The {standing(match)}."), f" {named(match)}. ", *_licence(match), " "]
    return element(
        "div",
        _figure(here, _alt(artwork.alt, artwork.title, in_artwork), in_artwork, left, of_artwork),
        _figure(there, _alt(match.alt, match.title, in_other), in_other, right, [*of_match, short(match.uid)]),
        class_="pair",
    )


def _told_points(points: Sequence[tuple[Point, Point]]) -> Element | None:
    """Say what numbers and dots mean."""
    if not points:
        return None
    found = "One place was" if len(points) == 1 else f"{count(len(points))} places were"
    dots = " Dots mark the others." if len(points) > _NUMBERED else ""
    said = f"{found} found that look alike and lie on each other: the same number marks the same place in both."
    return element("p", said + dots, class_="small quiet")


def _licence(match: ReportedMatch) -> list[Child]:
    if match.standing is None:
        return []  # another artwork of the archive
    if match.licence is None:
        return [f"Licence: {NOT_RECORDED.lower()}."]
    return [match.licence, " ", truth(match.licence_truth)]


def _alt(words: str | None, title: str, outlines: Sequence[Outline]) -> str:
    ending = "; the part that matches is outlined" if outlines else ""
    return f"{title}: {words or 'nobody has described it yet'}{ending}"


def _figure(
    picture: _Picture, alt: str, outlines: Sequence[Outline], points: Sequence[Point], caption: Sequence[Child]
) -> Element:
    size = _size(picture)
    height = max(1, round(_WIDE * size[1] / size[0]))
    drawing = element(
        "svg",
        [element("polygon", class_=f"outline {layer}", points=_corners(o, height)) for o in outlines for layer in "ab"],
        list(_points(points, height)),
        viewBox=f"0 0 {_WIDE} {height}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    if isinstance(picture, Image.Image):
        shown = element("img", src=data_uri(picture), width=size[0], height=size[1], alt=alt)
    else:
        shown = element("p", picture, class_="withheld")
    ratio = f"--ratio: {min(8.0, max(0.125, size[0] / size[1])):.4f}"
    return element(
        "figure", element("div", shown, drawing, class_="picture", style=ratio), element("figcaption", caption)
    )


def _corners(outline: Outline, height: int) -> str:
    return " ".join(f"{x * _WIDE:.1f},{y * height:.1f}" for x, y in outline)


def _points(points: Sequence[Point], height: int) -> Iterator[Element]:
    for x, y in points[_NUMBERED:]:
        yield element("circle", class_="point small", cx=f"{x * _WIDE:.1f}", cy=f"{y * height:.1f}", r=5)
    for number, (x, y) in enumerate(points[:_NUMBERED], start=1):
        place = {"x": f"{x * _WIDE:.1f}", "y": f"{y * height:.1f}"}
        yield element("circle", class_="point", cx=place["x"], cy=place["y"], r=17)
        yield element("text", str(number), class_="number", **place)


def _overlay(match: ReportedMatch, here: _Picture, there: _Picture, mark: str, side: int) -> Element | None:
    """Lay one over the other: three choices that need no script, and a slider where there is one."""
    if not isinstance(here, Image.Image) or not isinstance(there, Image.Image) or match.relation is Relation.STYLE:
        return None
    laid = laid_over(match, here, there, side * 3 // 4)
    if laid is None:
        return None
    part, other = laid
    name = standing(match).capitalize()
    turned = f"The {standing(match)}, moved to lie on the artwork" + (", light and dark exchanged" * match.inverted)
    size = {"width": part.width, "height": part.height}
    pictures = element(
        "div",
        element("img", src=data_uri(other), alt=turned, **size),
        element("img", src=data_uri(part), alt="The matching part of the artwork", class_="above", **size),
        class_="laid",
        style=f"--ratio: {min(8.0, max(0.125, part.width / part.height)):.4f}",
    )
    return element(
        "div",
        element("h4", "One laid over the other"),
        pictures,
        _choices(name, mark),
        _slider(name),
        element("p", "Switch to and fro: what stays still is the same in both.", class_="small quiet tools"),
        class_="overlay",
    )


def _choices(name: str, mark: str) -> Element:
    def choice(value: str, text: str, *, chosen: bool = False) -> Element:
        checked = "checked" if chosen else None
        box = element("input", type="radio", name=f"{mark}-mix", value=value, checked=checked)
        return element("label", box, element("span", text))

    return element(
        "fieldset",
        element("legend", "Which picture is shown", class_="hidden"),
        choice("other", name),
        choice("both", "Half and half", chosen=True),
        choice("artwork", "Artwork"),
        class_="switch",
    )


def _slider(name: str) -> Element:
    label = f"From {name.lower()} to artwork"
    bar = element("input", type="range", min=0, max=100, value=50, aria_label=label)
    button = element("button", "Switch", type="button", class_="button")
    return element(
        "div", element("span", name), bar, element("span", "Artwork"), button, class_="fade", hidden="hidden"
    )


def _sureness(match: ReportedMatch) -> Element:
    table: list[tuple[str, Child | Sequence[Child]]] = [
        *((measure.name, [measured(measure), _meter(measure), _small(measure.method)]) for measure in match.measures),
        *([("By mistake", [part for error in match.rates for part in _mistaken(error)])] if match.rates else []),
        *((fact.name, [fact.text, " ", truth(fact.truth)]) for fact in match.facts),
        ("Found by", match.method or NOT_RECORDED),
    ]
    return element(
        "div",
        element("h4", "How sure is this?"),
        element("div", rows(table, "How sure this is"), class_="card"),
        element("p", MATCH_MEANS, class_="small quiet"),
        _decisions(match),
    )


def _mistaken(error: ErrorRate) -> tuple[Element, Element]:
    return element("p", mistaken(error)), element("p", interval(error), class_="small quiet")


def _small(text: str) -> Element | None:
    return element("span", text, class_="small quiet below") if text else None


def _meter(measure: Measure) -> Element | None:
    """Draw the number on its scale, with the line at which we flag."""
    span = measure.highest - measure.lowest
    if span <= 0 or measure.line is None:
        return None
    value, line = (
        min(100.0, max(0.0, 100 * (number - measure.lowest) / span)) for number in (measure.value, measure.line)
    )
    style = f"--value: {value:.1f}%; --line: {line:.1f}%"
    return element(
        "div", element("i"), class_="meter over" if measure.over else "meter", style=style, aria_hidden="true"
    )


def _decisions(match: ReportedMatch) -> Element | None:
    if not match.judgements and match.severity is Severity.NOTE:
        return None
    heading = element("h4", "What people decided")
    if not match.judgements:
        asked = match.severity is Severity.DECIDE
        text = "Nobody has decided yet." + (" It waits for a decision." if asked else "")
        return element("div", heading, element("p", text), class_="card decided")
    entries = [
        element(
            "li",
            element("p", icon("hand"), " ", element("b", judgement.decision.sentence)),
            element(
                "p",
                f"{quoted(judgement.reason)} ",
                element("span", f"{judgement.by}, {minute(judgement.at)}", class_="quiet"),
            ),
        )
        for judgement in reversed(match.judgements)
    ]
    return element("div", heading, element("ol", entries, class_="log"), class_="card decided")
