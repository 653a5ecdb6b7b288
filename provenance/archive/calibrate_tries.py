"""What calibrating does to a work: it looks for other versions of it, disturbs it, and searches what came of that."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.archive.copies_check import CopiesCheck
from provenance.archive.refingerprint import picture_of
from provenance.compare.disturbance import DISTURBANCES, disturbed
from provenance.compare.judge import Judge
from provenance.errors import ProvenanceError
from provenance.schema import Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

NOTHING: Final = -99.0
"""The score where nothing was proposed."""

_SURER: Final = 2.3
"""So much over the shipped line two works by different people, as they are, count as versions of each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToTry:
    """A work, and how often it is tried."""

    row: int
    uid: str
    like: frozenset[str]
    """Works of its creator and of its series, itself too: they are left out."""
    seed: int
    numbers: Sequence[int]
    """A number for each time: with the seed it says what happens to the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of it."""

    uid: str
    versions: frozenset[str]
    """Works by other people that are so like it that they were left out too."""
    innocent: Sequence[float]
    """The highest score of what is left, each time; fewer than `numbers` where its file has moved."""
    own: Sequence[float]
    """The score of the work itself, each time, where nothing was left out."""


def trier(archive: "Archive") -> Callable[[ToTry], Tried]:
    """Hold the works of an archive ready, and give what tries one of them."""
    return partial(_tried, archive, CopiesCheck(archive))


def _tried(archive: "Archive", check: CopiesCheck, work: ToTry) -> Tried:
    surely = Judge.shipped().line.score + _SURER
    alike = check.suspects_of(work.row, without=work.like)
    versions = frozenset(each.uid for each in alike if each.score >= surely)
    scores = list(_scores(archive, check, work, work.like | versions))
    return Tried(
        uid=work.uid,
        versions=versions,
        innocent=[innocent for innocent, _ in scores],
        own=[own for _, own in scores],
    )


def _scores(
    archive: "Archive", check: CopiesCheck, work: ToTry, without: frozenset[str]
) -> Iterator[tuple[float, float]]:
    try:
        picture = picture_of(archive, Node(id=work.row, uid=work.uid, kind=Kind.WORK.value))
    except ProvenanceError:
        return  # its file has moved: it can be found, but not tried
    names = list(DISTURBANCES)
    for number in work.numbers:
        dice = np.random.default_rng((work.seed, number))
        data = check.reduced(disturbed(picture, names[int(dice.integers(len(names)))], dice))
        others = check.suspects(data, without=without)
        innocent = max((each.score for each in others), default=NOTHING)
        yield innocent, next((each.score for each in check.suspects(data) if each.uid == work.uid), NOTHING)
