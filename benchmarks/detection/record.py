"""What a detector answered to one query, as a line of JSON; and the answer held against what is known of the query."""

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.detection.detector import Scored
from benchmarks.detection.queries import Gallery, Query

_KEPT = 15
_WRONG = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found for a query, and what that took."""

    query: str
    """The query's name."""
    found: tuple[tuple[str, float], ...]
    """The first 15 works with their scores, best first, and the work itself and relatives wherever they came."""
    cpu: float
    """Seconds of one core."""
    wall: float
    stages: Mapping[str, float]
    """CPU seconds by stage, where the detector says."""

    @classmethod
    def of(
        cls, query: Query, found: Sequence[Scored], gallery: Gallery, *, cpu: float, wall: float,
        stages: Mapping[str, float],
    ) -> "Answer":  # fmt: skip
        """Reduce what a detector found to what is kept."""
        always = gallery.kin(query) | {query.subject}
        kept = [(one.uid, one.score) for rank, one in enumerate(found) if rank < _KEPT or one.uid in always]
        return cls(query=query.name, found=tuple(kept), cpu=cpu, wall=wall, stages=dict(stages))

    def line(self) -> str:
        """Write it as one line of JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, line: str) -> "Answer":
        """Read what `line` wrote."""
        fields: dict[str, Any] = json.loads(line)
        return cls(**fields | {"found": tuple((uid, score) for uid, score in fields["found"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An answer reduced to what the figures need."""

    kind: str
    subject: str
    origin: str
    attack: str
    target: float | None
    """The score of a copy's work; None where it was not among the answers, and of innocents."""
    kin: float | None
    """The best score of the work or a relative."""
    best: float | None
    """The best score of all that may be found; None where nothing was answered."""
    wrong: tuple[float, ...]
    """The best scores of works that are neither the copy's, nor relatives, nor another part of it."""
    first_is_right: bool
    """The first answer, other parts aside, is the work or a relative."""


def judged(query: Query, answer: Answer, gallery: Gallery) -> Record:
    """Hold an answer against what is known of the query by now: relations may have been added since."""
    copy = query.kind == "copy"
    kin = gallery.kin(query) | {query.subject}
    left_out = gallery.without(query)
    found = [(uid, score) for uid, score in answer.found if uid not in left_out]
    neither = gallery.neither(query) | {query.subject} if copy else frozenset()
    foreign = [score for uid, score in found if uid not in neither]
    first = next((uid for uid, _score in found if uid not in query.parts), None)
    return Record(
        kind=query.kind,
        subject=query.subject,
        origin=query.origin,
        attack=query.attack,
        target=_best(found, {query.subject}) if copy else None,
        kin=_best(found, kin) if copy else None,
        best=max((score for _uid, score in found), default=None),
        wrong=tuple(sorted(foreign, reverse=True)[:_WRONG]),
        first_is_right=copy and first in kin,
    )


def _best(found: Sequence[tuple[str, float]], uids: Collection[str]) -> float | None:
    return max((score for uid, score in found if uid in uids), default=None)
