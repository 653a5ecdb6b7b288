"""Memorisation of a model: its outputs, held against the works that it learnt from as its training saw them.

Artworks of the model are taken, and where they are too few pictures are made and not recorded. Beside them two kinds
of works are held against the same works: those of the same datasets that the training did not see, and the training
works, each against the others. Nothing is written here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from provenance import schema
from provenance.archive import nodes
from provenance.archive.copies_check import line_of
from provenance.archive.features import embedder
from provenance.archive.learnt import CLAIMED
from provenance.archive.memorisation_outputs import Outputs, outputs
from provenance.archive.memorisation_works import Behind, KnownWork, behind, seen, twins
from provenance.audit import memorisation
from provenance.audit.memorisation import Baseline, Judged, Learnt, Material
from provenance.audit.memorisation_judged import judge_pictures, named_works, shortlist
from provenance.audit.memorisation_rulers import KEPT, Nearest, Search
from provenance.audit.memorisation_statistics import WORKS_NEEDED
from provenance.audit.model_finding import ModelFinding
from provenance.compare.judge import Judge
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import PROJECTION, Projection
from provenance.picture import Picture
from provenance.words import count

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

NAME: Final = memorisation.NAME
VERSION: Final = memorisation.VERSION

MOST_COMPARED: Final = 512
"""Works of each kind that outputs are compared with; of more, some are drawn by the seed."""

JUDGED: Final = 20
"""Outputs that the judge of copies looks at, those nearest to works."""
_BASELINES: Final = {
    "unseen": "other works of the same datasets are",
    "among_themselves": "those works are to each other",
}
"""Works that outputs are compared with, in words that follow "nearer than"."""

_NOT_RECORDED: Final = (
    "How the training saw works is not recorded: all were compared on white squares of {side} pixels, and copies of "
    "parts may be missed."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Askers:
    """Pictures that look for their nearest training works: outputs, unseen works, training works themselves."""

    pixels: NDArray[np.uint8]
    embeddings: NDArray[np.float32]
    twins: NDArray[np.int64]
    parts: Mapping[str, slice]
    """outputs, unseen, among_themselves: where each lies."""


def examine(
    archive: "Archive",
    model_uid: str,
    *,
    samples: int,
    seed: int = 0,
    judged: int = JUDGED,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[ModelFinding]:
    """Examine `samples` different outputs of a model.

    `seed` draws the works that outputs are compared with. The judge of copies looks at the `judged` outputs that lie
    nearest to works, and at as many works; 0 leaves it out. `progress` hears how many pictures of how many were read.
    Raises NotFoundError for an unknown model, UsageError for `samples` under 1, EngineError where the embedding's
    weights are missing.
    """
    if samples < 1:
        raise UsageError(f"{samples} outputs cannot be examined: ask for 1 at least.")
    with archive.database.read() as session:
        row = nodes.node_id(session, model_uid)
        found = behind(session, row)
        model = session.get(schema.Model, row)
        name = model_uid[: nodes.SHORT] if model is None else model.name
    if not found.learnt:
        return memorisation.examine(_nothing(name, found))
    total = samples + len(found.learnt)
    reading = _Reading(archive, found, lambda done: progress(samples + done, total), seed=seed, judged=judged)
    made = outputs(archive, model_uid, found.preprocessing, wanted=samples, progress=lambda done: progress(done, total))
    material = reading.material(name, made)
    progress(total, total)
    return memorisation.examine(material)


def _nothing(name: str, found: Behind) -> Material:
    return Material(model=name, learnt=(), recorded=len(found.learnt), outputs=(), sampled=0, nearest={})


class _Reading:
    """All pictures of one audit, read and compared."""

    def __init__(
        self, archive: "Archive", found: Behind, progress: Callable[[int], None], *, seed: int, judged: int
    ) -> None:
        self._archive, self._found, self._progress = archive, found, progress
        self._seed, self._judged_most = seed, judged
        self._limit = archive.settings.pixels
        self._projection = Projection.load()
        self._judge = Judge.shipped()
        self._numbers: dict[str, int] = {}

    def material(self, name: str, made: Outputs) -> Material:
        """Compare everything, and tell the check."""
        learnt = self._found.learnt
        askers = self._askers(made, twins(learnt, self._numbers))
        nearest, known = self._searched(askers)
        if not known:
            return _nothing(name, self._found)
        by_part = {
            part: {ruler: near[where] for ruler, near in nearest.items()} for part, where in askers.parts.items()
        }
        return Material(
            model=name,
            learnt=[Learnt(uid=work.uid, name=work.name, creator=work.creator) for work in known],
            recorded=len(learnt),
            outputs=made.names,
            sampled=made.sampled,
            nearest=by_part["outputs"],
            baselines=[
                Baseline(name=part, what=what, nearest=by_part[part])
                for part, what in _BASELINES.items()
                if len(by_part[part]["layout"].places)
            ],
            judged=self._judged(askers, by_part, known),
            settings=self._settings(),
            notes=[*self._notes(), *made.notes],
        )

    def _searched(self, askers: _Askers) -> tuple[Mapping[str, Nearest], list[KnownWork]]:
        """Hold the askers against the training works that can be read, some at a time; give those works, too."""
        learnt = self._found.learnt
        numbers = twins(learnt, self._numbers)
        search = Search(askers.pixels, askers.embeddings, askers.twins)
        held: list[int] = []
        for places, pixels in seen(learnt, self._found.preprocessing, limit=self._limit, progress=self._progress):
            search.show(pixels, self._embedded(pixels), numbers[places], len(held))
            held += places
        return search.nearest(), [learnt[place] for place in held]

    def _askers(self, made: Outputs, numbers: NDArray[np.int64]) -> _Askers:
        """Put outputs, drawn unseen works and drawn training works one after the other."""
        unseen, _ = self._drawn(self._found.unseen)
        own, places = self._drawn(self._found.learnt)
        pixels = [made.pixels, unseen, own]
        marks = [np.full(len(part), -1, np.int64) for part in pixels[:2]]
        starts = np.cumsum([0, *map(len, pixels)])
        parts = ("outputs", "unseen", "among_themselves")
        everything = np.concatenate(pixels)
        return _Askers(
            pixels=everything,
            embeddings=self._embedded(everything),
            twins=np.concatenate([*marks, numbers[places]]),
            parts={part: slice(int(starts[at]), int(starts[at + 1])) for at, part in enumerate(parts)},
        )

    def _drawn(self, works: Sequence[KnownWork]) -> tuple[NDArray[np.uint8], list[int]]:
        """Draw at most `MOST_COMPARED` of `works`, and give them as a training sees them, with their places."""
        chance = np.random.default_rng(self._seed)
        chosen = sorted(int(each) for each in chance.permutation(len(works))[:MOST_COMPARED])
        side = self._found.preprocessing.size
        pixels, places = [np.zeros((0, side, side, 3), np.uint8)], []
        for kept, some in seen([works[each] for each in chosen], self._found.preprocessing, limit=self._limit):
            pixels.append(some)
            places += [chosen[each] for each in kept]
        return np.concatenate(pixels), places

    def _embedded(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        if not len(pixels):
            return np.zeros((0, self._projection.length), np.float32)
        return self._projection.project(np.stack([embedder().embed(Picture(each)) for each in pixels]))

    def _judged(
        self, askers: _Askers, by_part: Mapping[str, Mapping[str, Nearest]], known: Sequence[KnownWork]
    ) -> Judged | None:
        """Let the judge look at the outputs nearest to works, and at as many works."""
        if not self._judged_most:
            return None
        outputs_judged = self._scores(askers, "outputs", by_part, known)
        works_judged = self._scores(askers, "among_themselves", by_part, known)
        with self._archive.database.read() as session:
            line = line_of(session, self._judge)
        return Judged(outputs=outputs_judged, works=[score for _, _, score in works_judged], line=line.record())

    def _scores(
        self,
        askers: _Askers,
        part: str,
        by_part: Mapping[str, Mapping[str, Nearest]],
        known: Sequence[KnownWork],
    ) -> list[tuple[int, int, float]]:
        nearest = by_part[part]
        chosen = shortlist(nearest, self._judged_most)
        if not chosen:
            return []
        places = named_works(nearest, chosen)
        pixels = next(seen([known[each] for each in places], self._found.preprocessing, limit=self._limit))[1]
        if len(pixels) != len(places):  # a file changed within the last minute
            return []
        numbers = twins([known[each] for each in places], self._numbers)
        own = askers.twins[askers.parts[part]][chosen]
        scored = judge_pictures(
            self._judge,
            askers.pixels[askers.parts[part]][chosen],
            askers.embeddings[askers.parts[part]][chosen],
            pixels,
            self._embedded(pixels),
            twins=[np.flatnonzero(numbers == each).tolist() for each in own],
        )
        return [(chosen[number], places[work], score) for number, work, score in scored]

    def _settings(self) -> dict[str, Json]:
        return {
            "preprocessing": self._found.preprocessing.record(),
            "preprocessing_recorded": self._found.recorded,
            "embedding": EMBEDDING,
            "projection": PROJECTION,
            "nearest_kept": KEPT,
            "seed": str(self._seed),
            "most_compared": MOST_COMPARED,
        }

    def _notes(self) -> list[str]:
        notes = [CLAIMED] if self._found.claimed else []
        if not self._found.recorded:
            notes.append(_NOT_RECORDED.format(side=self._found.preprocessing.size))
        if len(self._found.unseen) < WORKS_NEEDED:
            notes.append(
                f"Of the datasets, {count(len(self._found.unseen))} works are there that it did not learn from, too "
                "few to compare with: the training works among themselves stand for such works."
            )
        return notes
