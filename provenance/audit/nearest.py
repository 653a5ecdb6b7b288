"""Which works, and which creators, a picture is nearest to: ranks by several features, fused.

By what is shown (embeddings) and by what is where (16 x 16 colours): on 150 pictures made from known works, the first
finds altered copies and the second blends, and neither finds both. Ranks are fused by reciprocal rank fusion (Cormack,
Clarke and Büttcher 2009, section 3), so that no scale of one feature has to be brought to that of the other.

Works that the check for copies flagged come before them, by what they are: it lays pictures over each other, and finds
what was mirrored, turned or cut so that neither feature ranks it first. No number says so; the evidence does.

Nearest is all that is said. There is always a nearest work, also of a picture that has nothing to do with any; what a
model took from which work cannot be read from likeness.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.audit import copies
from provenance.audit.copies import Relation
from provenance.audit.finding import Finding
from provenance.digest import Json
from provenance.words import Severity, count, percent

NAME: Final = "nearest"
VERSION: Final = "2"

CONSTANT: Final = 60
"""What is added to ranks before their reciprocals are summed; 60 as in the paper, where little depends on it."""

SHOWN: Final = 5
"""Works and creators that the evidence names."""

DEPTH: Final = 50
"""Works whose reciprocal ranks count for their creators; at most a tenth of all works, and `SHOWN` at least."""

ORDER: Final = "works that the check for copies flagged, by what they are; then the others, by their score"
"""How the evidence lists works; creators follow their works."""

SAYS: Final = "Nearest says that pictures look alike. It does not say what the model took from whom, or that it did."

_NEAREST_FIRST: Final = (Relation.NEAR_COPY, Relation.RECOLOURED, Relation.REDRAWN, Relation.CONTAINS, Relation.PART)
"""What a flagged work may be, in the order in which such works come."""

_NOBODY: Final = "not recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A work that a picture may be near to."""

    uid: str
    name: str
    """Its title, else what its file is called."""
    creator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearWork:
    """A work with its place."""

    place: int
    """Which work, in the list that was given."""
    score: float
    """The sum of reciprocal ranks."""
    ranks: Mapping[str, int]
    """From 1, by feature."""
    likeness: Mapping[str, float]
    """The cosine or correlation, -1 to 1, by feature."""
    relation: Relation | None = None
    """What the picture is to it by the check for copies; None where that did not flag it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCreator:
    """A creator of works that lie near."""

    name: str | None
    """None for works whose creator is not recorded."""
    share: float
    """Of the summed reciprocal ranks of the nearest works, 0 to 1."""
    works: int
    """How many of the nearest works are theirs."""
    of_all: float
    """Their share of all works, 0 to 1: a random picture would be near to them about as often."""
    flagged: int = 0
    """How many of the nearest works that are theirs the check for copies flagged."""


def fuse(
    likeness: Mapping[str, NDArray[np.float64]], flagged: Mapping[int, Relation] = MappingProxyType({})
) -> list[NearWork]:
    """Order the nearest `DEPTH` works by their fused ranks; `likeness` by feature, each float64 (works,).

    Those that were `flagged`, by place, come first, by what they are and else in their order there, which is not
    changed. Works that are equally like, by a feature, share the best of their ranks.
    """
    ranks = {name: _ranks(values) for name, values in likeness.items()}
    score = np.sum([1 / (CONSTANT + rank) for rank in ranks.values()], axis=0)
    first = sorted(flagged, key=lambda place: _NEAREST_FIRST.index(flagged[place]))
    others = (place for place in np.argsort(-score, kind="stable").tolist() if place not in flagged)
    return [
        NearWork(
            place=place,
            score=float(score[place]),
            ranks={name: int(rank[place]) for name, rank in ranks.items()},
            likeness={name: float(values[place]) for name, values in likeness.items()},
            relation=flagged.get(place),
        )
        for place in islice(chain(first, others), DEPTH)
    ]


def flagged_works(found: Iterable[Finding]) -> dict[str, Relation]:
    """Read from findings of the check for copies which works it flagged, by uid, and what the picture is to them."""
    return {
        finding.other: Relation(str(finding.evidence["relation"]))
        for finding in found
        if finding.check == copies.NAME and finding.severity is not Severity.NOTE and finding.other is not None
    }


def nearest_creators(works: Sequence[Neighbour], near: Sequence[NearWork]) -> list[NearCreator]:
    """Sum reciprocal ranks of the nearest works by creator, the nearest first; before them those of flagged works."""
    counted = near[: depth(len(works))]
    total = sum(each.score for each in counted)
    own: dict[str | None, list[NearWork]] = {}
    for each in counted:
        own.setdefault(works[each.place].creator, []).append(each)
    everyone = Counter(work.creator for work in works)
    found = [
        NearCreator(
            name=creator,
            share=sum(each.score for each in theirs) / total,
            works=len(theirs),
            of_all=everyone[creator] / len(works),
            flagged=sum(each.relation is not None for each in theirs),
        )
        for creator, theirs in own.items()
    ]
    first = [each for each in found if each.flagged]  # in the order of their works
    others = [each for each in found if not each.flagged]
    return first + sorted(others, key=lambda each: (-each.share, each.name or ""))


def depth(works: int) -> int:
    """Say how many of so many works count for creators."""
    return max(min(SHOWN, works), min(DEPTH, works // 10))


def nearest_finding(works: Sequence[Neighbour], near: Sequence[NearWork], *, whose: str) -> Finding:
    """Say which works and creators are nearest; `whose` says which works were looked at: "that clips learnt from".

    Raises ValueError where there is no work.
    """
    if not near:
        message = "Of no works none is the nearest."
        raise ValueError(message)
    creators = nearest_creators(works, near)
    first = works[near[0].place]
    return Finding(
        check=NAME,
        check_version=VERSION,
        severity=Severity.NOTE,
        sentence=" ".join([*_works_sentences(works, near, whose), _creators_sentence(creators, len(works)), SAYS]),
        evidence={
            "works_compared": len(works),
            "works": [_work_record(works[each.place], each) for each in near[:SHOWN]],
            "creators": [_creator_record(each) for each in creators[:SHOWN]],
            "works_counted_for_creators": depth(len(works)),
            "fusion": f"reciprocal ranks, with {CONSTANT} added (Cormack et al. 2009)",
            "features": list(near[0].ranks),
            "order": ORDER,
            "means": SAYS,
        },
        other=first.uid,
    )


def _ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank values from 1, the highest first; equal ones share the best rank."""
    ordered = np.sort(-values)
    return np.asarray(np.searchsorted(ordered, -values, side="left") + 1, np.int64)


def _works_sentences(works: Sequence[Neighbour], near: Sequence[NearWork], whose: str) -> Iterator[str]:
    named = [_named(works[each.place]) for each in near[:3]]
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    if len(works) == 1:
        yield f"There is one work {whose}: {listed}."
        return
    yield f"Of the {count(len(works))} works {whose}, it is nearest to {listed}."
    flagged = sum(each.relation is not None for each in near)
    if flagged == 1:
        yield "The first comes before the others because the check for copies flagged it."
    elif flagged:
        yield f"The first {count(flagged)} come before the others because the check for copies flagged them."


def _creators_sentence(creators: Sequence[NearCreator], works: int) -> str:
    known = [each for each in creators if each.name is not None]
    if not known:
        return "Who made them is not recorded."
    said = [
        f"{each.name} ({each.works} of the {count(depth(works))} nearest works; {percent(each.of_all)} of all)"
        for each in known[:3]
    ]
    word = "creator is" if len(said) == 1 else "creators are"
    return f"The nearest {word} {'; '.join(said)}."


def _named(work: Neighbour) -> str:
    by = f" by {work.creator}" if work.creator else ""
    return f"the work {work.uid[:12]} ({work.name}{by})"


def _work_record(work: Neighbour, near: NearWork) -> Json:
    return {
        "uid": work.uid,
        "name": work.name,
        "creator": work.creator or _NOBODY,
        "score": round(near.score, 6),
        "ranks": dict(near.ranks),
        "likeness": {name: round(value, 4) for name, value in near.likeness.items()},
        "flagged": None if near.relation is None else {"check": copies.NAME, "relation": near.relation.value},
    }


def _creator_record(creator: NearCreator) -> Json:
    return {
        "creator": creator.name or _NOBODY,
        "share_of_nearness": round(creator.share, 4),
        "works_among_nearest": creator.works,
        "works_flagged": creator.flagged,
        "share_of_all_works": round(creator.of_all, 4),
    }
