"""An artwork says which works it is nearest to: of those behind its model, or of all here."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import picture
from PIL import Image, ImageOps
from scenes import drawing
from sqlalchemy import func, select

from provenance import schema
from provenance.archive import features, nodes
from provenance.archive.archive import Archive
from provenance.archive.audit import audit
from provenance.archive.collect import add_dataset
from provenance.archive.current import current_rows, finding_of
from provenance.archive.edit import edit
from provenance.archive.nearest_check import findings
from provenance.audit.copies import Relation
from provenance.audit.finding import Finding
from provenance.digest import canonical_json
from provenance.errors import NotFoundError
from provenance.picture import Picture
from provenance.schema import Kind, Role
from provenance.words import Severity, Truth, forbidden_in


def works(archive: Archive, folder: Path, count: int) -> None:
    folder.mkdir()
    rows = ["file,title,creator,licence"]
    for number in range(count):
        Image.fromarray(picture(number, 96, 80).pixels).save(folder / f"{number}.png")
        rows.append(f"{number}.png,Boat {number},Creator {number // 4},CC0-1.0")
    (folder / "works.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    add_dataset(archive, "drawings", folder, metadata=folder / "works.csv")


def made(archive: Archive, *pictures: Picture) -> Sequence[str]:
    with archive.run("a model of mine") as run:
        for each in pictures:
            run.add(each)
    return run.artworks


def asked(archive: Archive, uid: str) -> list[Finding]:
    with archive.database.read() as session:
        return findings(archive, session, uid)


def first(finding: Finding) -> dict[str, Any]:
    """Give the nearest work as whoever reads the JSON has it."""
    return dict(json.loads(canonical_json(dict(finding.evidence)))["works"][0])


def blend(first: int, second: int) -> Picture:
    pixels = picture(first, 96, 80).pixels * 0.65 + picture(second, 96, 80).pixels * 0.35
    return Picture(pixels.astype(np.uint8))


def test_an_altered_copy_and_a_blend_are_nearest_to_what_they_were_made_from(archive: Archive, tmp_path: Path) -> None:
    works(archive, tmp_path / "works", 12)
    features.fill(archive, (Kind.WORK,))
    paler = Picture((picture(3, 96, 80).pixels * 0.8 + 40).astype(np.uint8))
    copy, mixed = made(archive, paler, blend(7, 2))

    [of_copy], [of_mixed] = asked(archive, copy), asked(archive, mixed)

    assert "nearest to the work" in of_copy.sentence
    assert first(of_copy)["name"] == "Boat 3"
    assert first(of_mixed)["name"] == "Boat 7"
    with archive.database.read() as session:
        assert nodes.find(session, of_copy.other or "", kinds=[Kind.WORK]).uid == of_copy.other
    for each in (of_copy, of_mixed):
        assert each.severity is Severity.NOTE
        assert "of this archive" in each.sentence
        assert forbidden_in(each.sentence) == []


def test_only_what_its_model_learnt_from_counts_through_edits_too(archive: Archive, tmp_path: Path) -> None:
    works(archive, tmp_path / "works", 4)
    (tmp_path / "others").mkdir()
    Image.fromarray(picture(50, 96, 80).pixels).save(tmp_path / "others" / "same.png")
    add_dataset(archive, "others", tmp_path / "others")
    features.fill(archive, (Kind.WORK,))
    [uid] = made(archive, picture(50, 96, 80))
    with archive.database.write() as session:
        model = session.scalars(select(schema.Model.id)).one()
        first = session.scalars(select(func.min(schema.DatasetVersion.id))).one()
        nodes.add_edges(session, [(model, Role.TRAINED_ON, first, Truth.CHECKED)])
    changed = picture(50, 96, 80).pixels.copy()
    changed[10:40, 10:40] = (255, 0, 200)
    Image.fromarray(changed).save(tmp_path / "edited.png")
    child = edit(archive, uid, tmp_path / "edited.png", by="Ada", actions=["drawn"]).uid

    for each in (uid, child):
        [finding] = asked(archive, each)
        assert "works that a model of mine learnt from" in finding.sentence
        assert finding.evidence["works_compared"] == 4
        assert "same.png" not in finding.sentence


def test_without_works_there_is_nothing_to_be_near_to(plain_archive: Archive) -> None:
    [uid] = made(plain_archive, picture(1))

    assert asked(plain_archive, uid) == []


def test_works_that_came_later_are_heard_of(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works", 3)
    features.fill(plain_archive, (Kind.WORK,))
    [uid] = made(plain_archive, picture(50, 96, 80))
    before = asked(plain_archive, uid)
    (tmp_path / "more").mkdir()
    Image.fromarray(picture(50, 96, 80).pixels).save(tmp_path / "more" / "same.png")
    add_dataset(plain_archive, "more", tmp_path / "more")
    features.fill(plain_archive, (Kind.WORK,))

    after = asked(plain_archive, uid)

    assert before[0].evidence["works_compared"] == 3
    assert after[0].evidence["works_compared"] == 4
    assert "same.png" in after[0].sentence


def test_an_unknown_artwork_gets_a_sentence(plain_archive: Archive) -> None:
    with pytest.raises(NotFoundError, match="nothing with the id"):
        asked(plain_archive, "00" * 32)


def flag(uid: str, relation: Relation) -> Finding:
    return Finding(
        check="copies",
        check_version="1",
        severity=Severity.WARNING,
        sentence="Flagged.",
        evidence={"relation": relation.value},
        other=uid,
    )


def test_what_the_check_for_copies_flagged_comes_first_and_says_so(plain_archive: Archive, tmp_path: Path) -> None:
    works(plain_archive, tmp_path / "works", 12)
    features.fill(plain_archive, (Kind.WORK,))
    [uid] = made(plain_archive, picture(3, 96, 80))
    with plain_archive.database.read() as session:
        other = session.scalars(select(schema.Node.uid).join(schema.Work).where(schema.Work.title == "Boat 9")).one()
        [before] = findings(plain_archive, session, uid)
        [after] = findings(
            plain_archive, session, uid, flagged=[flag("ee" * 32, Relation.NEAR_COPY), flag(other, Relation.PART)]
        )

    assert first(before)["name"] == "Boat 3"
    assert first(before)["flagged"] is None
    assert first(after)["name"] == "Boat 9"
    assert first(after)["flagged"] == {"check": "copies", "relation": "contains a part of"}
    assert dict(after.evidence)["creators"][0]["creator"] == "Creator 2"  # type: ignore[index,call-overload]
    assert "because the check for copies flagged it" in after.sentence
    assert "caused" not in after.sentence


def test_an_audit_hears_of_copies_found_in_it_and_later(plain_archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "works").mkdir()
    for number in range(8):
        drawing(number).save(tmp_path / "works" / f"{number}.png")
    add_dataset(plain_archive, "drawings", tmp_path / "works")
    turned = Picture.from_image(ImageOps.mirror(drawing(2)).rotate(90, expand=True))
    [uid] = made(plain_archive, turned)

    def nearest() -> Finding:
        with plain_archive.database.read() as session:
            row = nodes.node_id(session, uid)
            [found] = [each for each in current_rows(session, [row]) if each.Finding.check == "nearest"]
            return finding_of(found.Finding, found.uid)

    audit(plain_archive, [uid], checks=["nearest"])
    alone = nearest()
    audit(plain_archive, [uid], checks=["copies"])
    [again] = audit(plain_archive, [uid], checks=["nearest"]).artworks
    heard = nearest()
    [same] = audit(plain_archive, [uid], checks=["nearest"]).artworks
    [whole] = audit(plain_archive, [uid], again=True).artworks

    assert first(alone)["flagged"] is None
    assert again.again
    assert first(heard)["name"] == "2.png"
    assert first(heard)["flagged"]["relation"] == "near copy of"
    assert not same.again
    assert whole.again
    assert first(nearest()) == first(heard)
