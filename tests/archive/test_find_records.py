"""Records are found by words, creator, licence, model and date, on both databases alike."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pictures import picture

from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.archive.find_records import MOST, Record, RecordQuery, find_records
from provenance.errors import NotFoundError, UsageError
from provenance.schema import Kind

WORKS = (
    ("Élan of boats", "Ada Lind", "CC-BY-4.0", "harbour", "sea;boats"),
    ("100% rain_drop", "Bo", "CC0-1.0", "", "rain"),
    ("100x rain drop", "Bo", "", "", ""),
    ("Quiet", "Ada Lindqvist", "CC-BY-SA-4.0", "", "sea"),
)


def fill(archive: Archive, folder: Path) -> Archive:
    with (folder / "works.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["file", "title", "creator", "licence", "category", "subjects"])
        for number, row in enumerate(WORKS):
            picture(number).image().save(folder / f"{number}.png")
            table.writerow([f"{number}.png", *row])
    add_dataset(archive, "seaside", folder, metadata=folder / "works.csv")
    with archive.run("my-model", prompt="a Red harbour at dawn", by="Ada Lind") as run:
        run.add(picture(50), title="Dawn")
    with archive.run("other-model") as run:
        run.add(picture(51))
    return archive


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """Give one archive to all tests: searching writes nothing."""
    with Archive.make(tmp_path_factory.mktemp("seaside") / "archive") as archive:
        yield fill(archive, tmp_path_factory.mktemp("works"))


@pytest.fixture
def seaside(archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Give the same on each database, where they may differ."""
    return fill(archive, tmp_path_factory.mktemp("works"))


def found(archive: Archive, **asked: object) -> list[str]:
    return [f"{each.kind}: {each.label}" for each in find_records(archive, RecordQuery(**asked)).records]  # type: ignore[arg-type]


def titles(archive: Archive, **asked: object) -> set[str]:
    return {text.partition(": ")[2].partition(",")[0] for text in found(archive, **asked)}


def test_words_are_found_in_every_text_whatever_their_case_on_each_database(seaside: Archive) -> None:
    assert titles(seaside, words="boats") == {"Élan of boats"}
    assert titles(seaside, words="harbour") == {"Élan of boats", "Dawn"}  # a category, a prompt
    assert titles(seaside, words="sea", kinds=(Kind.WORK,)) == {"Élan of boats", "Quiet"}  # among subjects
    assert titles(seaside, words="lind") == {"Élan of boats", "Quiet", "Dawn"}  # creators, and by whom
    assert found(seaside, words="seaside") == ["dataset: seaside version 1 (4 works)"]
    assert {text.partition(":")[0] for text in found(seaside, words="my-model")} == {"artwork", "model"}
    assert titles(seaside, words="RED dawn") == {"Dawn"}
    assert titles(seaside, words="élan") == titles(seaside, words="ÉLAN") == {"Élan of boats"}
    assert titles(seaside, words="100%") == titles(seaside, words="rain_drop") == {"100% rain_drop"}
    assert titles(seaside, creator="ADA lind", licence="cc-by-4.0") == {"Élan of boats"}
    assert len(find_records(seaside, RecordQuery(until=datetime(2999, 1, 1, tzinfo=UTC)), count=4).records) == 4


def test_all_words_have_to_stand_in_a_record(filled: Archive) -> None:
    assert titles(filled, words="dawn  harbour") == {"Dawn"}
    assert titles(filled, words="red boats") == set()


def test_signs_that_mean_something_to_a_database_are_only_signs(filled: Archive) -> None:
    assert titles(filled, words="%") == {"100% rain_drop"}
    assert titles(filled, words="rain_drop") == {"100% rain_drop"}
    assert titles(filled, words="' OR 1=1 --") == set()
    assert titles(filled, words='"') == set()  # of JSON, that no person wrote
    assert titles(filled, words="\\") == set()


def test_creators_licences_and_models_narrow_the_search(filled: Archive) -> None:
    assert titles(filled, creator="ada lind") == {"Élan of boats", "Quiet", "Dawn"}
    assert titles(filled, creator="lindqvist") == {"Quiet"}
    assert titles(filled, licence="cc-by-4.0") == {"Élan of boats"}
    assert titles(filled, licence="none", kinds=(Kind.WORK,)) == {"100x rain drop"}
    assert titles(filled, model="MY-MODEL", kinds=(Kind.ARTWORK,)) == {"Dawn"}
    assert titles(filled, model="my-model@9") == set()
    assert titles(filled, creator="ada", licence="CC-BY-4.0", words="boats") == {"Élan of boats"}
    assert found(filled, licence="CC-BY-4.0", kinds=(Kind.DATASET,)) == []


def test_dates_bound_when_a_record_was_made(filled: Archive) -> None:
    soon, ago = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)

    assert len(found(filled, since=ago, until=soon)) == 4 + 2 + 2 + 1
    assert found(filled, since=soon) == []
    assert found(filled, until=ago) == []


def test_a_record_tells_who_and_what(filled: Archive) -> None:
    (artwork,) = find_records(filled, RecordQuery(words="dawn")).records
    (work,) = find_records(filled, RecordQuery(words="boats")).records

    assert (artwork.creator, artwork.model, artwork.licence) == ("Ada Lind", "my-model", None)
    assert (work.creator, work.model, work.licence) == ("Ada Lind", None, "CC-BY-4.0")
    assert artwork.recorded_at > work.recorded_at


def test_pages_follow_each_other_newest_first_and_lose_nothing(filled: Archive) -> None:
    query = RecordQuery(since=datetime(2020, 1, 1, tzinfo=UTC))
    whole = find_records(filled, query, count=MOST)

    seen: list[Record] = []
    before = None
    for _ in range(20):
        page = find_records(filled, query, count=2, before=before)
        seen += page.records
        before = page.next
        if before is None:
            break

    assert tuple(seen) == whole.records
    assert whole.next is None
    assert [each.recorded_at for each in seen] == sorted((each.recorded_at for each in seen), reverse=True)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        (RecordQuery(), "Nothing was asked for"),
        (RecordQuery(words="   "), "Nothing was asked for"),
        (RecordQuery(words="a\0b"), "no text in an archive can have"),
        (RecordQuery(words="\ud800"), "no text in an archive can have"),
        (RecordQuery(creator="x" * 501), "500 characters are possible"),
        (RecordQuery(words=" ".join(map(str, range(17)))), "16 words"),
        (
            RecordQuery(since=datetime(2026, 2, 1, tzinfo=UTC), until=datetime(2026, 1, 1, tzinfo=UTC)),
            "has to be the earlier one",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(plain_archive: Archive, query: RecordQuery, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        find_records(plain_archive, query)


def test_a_page_has_bounds(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive()
    for count in (0, MOST + 1):
        with pytest.raises(UsageError, match="are possible"):
            find_records(archive, RecordQuery(words="a"), count=count)
    with pytest.raises(NotFoundError, match="no artwork or work"):
        find_records(archive, RecordQuery(words="a"), before="abcdef")
