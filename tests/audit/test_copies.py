"""What is said of works that were measured against an artwork."""

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance.audit.copies import Relation, Suspect, findings
from provenance.compare.agreement import Agreement, Measured
from provenance.compare.alignment import Agreeing
from provenance.compare.candidate import Candidate
from provenance.compare.colour import Colours
from provenance.compare.judge import Line
from provenance.words import Severity, forbidden_in

LINE = Line(score=3.0, judge="judge_v5", wanted=0.001, flagged=2, pictures=2000, source="shipped")


def suspect(
    *,
    score: float = 6.0,
    covered: float = 1.0,
    overlap: float = 1.0,
    colour: float | None = 2.0,
    cosine: float = 0.5,
    change: int = 0,
    matrix: NDArray[np.float64] | None = None,
    uid: str = "a" * 64,
    grey: float = 0.9,
    lines: float = 0.9,
    chroma: float = 0.0,
) -> Suspect:
    agreed, drawn = (
        Measured(correlation=each, agreeing=each, explained=1, contained=1, evidence=3000) for each in (grey, lines)
    )
    candidate = Candidate(
        place=0,
        cosine=cosine,
        ahead=cosine / 2,
        votes=1.0,
        points=Agreeing(places=12, pairs=20),
        outline=0.2,
        change=change,
        matrix=np.eye(3) if matrix is None else matrix,
        agreement=Agreement(plain=agreed, followed=agreed, moved=0.1, overlap=overlap, covered=covered),
        drawn=Agreement(plain=drawn, followed=drawn),
        colours=None if colour is None else Colours(distance=colour, here=chroma),
    )
    return Suspect(uid=uid, score=score, candidate=candidate, artwork_shape=(80, 160), work_shape=(80, 160))


@pytest.mark.parametrize(
    ("given", "relation"),
    [
        ({}, Relation.NEAR_COPY),
        ({"colour": 40.0}, Relation.RECOLOURED),
        ({"colour": None}, Relation.NEAR_COPY),
        ({"colour": 40.0, "lines": 0.7, "grey": 0.4}, Relation.REDRAWN),
        ({"colour": 40.0, "lines": 0.5, "grey": 0.4}, Relation.RECOLOURED),
        ({"lines": 0.3, "grey": 0.0}, Relation.NEAR_COPY),
        ({"colour": 40.0, "lines": 0.7, "grey": 0.4, "chroma": 20.0}, Relation.RECOLOURED),
        ({"overlap": 0.3}, Relation.CONTAINS),
        ({"covered": 0.3}, Relation.PART),
        ({"covered": 0.3, "overlap": 0.3}, Relation.PART),
    ],
)
def test_what_overlaps_says_what_the_artwork_is_to_the_work(given: dict[str, float], relation: Relation) -> None:
    assert suspect(**given).relation is relation  # type: ignore[arg-type]


def test_what_reaches_the_line_is_a_finding_with_its_evidence_and_the_surest_comes_first() -> None:
    found = list(findings([suspect(score=3.0), suspect(score=9.0, uid="b" * 64), suspect(score=2.9)], LINE))

    assert [finding.other for finding in found] == ["b" * 64, "a" * 64]
    assert {finding.severity for finding in found} == {Severity.WARNING}
    assert found[0].evidence["line"] == LINE.record()
    assert found[0].evidence["relation"] == "near copy of"
    assert all(not forbidden_in(finding.sentence) for finding in found)


def test_a_similar_style_is_a_note_and_no_match() -> None:
    (found,) = findings([suspect(score=0.0, cosine=0.9)], LINE)

    assert found.severity is Severity.NOTE
    assert "no match" in found.sentence


def test_nothing_near_says_nothing() -> None:
    assert list(findings([suspect(score=-1.0, cosine=0.4)], LINE)) == []
    assert list(findings([], LINE)) == []


def test_regions_are_corners_from_0_to_1_in_both_pictures() -> None:
    half = np.array(
        [[2.0, 0, -80], [0, 2, -40], [0, 0, 1]]
    )  # the work lies in the middle of the artwork at half its size
    regions = suspect(matrix=half).regions()

    assert regions["in_artwork"] == [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]
    assert regions["in_work"] == [[-0.5, -0.5], [1.5, -0.5], [1.5, 1.5], [-0.5, 1.5]]


def test_a_region_of_a_mirrored_copy_lies_where_people_see_it() -> None:
    left = np.array([[2.0, 0, 0], [0, 2, 0], [0, 0, 1]])  # in the mirrored artwork the work lies at the left
    regions = suspect(matrix=left, change=1).regions()

    assert regions["in_artwork"] == [[1.0, 0.0], [0.5, 0.0], [0.5, 0.5], [1.0, 0.5]]
