"""A dataset leaves as Croissant with what holds for its works now, and comes back as the same works."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.croissant import export_dataset
from provenance.collect.croissant import collect_croissant, read_croissant
from provenance.collect.item import Read
from provenance.collect.merkle import dataset_root
from provenance.collect.signals_folder import Surroundings
from provenance.collect.signals_values import Says
from provenance.errors import NotFoundError, UsageError

TABLE = """file,title,creator,licence,consent,mood
0.png,Boats,Ada Lind,CC-BY-4.0,granted,calm
sub/1.png,"Bowl, blue",Bo Ek,as you like,denied,
sub/2.png,,,,,wild
"""


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    (folder / "sub").mkdir(parents=True)
    for number, name in enumerate(("0.png", "sub/1.png", "sub/2.png")):
        picture(number).image().save(folder / name)
    (folder / "works.csv").write_text(TABLE, encoding="utf-8")
    return folder


def test_another_archive_comes_to_the_same_root(archive: Archive, works: Path, tmp_path: Path) -> None:
    added = add_dataset(archive, "mine", works, metadata=works / "works.csv")
    exported = export_dataset(archive, "mine", tmp_path / "out", copy_files=True)

    assert exported.same_root
    assert (exported.works, exported.copied, exported.remarks) == (3, 3, ())
    assert root_of(tmp_path / "out") == added.merkle_root == exported.merkle_root


def root_of(folder: Path) -> str:
    """Give the root of what another archive would take in."""
    with collect_croissant(read_croissant(folder / "croissant.json"), measure=lambda _: None) as items:
        return dataset_root(item.work.uid for item in items if isinstance(item, Read))


def test_decisions_leave_with_the_works(archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(archive, "mine", works, metadata=works / "works.csv")
    export_dataset(archive, "mine", tmp_path / "out")
    rows = decisions(tmp_path / "out")

    assert [(row["file"], row["decision"]) for row in rows][:2] == [("0.png", "allowed"), ("sub/1.png", "refused")]
    assert "consent consent=granted" in rows[0]["evidence"]
    with archive.database.read() as session:
        uids = set(session.scalars(select(schema.Node.uid).where(schema.Node.kind == "work")))
    assert {row["work"] for row in rows} == uids


def decisions(folder: Path) -> list[dict[str, str]]:
    with (folder / "decisions.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_consent_that_ended_is_told_and_the_picture_stays_here(archive: Archive, works: Path, tmp_path: Path) -> None:
    added = add_dataset(archive, "mine", works, metadata=works / "works.csv")
    with archive.database.write() as session:
        work = session.scalars(select(schema.Work.id).where(schema.Work.name == "0.png")).one()
        at = datetime(2026, 11, 4, tzinfo=UTC)
        session.add(schema.Withdrawal(work_id=work, reason="asked", touched={}, withdrawn_at=at))
    exported = export_dataset(archive, "mine", tmp_path / "out", copy_files=True)

    assert (exported.works, exported.copied, exported.withdrawn, exported.same_root) == (3, 2, 1, False)
    assert "Consent has ended for 1 of 3 works" in exported.remarks[0]
    assert not (tmp_path / "out" / "0.png").exists()
    assert "0.png,Boats,Ada Lind,CC-BY-4.0,,,,," in (tmp_path / "out" / "works.csv").read_text(encoding="utf-8")
    first = decisions(tmp_path / "out")[0]
    assert (first["rule"], first["consent_when_added"]) == ("withdrawn", "granted")
    assert first["withdrawn_at"].startswith("2026-11-04")
    assert root_of(tmp_path / "out") != added.merkle_root


def test_a_no_that_lay_beside_the_works_comes_along(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    (works / "tdmrep.json").write_text(json.dumps([{"location": "/sub/", "tdm-reservation": 1}]), encoding="utf-8")
    add_dataset(plain_archive, "mine", works)
    exported = export_dataset(plain_archive, "mine", tmp_path / "out", copy_files=True)
    heard = {
        name: {signal.says for signal in Surroundings(tmp_path / "out").signals(name)}
        for name in ("0.png", "sub/1.png", "sub/2.png")
    }

    assert "tdmrep.json" in exported.files
    assert heard == {"0.png": set(), "sub/1.png": {Says.NO}, "sub/2.png": {Says.NO}}


def test_a_file_that_changed_is_told_and_not_copied(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(plain_archive, "mine", works)
    picture(77).image().save(works / "0.png")
    (works / "sub" / "1.png").unlink()
    exported = export_dataset(plain_archive, "mine", tmp_path / "out", copy_files=True)

    assert (exported.copied, exported.same_root) == (1, False)
    assert [remark.partition(" is not in the export")[0] for remark in exported.remarks] == ["0.png", "sub/1.png"]
    assert len(decisions(tmp_path / "out")) == 3


def test_works_of_the_same_name_get_two(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(plain_archive, "mine", works)
    (tmp_path / "other").mkdir()
    picture(50).image().save(tmp_path / "other" / "0.png")
    added = add_dataset(plain_archive, "mine", tmp_path / "other")
    exported = export_dataset(plain_archive, "mine", tmp_path / "out", copy_files=True)

    assert (exported.copied, exported.same_root) == (4, False)
    assert "1 of 4 files have another name here" in exported.remarks[0]
    assert root_of(tmp_path / "out") != added.merkle_root
    old = export_dataset(plain_archive, "mine", tmp_path / "old", number=1, copy_files=True)
    assert old.same_root


def test_a_description_alone_says_where_its_pictures_belong(
    plain_archive: Archive, works: Path, tmp_path: Path
) -> None:
    added = add_dataset(plain_archive, "mine", works, defaults=Defaults(creator="Ada Lind"))
    exported = export_dataset(plain_archive, "mine", works.parent / "out")

    assert (exported.copied, exported.same_root) == (0, False)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"works.csv", "decisions.csv", "croissant.json"}
    for path in (tmp_path / "out").iterdir():
        path.replace(works / path.name)
    assert root_of(works) == added.merkle_root


def test_nothing_is_overwritten_unless_somebody_says_so(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(plain_archive, "mine", works)
    with pytest.raises(UsageError, match=r"works\.csv is there already"):
        export_dataset(plain_archive, "mine", works)
    with pytest.raises(UsageError, match="is not empty"):
        export_dataset(plain_archive, "mine", works, copy_files=True)
    assert (works / "works.csv").read_text(encoding="utf-8") == TABLE
    export_dataset(plain_archive, "mine", tmp_path / "out", copy_files=True)

    assert export_dataset(plain_archive, "mine", tmp_path / "out", copy_files=True, overwrite=True).same_root


def test_a_dataset_that_is_not_there_leaves_nothing(plain_archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(plain_archive, "mine", works)
    with pytest.raises(NotFoundError, match="no dataset 'other'"):
        export_dataset(plain_archive, "other", tmp_path / "out")
    with pytest.raises(NotFoundError, match="version 7"):
        export_dataset(plain_archive, "mine", tmp_path / "out", number=7)

    assert not (tmp_path / "out").exists()
