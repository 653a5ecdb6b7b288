"""Make an archive with one of everything and write its database as SQL: done once for each released schema.

    python tests/databases/dump.py tests/databases/0001.sql

What was written for an older schema is never made anew: the tests open it to see that old archives open.
"""

import sqlite3
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from provenance.archive import environment
from provenance.archive.archive import Archive
from provenance.archive.audit import audit
from provenance.archive.collect import add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.detail import show
from provenance.archive.edit import edit
from provenance.archive.judgements import decide
from provenance.archive.model_audit import audit_model
from provenance.archive.publish import Form, export
from provenance.archive.reproduce import reproduce
from provenance.digest import Digest
from provenance.words import PersonDecision


def main(target: Path) -> None:
    """Write the SQL to `target`."""
    setattr(environment, "_processor", lambda: "a processor")  # noqa: B010  (the file speaks of no real computer)
    with tempfile.TemporaryDirectory(prefix="old-archive-") as name:
        folder = Path(name)
        with Archive.make(folder / "archive") as archive:
            fill(archive, folder)
        with sqlite3.connect(folder / "archive" / "archive.sqlite") as database:
            lines = [line.replace(name, "/home/ada") for line in database.iterdump()]
        database.close()
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


def fill(archive: Archive, folder: Path) -> None:
    """Do everything once."""
    works = folder / "works"
    works.mkdir()
    for number in range(3):
        Image.fromarray(shapes(number)).save(works / f"work-{number}.png")
    (works / "notes.png").write_text("not a picture")
    table = folder / "works.csv"
    table.write_text("file,title,creator,licence\nwork-0.png,Fjord,Ada Lind,CC-BY-4.0\n", encoding="utf-8")
    add_dataset(archive, "landscapes", works, metadata=table)
    made = generate(
        archive,
        Order(count=2, seed=7, width=96, height=64, by="Ada Lind", title="Fjord", palette_from=["landscapes"]),
    )
    with archive.run("my-model", seed=1, prompt="boats") as run:
        run.add(shapes(0))
        run.add(shapes(9))
    retouched = np.array(Image.open(archive.store.path(_file(archive, made.artworks[0]))).convert("RGB"))
    retouched[:16] = 200
    Image.fromarray(retouched).save(folder / "retouched.png")
    edit(archive, made.artworks[0], folder / "retouched.png", by="Ada Lind", actions=["c2pa.color_adjustments"])
    reproduce(archive, made.artworks[1])
    export(archive, [made.artworks[0]], folder / "out", Form())
    with archive.run("my-model", seed=2) as run:
        run.add(np.ascontiguousarray(shapes(1)[:, ::-1]))
    audit(archive, everything=True)
    (other,) = {each.other for each in show(archive, run.artworks[0]).findings if each.check == "similarity"}
    decide(archive, run.artworks[0], other, PersonDecision.DISMISSED, reason="A study of my own.", by="Ada Lind")
    audit_model(archive, "my-model", checks=("bias",))


def shapes(seed: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """Draw some discs."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:64, 0:96]
    canvas = np.zeros((64, 96, 3), np.uint8)
    for _ in range(8):
        x, y, radius = random.uniform(0, 96), random.uniform(0, 64), random.uniform(6, 30)
        canvas[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = random.integers(0, 255, 3)
    return canvas


def _file(archive: Archive, uid: str) -> Digest:
    return Digest(show(archive, uid).file_digest)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
