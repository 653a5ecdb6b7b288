"""Works come in, and sets of them get versions."""

import csv
from pathlib import Path

import pytest
from pictures import picture
from PIL import Image
from sqlalchemy import func, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.datasets import show_dataset, versions
from provenance.archive.detail import show
from provenance.archive.lineage import impact, lineage
from provenance.collect.merkle import prove
from provenance.errors import DamagedArchiveError, NotFoundError, UsageError
from provenance.schema import Kind


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(5):
        picture(number).image().save(folder / f"{number}.png")
    return folder


def _table(folder: Path, titles: dict[str, str]) -> Path:
    path = folder / "works.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "title", "creator", "licence"])
        table.writerows([name, title, "Ada Lind", "CC-BY-4.0"] for name, title in titles.items())
    return path


def test_a_folder_becomes_a_version_with_a_merkle_root(archive: Archive, works: Path) -> None:
    added = add_dataset(archive, "mine", works, defaults=Defaults(licence="cc0-1.0", creator="Ada Lind"))

    detail = show_dataset(archive, "mine")
    assert (added.number, added.works, added.new, added.made) == (1, 5, 5, True)
    assert detail.licences == {"CC0-1.0": 5}
    assert detail.creators == {"Ada Lind": 5}
    uids = [work["uid"] for work in detail.works]
    assert prove(uids, uids[0]).root == added.merkle_root


def test_adding_the_same_again_changes_nothing(archive: Archive, works: Path) -> None:
    first = add_dataset(archive, "mine", works)
    again = add_dataset(archive, "mine", works)

    assert (first.uid, False, 0) == (again.uid, again.made, again.new)
    assert len(versions(archive)) == 1
    assert _count(archive, schema.Work) == 5


def test_adding_more_makes_a_version_that_holds_both(archive: Archive, works: Path) -> None:
    first = add_dataset(archive, "mine", works)
    picture(9).image().save(works / "9.png")
    second = add_dataset(archive, "mine", works)

    assert (second.number, second.works, second.new) == (2, 6, 1)
    assert [version.works for version in versions(archive)] == [5, 6]
    assert first.merkle_root == versions(archive)[0].merkle_root


def test_a_file_described_anew_takes_the_place_of_the_old_description(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    added = add_dataset(archive, "mine", works, metadata=_table(works, {"0.png": "Boats"}))

    assert (added.number, added.works, added.new) == (2, 5, 1)
    titles = {work["title"] for work in show_dataset(archive, "mine").works}
    assert "Boats" in titles
    assert _count(archive, schema.Work) == 6
    assert _count(archive, schema.Fingerprint) == 24


def test_works_are_known_by_creator(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works, metadata=_table(works, {"0.png": "Boats", "1.png": "Bowl"}))

    with archive.database.read() as session:
        person = session.scalars(select(schema.Node.uid).where(schema.Node.kind == Kind.CONTRIBUTOR.value)).one()
    touched = impact(archive, person)
    assert sum(relative.kind == "work" for relative in touched.relatives) == 2


def test_an_interrupted_call_is_gone_on_with(archive: Archive, works: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        add_dataset(archive, "mine", works, progress=stop)
    assert versions(archive) == []
    assert _count(archive, schema.Work) == 3
    added = add_dataset(archive, "mine", works)

    assert (added.works, _count(archive, schema.Work)) == (5, 5)
    assert _count(archive, schema.Fingerprint) == 20


def test_what_cannot_be_read_is_reported_and_kept_with_the_version(archive: Archive, works: Path) -> None:
    (works / "broken.png").write_bytes(b"no picture")
    (works / "empty.jpg").touch()
    (works / "copy.png").write_bytes((works / "0.png").read_bytes())
    added = add_dataset(archive, "mine", works)

    assert added.works == 5
    reasons = {item["name"]: item["reason"] for item in show_dataset(archive, "mine").skipped}
    assert reasons == {"broken.png": "format", "empty.jpg": "empty", "copy.png": "duplicate"}


def test_a_folder_without_a_readable_work_makes_no_version(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")

    with pytest.raises(NotFoundError, match="None of the files"):
        add_dataset(archive, "mine", tmp_path / "bad.png")
    assert versions(archive) == []


@pytest.mark.parametrize("name", ["", "../up", "a b", ".hidden", "x" * 101])
def test_a_name_that_cannot_be_typed_is_refused(plain_archive: Archive, works: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a dataset"):
        add_dataset(plain_archive, name, works)


def test_an_artwork_is_compared_with_every_work(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    with archive.run("my-model") as run:
        run.add(picture(2).image().transpose(Image.Transpose.ROTATE_90))  # turned by 90 degrees

    detail = show(archive, run.artworks[0])
    assert detail.works_compared == 5
    nearest = next(match for match in detail.matches if match.method == "phash16_v1")
    assert "2.png" in nearest.label
    assert nearest.flagged
    assert any(finding.other == nearest.uid for finding in detail.findings)


def test_colours_from_works_bring_those_works_into_the_lineage(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    made = generate(archive, Order(model="cppn", style="facet", width=16, height=16, palette_from=["mine"]))

    relatives = lineage(archive, made.artworks[0]).relatives
    used = [relative.uid for relative in relatives if relative.kind == "work"]
    assert len(used) == 5
    touched = {relative.uid for relative in impact(archive, used[0]).relatives}
    assert {made.run, made.artworks[0]} <= touched


def test_colours_from_a_work_that_changed_are_refused(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    picture(77).image().save(works / "3.png")

    with pytest.raises(DamagedArchiveError, match="has changed"):
        generate(archive, Order(width=16, height=16, palette_from=["mine"]))


def test_colours_from_a_work_that_moved_are_refused(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works)
    (works / "3.png").rename(works / "elsewhere.png")

    with pytest.raises(NotFoundError, match="not there any more"):
        generate(archive, Order(width=16, height=16, palette_from=["mine"]))


def _count(archive: Archive, table: type[schema.Base]) -> int:
    with archive.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_call_that_says_nothing_of_a_file_keeps_its_description(archive: Archive, works: Path) -> None:
    add_dataset(archive, "mine", works, defaults=Defaults(creator="Ada Lind"))
    picture(9).image().save(works / "9.png")
    added = add_dataset(archive, "mine", works)

    assert (2, 6, 1) == (added.number, added.works, added.new)
    assert {"Ada Lind": 5, "not recorded": 1} == show_dataset(archive, "mine").creators


def test_what_came_after_the_check_is_not_said_to_be_compared(archive: Archive, works: Path, tmp_path: Path) -> None:
    add_dataset(archive, "mine", works)
    with archive.run("my-model") as run:
        run.add(picture(30))
    picture(31).image().save(tmp_path / "later.png")
    add_dataset(archive, "later", tmp_path / "later.png")

    detail = show(archive, run.artworks[0])
    assert (5, 6) == (detail.works_compared, detail.works_known)


def test_another_copy_of_a_work_will_do_for_its_colours(archive: Archive, works: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.png").write_bytes((works / "0.png").read_bytes())
        add_dataset(archive, "copies", tmp_path / name)
    picture(77).image().save(tmp_path / "second" / "0.png")

    assert generate(archive, Order(width=16, height=16, palette_from=["copies"])).artworks
