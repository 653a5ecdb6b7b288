"""Places that two pictures share, for the drawings of a report: numbered alike in both.

They are found again from the points that are kept of both pictures and from the way in which one lies on the other: a
point of the one belongs to a point of the other where the two lie on each other and look alike. So they can be drawn
for audits of any age, whatever had found that way.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare import plane
from provenance.compare.alignment import unit
from provenance.export.audit_report import Matrix, Point
from provenance.fingerprint.local import LocalFeatures, changed_descriptors

MOST: Final = 24
"""Pairs that are drawn."""

_NEAR: Final = 8.0  # pixels of the copy of the other picture in which points were found, as for `compare.alignment`
_ALIKE: Final = 0.8  # cosine of descriptors
_APART: Final = 0.02  # of the artwork: nearer ones are one place to the eye


def shared_points(
    artwork: LocalFeatures, other: LocalFeatures, matrix: Matrix, *, inverted: bool
) -> tuple[tuple[Point, Point], ...]:
    """Give up to `MOST` places in the artwork and in the other picture, both 0 to 1, those far from each other first.

    `matrix` takes places of the artwork to places of the other one; a mirror is in it, `inverted` is beside it.
    """
    if not len(artwork) or not len(other):
        return ()
    here, there = _places(artwork), _places(other)
    forth = np.array(matrix if len(matrix) == 3 else (*matrix, (0.0, 0.0, 1.0)))
    apart = (plane.moved(here, forth)[:, None] - there[None]) * (other.width, other.height)
    alike = _likeness(artwork, other, mirrored=np.linalg.det(plane.middle(forth, (1, 1))) < 0, inverted=inverted)
    alike = np.where((apart**2).sum(axis=2) < _NEAR**2, alike, -1)
    of, to = np.arange(len(here)), alike.argmax(axis=1)
    mutual = (alike[of, to] > _ALIKE) & (alike.argmax(axis=0)[to] == of)
    of, to = of[mutual], to[mutual]
    chosen = _spread(here[of], alike[of, to])
    return tuple((_point(here[of[each]]), _point(there[to[each]])) for each in chosen)


def _places(features: LocalFeatures) -> NDArray[np.float64]:
    """Give points as places of 0 to 1; the middle of the first pixel is at 0 in the points."""
    return (features.points[:, :2].astype(np.float64) + 0.5) / (features.width, features.height)


def _likeness(artwork: LocalFeatures, other: LocalFeatures, *, mirrored: bool, inverted: bool) -> NDArray[np.float32]:
    changed = changed_descriptors(artwork.descriptors)[mirrored + 2 * inverted]
    likeness: NDArray[np.float32] = unit(changed) @ unit(other.descriptors).T
    return likeness


def _spread(places: NDArray[np.float64], alike: NDArray[np.float32]) -> list[int]:
    """Choose the surest place, then again and again the one that is farthest from all chosen ones."""
    chosen: list[int] = []
    far = np.full(len(places), np.inf)
    while len(chosen) < min(MOST, len(places)):
        best = int(np.argmax(alike)) if not chosen else int(np.argmax(far))
        if far[best] < _APART:
            break
        chosen.append(best)
        far = np.minimum(far, np.linalg.norm(places - places[best], axis=1))
    return chosen


def _point(place: NDArray[np.float64]) -> Point:
    return round(float(place[0]), 4), round(float(place[1]), 4)
