"""Pictures are laid over each other in all ways that are worth it, and the best is kept."""

import numpy as np
from scenes import drawing, look

from provenance.compare.alignment import Alignment
from provenance.compare.candidate import Proposal
from provenance.compare.laying import best_laid

SAME = np.eye(3)[:2]
BESIDE = np.array([[1.0, 0, 90], [0, 1, 60]])


def proposal(matrix: np.ndarray | None, outline: float = 0.0) -> Proposal:
    points = None if matrix is None else Alignment(matrix=matrix, change=0, places=4, pairs=9, exact=1, alike=0.8)
    return Proposal(
        place=0, cosine=0.5, votes=1.0, alignment=points, outline=outline, outline_matrix=SAME, shape=0.0,
        shape_matrix=SAME,
    )  # fmt: skip


def test_where_points_mislead_the_outline_lays_the_pictures_rightly() -> None:
    picture = look(drawing(9))

    misled = best_laid(picture, picture, proposal(BESIDE), None)
    found = best_laid(picture, picture, proposal(BESIDE, outline=0.9), None)

    assert misled.agreement.strength < 0.4
    assert found.agreement.strength > 0.9
    assert found.matrix is not None
    np.testing.assert_allclose(found.matrix, SAME, atol=0.05)


def test_what_is_laid_rightly_already_stays_so() -> None:
    picture = look(drawing(9))
    wrong = Alignment(matrix=BESIDE, change=0, places=9, pairs=9, exact=9, alike=0.9)

    found = best_laid(picture, picture, proposal(SAME), wrong)

    assert found.agreement.strength > 0.9
    assert found.matrix is not None
    np.testing.assert_array_equal(found.matrix, SAME)


def test_without_any_way_nothing_is_laid() -> None:
    picture = look(drawing(9))

    assert best_laid(picture, picture, proposal(None), None).matrix is None
