"""Every picture that a model was given is a work; only what a dataset has is called a training work."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from learnt import TRAINED_FROM, learnt
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.detail import FindingRow, show
from provenance.archive.edit import edit
from provenance.archive.given import given
from provenance.archive.models import ModelFacts
from provenance.archive.record import start
from provenance.archive.standing import given_only
from provenance.picture import Picture
from provenance.words import Standing, Truth


@pytest.fixture
def brush(tmp_path: Path) -> Path:
    (tmp_path / "brushes").mkdir()
    path = tmp_path / "brushes" / "brush.png"
    picture(4, 80, 60).image().save(path)
    return path


def made(archive: Archive, seed: int, width: int, height: int, model: str | ModelFacts = "my-model") -> str:
    with start(archive, model) as run:
        run.add(picture(seed, width, height))
    return run.artworks[0]


def finding(archive: Archive, uid: str) -> FindingRow:
    (found,) = show(archive, uid).findings
    return found


def test_what_was_only_given_is_a_work_and_no_training_work(archive: Archive, brush: Path) -> None:
    work = given(archive, "style", str(brush)).input[1]
    found = finding(archive, made(archive, 4, 80, 60))

    assert (found.other, found.standing) == (work, Standing.GIVEN)
    assert found.sentence.startswith(f"Looks like the work {work[:12]}: ")
    assert "training work" not in found.sentence
    assert found.sentence.endswith("No dataset has it: a model was given it as a picture.")
    assert given_only(archive) == 1


def test_what_a_dataset_has_is_a_training_work_whenever_it_came_in(archive: Archive, brush: Path) -> None:
    work = given(archive, "style", str(brush)).input[1]
    artwork = made(archive, 4, 80, 60)

    add_dataset(archive, "brushes", brush.parent)

    found = finding(archive, artwork)
    assert found.standing is Standing.TRAINING
    assert found.sentence.startswith(f"Looks like the training work {work[:12]}: ")
    assert found.sentence.endswith("No record says that the model behind this artwork learnt from it.")
    assert given_only(archive) == 0


def test_the_picture_counts_and_not_what_is_said_of_it(plain_archive: Archive, brush: Path) -> None:
    add_dataset(plain_archive, "brushes", brush.parent, defaults=Defaults(creator="Ada Lind"))
    work = given(plain_archive, "style", str(brush), licence="CC0-1.0").input[1]
    artwork = made(plain_archive, 4, 80, 60)

    rows = {found.other: found.standing for found in show(plain_archive, artwork).findings}
    assert len(rows) == 2
    assert rows[work] is Standing.TRAINING
    assert given_only(plain_archive) == 0


@pytest.mark.parametrize("truth", [Truth.CHECKED, Truth.CLAIMED])
def test_what_this_very_model_learnt_from_is_said_with_how_we_know(
    archive: Archive, tmp_path: Path, truth: Truth
) -> None:
    facts = learnt(archive, tmp_path / "faces", truth=truth)
    by_it = finding(archive, made(archive, TRAINED_FROM, 24, 16, facts))
    by_another = finding(archive, made(archive, TRAINED_FROM + 1, 24, 16))

    known = "It is claimed that the model" if truth is Truth.CLAIMED else "The model"
    assert by_it.standing is Standing.LEARNT
    assert by_it.sentence.endswith(f"people to say. {known} behind this artwork learnt from it.")
    assert by_another.standing is Standing.TRAINING


def test_an_edit_is_held_to_what_the_model_of_its_parent_learnt_from(plain_archive: Archive, tmp_path: Path) -> None:
    artwork = made(plain_archive, TRAINED_FROM, 24, 16, learnt(plain_archive, tmp_path / "faces"))
    pixels = picture(TRAINED_FROM, 24, 16).pixels.copy()
    pixels[:2, :2] = 255
    Picture(pixels).image().save(tmp_path / "edited.png")
    edited = edit(plain_archive, artwork, tmp_path / "edited.png", by="Ada", actions=["drawn"])

    assert Standing.LEARNT in {found.standing for found in show(plain_archive, edited.uid).findings}


def test_of_a_run_that_is_claimed_no_more_is_said_than_that(plain_archive: Archive, tmp_path: Path) -> None:
    with start(plain_archive, learnt(plain_archive, tmp_path / "faces")) as run:
        run.add(
            picture(TRAINED_FROM, 24, 16),
            adapt=lambda draft: dataclasses.replace(draft, run_truth=Truth.CLAIMED),
        )

    assert "It is claimed that the model behind" in finding(plain_archive, run.artworks[0]).sentence


def test_the_record_says_what_stays_true(plain_archive: Archive, brush: Path) -> None:
    add_dataset(plain_archive, "brushes", brush.parent)
    made(plain_archive, 4, 80, 60)

    with plain_archive.database.read() as session:
        (sentence,) = session.scalars(select(schema.Finding.sentence))
    assert "Looks like the work " in sentence


def test_what_an_older_version_recorded_of_a_given_picture_is_put_right(
    plain_archive: Archive, brush: Path, older_words: Callable[[], None]
) -> None:
    given(plain_archive, "style", str(brush))
    artwork = made(plain_archive, 4, 80, 60)
    older_words()

    assert "training work" not in finding(plain_archive, artwork).sentence


@pytest.fixture
def older_words(plain_archive: Archive) -> Callable[[], None]:
    """Give what turns the recorded sentences into those of an older version."""

    def turn() -> None:
        with plain_archive.database.write() as session:
            for row in session.scalars(select(schema.Finding)):
                row.sentence = row.sentence.replace("the work", "the training work")

    return turn
