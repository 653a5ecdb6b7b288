"""Find out whether an artwork is a copy of a work, or holds a part of one, whatever was done to it.

Where the check of fingerprints compares whole pictures bit by bit, this one lays works over the artwork: it finds what
was cropped, turned, framed, put into a collage or painted anew. How surely is the judge's score; the line is chosen
so that of pictures by other people a known share is flagged.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from provenance.audit.finding import Finding
from provenance.compare.agreement import SIDE
from provenance.compare.candidate import Candidate
from provenance.compare.colour import COLOURLESS, RECOLOURED
from provenance.compare.judge import Line
from provenance.compare.plane import Matrix, moved, rows
from provenance.digest import Json
from provenance.fingerprint.local import CHANGES
from provenance.words import MATCH_MEANS, Severity

NAME: Final = "copies"
VERSION: Final = "4"

_WHOLE: Final = 0.7
"""The share of a picture from which on it counts as covered: frames and cut edges are forgiven."""
_OTHERWISE: Final = 0.15
"""How much better lines agree than grey levels where something was drawn otherwise."""
_LINES: Final = 0.4
"""How well lines agree, at least, where they are what is said to agree."""
STYLE: Final = 0.75
"""The cosine from which on pictures without a common part are said to be of a similar style."""


class Relation(StrEnum):
    """What an artwork is to a work."""

    NEAR_COPY = "near copy of"
    RECOLOURED = "same design in other colours as"
    REDRAWN = "same lines, drawn otherwise, as"
    CONTAINS = "contains all of"
    PART = "contains a part of"
    STYLE = "similar style only: not a match"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suspect:
    """A work that was measured against the artwork."""

    uid: str
    score: float
    candidate: Candidate
    artwork_shape: tuple[int, int]
    """Height and width of its small grey copy."""
    work_shape: tuple[int, int]

    @property
    def colour(self) -> float | None:
        """How far apart the colours are, in CIELAB; None where the pictures hardly overlap."""
        return None if self.candidate.colours is None else self.candidate.colours.distance

    @property
    def relation(self) -> Relation:
        """Say what the artwork is to the work, if the score says that it is anything."""
        agreement = self.candidate.agreement
        if agreement.covered >= _WHOLE and agreement.overlap >= _WHOLE:
            if self._redrawn:
                return Relation.REDRAWN
            recoloured = self.colour is not None and self.colour > RECOLOURED
            return Relation.RECOLOURED if recoloured else Relation.NEAR_COPY
        return Relation.CONTAINS if agreement.covered >= _WHOLE else Relation.PART

    @property
    def _redrawn(self) -> bool:
        """Tell whether it is lines that agree, in a picture that has no colours: an outline, a sketch, a print."""
        found = self.candidate
        colourless = found.colours is None or found.colours.here < COLOURLESS
        lines = found.drawn.strength
        return colourless and lines > max(_LINES, found.agreement.strength + _OTHERWISE)

    def regions(self) -> dict[str, Json]:
        """Give where the work lies in the artwork, and the artwork in the work: corners, 0 to 1, x before y."""
        matrix = self.candidate.matrix
        if matrix is None:
            return {}
        in_artwork = _corners(np.asarray(np.linalg.inv(matrix)), self.work_shape, self.artwork_shape)
        if self.candidate.change & 1:
            in_artwork = [[round(1 - x, 4), y] for x, y in in_artwork]
        in_work = _corners(matrix, self.artwork_shape, self.work_shape)
        return {"in_artwork": [list(point) for point in in_artwork], "in_work": [list(point) for point in in_work]}


def findings(suspects: Sequence[Suspect], line: Line) -> Iterator[Finding]:
    """Give a finding for each work over the line, the surest first; else a note where only the style is alike."""
    ordered = sorted(suspects, key=lambda each: (-each.score, each.uid))
    flagged = [each for each in ordered if each.score >= line.score]
    for suspect in flagged:
        yield Finding(
            check=NAME,
            check_version=VERSION,
            severity=Severity.WARNING,
            sentence=_sentence(suspect, line),
            evidence=_evidence(suspect, line),
            other=suspect.uid,
        )
    if not flagged and ordered:
        nearest = max(ordered, key=lambda each: each.candidate.cosine)
        if nearest.candidate.cosine >= STYLE:
            yield Finding(
                check=NAME,
                check_version=VERSION,
                severity=Severity.NOTE,
                sentence=f"Of a style similar to that of the work {nearest.uid[:12]}; "
                "no part of it was found, so it is no match.",
                evidence=_evidence(nearest, line) | {"relation": Relation.STYLE.value},
                other=nearest.uid,
            )


def same_pixels(uid: str) -> Finding:
    """Give the finding for a work that has the very pixels of the artwork: nothing needs to be measured for that."""
    return Finding(
        check=NAME,
        check_version=VERSION,
        severity=Severity.WARNING,
        sentence=f"Has the very same pixels as the work {uid[:12]}. {MATCH_MEANS}",
        evidence={
            "kind": "work",
            "uid": uid,
            "relation": Relation.NEAR_COPY.value,
            "same_pixels": True,
            "change": CHANGES[0],
            "agreeing": 1.0,
            "work_contained": 1.0,
            "artwork_explained": 1.0,
            "matrix": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
            "matrix_side": SIDE,
        },
        other=uid,
    )


def settings(line: Line) -> Mapping[str, Json]:
    """Give what has to be known to judge the answer later."""
    return {"version": VERSION, **line.record()}


def _sentence(suspect: Suspect, line: Line) -> str:
    said = {
        Relation.NEAR_COPY: "Near copy of",
        Relation.RECOLOURED: "Same design in other colours as",
        Relation.REDRAWN: "Same lines, drawn otherwise, as",
        Relation.CONTAINS: "Contains all of",
        Relation.PART: "Contains a part of",
    }[suspect.relation]
    change = CHANGES[suspect.candidate.change]
    how = "" if change == "plain" else f", {change}"
    return (
        f"{said} the work {suspect.uid[:12]}{how}: score {suspect.score:.1f}, and {line.score:.1f} or more is flagged. "
        f"{MATCH_MEANS}"
    )


def _evidence(suspect: Suspect, line: Line) -> dict[str, Json]:
    candidate = suspect.candidate
    agreement, drawn = candidate.agreement, candidate.drawn
    return {
        "kind": "work",
        "uid": suspect.uid,
        "relation": suspect.relation.value,
        "score": round(suspect.score, 3),
        "line": line.record(),
        "change": CHANGES[candidate.change],
        "places": candidate.points.places,
        "cosine": round(candidate.cosine, 4),
        "outline": round(candidate.outline, 4),
        "shape": round(candidate.shape, 4),
        "line_places": candidate.line_points.places,
        "lines_agreeing": round(max(drawn.plain.agreeing, drawn.followed.agreeing), 4),
        "agreeing": round(max(agreement.plain.agreeing, agreement.followed.agreeing), 4),
        "work_contained": round(max(agreement.plain.contained, agreement.followed.contained), 4),
        "artwork_explained": round(max(agreement.plain.explained, agreement.followed.explained), 4),
        "colour_distance": None if suspect.colour is None else round(suspect.colour, 1),
        "regions": suspect.regions(),
        "matrix": []
        if candidate.matrix is None
        else [[float(f"{v:.9g}") for v in row] for row in rows(candidate.matrix)],
        "matrix_side": SIDE,
    }


def _corners(matrix: Matrix, shape: tuple[int, int], into: tuple[int, int]) -> list[list[float]]:
    """Take the corners of a picture of `shape` through `matrix` into one of `into`; heights before widths."""
    height, width = shape
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    ends = moved(corners, matrix) / (into[1], into[0])
    return [[round(float(x), 4), round(float(y), 4)] for x, y in ends.clip(-1, 2)]
