"""What outputs show, by the works that are nearest to them, and how often such a label is wrong.

Outputs of a model carry no labels. Each gets that of most of its nearest works. How often that is wrong is measured
on the works themselves, each labelled by the others (leave one out), so that `bias_shares` can correct for it.
A work's kin, variants of the same design, are left out with it: they would make labelling look too easy.
Labels are better the nearer the neighbours are, and outputs may lie nearer to works than those to each other, or
farther off. So works count for the error by how many outputs are as near to their neighbours as they are to theirs.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEIGHBOURS: Final = 5
"""Works that have a say in a label."""

COPY: Final = 0.85
"""The cosine with the nearest work from which on an output has that work's label, whatever others say."""

LEAST: Final = 20
"""Works that a group needs, to be told from others; smaller ones count together."""

MOST_GROUPS: Final = 12
"""Groups that are told apart, the largest; the rest count together."""

OTHER: Final = "other"
UNSAID: Final = "not recorded"

_UNLIKE: Final = 0.01
_BINS: Final = 4  # of works by how near their neighbours are, as many in each
_FLOOR: Final = 0.1  # of the works' own shares of these, so that no work loses all its weight
_BLOCK: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """Outputs by what they show, and how far that can be relied on."""

    groups: tuple[str, ...]
    confusion: "NDArray[np.int64]"
    """Shape (groups, groups): works by what they are (row) and what the other works said (column)."""
    weighted: "NDArray[np.float64]"
    """The same by how near outputs are to works; each row sums to the works that it is worth (Kish 1965)."""
    told: "NDArray[np.int64]"
    """Shape (groups,): outputs by what the nearest works said."""
    copied: "NDArray[np.int64]"
    """Shape (groups,): outputs so near to one work that they have its label; not among `told`."""
    unlike: int
    """Outputs that are less like any work than works are like each other: they have no label."""

    @property
    def right(self) -> int:
        """Works whose label, told by the others, was right."""
        return int(np.trace(self.confusion))

    @property
    def works(self) -> int:
        """Works on which the labelling was measured."""
        return int(self.confusion.sum())

    @property
    def outputs(self) -> int:
        """Outputs that have a label."""
        return int(self.told.sum() + self.copied.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighbours:
    """The nearest works of each of `n` pictures."""

    rows: "NDArray[np.int64]"
    """Shape (n, NEIGHBOURS): which works, the nearest first."""
    cosines: "NDArray[np.float32]"
    """Shape (n, NEIGHBOURS), -1 to 1."""


def grouped(values: Sequence[str | None]) -> tuple[tuple[str, ...], "NDArray[np.int64]"]:
    """Give each of `values` a group by number, the largest first; small ones become `other`, None `not recorded`.

    Gives the names and, for each value, the place of its group.
    """
    counts = Counter(UNSAID if value is None else value for value in values)
    large = sorted((name for name, number in counts.items() if number >= LEAST), key=lambda name: (-counts[name], name))
    kept = large[: MOST_GROUPS if len(large) <= MOST_GROUPS else MOST_GROUPS - 1]
    names = (*kept, *([OTHER] if len(kept) < len(counts) and OTHER not in kept else []))
    place = {name: row for row, name in enumerate(names)}
    rest = place.get(OTHER, 0)
    return names, np.array([place.get(UNSAID if value is None else value, rest) for value in values], np.int64)


def nearest(
    pictures: "NDArray[np.float32]", works: "NDArray[np.float32]", kin: "NDArray[np.int64] | None" = None
) -> Neighbours:
    """Find the nearest works of `pictures`: vectors of length 1, float32 (n, length) and (works, length).

    With `kin`, int64 (works,), the pictures are the works, and a work's neighbours are of another kin than its own.
    Raises UsageError where there are too few works.
    """
    few = len(works) <= NEIGHBOURS if kin is None else len(np.unique(kin)) <= NEIGHBOURS
    if few:
        raise UsageError(f"{len(works)} works cannot label pictures: more than {NEIGHBOURS} designs are needed.")
    parts = [_nearest(pictures, works, kin, start) for start in range(0, len(pictures), _BLOCK)]
    rows = np.concatenate([part[0] for part in parts]) if parts else np.zeros((0, NEIGHBOURS), np.int64)
    cosines = np.concatenate([part[1] for part in parts]) if parts else np.zeros((0, NEIGHBOURS), np.float32)
    return Neighbours(rows=rows, cosines=cosines)


def label(groups: Sequence[str], truth: "NDArray[np.int64]", *, works: Neighbours, outputs: Neighbours) -> Labelled:
    """Label `outputs` by the groups of their nearest works, and measure how often that is wrong on the works.

    `truth`, int64 (works,), has the place of each work's group; `works` are the neighbours of the works, without kin.
    """
    size = len(groups)
    said = _voted(truth, works, size)
    confusion = np.zeros((size, size), np.int64)
    np.add.at(confusion, (truth, said), 1)
    near, beside = works.cosines.mean(axis=1), outputs.cosines.mean(axis=1)
    copies = outputs.cosines[:, 0] >= COPY
    unlike = (beside < float(np.quantile(near, _UNLIKE))) & ~copies
    rest = ~copies & ~unlike
    voted = _voted(truth, outputs, size)
    return Labelled(
        groups=tuple(groups),
        confusion=confusion,
        weighted=_weighted(truth, said, _weights(near, beside[rest]), size),
        told=np.bincount(voted[rest], minlength=size),
        copied=np.bincount(truth[outputs.rows[copies, 0]], minlength=size),
        unlike=int(unlike.sum()),
    )


def _nearest(
    pictures: "NDArray[np.float32]", works: "NDArray[np.float32]", kin: "NDArray[np.int64] | None", start: int
) -> tuple["NDArray[np.int64]", "NDArray[np.float32]"]:
    alike = pictures[start : start + _BLOCK] @ works.T
    if kin is not None:
        alike[kin[start : start + _BLOCK, None] == kin[None, :]] = -2
    rows = np.argpartition(-alike, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    order = np.argsort(-np.take_along_axis(alike, rows, axis=1), axis=1, kind="stable")
    rows = np.take_along_axis(rows, order, axis=1)
    return rows.astype(np.int64), np.take_along_axis(alike, rows, axis=1)


def _weights(near: "NDArray[np.float32]", beside: "NDArray[np.float32]") -> "NDArray[np.float64]":
    """Weigh works so that as many are near to their neighbours, or far from them, as outputs are."""
    if not len(beside):
        return np.ones(len(near))
    edges = np.quantile(near, np.linspace(0, 1, _BINS + 1)[1:-1])
    bins, others = np.searchsorted(edges, near), np.searchsorted(edges, beside)
    shares = np.bincount(bins, minlength=_BINS) / len(near)
    wanted = (1 - _FLOOR) * np.bincount(others, minlength=_BINS) / len(beside) + _FLOOR * shares
    return np.asarray((wanted / np.maximum(shares, 1e-12))[bins], np.float64)


def _weighted(
    truth: "NDArray[np.int64]", said: "NDArray[np.int64]", weights: "NDArray[np.float64]", size: int
) -> "NDArray[np.float64]":
    sums = np.zeros((size, size))
    np.add.at(sums, (truth, said), weights)
    total = np.bincount(truth, weights, minlength=size)
    worth = total**2 / np.bincount(truth, weights**2, minlength=size)  # Kish, Survey Sampling, section 11.7
    return np.asarray(sums * (worth / total)[:, None], np.float64)


def _voted(truth: "NDArray[np.int64]", neighbours: Neighbours, size: int) -> "NDArray[np.int64]":
    """Give the group that most neighbours of each vote for; where several have as many, that of the nearest.

    A vote counts less the larger its group, by the root of its works: else small groups would never be told.
    """
    worth = 1 / np.sqrt(np.maximum(1, np.bincount(truth, minlength=size)))
    votes = np.zeros((len(neighbours.rows), size))
    each = np.arange(len(neighbours.rows))
    for place in range(NEIGHBOURS):
        group = truth[neighbours.rows[:, place]]
        votes[each, group] += worth[group] * (1 + (NEIGHBOURS - place) / 100)
    return np.asarray(votes.argmax(axis=1), np.int64)
