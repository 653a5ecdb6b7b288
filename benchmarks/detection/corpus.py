"""The works that are searched, and which of them may be looked at while detectors are made."""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.detection.attack import WORK_SIDE, Pixels, as_pixels
from provenance.errors import UsageError
from provenance.picture import Picture

SOURCES = ("openclipart", "openmoji", "wallpapers")
LOOKALIKES = ("twemoji", "noto", "fluent-emoji-flat")
"""Sources beside the corpus that `lookalikes.py` draws: each is one creator's, and none is reported on."""
SCENES = "scenes"
"""The same of `scenes.py`: pictures that fill their frame; a package counts as a creator."""
SPLITS = ("development", "report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One work of the corpus."""

    uid: str
    """Its source and its file's name without the ending: `openclipart/zip-mount-fc63c8`."""
    path: Path
    title: str
    creator: str
    """The creator's name. A work whose creator nobody named has one of its own: `unnamed: ` and its uid."""
    source: str
    series: str
    """What the corpus says belongs together, within its source; never empty."""
    category: str = ""


def read_corpus(folder: Path, sources: Sequence[str] = SOURCES) -> list[Work]:
    """Read `works.csv` of each source in `folder`, in the order of the files' names.

    Raises UsageError where one is missing, or names a file that is not there.
    """
    works = [work for source in sources for work in _read(folder / source, source)]
    return sorted(works, key=lambda work: work.uid)


def split(works: Iterable[Work], name: str) -> list[Work]:
    """Give the works of a split.

    `development` is one half of openclipart's creators, `LOOKALIKES` and `SCENES`; `report` is all others.

    The half is told by a hash of the creator's name, so it stays the same whatever else is in the corpus.
    """
    if name not in SPLITS:
        raise UsageError(f"There is no split {name!r}. There are: {', '.join(SPLITS)}.")
    return [work for work in works if _split_of(work) == name]


def load(work: Work) -> Pixels:
    """Decode a work as it is measured: on white, RGB, its longest side 512 pixels."""
    image = Picture.open(work.path).on_white()
    factor = WORK_SIDE / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return as_pixels(image if factor == 1 else image.resize(size, resample=3))


def _split_of(work: Work) -> str:
    digest = hashlib.sha256(f"creator: {work.creator}".encode()).digest()
    half = work.source == "openclipart" and digest[0] % 2 == 0
    return "development" if half or work.source in (*LOOKALIKES, SCENES) else "report"


def _read(folder: Path, source: str) -> list[Work]:
    table = folder / "works.csv"
    try:
        with table.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except OSError as cause:
        message = f"{table} cannot be read: {cause.strerror}. Name the folder that holds {', '.join(SOURCES)}."
        raise UsageError(message) from cause
    return [_work(folder, source, row) for row in rows]


def _work(folder: Path, source: str, row: dict[str, str]) -> Work:
    path = folder / row["file"]
    if not path.is_file():
        raise UsageError(f"{folder / 'works.csv'} names {row['file']}, which is not there.")
    uid = f"{source}/{path.stem}"
    return Work(
        uid=uid,
        path=path,
        title=row["title"],
        creator=row["creator"].strip() or f"unnamed: {uid}",
        source=source,
        series=row["series"].strip() or uid,
        category=row.get("category", ""),
    )
