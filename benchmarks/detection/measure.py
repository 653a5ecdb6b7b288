"""From the answers to the queries to the figures: recall at rates of false flags, uAP, recall at 90 % precision.

All intervals are 95 %, by the bootstrap over works (Efron 1979; clusters, as one work's copies are found or missed
together): works and innocents are drawn anew with repetition, and with them the threshold, `ROUNDS` times.
Each attack counts alike, however many of its copies were put: a family's recall is the mean of its attacks'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from benchmarks.detection.attacks import ATTACKS
from benchmarks.detection.record import Record

RATES: Final = (1e-2, 1e-3)
"""False flags per innocent query."""
ROUNDS: Final = 300
BEYOND: Final = frozenset({"crop>60"})
"""Families without a target, which are shown but not counted in `all`."""

_FAMILY: Final = {attack.name: attack.family for attack in ATTACKS}
_Floats = NDArray[np.float64]


class Figure(NamedTuple):
    """A measured share or mean with its interval, and of how many."""

    value: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The answers of one detector as columns."""

    target: _Floats
    """Of each copy: the score of its work, or minus infinity where it was not among the answers."""
    kin: _Floats
    """Of each copy: the best score of its work or a relative."""
    weight: _Floats
    """Of each copy: one over the number of copies by the same attack."""
    work: NDArray[np.int64]
    attack: NDArray[np.str_]
    origin: NDArray[np.str_]
    flag: _Floats
    """Of each innocent: the best score of all."""
    subject: NDArray[np.int64]
    flag_origin: NDArray[np.str_]

    @classmethod
    def of(cls, records: Sequence[Record]) -> "Table":
        """Sort the records into columns."""
        copies = [record for record in records if record.kind == "copy"]
        others = [record for record in records if record.kind == "innocent"]
        attack = np.array([record.attack for record in copies], dtype=np.str_)
        counts = dict(zip(*np.unique(attack, return_counts=True), strict=True))
        return cls(
            target=_scores([record.target for record in copies]),
            kin=_scores([record.kin for record in copies]),
            weight=np.array([1 / counts[record.attack] for record in copies]),
            work=_numbered([record.subject for record in copies]),
            attack=attack,
            origin=np.array([record.origin for record in copies], dtype=np.str_),
            flag=_scores([record.best for record in others]),
            subject=_numbered([record.subject for record in others]),
            flag_origin=np.array([record.origin for record in others], dtype=np.str_),
        )


def threshold_at(flags: _Floats, rate: float, weights: _Floats | None = None) -> float:
    """Give the lowest score such that at most `rate` of the innocents lie above it: what is over it is flagged.

    `flags` is each innocent's best score. Equal scores stay on one side, so fewer than `rate` may be flagged.
    """
    weights = np.ones(len(flags)) if weights is None else weights
    allowed = rate * weights.sum()
    order = np.argsort(-flags, kind="stable")
    values, above = flags[order], np.cumsum(weights[order])
    # The first score that may not be flagged any more, counting all that share it.
    last_of_value = np.append(values[1:] != values[:-1], True)
    over = np.flatnonzero(last_of_value & (above > allowed + 1e-9))
    return float(values[over[0]]) if len(over) else -np.inf


def recalls(table: Table, rate: float, seed: int = 0) -> dict[str, Figure]:
    """Give the recall at `rate`: `all`, `all, kin`, each family, `attack: NAME` and `source: NAME`."""
    groups = _groups(table)
    rounds = [_recalls(table, groups, rate, np.ones(len(table.target)), np.ones(len(table.flag)))]
    random = np.random.default_rng(seed)
    for _ in range(ROUNDS):
        weights = _drawn(table.work, random), _drawn(table.subject, random)
        rounds.append(_recalls(table, groups, rate, *weights))
    return {
        name: _figure([one[name] for one in rounds], int(np.count_nonzero(rows)), len(np.unique(table.work[rows])))
        for name, (rows, _) in groups.items()
    }


def recall_over(table: Table, threshold: float) -> dict[str, float]:
    """Give recall, by the names of `recalls`, at a threshold that was set elsewhere."""
    ones = np.ones(len(table.target))
    return {
        name: _share(scores, rows, table.weight, ones, threshold) for name, (rows, scores) in _groups(table).items()
    }


def wilson(count: int, of: int) -> Figure:
    """Give a share with its 95 % interval (Wilson 1927); of nothing it may be anything."""
    if of == 0:
        return Figure(0.0, 0.0, 1.0, 0)
    interval = binomtest(count, of).proportion_ci(method="wilson")
    return Figure(count / of, float(interval.low), float(interval.high), of)


def ranking(records: Sequence[Record], seed: int = 0) -> dict[str, Figure]:
    """Give `uAP`, `R@P90` (SSCD, Pizzi and others 2022, arXiv 2202.10261, section 5.1) and `R@1`.

    Over all pairs of a query and a work that the detector answered with, sorted by score together; a copy's pair with
    its own work is right, a pair with a relative or another part of it is left out, all others are wrong.
    """
    counted = [record for record in records if record.kind == "innocent" or _FAMILY[record.attack] not in BEYOND]
    copies = [record for record in counted if record.kind == "copy"]
    others = [record for record in counted if record.kind == "innocent"]
    counted = [*copies, *others]
    works, subjects = (_numbered([record.subject for record in part]) for part in (copies, others))
    rows, right, values = _pairs(counted)
    copy_rows = np.array([record.kind == "copy" for record in counted])
    first = np.array([record.first_is_right for record in counted])
    random = np.random.default_rng(seed)
    rounds = []
    for turn in range(ROUNDS // 3 + 1):
        drawn = np.concatenate([_drawn(works, random), _drawn(subjects, random)])
        weights = drawn if turn else np.ones(len(counted))
        positives = float(weights[copy_rows].sum())
        measured = _precision_figures(weights[rows], right, values, positives)
        rounds.append((*measured, float(weights[copy_rows & first].sum()) / max(positives, 1e-9)))
    return {
        name: _figure([one[number] for one in rounds], len(copies), len(np.unique(works)))
        for number, name in enumerate(("uAP", "R@P90", "R@1"))
    }


def false_flags(table: Table, threshold: float) -> dict[str, tuple[int, int]]:
    """Count the flagged innocents and all innocents by what they are."""
    return {
        str(origin): (int((table.flag[rows] > threshold).sum()), int(rows.sum()))
        for origin in np.unique(table.flag_origin)
        if (rows := table.flag_origin == origin).any()
    }


def _pairs(records: Sequence[Record]) -> tuple[NDArray[np.int64], NDArray[np.bool_], _Floats]:
    """Give all pairs that were answered, best first: the record's row, whether it is right, and the score."""
    rows = np.repeat(np.arange(len(records)), [1 + len(record.wrong) for record in records])
    scores = np.concatenate([_scores([record.target, *record.wrong]) for record in records])
    right = np.concatenate([np.arange(1 + len(record.wrong)) == 0 for record in records])
    order = np.lexsort((right, -scores))  # among equal scores the wrong ones come first
    order = order[np.isfinite(scores[order])]
    return rows[order], right[order], scores[order]


def _precision_figures(
    weights: _Floats, right: NDArray[np.bool_], values: _Floats, positives: float
) -> tuple[float, float]:
    found, all_ = np.cumsum(weights * right), np.cumsum(weights)
    precision = found / np.maximum(all_, 1e-9)
    average = float((precision * weights * right).sum()) / max(positives, 1e-9)
    ends = np.append(values[1:] != values[:-1], True) if len(values) else np.zeros(0, bool)
    good = np.flatnonzero(ends & (precision >= 0.9))  # a threshold cannot part equal scores
    return average, float(found[good[-1]]) / max(positives, 1e-9) if len(good) else 0.0


def _groups(table: Table) -> dict[str, tuple[NDArray[np.bool_], _Floats]]:
    family = np.array([_FAMILY[name] for name in table.attack], dtype=np.str_)
    counted = ~np.isin(family, list(BEYOND))
    groups = {"all": (counted, table.target), "all, kin": (counted, table.kin)}
    groups |= {name: (family == name, table.target) for name in dict.fromkeys(_FAMILY.values()) if name in family}
    groups |= {f"attack: {name}": (table.attack == name, table.target) for name in _FAMILY if name in table.attack}
    groups |= {f"source: {name}": (counted & (table.origin == name), table.target) for name in np.unique(table.origin)}
    return groups


def _recalls(
    table: Table,
    groups: Mapping[str, tuple[NDArray[np.bool_], _Floats]],
    rate: float,
    of_copies: _Floats,
    of_innocents: _Floats,
) -> dict[str, float]:
    threshold = threshold_at(table.flag, rate, of_innocents)
    return {name: _share(scores, rows, table.weight, of_copies, threshold) for name, (rows, scores) in groups.items()}


def _share(scores: _Floats, rows: NDArray[np.bool_], weight: _Floats, drawn: _Floats, threshold: float) -> float:
    weights = drawn[rows] * weight[rows]
    return float(weights[scores[rows] > threshold].sum() / max(float(weights.sum()), 1e-12))


def _drawn(cluster: NDArray[np.int64], random: np.random.Generator) -> _Floats:
    """Draw the clusters anew with repetition; give each row how often its cluster came."""
    count = int(cluster.max(initial=-1)) + 1
    if count == 0:
        return np.zeros(0)
    times: _Floats = random.multinomial(count, np.full(count, 1 / count)).astype(np.float64)[cluster]
    return times


def _figure(rounds: Sequence[float], of: int, works: int) -> Figure:
    """Give the first round's value with the interval of the others.

    Where all rounds agree, all or nothing was found: then the interval is Wilson's, over works, as the bootstrap knows
    nothing of what it has not seen.
    """
    value, *others = rounds
    if min(rounds) == max(rounds) and value in {0.0, 1.0}:
        return wilson(round(value * works), works)._replace(of=of)
    low, high = np.quantile(others, (0.025, 0.975))
    return Figure(value, min(float(low), value), max(float(high), value), of)


def _numbered(names: Sequence[str]) -> NDArray[np.int64]:
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


def _scores(values: Sequence[float | None]) -> _Floats:
    return np.array([-np.inf if value is None else value for value in values], np.float64)
