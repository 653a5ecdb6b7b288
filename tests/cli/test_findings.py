"""What the checks found is said of those artworks about which it can be said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import picture
from PIL import Image

from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.detail import show
from provenance.archive.given import given
from provenance.archive.standing import given_only
from provenance.cli.findings import say_findings

Recorder = Callable[..., list[Any]]


@pytest.fixture
def record(plain_archive: Archive, tmp_path: Path) -> Recorder:
    picture(9).image().save(tmp_path / "work.png")
    add_dataset(plain_archive, "works", tmp_path / "work.png")

    def record(*pictures: object) -> list[Any]:
        with plain_archive.run("my-model") as run:
            for each in pictures:
                run.add(each)
        return [show(plain_archive, uid) for uid in run.artworks]

    return record


def test_no_copy_is_said_with_what_was_compared(record: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    say_findings(record(picture(1), picture(2)), given=0)

    assert "No copy of a training work found, compared with 1 of 1." in capsys.readouterr().out


def test_of_a_flat_picture_it_is_not_said(record: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    say_findings(record(Image.new("RGB", (64, 64), "grey")), given=0)

    said = capsys.readouterr().out
    assert "No copy" not in said
    assert "Cannot be said" in said


def test_of_several_it_is_said_how_many(record: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    say_findings(record(picture(1), Image.new("RGB", (64, 64), "grey")), given=0)

    assert "1 of 2 artworks: No copy of a training work found" in capsys.readouterr().out


def test_what_looks_like_a_work_is_named(record: Recorder, capsys: pytest.CaptureFixture[str]) -> None:
    say_findings(record(np.ascontiguousarray(picture(9).pixels[::-1])), given=0)

    said = capsys.readouterr().out
    assert "Looks like the training work" in said
    assert "No copy" not in said


def test_with_pictures_that_were_given_the_words_are_works(
    record: Recorder, plain_archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture(8).image().save(tmp_path / "brush.png")
    given(plain_archive, "style", str(tmp_path / "brush.png"))
    artworks = record(picture(1))

    say_findings(artworks, given=given_only(plain_archive))

    said = capsys.readouterr().out
    assert "No copy of a work found, compared with 2 of 2 works (1 training work, 1 only given as a picture)." in said


def test_what_was_not_compared_is_not_said_to_be_absent(
    plain_archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with plain_archive.run("my-model") as run:
        run.add(picture(1))
    picture(9).image().save(tmp_path / "work.png")
    add_dataset(plain_archive, "works", tmp_path / "work.png")

    say_findings([show(plain_archive, run.artworks[0])], given=0)

    assert "Not compared with any of 1 training work" in capsys.readouterr().out
