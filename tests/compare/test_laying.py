"""Pictures are laid over each other in all ways that are worth it, and the best is kept."""

import numpy as np
from PIL import Image
from scenes import drawing, look

from provenance.compare import plane
from provenance.compare.alignment import Agreeing, Alignment
from provenance.compare.candidate import Proposal
from provenance.compare.laying import best_laid

SAME = np.eye(3)
CORNERS = np.array([(10, 10), (150, 10), (150, 150), (10, 150)])
BESIDE = np.array([[1.0, 0, 90], [0, 1, 60], [0, 0, 1]])


def points_at(matrix: np.ndarray, places: int) -> Alignment:
    return Alignment(matrix=matrix, affine=matrix, change=0, agreeing=Agreeing(places=places, pairs=9, exact=1))


def proposal(matrix: np.ndarray | None, outline: float = 0.0) -> Proposal:
    points = None if matrix is None else points_at(matrix, places=4)
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


def test_the_best_way_is_fitted_once_more_as_seen_from_a_side() -> None:
    image = drawing(9)
    seen = plane.square(np.array([[0.99, 0.01, 3], [0.01, 0.98, 2]]))
    seen[2, :2] = 0.00025, -0.0001
    drawn = [plane.laid(band, seen, 256, 256, 255) for band in np.moveaxis(np.asarray(image, np.float32), 2, 0)]
    asked, whole = look(Image.fromarray(np.stack(drawn, 2).astype(np.uint8))), look(image)

    found = best_laid(asked, whole, proposal(SAME), None)

    assert found.matrix is not None
    truth = plane.scaled(seen, 160 / 256)
    np.testing.assert_allclose(plane.moved(CORNERS, found.matrix), plane.moved(CORNERS, truth), atol=1.5)


def test_what_is_laid_rightly_already_stays_so() -> None:
    picture = look(drawing(9))

    found = best_laid(picture, picture, proposal(SAME), points_at(BESIDE, places=9))

    assert found.agreement.strength > 0.9
    assert found.matrix is not None
    np.testing.assert_array_equal(found.matrix, SAME)


def test_without_any_way_nothing_is_laid() -> None:
    picture = look(drawing(9))

    assert best_laid(picture, picture, proposal(None), None).matrix is None
