"""`prov audit calibrate`: where an archive draws its line, measured on its own works.

Each work stands for an innocent picture: something happens to it, and it is searched with all works of its creator and
of its series left out, and those that look like another version of it (relations, which are found first). Whatever is
found then is a false flag. The line is the score that the wanted share of these pictures reaches.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from sqlalchemy import select

from provenance import schema
from provenance.archive.calibrate_tries import ToTry, trier
from provenance.archive.copies_check import CopiesCheck
from provenance.archive.crew import answered, crew_size
from provenance.archive.features import fill
from provenance.archive.learnt_features import fill_own, own_embedder
from provenance.audit.proportion import interval
from provenance.database import utc_now
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.schema import Kind, Node

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

WANTED: Final = 0.001
"""False flags a picture: one in a thousand."""

_ENOUGH: Final = 3
"""So many times 1 / wanted pictures are needed: with none of them flagged, the rate is below what is wanted."""

_LOWEST: Final = -3.0
"""No line lies lower: of pictures with so little in common hardly any are measured at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What calibrating came to."""

    kept: bool
    """Whether the line was written; False where there is too little to measure on, and the shipped one stays."""
    threshold: float
    wanted: float
    pictures: int
    creators: int
    false_flags: int
    """With that threshold."""
    interval: tuple[float, float]
    """95 % Clopper-Pearson interval of the false flags a picture."""
    copies: int
    found: int
    """Disturbed works that were found with that threshold."""
    relations: int
    """Pairs of works by different people that were taken for versions of each other, and left out."""
    needed: int
    """Pictures that are needed for the wanted rate."""


def calibrate(
    archive: "Archive",
    *,
    wanted: float = WANTED,
    pictures: int | None = None,
    seed: int = 0,
    processes: int = 0,
    progress: Callable[[str, int, int], None] = lambda _phase, _done, _total: None,
) -> Calibrated:
    """Measure the line for `wanted` false flags a picture, and keep it where there is enough to measure on.

    `pictures` are how many are put to the test; else as many as are needed, or four for each work if those are fewer.
    They are shared among `processes`; 0 takes one for each core, if pictures and memory are enough. The answer is the
    same for any number. Raises UsageError for a rate or a seed that is none, or where fewer than two creators have
    works; EngineError where one of the processes came to its end.
    """
    if not 0.0001 <= wanted <= 0.2:
        raise UsageError(f"The wanted rate is a share of pictures, from 0.0001 to 0.2, not {wanted}.")
    if seed < 0 or processes < 0:
        raise UsageError(f"Seeds and processes are counted from 0: {min(seed, processes)} is none. Give a higher one.")
    fill(archive, (Kind.WORK,), progress=lambda done, total: progress("works", done, total))
    own = own_embedder(archive.settings)
    if own is not None:
        fill_own(archive, own, (Kind.WORK,), progress=lambda done, total: progress("own works", done, total))
    check = CopiesCheck(archive)
    works = _works(archive, check)
    creators = {work.creator for work in works}
    if len(creators) < 2:
        message = (
            "Calibrating needs works by two people at least: others' pictures are what must not be flagged. Give works "
            "a creator, in the column creator."
        )
        raise UsageError(message)
    needed = int(np.ceil(_ENOUGH / wanted))
    count = pictures if pictures is not None else min(needed, 4 * len(works))
    many = processes or crew_size(count)
    measured = _measure(archive, works, count=count, seed=seed, processes=many, progress=progress)
    return _kept(archive, check, measured, wanted=wanted, needed=needed, creators=len(creators))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    row: int
    uid: str
    creator: str
    series: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    innocent: Sequence[float]
    """The highest score that each picture reached with what is like it left out."""
    own: Sequence[float]
    """The score of the work itself, where it was not left out."""
    relations: int


def _works(archive: "Archive", check: CopiesCheck) -> list[_Work]:
    work = schema.Work
    query = select(work.id, Node.uid, work.creator, work.series).join(Node, Node.id == work.id).order_by(work.id)
    with archive.database.read() as session:
        rows = session.execute(query).all()
    held = set(check.uids)
    # A work without a creator stands for itself: who made two of them cannot be told.
    return [
        _Work(row=row, uid=uid, creator=creator or uid, series=series)
        for row, uid, creator, series in rows
        if uid in held
    ]


def _measure(
    archive: "Archive",
    works: Sequence[_Work],
    *,
    count: int,
    seed: int,
    processes: int,
    progress: Callable[[str, int, int], None],
) -> _Measured:
    innocent: list[float] = []
    own: list[float] = []
    related: set[frozenset[str]] = set()
    numbers, done = _drawn(len(works), count=count, seed=seed), 0
    questions = _to_try(works, numbers, seed)
    with closing(answered(archive, trier, questions, processes=processes)) as answers:
        for tried, tries in zip(answers, numbers.values(), strict=True):
            innocent += tried.innocent
            own += tried.own
            related |= {frozenset((tried.uid, other)) for other in tried.versions}
            done += len(tries)
            progress("checks", done, count)
    return _Measured(innocent=innocent, own=own, relations=len(related))


def _drawn(works: int, *, count: int, seed: int) -> dict[int, list[int]]:
    """Draw `count` works, each before any comes again: by place, the numbers of the times when it is tried."""
    dice = np.random.default_rng(seed)
    order = [place for _ in range(-(-count // works)) for place in dice.permutation(works).tolist()]
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, place in enumerate(order[:count]):
        numbers[place].append(number)
    return numbers


def _to_try(works: Sequence[_Work], numbers: Mapping[int, Sequence[int]], seed: int) -> Iterator[ToTry]:
    """Put the questions together one by one: a creator's works are many, and so are the times they are named."""
    by_creator: dict[str, set[str]] = defaultdict(set)
    by_series: dict[str, set[str]] = defaultdict(set)
    for work in works:
        by_creator[work.creator].add(work.uid)
        if work.series:
            by_series[work.series].add(work.uid)
    for place, tries in numbers.items():
        work = works[place]
        like = frozenset(by_creator[work.creator] | (by_series[work.series] if work.series else set()))
        yield ToTry(row=work.row, uid=work.uid, like=like, seed=seed, numbers=tries)


def _kept(
    archive: "Archive", check: CopiesCheck, measured: _Measured, *, wanted: float, needed: int, creators: int
) -> Calibrated:
    scores = sorted(measured.innocent, reverse=True)
    enough = len(scores) >= needed
    allowed = int(len(scores) * wanted)
    # Just above the first score that may not be flagged any more.
    threshold = float(np.nextafter(max(scores[allowed], _LOWEST), np.inf)) if enough else check.line.score
    flags = sum(score >= threshold for score in scores)
    result = Calibrated(
        kept=enough,
        threshold=round(threshold, 4),
        wanted=wanted,
        pictures=len(scores),
        creators=creators,
        false_flags=flags,
        interval=interval(flags, len(scores)),
        copies=len(measured.own),
        found=sum(score >= threshold for score in measured.own),
        relations=measured.relations,
        needed=needed,
    )
    if enough:
        record: Mapping[str, Json] = {
            "pictures": result.pictures,
            "creators": creators,
            "false_flags": flags,
            "interval": list(result.interval),
            "copies": result.copies,
            "found": result.found,
            "relations": result.relations,
            "works": len(check.uids),
        }
        with archive.database.write() as session:
            session.add(
                schema.Calibration(
                    method=check.line.judge,
                    threshold=result.threshold,
                    wanted=wanted,
                    record=dict(record),
                    calibrated_at=utc_now(),
                )
            )
    return result
