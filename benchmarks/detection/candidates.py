"""The innocents with the highest scores beside what was found, for a person to look at: some are relatives.

What a person finds to be one design goes into `relations.csv`, and into no other place.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw

from benchmarks.detection.attack import Pixels
from benchmarks.detection.corpus import load
from benchmarks.detection.plan import Plan
from benchmarks.detection.queries import Query
from benchmarks.detection.record import Answer

_SHOWN: Final = 96
_COLUMNS: Final = 8
_CELL: Final = 128
_HEAD: Final = 28

_Pair = tuple[float, Query, str]
"""Score, query, uid of the work found."""


def write_candidates(folder: Path, plan: Plan, answers: Sequence[Answer]) -> Path:
    """Write `candidates.png` and `candidates.csv` (one, other, reason, attack, score) to `folder`; give the sheet."""
    pairs = sorted(_pairs(plan, answers), key=lambda pair: -pair[0])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "candidates.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["one", "other", "reason", "attack", "score"])
        table.writerows([query.subject, uid, "", query.attack, f"{score:.4f}"] for score, query, uid in pairs)
    sheet = Image.new("RGB", (_COLUMNS * (2 * _CELL + 12), -(-_SHOWN // _COLUMNS) * (_CELL + _HEAD)), "lightgrey")
    for number, (score, query, uid) in enumerate(pairs[:_SHOWN]):
        at = (number % _COLUMNS * (2 * _CELL + 12), number // _COLUMNS * (_CELL + _HEAD))
        shown = (plan.gallery.pixels(query), load(plan.gallery.works[uid]))
        _draw(sheet, at, shown, (f"{score:.3f} {query.attack}", uid.split("/")[1]))
    path = folder / "candidates.png"
    sheet.save(path)
    return path


def _pairs(plan: Plan, answers: Sequence[Answer]) -> list[_Pair]:
    """Give the best answer of each innocent, each pair of works once."""
    best: dict[frozenset[str], _Pair] = {}
    for query, answer in zip(plan.queries, answers, strict=True):
        left_out = plan.gallery.without(query)
        uid, score = next((found for found in answer.found if found[0] not in left_out), ("", 0.0))
        key = frozenset((query.subject, uid))
        if query.kind == "innocent" and uid and (key not in best or best[key][0] < score):
            best[key] = (score, query, uid)
    return list(best.values())


def _draw(sheet: Image.Image, at: tuple[int, int], pictures: tuple[Pixels, Pixels], words: tuple[str, str]) -> None:
    draw = ImageDraw.Draw(sheet)
    for number, (pixels, text) in enumerate(zip(pictures, words, strict=True)):
        image = Image.fromarray(pixels)
        image.thumbnail((_CELL - 4, _CELL - 4))
        sheet.paste(image, (at[0] + number * _CELL, at[1] + _HEAD))
        draw.text((at[0] + 2, at[1] + 13 * number), text[:42], fill="black")
