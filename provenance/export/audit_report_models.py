"""What was found of a model as a whole: memorisation, bias."""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

from provenance.export.audit_report import ReportedFinding, ReportedModel, ReportedPair
from provenance.export.audit_report_html import element, rows, short, state
from provenance.export.audit_report_pictures import shown_or_why

PAIRS: Final = 24
"""Pairs of pictures that one finding shows."""

_SIDE: Final = 280


def model_section(model: ReportedModel, mark: str) -> Element:
    """Write the section of a model. `mark` is a name for its elements that nothing else on the page has."""
    identity = element("p", short(model.uid), class_="quiet")
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
    pictures = element("div", [shown_or_why(shown, None, _SIDE, alt=label) for shown, label in sides])
    return element("figure", pictures, element("figcaption", f"{pair.left_label}; {pair.right_label}. {pair.text}"))
