"""The figures of one detector on one split: made, kept as JSON, and shown in a terminal."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.detection.attacks import FAMILIES
from benchmarks.detection.measure import (
    RATES,
    Figure,
    Table,
    false_flags,
    ranking,
    recall_over,
    recalls,
    threshold_at,
    wilson,
)
from benchmarks.detection.plan import Plan
from benchmarks.detection.record import Answer, judged

Summary = dict[str, Any]
"""What a detector's file of results holds; see `summarised`."""

_LIBRARIES: Final = ("numpy", "pillow", "opencv-python-headless", "imagehash", "pdqhash", "torch", "faiss-cpu")


def summarised(name: str, plan: Plan, answers: Sequence[Answer], elsewhere: Mapping[str, float]) -> Summary:
    """Make every figure from the answers to the plan's queries, in the order of the queries.

    `elsewhere` are thresholds by rate that another split gave: what they do here is measured too.
    """
    records = [judged(query, answer, plan.gallery) for query, answer in zip(plan.queries, answers, strict=True)]
    table = Table.of(records)
    by_kind = {
        kind: [answer for query, answer in zip(plan.queries, answers, strict=True) if query.kind == kind]
        for kind in ("copy", "innocent")
    }
    return {
        "detector": name,
        "plan": plan.described(),
        "rates": {str(rate): _at_rate(table, rate) for rate in RATES},
        "elsewhere": {rate: _at_threshold(table, threshold) for rate, threshold in elsewhere.items()},
        "ranking": ranking(records),
        "times": {kind: _times(part) for kind, part in by_kind.items() if part},
        "versions": _versions(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}",
    }


def write_results(work: Path, plan: Plan, summary: Summary) -> Path:
    """Keep the figures in the folder `work`; give the file."""
    folder = work / "results"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{plan.split}-{summary['detector']}.json"
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def read_results(work: Path, split: str) -> dict[str, Summary]:
    """Read the figures of all detectors on a split, by their name."""
    files = sorted((work / "results").glob(f"{split}-*.json"))
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return {summary["detector"]: summary for summary in found}


def thresholds(work: Path, split: str, name: str) -> dict[str, float]:
    """Give the thresholds of a detector by rate that were measured on a split; none if it was not."""
    found = read_results(work, split).get(name)
    return {} if found is None else {rate: figures["threshold"] for rate, figures in found["rates"].items()}


def shown(summary: Summary) -> str:
    """Write the figures for a terminal: recall by family in per cent at each rate, and the rest in a line."""
    lines = [f"{summary['detector']} on {summary['plan']['split']}"]
    for name in ("all", "all, kin", *FAMILIES):
        figures = [summary["rates"][str(rate)]["recall"].get(name) for rate in RATES]
        if figures[0] is not None:
            lines.append(f"  {name:14}" + "".join(f"  {_percent(figure)}" for figure in figures))
    ranks = ", ".join(f"{name} {_percent(figure)}" for name, figure in summary["ranking"].items())
    flags = summary["rates"][str(RATES[-1])]["false flags"]
    lines += [
        f"  {ranks}",
        f"  flagged innocents at {RATES[-1]}: " + ", ".join(f"{k} {a}/{n}" for k, (a, n) in flags.items()),
    ]
    lines += coarse(summary)
    for kind, times in summary["times"].items():
        lines.append(f"  {kind}: {times['cpu']['mean']:.1f} ms a query, 95 % under {times['cpu']['high']:.1f}")
    return "\n".join(lines)


def coarse(summary: Summary) -> list[str]:
    """Say which rates the innocents are too few for: under ten flags a threshold is a guess."""
    of = sum(summary["plan"]["innocents"].values())
    few = [rate for rate in RATES if of * rate < 10]
    return [f"  {of:,} innocents are few for a rate of {rate:g}: {round(of * rate)} may be flagged." for rate in few]


def _at_rate(table: Table, rate: float) -> dict[str, Any]:
    threshold = threshold_at(table.flag, rate)
    return {
        "threshold": threshold,
        "recall": recalls(table, rate),
        "false flags": false_flags(table, threshold),
    }


def _at_threshold(table: Table, threshold: float) -> dict[str, Any]:
    flagged, of = int((table.flag > threshold).sum()), len(table.flag)
    return {"threshold": threshold, "recall": recall_over(table, threshold), "false flags": wilson(flagged, of)}


def _times(answers: Sequence[Answer]) -> dict[str, Any]:
    stages = dict.fromkeys(stage for answer in answers for stage in answer.stages)
    took = {stage: [answer.stages[stage] for answer in answers if stage in answer.stages] for stage in stages}
    return {
        "cpu": _timed([answer.cpu for answer in answers]),
        "wall": _timed([answer.wall for answer in answers]),
        "stages": {stage: {"ran": len(one) / len(answers), **_timed(one)} for stage, one in took.items()},
    }


def _timed(seconds: Sequence[float]) -> dict[str, float]:
    values = 1000 * np.array(seconds)
    return {"mean": float(values.mean()), "median": float(np.median(values)), "high": float(np.quantile(values, 0.95))}


def _percent(figure: Figure | Sequence[float]) -> str:
    value, low, high, of = figure
    return f"{100 * value:5.1f} % ({100 * low:.1f} to {100 * high:.1f}) of {of}"


def _versions() -> Mapping[str, str]:
    found = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
