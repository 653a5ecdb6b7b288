"""The judge weighs what was measured."""

import json
from importlib import resources

import numpy as np
import pytest

from provenance.compare.agreement import Agreement, Measured
from provenance.compare.alignment import Agreeing
from provenance.compare.candidate import Candidate
from provenance.compare.colour import Colours
from provenance.compare.judge import NAMES, Judge, measurements
from provenance.errors import DamagedArchiveError


def candidate(*, places: int = 0, share: float = 0.0, cosine: float = 0.0) -> Candidate:
    agreed = Measured(
        correlation=share, close=share, agreeing=share, explained=share, contained=share, evidence=int(9000 * share)
    )
    agreement = Agreement(plain=agreed, followed=agreed, moved=9 * (1 - share), overlap=share, covered=share)
    points = Agreeing(places=places, pairs=max(places, 4), exact=places, alike=0.75 + share / 4)
    return Candidate(
        place=0,
        cosine=cosine,
        ahead=cosine / 2,
        votes=places / 20,
        points=points,
        outline=share,
        change=0,
        matrix=np.eye(3),
        agreement=agreement,
        drawn=agreement,
        shape=share,
        shape_ahead=share / 2,
        line_points=points,
        colours=Colours(distance=60 * (1 - share), same=share, together=share, light_together=share, here=30, there=30),
    )


def test_a_copy_scores_far_above_a_stranger() -> None:
    judge = Judge.shipped()
    copy, stranger = candidate(places=30, share=0.95, cosine=0.9), candidate(places=2, share=0.05, cosine=0.3)

    assert judge.score(copy) > judge.line.score > judge.score(stranger)
    assert [each.points.places for _, each in judge.best([stranger, copy])] == [30, 2]


def test_the_shipped_line_says_where_it_was_measured() -> None:
    line = Judge.shipped().line

    assert line.wanted == 0.001
    assert line.pictures >= 1000
    assert line.source.startswith("shipped")


def test_every_measurement_has_a_weight_and_is_bounded() -> None:
    extreme = measurements(candidate(places=10_000, share=1.0, cosine=1.0))

    assert set(extreme) == set(NAMES) == set(Judge.shipped().weights)
    assert all(0 <= value < 10 for name, value in extreme.items() if "*" not in name)
    assert extreme["few places * cosine"] == extreme["few places"] * extreme["cosine"] == 1.0


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"version": 1, "offset": "x", "weights": {}}'])
def test_a_damaged_file_of_weights_is_a_sentence(broken: str) -> None:
    with pytest.raises(DamagedArchiveError, match="Install prov again"):
        Judge.from_text(broken)


def test_a_weight_that_is_missing_is_noticed() -> None:
    held = json.loads(resources.files("provenance.compare").joinpath("judge_v5.json").read_text(encoding="utf-8"))
    del held["weights"]["places"]

    with pytest.raises(DamagedArchiveError):
        Judge.from_text(json.dumps(held))
