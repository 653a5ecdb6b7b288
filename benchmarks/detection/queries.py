"""Which pictures are put to the detectors: copies, each with its work, and innocents, each with what is left out."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from benchmarks.detection.art import Art
from benchmarks.detection.attack import Attack, Pixels
from benchmarks.detection.attacks import ATTACKS, attack_named, attacked
from benchmarks.detection.corpus import Work, load
from benchmarks.detection.kept import read_png, write_png
from benchmarks.detection.relations import Relations
from provenance.errors import UsageError

RICH: Final = 24
"""So many pictures by our engines lend their manner to style transfer."""
_FEW: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One picture to be judged, told so that it can be made again."""

    kind: Literal["copy", "innocent"]
    subject: str
    """The work's uid, or the name of a picture by a machine: `art/...`."""
    origin: str
    """The source of the work, or what made the picture."""
    attack: str
    parts: tuple[str, ...]
    """Uids of the other works that are in it."""
    seed: int

    @property
    def name(self) -> str:
        """Unlike that of any other query."""
        return " ".join([self.kind, self.subject, self.attack, str(self.seed), *self.parts])


class Gallery:
    """The works with their relations, and the way from a query to its pixels."""

    def __init__(self, works: Sequence[Work], relations: Relations, folder: Path, art: Art) -> None:
        """Keep what takes seconds to make in `folder`."""
        self.works = {work.uid: work for work in works}
        self._relations = relations
        self._folder = folder
        self._art = art
        self._of_creator: dict[str, set[str]] = defaultdict(set)
        for work in works:
            self._of_creator[work.creator].add(work.uid)
        self._load = lru_cache(maxsize=64)(lambda uid: load(self.works[uid]))

    def pixels(self, query: Query) -> Pixels:
        """Make the query's picture, or take it from the folder if it takes seconds to make."""
        attack = attack_named(query.attack)
        if not attack.slow:
            return self._make(query, attack)
        kept = self._folder / "slow" / f"{query.subject.replace('/', '~')}~{query.attack}~{query.seed}.png"
        if not kept.exists():
            write_png(kept, self._make(query, attack))
        return read_png(kept)

    def without(self, query: Query) -> frozenset[str]:
        """Give the works that must not be found for the query: of an innocent all that would be no false flag."""
        if query.kind == "copy":
            return frozenset()
        return self._with_creators({uid for uid in (query.subject, *query.parts) if uid in self.works})

    def neither(self, query: Query) -> frozenset[str]:
        """Give the works whose being found counts neither for nor against: relatives, and the other works in it."""
        within = (query.subject, *query.parts)
        return frozenset(query.parts).union(*(self._relations.related(uid) for uid in within)) - {query.subject}

    def kin(self, query: Query) -> frozenset[str]:
        """Give the relatives of the query's work."""
        return self._relations.related(query.subject)

    def _with_creators(self, uids: set[str]) -> frozenset[str]:
        by_the_same = (self._of_creator[self.works[uid].creator] for uid in uids)
        return frozenset(uids).union(*by_the_same, *(self._relations.related(uid) for uid in uids))

    def _make(self, query: Query, attack: Attack) -> Pixels:
        others = [self._load(uid) for uid in query.parts]
        if attack.rich:
            others = [self._art.lending(query.seed % RICH)]
        return attacked(attack, self._subject(query.subject), seed=query.seed, others=others)

    def _subject(self, subject: str) -> Pixels:
        return self._load(subject) if subject in self.works else self._art.picture(subject)


def copies(
    works: Sequence[Work], others: Sequence[Work], *, seed: int, attacks: Sequence[Attack] = ATTACKS, slow: int = 40
) -> Iterator[Query]:
    """Give a query for every work and attack, work by work; of slow attacks only those of the first `slow` works.

    What else a collage holds is drawn from `others`, so that a work's queries stay the same however many are asked.
    Raises UsageError where there are too few.
    """
    for number, work in enumerate(works):
        for attack in attacks:
            if not attack.slow or number < slow:
                yield _query("copy", work, attack, others, seed)


def innocents(works: Sequence[Work], *, count: int, seed: int, attacks: Sequence[Attack] = ATTACKS) -> Iterator[Query]:
    """Give `count` queries that are works by a creator who is left out, each with an attack by chance.

    Every work comes once before any comes twice. The other works of a collage are by creators of few, as theirs are
    left out too and the database must stay large.
    """
    numbers = Counter(work.creator for work in works)
    others = [work for work in works if numbers[work.creator] <= _FEW]
    quick = [attack for attack in attacks if not attack.slow]
    for number in range(count):
        work = works[number % len(works)]
        turn = number // len(works)
        choice = random.Random(f"{seed} {work.uid}").sample(quick, len(quick))[turn % len(quick)]
        yield _query("innocent", work, choice, others, seed + turn)


def machine_made(names: Sequence[str], *, seed: int, attacks: Sequence[Attack] = ATTACKS) -> Iterator[Query]:
    """Give a query for each picture by a machine: every other one as it is, the rest with an attack by chance."""
    alone = [attack for attack in attacks if not attack.slow and not attack.others]
    plain = attack_named("as-it-is")
    for number, name in enumerate(names):
        attack = plain if number % 2 == 0 else random.Random(f"{seed} {name}").choice(alone)
        origin = name.split("/")[1]
        yield Query(kind="innocent", subject=name, origin=origin, attack=attack.name, parts=(), seed=seed)


def sample(works: Sequence[Work], count: int | None, seed: int) -> list[Work]:
    """Draw `count` works, from each source in turn until it has no more; a larger draw holds the smaller."""
    by_source: dict[str, list[Work]] = defaultdict(list)
    for work in sorted(works, key=lambda work: random.Random(f"{seed} {work.uid}").random()):
        by_source[work.source].append(work)
    rounds = max((len(group) for group in by_source.values()), default=0)
    turns = [group[turn] for turn in range(rounds) for group in by_source.values() if turn < len(group)]
    return turns[:count]


def _query(
    kind: Literal["copy", "innocent"],
    work: Work,
    attack: Attack,
    others: Sequence[Work],
    seed: int,
) -> Query:
    chance = random.Random(f"{seed} {work.uid} {attack.name}")
    if not attack.rich and len({other.creator for other in others} - {work.creator}) < attack.others:
        raise UsageError(f"The attack {attack.name} needs works of {attack.others + 1} creators: take more works.")
    parts: list[str] = []
    while len(parts) < attack.others and not attack.rich:
        other = chance.choice(others)
        if other.uid not in parts and other.creator != work.creator:
            parts.append(other.uid)
    return Query(
        kind=kind,
        subject=work.uid,
        origin=work.source,
        attack=attack.name,
        parts=tuple(parts),
        seed=chance.randrange(1 << 31),
    )
