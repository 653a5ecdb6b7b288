"""Puts the queries to a detector, in several processes, and keeps every answer: a run that broke off goes on."""

import hashlib
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from time import monotonic, perf_counter, process_time

import numpy as np

from benchmarks.detection.attacks import ATTACKS, attacked
from benchmarks.detection.corpus import Work
from benchmarks.detection.detector import Batched, Detector, Scored, Staged
from benchmarks.detection.queries import Gallery, Query
from benchmarks.detection.record import Answer
from provenance.errors import UsageError

_BATCH = 32
_SPOKEN_EVERY = 5.0

_state: tuple[Detector, Gallery] | None = None
"""What a forked process finds already made: a detector that learnt the works cannot be sent to it."""


def put(
    detector: Detector, gallery: Gallery, queries: Sequence[Query], answers: Path, *, processes: int
) -> list[Answer]:
    """Have `detector` learn the gallery's works and answer what it has not answered yet; give all its answers.

    `answers` gets a line per query. Raises UsageError where it was written for other works or by other attacks.
    """
    works = list(gallery.works.values())
    known = read(answers, works)
    missing = [query for query in queries if query.name not in known]
    if missing:
        print(f"{detector.name}: learns {len(works):,} works", file=sys.stderr)
        began = process_time()
        detector.fit(works)
        _learnt(answers).parent.mkdir(parents=True, exist_ok=True)
        _learnt(answers).write_text(json.dumps(1000 * (process_time() - began) / len(works)), encoding="utf-8")
        for answer in _answered(detector, gallery, missing, answers, processes=processes):
            known[answer.query] = answer
    return [known[query.name] for query in queries]


def read(answers: Path, works: Sequence[Work]) -> dict[str, Answer]:
    """Read the answers that are there already, by the name of the query; a last line that broke off is left out."""
    if not answers.exists():
        return {}
    head, *lines = answers.read_text(encoding="utf-8").split("\n")
    if json.loads(head) != _head(works):
        raise UsageError(
            f"{answers} was measured on other works or attacks. Say --fresh, or name another --work folder."
        )
    return {answer.query: answer for answer in map(Answer.read, lines[:-1])}


def learning(answers: Path) -> float | None:
    """Say how many milliseconds of all cores together learning a work took last time; None where nobody noted it."""
    return float(json.loads(_learnt(answers).read_text(encoding="utf-8"))) if _learnt(answers).exists() else None


def _learnt(answers: Path) -> Path:
    return answers.with_suffix(".learnt.json")


def _answered(
    detector: Detector, gallery: Gallery, queries: Sequence[Query], answers: Path, *, processes: int
) -> Iterator[Answer]:
    global _state  # noqa: PLW0603  (forked processes inherit it)
    _state = (detector, gallery)
    batches = [queries[start : start + _BATCH] for start in range(0, len(queries), _BATCH)]
    began = spoken = monotonic()
    done = 0
    _mend(answers, list(gallery.works.values()))
    with answers.open("a", encoding="utf-8") as file, _pool(processes) as answer_all:
        for given in answer_all(batches):
            file.writelines(answer.line() + "\n" for answer in given)
            file.flush()
            yield from given
            done += len(given)
            if monotonic() - spoken > _SPOKEN_EVERY:
                spoken = monotonic()
                left = (spoken - began) / done * (len(queries) - done) / 60
                print(f"{detector.name}: {done:,} of {len(queries):,}, {left:.0f} minutes left", file=sys.stderr)


@contextmanager
def _pool(processes: int) -> Iterator[Callable[[Iterable[Sequence[Query]]], Iterable[list[Answer]]]]:
    """Give a way to answer batches in `processes` processes; one is this one."""
    if processes == 1:
        yield partial(map, _answer_all)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield partial(pool.imap_unordered, _answer_all)


def _mend(answers: Path, works: Sequence[Work]) -> None:
    """Begin the file, or cut off a last line that broke off."""
    if not answers.exists():
        answers.parent.mkdir(parents=True, exist_ok=True)
        answers.write_text(json.dumps(_head(works)) + "\n", encoding="utf-8")
        return
    text = answers.read_bytes()
    answers.write_bytes(text[: text.rfind(b"\n") + 1])


def _answer_all(queries: Sequence[Query]) -> list[Answer]:
    assert _state is not None
    detector, gallery = _state
    if isinstance(detector, Batched):
        return _answer_together(detector, gallery, queries)
    return [_answer(detector, gallery, query) for query in queries]


def _answer(detector: Detector, gallery: Gallery, query: Query) -> Answer:
    pixels, without = gallery.pixels(query), gallery.without(query)
    wall, cpu = perf_counter(), process_time()
    found: list[Scored] = detector.search(pixels, without=without)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    stages = detector.stages if isinstance(detector, Staged) else {}
    return Answer.of(query, found, gallery, cpu=cpu, wall=wall, stages=stages)


def _answer_together(detector: Batched, gallery: Gallery, queries: Sequence[Query]) -> list[Answer]:
    pictures = [gallery.pixels(query) for query in queries]
    withouts = [gallery.without(query) for query in queries]
    wall, cpu = perf_counter(), process_time()
    answers = detector.search_many(pictures, withouts)
    cpu, wall = (process_time() - cpu) / len(queries), (perf_counter() - wall) / len(queries)
    return [
        Answer.of(query, found, gallery, cpu=cpu, wall=wall, stages={})
        for query, found in zip(queries, answers, strict=True)
    ]


def _head(works: Sequence[Work]) -> dict[str, str | int]:
    names = hashlib.sha256("\n".join(sorted(work.uid for work in works)).encode()).hexdigest()
    return {"works": len(works), "digest": names, "attacks": _attacks_digest()}


@cache
def _attacks_digest() -> str:
    """Digest what the attacks make of three pictures: a query by an attack that has changed is another query."""
    random = np.random.default_rng(1)
    coarse = random.integers(0, 256, (3, 12, 16, 3), dtype=np.uint8)
    first, *others = (np.repeat(np.repeat(one, 16, axis=0), 16, axis=1) for one in (*coarse, coarse[0, ::-1]))
    made = [attacked(attack, first, seed=1, others=others) for attack in ATTACKS if not attack.slow]
    return hashlib.sha256(b"".join(one.tobytes() for one in made)).hexdigest()
