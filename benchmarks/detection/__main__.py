"""Measures detectors on a corpus of works, and writes docs/detection.md.

    python -m benchmarks.detection --corpus FOLDER [--split report] [--detector cascade pdqhash ...] [--page]

Every answer is kept in the work folder, so a run that broke off goes on where it was, and figures can be made anew
without asking again. One core each for `--processes`; the times are processor time of one core.
"""

import os

# Before numpy: detectors are forked, and forked threads hang.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2

from benchmarks.detection.attacks import ATTACKS, attack_named
from benchmarks.detection.candidates import write_candidates
from benchmarks.detection.corpus import SPLITS, read_corpus
from benchmarks.detection.detector import Detector, Lined
from benchmarks.detection.detectors import detector, known
from benchmarks.detection.page import write_page
from benchmarks.detection.plan import Plan
from benchmarks.detection.results import shown, summarised, thresholds, write_results
from benchmarks.detection.run import learning, put
from benchmarks.detection.targets import TARGET_RATE
from provenance.errors import ProvenanceError


def main(arguments: Sequence[str] | None = None) -> int:
    wanted = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        _measure(wanted)
    except ProvenanceError as problem:
        print(problem, file=sys.stderr)
        return 2
    return 0


def _measure(wanted: argparse.Namespace) -> None:
    plan = Plan.make(
        everything=read_corpus(wanted.corpus),
        work=wanted.work,
        split=wanted.split,
        works=wanted.works,
        innocents=wanted.innocents,
        attacks=[attack_named(name) for name in wanted.attacks.split(",")] if wanted.attacks else ATTACKS,
        gan=wanted.gan,
        seed=wanted.seed,
    )
    for name in wanted.detector or known(wanted.imagededup):
        asked = detector(name, wanted.imagededup)
        answers_file = wanted.work / "answers" / f"{wanted.split}-{asked.name}.jsonl"
        if wanted.fresh:
            answers_file.unlink(missing_ok=True)
        answers = put(asked, plan.gallery, plan.queries, answers_file, processes=wanted.processes)
        other = _elsewhere(wanted.work, asked) if wanted.split == "report" else {}
        summary = summarised(asked.name, plan, answers, other)
        summary["learning"] = learning(answers_file)
        write_results(wanted.work, plan, summary)
        print(shown(summary), flush=True)
        if wanted.candidates:
            write_candidates(wanted.candidates, plan, answers)
    if wanted.page:
        print(f"written: {write_page(wanted.work)}")


def _elsewhere(work: Path, asked: Detector) -> Mapping[str, float]:
    """Give thresholds that were drawn on the development split: the line that is shipped, else what was measured."""
    if isinstance(asked, Lined):
        return {str(TARGET_RATE): asked.line}
    return thresholds(work, "development", asked.name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--corpus", type=Path, required=True, help="folder with openclipart, openmoji and wallpapers")
    parser.add_argument("--work", type=Path, default=Path("detection-work"), help="folder for answers and results")
    parser.add_argument("--split", choices=SPLITS, default="development")
    parser.add_argument("--detector", nargs="+", help="names, or module:class; all are measured if left out")
    parser.add_argument("--works", type=int, help="works whose copies are put; all of the split if left out")
    parser.add_argument("--attacks", help="names, separated by commas; all if left out")
    parser.add_argument("--innocents", type=int, default=10_000, help="innocent queries")
    parser.add_argument("--gan", type=Path, help="folder of pictures that a network made, to be among the innocents")
    parser.add_argument("--imagededup", metavar="PYTHON", help="a Python that has imagededup")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget these detectors' answers first")
    parser.add_argument("--candidates", type=Path, help="write a sheet of the first false flags to this folder")
    parser.add_argument("--page", action="store_true", help="write docs/detection.md from the results of all splits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
