"""Any picture can be held against an archive: copies and parts are named, strangers are only the nearest."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from scenes import drawing

from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.features import fill
from provenance.archive.find_alike import MOST, SAME, AlikeAnswer, find_alike
from provenance.errors import UsageError
from provenance.picture import Picture
from provenance.schema import Kind


def prepare(archive: Archive, folder: Path) -> Archive:
    for number in range(6):
        drawing(number).save(folder / f"{number}.png")
    add_dataset(archive, "drawings", folder)
    fill(archive, (Kind.WORK,))
    with archive.run("my-model") as run:
        run.add(drawing(40))
    return archive


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Give one archive to all tests: searching writes nothing."""
    with Archive.make(tmp_path_factory.mktemp("drawings") / "archive") as archive:
        yield prepare(archive, tmp_path_factory.mktemp("works"))


def ask(archive: Archive, image: Image.Image, **how: object) -> AlikeAnswer:
    return find_alike(archive, Picture.from_image(image), **how)  # type: ignore[arg-type]


def collage(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (400, 400), "white")
    sheet.paste(drawing(101).resize((100, 100)), (0, 0))
    sheet.paste(image.resize((290, 290)), (105, 105))
    return sheet


def test_copies_and_parts_are_found_and_strangers_are_only_the_nearest(filled: Archive) -> None:
    same, turned, part = drawing(3), ImageOps.mirror(drawing(3)).resize((180, 180)), collage(drawing(3))
    answers = [ask(filled, image, count=3) for image in (same, turned, part, drawing(900))]

    assert [answer.alike[0].label.partition(",")[0] for answer in answers[:3]] == ["3.png"] * 3
    assert [answer.alike[0].relation for answer in answers[:3]] == [SAME, "near copy of", "contains all of"]
    assert all(answer.alike[0].flagged for answer in answers[:3])
    assert not any(each.flagged for each in answers[3].alike)
    assert len(answers[3].alike) == 3
    assert answers[0].alike[0].distance == 0
    assert (answers[2].alike[0].score or 0) >= answers[2].line


def test_an_artwork_that_was_never_prepared_is_found_by_its_fingerprint(filled: Archive) -> None:
    answer = ask(filled, drawing(40).resize((200, 200)))

    assert answer.compared == {"work": 6, "artwork": 0}
    assert answer.of == {"work": 6, "artwork": 1}
    first = answer.alike[0]
    assert (first.kind, first.relation, first.score, first.flagged) == ("artwork", "near copy of", None, True)


def test_kinds_are_told_apart_on_each_database(archive: Archive, tmp_path: Path) -> None:
    prepare(archive, tmp_path)

    assert {each.kind for each in ask(archive, drawing(40), kinds=(Kind.WORK,)).alike} == {"work"}
    assert [each.relation for each in ask(archive, drawing(40), kinds=(Kind.ARTWORK,)).alike] == [SAME]


def test_searching_writes_nothing(filled: Archive) -> None:
    before = ask(filled, drawing(3))

    assert ask(filled, drawing(3)) == before
    assert before.compared["artwork"] == 0


def test_an_empty_archive_has_nothing_near(plain_archive: Archive) -> None:
    assert ask(plain_archive, drawing(1)).alike == ()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (64, 64, 4)])
def test_any_picture_can_be_asked_about(plain_archive: Archive, tmp_path: Path, shape: tuple[int, ...]) -> None:
    drawing(0).save(tmp_path / "0.png")
    add_dataset(plain_archive, "one", tmp_path / "0.png")
    fill(plain_archive, (Kind.WORK,))

    answer = find_alike(plain_archive, Picture(np.full(shape, 255, np.uint8)))

    assert not any(each.flagged for each in answer.alike)


@pytest.mark.parametrize("count", [0, MOST + 1])
def test_an_answer_has_bounds(plain_archive: Archive, count: int) -> None:
    with pytest.raises(UsageError, match="are possible"):
        ask(plain_archive, drawing(1), count=count)


@pytest.mark.parametrize("kinds", [(), (Kind.MODEL,), (Kind.WORK, Kind.DATASET)])
def test_only_pictures_are_compared(plain_archive: Archive, kinds: tuple[Kind, ...]) -> None:
    with pytest.raises(UsageError, match="Only works and artworks have a picture"):
        ask(plain_archive, drawing(1), kinds=kinds)
