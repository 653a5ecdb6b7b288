"""`make demo`: the whole way of an artwork in one folder, in about a minute, and where to look afterwards."""

import csv
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image, ImageDraw

from provenance.cli.console import say, sign
from provenance.digest import Digest
from provenance.errors import ProvenanceError, UsageError
from provenance.picture import Picture
from provenance.words import Disclosure, Sign, signature_sign

if TYPE_CHECKING:
    from provenance.archive import Archive

MARKER = ".prov-demo"
"""The file that says: this folder is a demo and may be made anew."""

_SIDE = 640


class Plan(NamedTuple):
    """One artwork of the demo."""

    engine: str
    style: str | None
    seed: int
    palette_from: tuple[str, ...] = ()
    width: int = _SIDE
    height: int = _SIDE


WORKS = (
    Plan("flow", None, 11, width=320, height=320),
    Plan("cppn", "papercut", 12, width=320, height=240),
    Plan("cppn", "contour", 13, width=240, height=320),
    Plan("clifford", None, 14, width=320, height=320),
    Plan("cppn", "bloom", 15, width=320, height=240),
    Plan("gray-scott", None, 16, width=320, height=320),
)
"""The "training works" of the demo: pictures of our own, by two invented people."""

ARTWORKS = (
    Plan("cppn", "drift", 3),
    Plan("flow", None, 21, width=900),
    Plan("cppn", "kaleido", 5),
    Plan("clifford", None, 8),
    Plan("cppn", "nacre", 2, ("studies",), width=820),
    Plan("gray-scott", None, 4),
    Plan("cppn", "facet", 7),
    Plan("cppn", "silk", 9, width=900),
    Plan("flow", None, 33, ("studies",)),
    Plan("cppn", "contour", 31),
    Plan("clifford", "lumen", 46, ("studies",), width=820),
    Plan("cppn", "bloom", 26),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the demo in the folder that is given, else in `demo`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        demo(Path(given[0] if given else "demo"))
    except ProvenanceError as error:
        say("prov: ", str(error))
        sys.exit(error.exit_code)


def demo(folder: Path) -> None:
    """Make an archive with artworks in `folder`, and do everything once."""
    from provenance.archive import open_archive

    _prepare(folder)
    with open_archive(folder / "prov-archive") as archive:
        say(sign(Sign.CHECKED), f" An archive in {folder / 'prov-archive'}, with a trial identity that signs.")
        works = _collect(archive, folder)
        made = _generate(archive)
        _record_a_copy(archive, works[0])
        edited = _edit(archive, folder, made[0])
        _reproduce(archive, made[1])
        exports = _export(archive, folder, [edited, made[1], made[2]])
        _verify(archive, folder, exports)
        _sheet(archive, folder, made)
    _explain(folder, edited)


def _prepare(folder: Path) -> None:
    if folder.exists() and not (folder / MARKER).exists():
        raise UsageError(f"{folder} is there already and is no demo. Name another folder: prov-demo FOLDER.")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARKER).touch()


def _draw(plan: Plan) -> Picture:
    import numpy as np

    from provenance.generate.registry import find, render, request_for

    engine = find(plan.engine).engine
    out = np.zeros((plan.height, plan.width, 3), np.uint8)
    request = request_for(engine, seed=plan.seed, width=plan.width, height=plan.height, style=plan.style, device="cpu")
    render(engine, request, out)
    return Picture(out)


def _collect(archive: "Archive", folder: Path) -> list[Path]:
    from provenance.archive.collect import Defaults, add_dataset

    studies = folder / "studies"
    studies.mkdir()
    paths = [studies / f"study-{number}.webp" for number in range(1, len(WORKS) + 1)]
    with (studies / "works.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "title", "creator", "licence", "consent"])
        for number, (plan, path) in enumerate(zip(WORKS, paths, strict=True), 1):
            _draw(plan).image().save(path, lossless=True)
            table.writerow([path.name, f"Study {number}", ("Ada Lind", "Jun Mori")[number % 2], "CC-BY-4.0", "granted"])
    added = add_dataset(
        archive, "studies", studies, metadata=studies / "works.csv", defaults=Defaults(source="prov demo")
    )
    say(sign(Sign.CHECKED), f" A dataset of {added.works} works, Merkle root {added.merkle_root[:12]}.")
    return paths


def _generate(archive: "Archive") -> list[str]:
    from provenance.archive.create import Order, generate

    made: list[str] = []
    for plan in ARTWORKS:
        order = Order(
            model=plan.engine,
            style=plan.style,
            seed=plan.seed,
            width=plan.width,
            height=plan.height,
            palette_from=plan.palette_from,
            by="Ada Lind",
        )
        made += generate(archive, order).artworks
    say(sign(Sign.CHECKED), f" {len(made)} artworks recorded, checked against every work, and signed.")
    return made


def _record_a_copy(archive: "Archive", work: Path) -> None:
    """Play a program of the user's own that gives back a training work, mirrored: the check must see it."""
    from provenance.archive.detail import show

    with archive.run("a-model-of-yours", seed=1, prompt="something new") as run:
        run.add(Image.open(work).transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    for finding in show(archive, run.artworks[0]).findings:
        say(sign(Sign.ATTENTION), f" {run.artworks[0][:12]} (planted): ", finding.sentence)


def _edit(archive: "Archive", folder: Path, uid: str) -> str:
    from provenance.archive.edit import edit
    from provenance.words import part_changed

    image = _open(archive, uid).image()
    ImageDraw.Draw(image).ellipse((440, 70, 530, 160), fill="#f4ead5")
    path = folder / "retouched.png"
    image.save(path)
    edited = edit(archive, uid, path, by="Ada Lind", actions=["drawn"], tool="a paint program", note="A moon.")
    share = edited.change.share
    say(sign(Sign.CHECKED), f" A person's edit of {uid[:12]}: ", part_changed(share) if share is not None else "")
    return edited.uid


def _reproduce(archive: "Archive", uid: str) -> None:
    from provenance.archive.reproduce import reproduce

    result = reproduce(archive, uid)
    say(sign(Sign.of_verdict(result.verdict)), f" {uid[:12]} made again. ", result.sentence)


def _export(archive: "Archive", folder: Path, uids: list[str]) -> list[Path]:
    from provenance.archive.publish import Form, export

    forms = (
        Form(format="png", disclosure=Disclosure.FULL),
        Form(format="jpeg", disclosure=Disclosure.PUBLIC),
        Form(format="webp", disclosure=Disclosure.MINIMAL),
    )
    paths = [export(archive, [uid], folder / "exports", form)[0].path for uid, form in zip(uids, forms, strict=True)]
    say(sign(Sign.CHECKED), f" {len(paths)} signed exports: PNG (all told), JPEG (public), WebP (minimal).")
    return paths


def _verify(archive: "Archive", folder: Path, paths: list[Path]) -> None:
    from provenance.archive.verify import verify

    touched = folder / "exports" / f"touched-{paths[1].name}"
    data = bytearray(paths[1].read_bytes())
    data[-1000] ^= 1
    touched.write_bytes(data)
    for path in (*paths, touched):
        result = verify(archive, path)
        say(sign(signature_sign(result.signature)), f" {path.name}: ", result.heading)


def _sheet(archive: "Archive", folder: Path, uids: list[str]) -> None:
    from provenance.archive.detail import show
    from provenance.export.sheet import Tile, contact_sheet

    tiles = []
    for uid in uids:
        detail = show(archive, uid)
        tiles.append(Tile(picture=_open(archive, uid), caption=detail.label, note=uid[:12]))
    sheet = contact_sheet(tiles, title="prov", footer=f"{len(tiles)} artworks, each signed and reproducible")
    sheet.image().save(folder / "contact-sheet.png")


def _open(archive: "Archive", uid: str) -> Picture:
    from provenance.archive.detail import show

    return Picture.open(archive.store.read(Digest(show(archive, uid).file_digest)))


def _explain(folder: Path, edited: str) -> None:
    say("")
    say("Where to look")
    say(f"  {folder}/contact-sheet.png   the artworks")
    say(f"  {folder}/exports/            signed files with their records")
    say(f"  {folder}/prov-archive/       the archive: SQLite, and files named by their digest")
    say("Try next")
    prov = f".venv/bin/prov --archive {folder}/prov-archive"
    for command in (
        f"{prov} show {edited[:12]}",
        f"{prov} lineage {edited[:12]}",
        f"{prov} dataset show studies",
        f"{prov} generate cppn --style drift -n 4",
        f".venv/bin/prov verify {folder}/exports/*",
    ):
        say(f"  {command}")


if __name__ == "__main__":
    main()
