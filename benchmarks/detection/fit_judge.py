"""Fit the judge's weights and the quick judge's on the development split, and write `provenance/compare/*_v5.json`.

    python -m benchmarks.detection.fit_judge --corpus FOLDER --lookalikes FOLDER --work FOLDER
        [--works N] [--attacks N] [--innocents N]

What is searched is openclipart, the sets of emoji that `lookalikes.py` drew and the backgrounds of `scenes.py`; of the
other sources of the report nothing is seen. Copies are candidates that are the attacked work, of works that the
projection was not fitted to, by turns of their creators, and of some emoji and backgrounds; each is attacked in
`--attacks` ways, so that all ways come up equally often. All candidates of innocents are others: many of an emoji's are
the same thing in another set. Works that are related to the subject count neither way. A ridge-regularised logistic
regression by scikit-learn over what `judge.measurements` names, standardised; the weights are written for the values as
they are. Nothing of the report split is looked at, though openclipart's part of it is among what is searched.

What was measured is kept in the work folder, so that fitting again takes seconds. The scores of the innocents are
also told as five fits see them that were made without them (by subject): the shipped lines come from those.
"""

import os

# Before numpy: processes are forked, and each is to take one core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import argparse
import json
import math
import pickle
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from benchmarks.detection.attacks import ATTACKS
from benchmarks.detection.corpus import LOOKALIKES, SCENES, Work, read_corpus, split
from benchmarks.detection.fit_projection import learnt_from
from benchmarks.detection.ours import Cascade
from benchmarks.detection.plan import Plan
from benchmarks.detection.queries import Query, copies, sample
from provenance.compare.candidate import Candidate
from provenance.compare.judge import NAMES, VERSION, measurements
from provenance.compare.promise import NAMES as QUICK
from provenance.compare.promise import Promise
from provenance.compare.shape import WHITENING_DIGEST
from provenance.digest import Digest
from provenance.fingerprint.embedding import PROJECTION_DIGEST

_TARGET = Path(__file__).parents[2] / "provenance" / "compare"
_RIDGE = 0.1
_FOLDS = 5
_OF_A_CREATOR = 8
_EMOJI = 10  # of each set that are attacked
_BACKGROUNDS = 24
_SLOW = 60  # works that are also attacked in a way that takes seconds
_LOW = -6.0  # what the quick judge gives up while both are fitted: no copy that was flagged lay there
_GIVEN_UP = 0.0025  # of the copies that are flagged at one in a hundred: what the quick judge may lose
_RATES = (0.01, 0.001)
_ABOVE = 0.001  # a line lies above what it lets pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A candidate that was measured, and the query that it was a candidate of."""

    values: tuple[float, ...]
    label: int
    subject: str
    query: str


_plan: Plan
_cascade: Cascade


def rows(query: Query) -> list[Row]:
    """Measure a query's candidates: 1 for the attacked work, 0 for what is none of it."""
    gallery = _plan.gallery
    neither = gallery.neither(query)
    found: list[Row] = []
    for uid, candidate in _cascade.examined(gallery.pixels(query), gallery.without(query)):
        if query.kind == "copy" and uid == query.subject:
            found.append(_row(candidate, 1, query))
        elif query.kind == "innocent" and uid not in neither:
            found.append(_row(candidate, 0, query))
    return found


def _row(candidate: Candidate, label: int, query: Query) -> Row:
    values = measurements(candidate)
    return Row(values=tuple(values[name] for name in NAMES), label=label, subject=query.subject, query=query.name)


def asked_of(plan: Plan, works: int, attacks: int, seed: int) -> tuple[Query, ...]:
    """Give the copies of `works` works that the projection has not seen, of emoji and backgrounds; and innocents."""
    everything = list(plan.gallery.works.values())
    seen = {work.uid for work in learnt_from(everything)}
    development = sample(split(everything, "development"), None, seed)
    drawn = [work for work in development if work.source in LOOKALIKES][: len(LOOKALIKES) * _EMOJI]
    drawn += [work for work in development if work.source == SCENES][:_BACKGROUNDS]
    others = [work for work in development if work.source == "openclipart" and work.uid not in seen]
    chosen = [*_by_turns(others)[:works], *drawn]
    ways = [attack for attack in ATTACKS if not attack.slow]
    slow = [attack for attack in ATTACKS if attack.slow]
    found: list[Query] = []
    for number, work in enumerate(chosen):
        some = [ways[(number * attacks + turn) % len(ways)] for turn in range(min(attacks, len(ways)))]
        some += [slow[number % len(slow)]] if number < _SLOW else []
        found += copies([work], development, seed=seed, attacks=some)
    return (*found, *(query for query in plan.queries if query.kind == "innocent"))


def _by_turns(works: Sequence[Work]) -> list[Work]:
    """Order works so that each creator has one before any has two, and none has more than `_OF_A_CREATOR`."""
    by_creator: dict[str, list[Work]] = defaultdict(list)
    for work in works:
        by_creator[work.creator].append(work)
    return [some[turn] for turn in range(_OF_A_CREATOR) for some in by_creator.values() if turn < len(some)]


def measured(processes: int) -> list[Row]:
    """Measure all queries."""
    found: list[Row] = []
    with get_context("fork").Pool(processes) as pool:
        for number, some in enumerate(pool.imap_unordered(rows, _plan.queries, chunksize=8), 1):
            found += some
            if number % 100 == 0:
                print(f"{number} of {len(_plan.queries)} queries", file=sys.stderr, flush=True)
    return sorted(found, key=lambda row: (row.query, row.values))


def fitted(found: Sequence[Row], innocents: int) -> dict[str, Any]:
    """Fit the judge's weights, and draw the lines; of some `innocents` nothing was worth measuring."""
    values = np.array([row.values for row in found])
    truth = np.array([row.label for row in found])
    weights, offset = _fit(values, truth)
    return {
        "version": VERSION,
        "offset": round(offset, 5),
        "weights": {name: round(float(weight), 5) for name, weight in zip(NAMES, weights, strict=True)},
        "fitted": {"copies": int(truth.sum()), "others": int((1 - truth).sum())},
        "lines": _lines(found, values, truth, innocents),
    }


def fitted_promise(found: Sequence[Row], judge: Mapping[str, Any]) -> dict[str, object]:
    """Fit the quick judge's weights, and find how low it may go."""
    places = [NAMES.index(name) for name in QUICK]
    values = np.array([row.values for row in found])
    truth = np.array([row.label for row in found])
    weights, offset = _fit(values[:, places], truth)
    quick = values[:, places] @ weights + offset
    scores = values @ np.array(list(judge["weights"].values())) + judge["offset"]
    flagged = np.sort(quick[(truth == 1) & (scores >= judge["lines"]["at"][str(_RATES[0])])])
    return {
        "offset": round(offset, 5),
        "weights": {name: round(float(weight), 5) for name, weight in zip(QUICK, weights, strict=True)},
        "least": math.floor(flagged[int(len(flagged) * _GIVEN_UP)] * 100) / 100,
    }


def _fit(values: NDArray[np.float64], truth: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(C=_RIDGE, solver="newton-cholesky", max_iter=200).fit(scaler.transform(values), truth)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - (weights * scaler.mean_).sum())


def _lines(
    found: Sequence[Row], values: NDArray[np.float64], truth: NDArray[np.int64], innocents: int
) -> dict[str, object]:
    """Find the score that a share of the innocents, or rather fewer, lies above, by fits that did not see them.

    A few highest scores say little of the next ones: before there were lookalikes, a line through the third of 2,300
    was passed by five times as many of other sources.
    """
    best: dict[str, float] = {}
    folds = GroupKFold(_FOLDS).split(values, truth, [row.subject for row in found])
    for learnt, left_out in folds:
        weights, offset = _fit(values[learnt], truth[learnt])
        scores = values[left_out] @ weights + offset
        for place, score in zip(left_out, scores, strict=True):
            row = found[place]
            if row.label == 0:
                best[row.query] = max(best.get(row.query, -np.inf), float(score))
    ordered = sorted(best.values(), reverse=True)
    some = {rate: _fewer(innocents * rate) for rate in _RATES}
    return {
        "innocents": innocents,
        "at": {str(rate): round(ordered[count] + _ABOVE, 3) for rate, count in some.items()},
        "flagged": {str(rate): count for rate, count in some.items()},
        "highest": [round(score, 3) for score in ordered[:12]],
    }


def _fewer(expected: float) -> int:
    """Say how many may be flagged so that more than `expected` of others seldom are: a standard deviation fewer."""
    return max(0, math.floor(expected - math.sqrt(expected)))


def main() -> int:
    """Fit and write."""
    global _plan, _cascade  # noqa: PLW0603  (forked processes see them)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--lookalikes", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--works", type=int, default=90)
    parser.add_argument("--attacks", type=int, default=17)
    parser.add_argument("--innocents", type=int, default=4000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    _plan = Plan.make(
        everything=[*read_corpus(asked.corpus, ["openclipart"]), *read_corpus(asked.lookalikes, (*LOOKALIKES, SCENES))],
        work=asked.work,
        split="development",
        works=0,
        innocents=asked.innocents,
        attacks=ATTACKS,
        gan=None,
        seed=asked.seed,
    )
    _plan = replace(_plan, queries=asked_of(_plan, asked.works, asked.attacks, asked.seed))
    made_of = Digest.of(" ".join((PROJECTION_DIGEST.hex, WHITENING_DIGEST.hex, *NAMES)).encode())
    kept = asked.work / f"judge-rows-{made_of.hex[:12]}.pickle"
    if not kept.exists():
        _cascade = Cascade(replace(Promise.shipped(), least=_LOW))
        _cascade.fit(list(_plan.gallery.works.values()))
        kept.write_bytes(pickle.dumps(measured(asked.processes)))
    found = pickle.loads(kept.read_bytes())
    judge = fitted(found, sum(query.kind == "innocent" for query in _plan.queries))
    lines = judge["lines"]
    judge["reported"] = {"flagged": lines["flagged"][str(_RATES[-1])], "innocents": lines["innocents"]}  # until it is
    for name, held in (("judge_v5", judge | {"plan": _plan.described()}), ("promise_v5", fitted_promise(found, judge))):
        (_TARGET / f"{name}.json").write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")
    print(f"{judge['fitted']}, lines {judge['lines']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
