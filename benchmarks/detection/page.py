"""Writes docs/detection.md: every number with its interval, every target with what became of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.detection.attacks import ATTACKS, FAMILIES
from benchmarks.detection.detectors import OURS, known
from benchmarks.detection.measure import RATES
from benchmarks.detection.page_text import MEANING, TEMPLATE
from benchmarks.detection.results import Summary, read_results
from benchmarks.detection.targets import TARGET_RATE, TARGETS, judged
from provenance.errors import UsageError

PAGE: Final = Path(__file__).parents[2] / "docs" / "detection.md"
NOTES: Final = Path(__file__).with_name("missed.md")
"""Written by hand: under `## FAMILY`, why its target was missed and what was tried."""

JUDGE: Final = Path(__file__).parents[2] / "provenance" / "compare" / "judge_v5.json"


def write_page(work: Path, page: Path = PAGE, notes: Path = NOTES, judge: Path = JUDGE) -> Path:
    """Write the page from the results in the folder `work`, and tell the judge how its line did.

    Raises UsageError where there are none for `report`.
    """
    results = read_results(work, "report")
    if not results:
        raise UsageError(f"{work} holds no results of the report split. Measure with --split report first.")
    tell(results.get("prov", {}), judge)
    page.write_text(page_of(results, notes.read_text(encoding="utf-8") if notes.exists() else ""), encoding="utf-8")
    return page


def tell(ours: Summary, judge: Path) -> None:
    """Write into the judge's file how many innocents of the report split its line flagged: people are shown that."""
    held = json.loads(judge.read_text(encoding="utf-8"))
    measured = ours.get("elsewhere", {}).get(str(TARGET_RATE))
    if measured is not None and measured["threshold"] == held["lines"]["at"][str(TARGET_RATE)]:
        share, _low, _high, innocents = measured["false flags"]
        held["reported"] = {"flagged": round(share * innocents), "innocents": innocents}
        judge.write_text(json.dumps(held, indent=1) + "\n", encoding="utf-8")


def page_of(results: Mapping[str, Summary], notes: str) -> str:
    """Write the page; of our detectors the first in `OURS` is held against the targets.

    Raises UsageError where the detectors were not asked the same.
    """
    order = {name: number for number, name in enumerate(known("python"))}
    results = dict(sorted(results.items(), key=lambda one: order.get(one[0], len(order))))
    ours = next((results[name] for name in OURS if name in results), None)
    first = ours or next(iter(results.values()))
    plan = first["plan"]
    for name, summary in results.items():
        if summary["plan"] != plan:
            message = f"{name} was asked other queries than {first['detector']}: measure them with the same options."
            raise UsageError(message)
    return TEMPLATE.substitute(
        database=f"{plan['database']:,}",
        left_out=f"{plan['left out at most']:,}",
        left_out_mean=f"{plan['left out on average']:,}",
        works=f"{plan['works asked for']:,}",
        attacks=plan["attacks"],
        copies=f"{sum(plan['copies'].values()):,}",
        sources=_counts(plan["copies"]),
        innocents=f"{sum(plan['innocents'].values()):,}",
        kinds=_counts(plan["innocents"]),
        seed=plan["seed"],
        machine=first["machine"],
        versions=", ".join(f"{name} {number}" for name, number in first["versions"].items()),
        targets=_targets(ours) if ours else "No detector of ours was measured.",
        missed=_missed(ours, notes) if ours else "",
        hundred=_beside(results, RATES[0]),
        thousand=_beside(results, RATES[1]),
        ranking=_ranking(results),
        flags=_flags(results),
        elsewhere=_elsewhere(results),
        stages=_stages(ours) if ours else "",
        each=_each_attack(results),
        meaning=MEANING,
    )


def _targets(ours: Summary) -> str:
    recall, hundred = (ours["rates"][str(rate)]["recall"] for rate in (TARGET_RATE, RATES[0]))
    rows = [
        (name, _interval(recall[name]), _share(target), _judged(recall[name], target), _interval(hundred[name]))
        for name, target in TARGETS.items()
        if name in recall
    ]
    return _table(("family", "found at 1 in 1,000", "target", "", "found at 1 in 100"), rows)


def _judged(figure: Sequence[float], target: float) -> str:
    value, low, high = figure[:3]
    return judged(value, low, high, target)


def _missed(ours: Summary, notes: str) -> str:
    recall = ours["rates"][str(TARGET_RATE)]["recall"]
    written = {
        part.partition("\n")[0].strip(): part.partition("\n")[2].strip() for part in ("\n" + notes).split("\n## ")[1:]
    }
    missed = [name for name, target in TARGETS.items() if name in recall and recall[name][0] < target]
    if not missed:
        return "No target was missed."
    return "\n\n".join(f"### {name}\n\n{written.get(name, 'Nobody has written yet why.')}" for name in missed)


def _beside(results: Mapping[str, Summary], rate: float) -> str:
    names = ["all", *(family for family in FAMILIES if any(family in _recall(s, rate) for s in results.values()))]
    rows = [
        (name, *(_percent(_recall(summary, rate)[n][0]) if n in _recall(summary, rate) else "" for n in names))
        for name, summary in results.items()
    ]
    return _table(("", *names), rows)


def _ranking(results: Mapping[str, Summary]) -> str:
    rows = [
        (
            name,
            *(_interval(summary["ranking"][figure]) for figure in ("uAP", "R@P90", "R@1")),
            *(f"{summary['times'][kind]['cpu']['mean']:.1f}" for kind in ("copy", "innocent")),
        )
        for name, summary in results.items()
    ]
    return _table(("", "uAP", "R@P90", "R@1", "ms a copy", "ms an innocent"), rows)


def _flags(results: Mapping[str, Summary]) -> str:
    origins = list(dict.fromkeys(o for s in results.values() for o in s["rates"][str(TARGET_RATE)]["false flags"]))
    rows = []
    for name, summary in results.items():
        flags = summary["rates"][str(TARGET_RATE)]["false flags"]
        rows.append((name, *(f"{flags[o][0]} of {flags[o][1]:,}" if o in flags else "" for o in origins)))
    return _table(("", *origins), rows)


def _elsewhere(results: Mapping[str, Summary]) -> str:
    rows = []
    for name, summary in results.items():
        held = summary.get("elsewhere", {}).get(str(TARGET_RATE))
        if held:
            recall = held["recall"]
            rows.append((name, f"{held['threshold']:.4g}", _interval(held["false flags"], 2), _percent(recall["all"])))
    if not rows:
        return "The development split was not measured."
    return _table(("", "threshold", "innocents flagged", "copies found"), rows)


def _stages(ours: Summary) -> str:
    rows = [
        (kind, stage, _percent(took["ran"]), *(f"{took[key]:.1f}" for key in ("mean", "median", "high")))
        for kind, times in ours["times"].items()
        for stage, took in (*times["stages"].items(), ("all", {"ran": 1.0, **times["cpu"]}))
    ]
    table = _table(("query", "stage", "ran for", "mean ms", "median", "95 % under"), rows)
    return table if ours.get("learning") is None else f"{table}\n\n{_taken_in(ours['learning'])}"


def _taken_in(milliseconds: float) -> str:
    return (
        f"To take in a work (read and decode it, reduce it, put it in the index) takes {milliseconds:.0f} ms of one "
        f"core: {1000 / milliseconds:.0f} works a second, on as many cores as there are."
    )


def _each_attack(results: Mapping[str, Summary]) -> str:
    rows = []
    for attack in ATTACKS:
        found = [_recall(summary, TARGET_RATE).get(f"attack: {attack.name}") for summary in results.values()]
        if any(found):
            rows.append((attack.name, attack.family, *("" if one is None else _percent(one[0]) for one in found)))
    return _table(("attack", "family", *results), rows)


def _recall(summary: Summary, rate: float) -> Mapping[str, Sequence[float]]:
    figures: Mapping[str, Sequence[float]] = summary["rates"][str(rate)]["recall"]
    return figures


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counted.items())


def _interval(figure: Sequence[float], digits: int = 1) -> str:
    value, low, high = (100 * number for number in figure[:3])
    return f"{value:.{digits}f} % ({low:.{digits}f} to {high:.{digits}f})"


def _share(value: float) -> str:
    return f"{100 * value:g} %"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("|" + "|".join(f" {cell} " for cell in line) + "|" for line in lines)
