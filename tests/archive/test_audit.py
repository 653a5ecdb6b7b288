"""Artworks of an archive are audited: copies are found, strangers are left in peace, and all of it is on record."""

from pathlib import Path

import numpy as np
import pytest
from graphs import learnt
from PIL import Image, ImageOps
from scenes import drawing
from sqlalchemy import delete, func, select, update

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.audit import AuditOutcome, audit, check_names
from provenance.archive.audit_report import report
from provenance.archive.collect import add_dataset
from provenance.archive.detail import show
from provenance.archive.features import METHODS, embedder, fill
from provenance.archive.judgements import decide
from provenance.archive.nodes import node_id
from provenance.archive.search import artworks
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, EngineError, NotFoundError, UsageError
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


def second_dataset(archive: Archive, folder: Path) -> None:
    folder.mkdir()
    for number in (20, 21):
        drawing(number).save(folder / f"{number}.png")
    add_dataset(archive, "others", folder)


def test_one_dataset_alone_can_be_asked_about_and_hides_nothing(
    plain_archive: Archive, works: Path, tmp_path: Path
) -> None:
    add_dataset(plain_archive, "drawings", works)
    second_dataset(plain_archive, tmp_path / "others")
    (uid,) = add(plain_archive, collage(drawing(3)))
    whole = audit(plain_archive, [uid])
    found = {each.sentence for each in show(plain_archive, uid).findings}

    alone = audit(plain_archive, [uid], dataset="others")
    detail = show(plain_archive, uid, dataset=alone.dataset.uid if alone.dataset else None)

    assert (whole.works, alone.works) == (14, 2)
    assert (whole.artworks[0].severity, alone.artworks[0].severity) == ("block", "inform")
    assert (detail.works_compared, detail.works_known) == (2, 2)
    assert {each.check for each in detail.findings} >= {"nearest", "completeness"}
    assert not {"copies", "similarity"} & {each.check for each in detail.findings}
    assert {each.sentence for each in show(plain_archive, uid).findings} == found
    assert [audit(plain_archive, [uid], dataset=name).artworks[0].again for name in (None, "others")] == [False, False]
    assert report(plain_archive, alone, command="prov audit").artworks[0].compared == 2


def test_what_one_dataset_has_is_found_without_the_others(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    second_dataset(plain_archive, tmp_path / "others")
    (uid,) = add(plain_archive, drawing(20))

    (audited,) = audit(plain_archive, [uid], dataset="others@1").artworks

    assert audited.severity == "block"
    assert {"copies", "similarity"} <= {each.check for each in show(plain_archive, uid).findings}
    with plain_archive.database.read() as session:
        last = session.scalars(select(schema.Audit).order_by(schema.Audit.id.desc())).first()
        assert last is not None
        assert [last.checks[check]["dataset"]["name"] for check in ("copies", "nearest", "similarity")] == [
            "others"
        ] * 3
        assert "dataset" not in last.checks["licence"]


def test_a_dataset_is_refused_where_nothing_is_compared_with_works(plain_archive: Archive) -> None:
    with pytest.raises(UsageError, match="licence does not compare"):
        audit(plain_archive, everything=True, dataset="drawings", checks=["licence"])
    with pytest.raises(NotFoundError, match="no dataset 'drawings'"):
        audit(plain_archive, everything=True, dataset="drawings")


def test_an_artwork_that_cannot_be_seen_any_more_keeps_what_was_found_of_it(
    plain_archive: Archive, works: Path
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4).crop((20, 20, 230, 230)))
    audit(plain_archive, [uid])
    before = copies(plain_archive, uid)
    with plain_archive.database.write() as session:
        row = node_id(session, uid)
        session.execute(delete(schema.Feature).where(schema.Feature.node_id == row))
        plain_archive.store.delete(Digest(session.get_one(schema.Artwork, row).file_digest))

    outcome = audit(plain_archive, [uid])

    assert list(outcome.left_out) == [uid]
    assert copies(plain_archive, uid) == before != []
    assert "integrity" in {each.check for each in show(plain_archive, uid).findings}


@pytest.mark.parametrize("method", [METHODS[0], METHODS[-1]])
def test_damaged_features_are_said_with_the_picture_they_are_of(
    plain_archive: Archive, works: Path, method: str
) -> None:
    add_dataset(plain_archive, "drawings", works)
    first, second = add(plain_archive, drawing(900), drawing(901))
    fill(plain_archive)

    def damaged(uid: str) -> None:
        with plain_archive.database.write() as session:
            its = (schema.Feature.node_id == node_id(session, uid), schema.Feature.method == method)
            session.execute(update(schema.Feature).where(*its).values(data=b"\1\2"))

    damaged(first)
    outcome = audit(plain_archive, everything=True)
    assert f"of the artwork {first[:12]}" in outcome.left_out[first]
    assert [each.uid for each in outcome.artworks] == [first, second]
    with plain_archive.database.read() as session:
        (work,) = session.scalars(select(schema.Node.uid).where(schema.Node.kind == "work").limit(1))
    damaged(work)
    with pytest.raises(DamagedArchiveError, match=rf"of the (artwork {first[:12]}|work {work[:12]})"):
        for check in ("copies", "nearest"):
            audit(plain_archive, [second], checks=[check], again=True)


def test_missing_weights_are_a_sentence_and_stop_no_other_check(
    plain_archive: Archive, works: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(900))
    embedder.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(EngineError, match="are not installed"):
        audit(plain_archive, [uid])
    assert audit(plain_archive, [uid], checks=["licence", "completeness", "similarity"]).artworks[0].again


def test_each_check_is_put_alone_and_known_the_second_time(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(900))

    for name in check_names():
        assert audit(plain_archive, [uid], checks=[name]).artworks[0].again, name
        assert not audit(plain_archive, [uid], checks=[name]).artworks[0].again, name
    assert not audit(plain_archive, [uid]).artworks[0].again


def test_works_that_come_are_compared_by_each_check_alone(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(900))
    audit(plain_archive, [uid])
    second_dataset(plain_archive, tmp_path / "others")

    for name in ("similarity", "nearest", "copies"):
        assert audit(plain_archive, [uid], checks=[name]).artworks[0].again, name


def test_odd_pictures_are_works_and_artworks_like_others(plain_archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    noise = np.random.default_rng(1).integers(0, 255, (40, 20_000, 3), np.uint8)
    odd = {
        "panorama": Image.fromarray(noise),
        "clear": Image.new("RGBA", (80, 60), (0, 0, 0, 0)),
        "one": Image.new("RGB", (1, 1), "white"),
        "white": Image.new("RGB", (300, 200), "white"),
        "drawing": drawing(3),
    }
    for name, image in odd.items():
        image.save(folder / f"{name}.png")
    add_dataset(plain_archive, "odd", folder)
    uids = add(plain_archive, *odd.values())

    outcome = audit(plain_archive, everything=True)

    assert outcome.works == len(odd)
    assert outcome.left_out == {}
    # What has nothing to measure is found by its very pixels.
    assert {each.severity for each in outcome.artworks} == {"block"}
    assert all(each.uid in uids for each in outcome.artworks)
    assert len(report(plain_archive, outcome, command="prov audit").artworks) == len(odd)


def test_a_report_numbers_places_where_they_truly_are(plain_archive: Archive, works: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    part = ImageOps.invert(ImageOps.mirror(drawing(5).crop((20, 40, 220, 190)))).resize((400, 300))
    (uid,) = add(plain_archive, part)

    (match,) = report(plain_archive, audit(plain_archive, [uid]), command="prov audit").artworks[0].matches

    here, there = np.array([pair[0] for pair in match.points]), np.array([pair[1] for pair in match.points])
    truly = np.column_stack([220 - here[:, 0] * 200, 40 + here[:, 1] * 150]) / 256
    assert 8 <= len(here) <= 24
    assert np.median(np.linalg.norm(truly - there, axis=1)) < 0.006


def test_a_commercial_purpose_is_held_against_licences(plain_archive: Archive) -> None:
    past = learnt(plain_archive)
    with plain_archive.database.write() as session:
        session.execute(update(schema.Work).values(licence="CC-BY-NC-4.0"))
    uid = past.artworks[0]

    def asked(*, commercial: bool | None) -> tuple[bool, bool]:
        (audited,) = audit(plain_archive, [uid], checks=["licence"], commercial=commercial).artworks
        told = [each.sentence for each in show(plain_archive, uid).findings if each.check == "licence"]
        return audited.again, any("is said to be commercial, which is against CC-BY-NC-4.0" in each for each in told)

    assert asked(commercial=None) == (True, False)
    assert any("CC-BY-NC-4.0 forbids commercial" in each.sentence for each in show(plain_archive, uid).findings)
    assert asked(commercial=False) == (False, False)
    assert asked(commercial=True) == (True, True)
