"""A corpus of a few small works, laid out as the benchmark's is."""

import csv
from collections.abc import Sequence
from pathlib import Path

from pictures import picture

COLUMNS = ("file", "title", "creator", "licence", "source", "category", "subjects", "series", "skin_tone")


def small_corpus(folder: Path, works: Sequence[tuple[str, str, str, str]]) -> Path:
    """Write works given as source, name, creator and series; each looks like no other."""
    rows: dict[str, list[dict[str, str]]] = {"openclipart": [], "openmoji": [], "wallpapers": [], "noto": []}
    rows["scenes"] = []
    for number, (source, name, creator, series) in enumerate(works):
        path = folder / source / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number, 128, 96).image().save(path)
        rows[source].append({"file": f"images/{name}.png", "title": name, "creator": creator, "series": series})
    for source, listed in rows.items():
        (folder / source).mkdir(parents=True, exist_ok=True)
        with (folder / source / "works.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, restval="")
            table.writeheader()
            table.writerows(listed)
    return folder
