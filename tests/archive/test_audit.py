"""Artworks of an archive are audited: copies are found, strangers are left in peace, and all of it is on record."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from scenes import drawing
from sqlalchemy import func, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.audit import AuditOutcome, audit
from provenance.archive.audit_report import report
from provenance.archive.collect import add_dataset
from provenance.archive.detail import show
from provenance.archive.features import METHODS, fill
from provenance.archive.judgements import decide
from provenance.archive.search import artworks
from provenance.errors import NotFoundError, UsageError
from provenance.words import PersonDecision, Severity


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(12):
        drawing(number).save(folder / f"{number}.png")
    return folder


def collage(image: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (400, 400), "white")
    sheet.paste(drawing(101).resize((200, 200)), (0, 0))
    sheet.paste(image.resize((200, 200)), (200, 200))
    return sheet


def add(archive: Archive, *images: Image.Image) -> tuple[str, ...]:
    with archive.run("my-model") as run:
        for image in images:
            run.add(image)
    return run.artworks


def copies(archive: Archive, uid: str) -> list[str]:
    return [each.sentence for each in show(archive, uid).findings if each.check == "copies"]


def test_copies_are_found_whatever_was_done_to_them_and_a_stranger_is_left_in_peace(
    archive: Archive, works: Path
) -> None:
    add_dataset(archive, "drawings", works)
    changed = add(archive, collage(drawing(3)), ImageOps.mirror(drawing(5)).rotate(25, fillcolor="white"), drawing(900))

    outcome = audit(archive, everything=True)

    assert outcome.works == 12
    (part,) = copies(archive, changed[0])
    assert part.startswith("Contains all of the ")
    assert any("mirrored" in sentence for sentence in copies(archive, changed[1]))
    assert copies(archive, changed[2]) == []
    assert [each.severity for each in outcome.artworks] == ["block", "block", "inform"]  # its record is not complete


def test_an_audit_that_would_say_the_same_is_not_made_again_until_works_come(
    plain_archive: Archive, works: Path, tmp_path: Path
) -> None:
    add_dataset(plain_archive, "drawings", works)
    add(plain_archive, drawing(900))

    def again(outcome: AuditOutcome) -> list[bool]:
        return [each.again for each in outcome.artworks]

    assert again(audit(plain_archive, everything=True)) == [True]
    assert again(audit(plain_archive, everything=True)) == [False]
    assert again(audit(plain_archive, everything=True, again=True)) == [True]
    more = tmp_path / "more"
    more.mkdir()
    drawing(50).save(more / "50.png")
    add_dataset(plain_archive, "others", more)
    assert again(audit(plain_archive, everything=True)) == [True]


def test_earlier_audits_stay_on_record(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4).crop((30, 30, 220, 220)))
    audit(plain_archive, [uid])
    audit(plain_archive, [uid], again=True)

    with plain_archive.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Audit)) == 3  # the first when it was recorded


def test_what_a_picture_was_made_from_is_no_finding(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    from provenance.archive.edit import edit

    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(900))
    image = drawing(900)
    image.paste((200, 30, 30), (0, 0, 60, 60))
    image.save(tmp_path / "edited.png")
    edited = edit(plain_archive, uid, tmp_path / "edited.png", by="Ada", actions=["c2pa.drawing"])

    outcome = audit(plain_archive, everything=True)

    assert {each.uid: each.severity for each in outcome.artworks} == {uid: "inform", edited.uid: "inform"}
    assert copies(plain_archive, edited.uid) == []


def test_features_are_computed_once_and_survive(archive: Archive, works: Path) -> None:
    add_dataset(archive, "drawings", works)
    fill(archive)

    assert fill(archive).pictures == 0
    with archive.database.read() as session:
        assert session.scalar(select(func.count()).select_from(schema.Feature)) == 12 * len(METHODS)


def test_a_work_that_cannot_be_read_is_said_and_the_others_are_compared(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (works / "3.png").unlink()
    add(plain_archive, drawing(5))

    outcome = audit(plain_archive, everything=True)

    assert outcome.works == 11
    assert len(outcome.left_out) == 1
    assert outcome.artworks[0].severity == "block"


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (64, 64)])
def test_pictures_without_anything_in_them_are_audited(
    plain_archive: Archive, works: Path, shape: tuple[int, int]
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, Image.fromarray(np.full((*shape, 3), 255, np.uint8)))

    outcome = audit(plain_archive, [uid])

    assert outcome.artworks[0].severity in {None, "inform"}


def test_an_archive_without_works_is_audited_too(plain_archive: Archive) -> None:
    (uid,) = add(plain_archive, drawing(1))

    assert audit(plain_archive, [uid]).works == 0


def test_only_those_of_a_model_are_audited(plain_archive: Archive) -> None:
    add(plain_archive, drawing(1))
    with plain_archive.run("other") as run:
        run.add(drawing(2))

    assert [each.uid for each in audit(plain_archive, model="other").artworks] == list(run.artworks)


def test_what_is_not_there_is_a_sentence(plain_archive: Archive) -> None:
    with pytest.raises(UsageError, match="Say which artworks"):
        audit(plain_archive)
    with pytest.raises(NotFoundError, match="no artwork"):
        audit(plain_archive, ["abcd"])
    with pytest.raises(UsageError, match="no model"):
        audit(plain_archive, model="nobody")
    with pytest.raises(UsageError, match="There is no check"):
        audit(plain_archive, everything=True, checks=["luck"])


def test_a_check_that_is_asked_alone_hides_nothing_that_others_found(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, collage(drawing(3)))
    audit(plain_archive, [uid])
    before = {each.sentence for each in show(plain_archive, uid).findings}

    outcome = audit(plain_archive, [uid], checks=["licence"], again=True)

    detail = show(plain_archive, uid)
    assert {each.sentence for each in detail.findings} == before
    assert (detail.works_compared, outcome.artworks[0].severity) == (12, "block")


def test_auditing_again_counts_no_finding_twice(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4))
    audit(plain_archive, [uid])
    once = artworks(plain_archive)[0].findings
    audit(plain_archive, [uid], again=True)

    assert once == len(show(plain_archive, uid).findings) == artworks(plain_archive)[0].findings


def test_an_interruption_keeps_what_was_answered(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    add(plain_archive, *(drawing(number) for number in range(900, 903)))

    def stop(phase: str, done: int, _total: int) -> None:
        if (phase, done) == ("checks", 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(plain_archive, everything=True, progress=stop)

    assert [each.again for each in audit(plain_archive, everything=True).artworks] == [False, False, True]


def test_what_a_person_dismissed_weighs_nothing_any_more(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4).crop((20, 20, 230, 230)))
    assert audit(plain_archive, [uid]).artworks[0].severity == "block"
    (other,) = {each.other for each in show(plain_archive, uid).findings if each.check == "copies"}
    decide(plain_archive, uid, other, PersonDecision.DISMISSED, reason="Licensed", by="Ada")

    (audited,) = audit(plain_archive, [uid]).artworks
    page = report(plain_archive, audit(plain_archive, [uid]), command="prov audit")

    assert (audited.severity, audited.again) == ("inform", False)
    assert page.artworks[0].severity is Severity.NOTE
    assert page.artworks[0].matches[0].dismissed
