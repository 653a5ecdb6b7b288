"""What counts as a repeated work: the field's definitions by name, each with its descriptor and line, and ours.

No definition means much alone: flat pictures are near to each other without anybody's doing. So each is also applied
to works that were not learnt from, and the two rates stand side by side.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from provenance.audit.memorisation_rulers import EMBEDDING, KEPT, LAYOUT, RULERS, TILES, Nearest, Ruler
from provenance.audit.memorisation_statistics import Rate
from provenance.digest import Json

AGREEING: Final = 2
"""So many rulers must call a picture and the same work alike, before we say that it looks like that work."""

DEFINITIONS: Final[Mapping[str, str]] = {
    "somepalli_2023": (
        "Somepalli et al. 2023 (arXiv 2212.03860) call an output a replication where its SSCD similarity to a training "
        f"work is over 0.5. SSCD is not used here: the descriptor is ours, {EMBEDDING.what}."
    ),
    "carlini_2023": (
        "Carlini et al. 2023 (arXiv 2301.13188): a work is (l, delta)-extracted where l(output, work) <= delta, here "
        f"with the tiled L2 distance and delta = {TILES.line}: {TILES.what}."
    ),
    "ours": (
        f"An output looks like a work where {AGREEING} of {len(RULERS)} rulers call it alike: "
        + "; ".join(f"{ruler.name}: {ruler.what}" for ruler in RULERS)
        + "."
    ),
}
"""What is counted, by name."""

LEVELS: Final = (
    "nothing nearer than unseen works are",
    "nearer than 95 in 100 unseen works by a ruler",
    "alike by one ruler",
    f"alike by {AGREEING} rulers",
    "alike by the tiles and by the layout",
    "the same but for noise: tiles within 0.05, layout from 0.98",
)
"""Our own mapping onto the six levels, 0 (none) to 5 (total), that people gave the pairs of D-Rep (Wang et al. 2024,
"Image Copy Detection for Diffusion Models", arXiv 2409.19952). Nobody has compared it with theirs."""

_NOISE: Final = 0.05
_SAME: Final = 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A picture that looks like a work."""

    picture: int
    """Its place among the pictures."""
    work: int
    """The work's place."""
    rulers: tuple[str, ...]
    """Those that call them alike."""
    values: Mapping[str, float]
    """What was measured, by ruler, where the work is among the nearest by it."""

    @property
    def strength(self) -> tuple[int, float]:
        """Order by it: how many rulers agree, then how alike the layouts are."""
        return len(self.rulers), self.values.get(LAYOUT.name, -1.0)


def likenesses(nearest: Mapping[str, Nearest]) -> list[Likeness]:
    """Find for each picture the work that it looks like most, by our definition; pictures like none are left out."""
    found: list[Likeness] = []
    for picture in range(len(nearest[LAYOUT.name].places)):
        alike = _alike(nearest, picture)
        times = Counter(work for works in alike.values() for work in works)
        agreed = [
            Likeness(
                picture=picture,
                work=work,
                rulers=tuple(name for name, works in alike.items() if work in works),
                values=_values(nearest, picture, work),
            )
            for work, often in times.items()
            if often >= AGREEING
        ]
        if agreed:
            found.append(max(agreed, key=lambda each: each.strength))
    return found


def rates(nearest: Mapping[str, Nearest]) -> dict[str, Rate]:
    """Count the pictures that each of `DEFINITIONS` holds for."""
    of = len(nearest[LAYOUT.name].places)
    return {
        "somepalli_2023": Rate.measured(_reaching(nearest, EMBEDDING), of),
        "carlini_2023": Rate.measured(_reaching(nearest, TILES), of),
        "ours": Rate.measured(len(likenesses(nearest)), of),
    }


def levels(nearest: Mapping[str, Nearest], usual: Mapping[str, float]) -> list[int]:
    """Count pictures by level, from 0 to 5; `usual` is how near 95 in 100 unseen works stay, by ruler."""
    agreed = {each.picture: each for each in likenesses(nearest)}
    counted = [0] * len(LEVELS)
    for picture in range(len(nearest[LAYOUT.name].places)):
        counted[_level(nearest, usual, picture, agreed.get(picture))] += 1
    return counted


def rates_record(nearest: Mapping[str, Nearest]) -> dict[str, Json]:
    """Write all rates as JSON."""
    return {name: rate.record() for name, rate in rates(nearest).items()}


def ranked(found: Sequence[Likeness]) -> list[tuple[int, list[Likeness]]]:
    """Group pictures by the work that they look like: those with most pictures first, the strongest picture first."""
    works: dict[int, list[Likeness]] = {}
    for each in found:
        works.setdefault(each.work, []).append(each)
    for same in works.values():
        same.sort(key=lambda each: each.strength, reverse=True)
    return sorted(works.items(), key=lambda item: (-len(item[1]), [-each for each in item[1][0].strength], item[0]))


def _reaching(nearest: Mapping[str, Nearest], ruler: Ruler) -> int:
    return int((nearest[ruler.name].best >= ruler.nearness(ruler.line)).sum())


def _alike(nearest: Mapping[str, Nearest], picture: int) -> dict[str, set[int]]:
    """Name the works that each ruler calls alike."""
    found: dict[str, set[int]] = {}
    for ruler in RULERS:
        near = nearest[ruler.name]
        over = near.nearness[picture] >= ruler.nearness(ruler.line)
        found[ruler.name] = {int(place) for place in near.places[picture][over]}
    return found


def _values(nearest: Mapping[str, Nearest], picture: int, work: int) -> dict[str, float]:
    found: dict[str, float] = {}
    for ruler in RULERS:
        near = nearest[ruler.name]
        for place in range(KEPT):
            if int(near.places[picture, place]) == work:
                found[ruler.name] = ruler.nearness(float(near.nearness[picture, place]))
    return found


def _level(nearest: Mapping[str, Nearest], usual: Mapping[str, float], picture: int, agreed: Likeness | None) -> int:
    if agreed is not None:
        tiles, layouts = agreed.values.get(TILES.name, 1.0), agreed.values.get(LAYOUT.name, -1.0)
        if tiles <= _NOISE and layouts >= _SAME:
            return 5
        return 4 if {TILES.name, LAYOUT.name} <= set(agreed.rulers) else 3
    best = {ruler.name: float(nearest[ruler.name].best[picture]) for ruler in RULERS}
    if any(best[ruler.name] >= ruler.nearness(ruler.line) for ruler in RULERS):
        return 2
    return int(any(best[name] > line for name, line in usual.items() if np.isfinite(line)))
