"""Of each check the latest answer stands; one about a dataset alone hides nothing that was found among all works."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from pictures import picture

from provenance.archive.archive import Archive
from provenance.archive.audit_rows import write_audits
from provenance.archive.collect import add_dataset
from provenance.archive.current import current_rows, latest_audits
from provenance.archive.detail import show
from provenance.archive.nodes import node_id
from provenance.archive.one_dataset import OneDataset
from provenance.archive.search import artworks
from provenance.audit import Answer
from provenance.audit.finding import Finding
from provenance.digest import Json
from provenance.errors import NotFoundError
from provenance.words import Severity

CHECK = "copies"


class Subject:
    """An artwork, and works that checks say something about."""

    def __init__(self, archive: Archive, folder: Path) -> None:
        folder.mkdir()
        for number in range(3):
            picture(number).image().save(folder / f"{number}.png")
        add_dataset(archive, "shapes", folder)
        with archive.run("mine") as run:
            run.add(picture(50))
        self.archive = archive
        self.uid = run.artworks[0]
        with archive.database.read() as session:
            self.row = node_id(session, self.uid)
            self.shapes = OneDataset.find(session, "shapes")
        self.works = list(self.shapes.works.values())

    def audited(self, *others: str, about: str | None = None, severity: Severity = Severity.WARNING) -> None:
        """Write an audit that named `others`, of all works or those of one dataset."""
        dataset: dict[str, Json] = {} if about is None else {"dataset": {"name": about, "number": 1, "uid": about}}
        where = about or "all"
        found = [
            Finding(
                check=CHECK,
                check_version="1",
                severity=severity,
                sentence=f"{where}: {self.works.index(other)}",
                evidence={},
                other=other,
            )
            for other in others
        ]
        answer = Answer(findings=found, settings={CHECK: {"version": "1", **dataset}})
        write_audits(self.archive, [(self.row, answer)])

    def current(self, dataset: str | None = None) -> Sequence[str]:
        with self.archive.database.read() as session:
            rows = current_rows(session, [self.row], dataset=dataset)
            return [row.Finding.sentence for row in rows if row.Finding.check == CHECK]

    def latest(self, dataset: str | None = None) -> int | None:
        with self.archive.database.read() as session:
            return latest_audits(session, [self.row], dataset=dataset).get((self.row, CHECK))


@pytest.fixture
def subject(plain_archive: Archive, tmp_path: Path) -> Subject:
    return Subject(plain_archive, tmp_path / "works")


def test_what_was_found_among_all_works_stays_after_an_audit_of_one_dataset(subject: Subject) -> None:
    one, two, _ = subject.works
    subject.audited(one, two)
    before = artworks(subject.archive)[0].findings
    subject.audited(about="d1")
    subject.audited(one, about="d2")

    assert subject.current() == ["all: 0", "all: 1"]
    assert artworks(subject.archive)[0].findings == before


def test_what_was_found_in_one_dataset_since_is_added(subject: Subject) -> None:
    one, two, three = subject.works
    subject.audited(one)
    subject.audited(two, about="d1")
    subject.audited(two, three, about="d2")

    assert subject.current() == ["all: 0", "d2: 1", "d2: 2"]


def test_a_later_audit_of_all_works_answers_for_all_datasets(subject: Subject) -> None:
    one, two, _ = subject.works
    subject.audited(two, about="d1")
    subject.audited(one)

    assert subject.current() == ["all: 0"]


def test_of_one_dataset_the_latest_audit_counts(subject: Subject) -> None:
    one, two, _ = subject.works
    subject.audited(one, about="d1")
    subject.audited(two, about="d1")

    assert subject.current() == ["d1: 1"]
    assert subject.current("d1") == ["d1: 1"]
    assert subject.current("d2") == []


def test_notes_about_one_dataset_stay_with_the_question(subject: Subject) -> None:
    one, two, _ = subject.works
    subject.audited(one, severity=Severity.NOTE)
    subject.audited(two, about="d1", severity=Severity.NOTE)

    assert subject.current() == ["all: 0"]
    assert subject.current("d1") == ["d1: 1"]


def test_an_audit_of_one_dataset_is_none_of_all_works(subject: Subject) -> None:
    subject.audited(subject.works[0], about="d1")

    assert subject.latest() is None
    assert subject.latest("d1") is not None
    assert CHECK in {each.check for each in show(subject.archive, subject.uid).findings}


def test_two_findings_about_one_work_are_both_said(subject: Subject) -> None:
    one, *_ = subject.works
    subject.audited(one, one, about="d1")

    assert subject.current() == ["d1: 0", "d1: 0"]


def test_a_dataset_is_named_with_or_without_its_version(plain_archive: Archive, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    folder.mkdir()
    for number in range(2):
        picture(number).image().save(folder / f"{number}.png")
        add_dataset(plain_archive, "sea", folder)

    with plain_archive.database.read() as session:
        assert [OneDataset.find(session, typed).number for typed in ("sea", "sea@1", "sea@2")] == [2, 1, 2]
        assert len(OneDataset.find(session, "sea").works) == 2
        with pytest.raises(NotFoundError, match="version 9"):
            OneDataset.find(session, "sea@9")
        with pytest.raises(NotFoundError, match="'land'"):
            OneDataset.find(session, "land")
