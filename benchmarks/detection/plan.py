"""What is put to every detector: the works to be found, the copies and the innocents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from benchmarks.detection.art import Art
from benchmarks.detection.attack import Attack
from benchmarks.detection.corpus import Work
from benchmarks.detection.corpus import split as of_split
from benchmarks.detection.queries import Gallery, Query, copies, machine_made, sample
from benchmarks.detection.queries import innocents as innocent_works
from benchmarks.detection.relations import Relations

_ABSTRACT: Final = 0.15
_LEARNT: Final = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The queries of one split, the same for every detector."""

    split: str
    seed: int
    gallery: Gallery
    queries: tuple[Query, ...]

    @classmethod
    def make(
        cls,
        *,
        everything: Sequence[Work],
        work: Path,
        split: str,
        works: int | None,
        innocents: int,
        attacks: Sequence[Attack],
        gan: Path | None,
        seed: int,
    ) -> Self:
        """Draw the queries: `everything` is to be found, the works of the split are asked for.

        Of the `innocents` 15 % are abstract pictures by our engines, up to 15 % pictures of `gan`, the rest works.
        """
        relations = Relations.find(everything, work)
        art = Art(work, gan)
        abstract, learnt = art.abstract(round(innocents * _ABSTRACT)), art.learnt(round(innocents * _LEARNT))
        asked = sample(of_split(everything, split), None, seed)
        queries = (
            *copies(asked[:works], asked, seed=seed, attacks=attacks),
            *innocent_works(asked, count=innocents - len(abstract) - len(learnt), seed=seed, attacks=attacks),
            *machine_made([*abstract, *learnt], seed=seed, attacks=attacks),
        )
        return cls(split=split, seed=seed, gallery=Gallery(everything, relations, work, art), queries=queries)

    def described(self) -> Mapping[str, int | str | dict[str, int]]:
        """Count what is in it."""
        kinds = [(query.kind, query.origin) for query in self.queries]
        left_out = [len(self.gallery.without(query)) for query in self.queries if query.kind == "innocent"] or [0]
        return {
            "split": self.split,
            "seed": self.seed,
            "database": len(self.gallery.works),
            "left out at most": max(left_out),
            "left out on average": round(sum(left_out) / len(left_out)),
            "works asked for": len({query.subject for query in self.queries if query.kind == "copy"}),
            "attacks": len({query.attack for query in self.queries if query.kind == "copy"}),
            "copies": {str(o): kinds.count(("copy", o)) for k, o in dict.fromkeys(kinds) if k == "copy"},
            "innocents": {str(o): kinds.count(("innocent", o)) for k, o in dict.fromkeys(kinds) if k == "innocent"},
        }
