"""An archive draws its line on its own works, where there are enough of them."""

from pathlib import Path

import pytest
from scenes import drawing
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.calibrate import calibrate
from provenance.archive.collect import add_dataset
from provenance.archive.copies_check import CopiesCheck
from provenance.compare.judge import Judge
from provenance.errors import UsageError

CREATORS = ("Ada", "Bo", "Cy", "Di")


@pytest.fixture
def filled(plain_archive: Archive, tmp_path: Path) -> Archive:
    folder = tmp_path / "works"
    folder.mkdir()
    rows = ["file,creator"]
    for number in range(12):
        drawing(number).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{CREATORS[number % len(CREATORS)]}")
    drawing(0).rotate(4, fillcolor="white").save(folder / "remix.png")
    rows.append("remix.png,Ed")
    table = tmp_path / "works.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    add_dataset(plain_archive, "drawings", folder, metadata=table)
    return plain_archive


def test_with_enough_pictures_the_line_is_kept_and_used(filled: Archive) -> None:
    found = calibrate(filled, wanted=0.2, pictures=26, seed=1)

    assert found.kept
    assert found.pictures == 26
    assert found.false_flags <= 26 * 0.2
    assert found.found >= 20
    line = CopiesCheck(filled).line
    assert line.score == found.threshold
    assert line.source.startswith("measured on this archive's own works")


def test_a_version_by_somebody_else_is_a_relation_and_no_false_flag(filled: Archive) -> None:
    found = calibrate(filled, wanted=0.2, pictures=26, seed=1)

    assert found.relations == 1
    assert found.threshold < 8


def test_with_too_few_the_shipped_line_stays(filled: Archive) -> None:
    found = calibrate(filled, wanted=0.001, pictures=8)

    assert not found.kept
    assert (found.needed, found.threshold) == (3000, Judge.shipped().line.score)
    with filled.database.read() as session:
        assert session.scalars(select(schema.Calibration)).first() is None


def test_the_line_is_the_same_whoever_measures(filled: Archive) -> None:
    alone = calibrate(filled, wanted=0.2, pictures=15, seed=3, processes=1)

    assert alone.kept
    assert calibrate(filled, wanted=0.2, pictures=15, seed=3, processes=2) == alone


def test_an_interruption_changes_nothing(filled: Archive) -> None:
    def stop(phase: str, _done: int, _total: int) -> None:
        if phase == "checks":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        calibrate(filled, wanted=0.2, pictures=15, processes=2, progress=stop)

    with filled.database.read() as session:
        assert session.scalars(select(schema.Calibration)).first() is None


def test_a_work_whose_file_has_moved_is_found_but_not_tried(filled: Archive, tmp_path: Path) -> None:
    calibrate(filled, wanted=0.2, pictures=1, processes=1)
    (tmp_path / "works" / "5.png").unlink()

    assert calibrate(filled, wanted=0.2, pictures=13, processes=1).pictures == 12


def test_works_by_one_person_cannot_say_how_often_others_are_flagged(plain_archive: Archive, tmp_path: Path) -> None:
    drawing(1).save(tmp_path / "1.png")
    add_dataset(plain_archive, "drawings", tmp_path / "1.png")

    with pytest.raises(UsageError, match="two people"):
        calibrate(plain_archive)


@pytest.mark.parametrize("wanted", [0.0, -1.0, 0.5, 2.0])
def test_a_rate_that_is_none_is_refused(plain_archive: Archive, wanted: float) -> None:
    with pytest.raises(UsageError, match="share of pictures"):
        calibrate(plain_archive, wanted=wanted)


def test_a_seed_below_0_is_refused(plain_archive: Archive) -> None:
    with pytest.raises(UsageError, match="-1 is none"):
        calibrate(plain_archive, seed=-1)
