"""What was found of a model as a whole: memorisation, bias."""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

from provenance.export.audit_report import ReportedFinding, ReportedModel, ReportedPair, Shown
from provenance.export.audit_report_html import element, rows, state
from provenance.export.audit_report_pictures import NotShownError, data_uri, opened

PAIRS: Final = 24
"""Pairs of pictures that one finding shows."""

_SIDE: Final = 280


def model_section(model: ReportedModel, mark: str) -> Element:
    """Write the section of a model. `mark` is a name for its elements that nothing else on the page has."""
    identity = element("p", element("span", model.uid[:12], class_="mono"), class_="quiet")
    return element(
        "section",
        element("header", element("h2", f"The model “{model.name}”", id=mark), identity),
        [_finding(finding) for finding in model.findings],
        class_="artwork",
        aria_labelledby=mark,
    )


def _finding(finding: ReportedFinding) -> Element:
    name = finding.check.replace("_", " ").replace("-", " ").capitalize()
    return element(
        "section",
        element("h3", name),
        element("p", state(finding.severity)),
        element("p", finding.sentence, class_="lead"),
        _pairs(finding.pairs),
        element("div", rows(finding.figures, f"Figures: {name}"), class_="card") if finding.figures else None,
        element("p", f"Version {finding.version} of this check", class_="small quiet"),
        class_="finding",
    )


def _pairs(pairs: Sequence[ReportedPair]) -> Element | None:
    if not pairs:
        return None
    return element("ul", [element("li", _pair(pair)) for pair in pairs[:PAIRS]], class_="pairs")


def _pair(pair: ReportedPair) -> Element:
    sides = ((pair.left, pair.left_label), (pair.right, pair.right_label))
    pictures = element("div", [_picture(shown, label) for shown, label in sides])
    return element("figure", pictures, element("figcaption", f"{pair.left_label}; {pair.right_label}. {pair.text}"))


def _picture(shown: Shown, label: str) -> Element:
    try:
        image = opened(shown, None, _SIDE)
    except NotShownError as why:
        return element("p", str(why), class_="withheld")
    return element("img", src=data_uri(image), width=image.width, height=image.height, alt=label)
