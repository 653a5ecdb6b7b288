"""The CSV table: what is understood, what stops everything, and what concerns one row."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.collect.table import AS_WRITTEN, COLUMNS, Row, Table, parse_table, read_table
from provenance.collect.work import Consent
from provenance.digest import Digest
from provenance.errors import NotFoundError, UsageError

CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).map(str.strip).filter(bool)


def _parse(text: str) -> Table:
    return parse_table(text.encode(), name="works.csv")


def _row(heading: str, cells: str) -> Row:
    return _parse(f"file,{heading}\na.png,{cells}\n").rows[0]


def test_every_column_is_read() -> None:
    digest = Digest.of(b"a").hex
    table = _parse(
        "file,title,creator,licence,source,category,subjects,series,sha256,consent,year\n"
        f'a.png,"Heron, wading",Ana Ruiz,cc0-1.0,Field book,bird,water; reed;water;,h,{digest},Granted, 1999\n'
    )

    assert table.columns == (*COLUMNS, "year")
    assert table.rows == (
        Row(
            number=2,
            file="a.png",
            title="Heron, wading",
            creator="Ana Ruiz",
            licence="CC0-1.0",
            source="Field book",
            category="bird",
            subjects=("water", "reed"),
            series="h",
            sha256=Digest.of(b"a"),
            consent=Consent.GRANTED,
            extra={"year": " 1999"},
        ),
    )


def test_an_empty_cell_says_nothing() -> None:
    assert _parse("file,title,licence,consent,sha256,year\na.png,, ,,,\n").rows == (Row(number=2, file="a.png"),)


def test_a_row_may_end_early_and_blank_rows_count_but_say_nothing() -> None:
    rows = _parse("file,title\n\na.png\n,\nb.png,B\n").rows

    assert rows == (Row(number=3, file="a.png"), Row(number=5, file="b.png", title="B"))


def test_rows_are_counted_as_a_spreadsheet_does_when_cells_hold_several_lines() -> None:
    rows = _parse('file,title\na.png,"one\ntwo\nthree"\nb.png,B\n').rows

    assert [(row.number, row.title) for row in rows] == [(2, "one\ntwo\nthree"), (3, "B")]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_utf_8_is_read_with_and_without_a_mark_and_with_either_line_end(start: bytes, end: bytes) -> None:
    data = start + end.join([b"file,creator", "é.png,Zoë 🦩".encode(), b""])

    assert parse_table(data, name="t").rows == (Row(number=2, file="é.png", creator="Zoë 🦩"),)


def test_names_of_columns_may_be_in_any_case_and_licence_in_either_spelling() -> None:
    assert _parse("File , LICENSE,Year\na.png,MIT,1\n").rows[0] == Row(
        number=2, file="a.png", licence="MIT", extra={"Year": "1"}
    )


def test_empty_columns_at_the_end_are_passed_over() -> None:
    assert _parse("file,title,,\na.png,A,,\n").rows == (Row(number=2, file="a.png", title="A"),)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=5))
def test_what_a_csv_writer_writes_is_read_back(cells: list[tuple[str, str, str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("file", "title", "note of mine"), *cells])

    rows = _parse(text.getvalue()).rows

    assert [(row.file, row.title, row.extra["note of mine"]) for row in rows] == cells


@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_refusal(data: bytes) -> None:
    try:
        rows = parse_table(b"file,licence,consent,sha256\n" + data, name="works.csv").rows
    except UsageError:
        return

    assert all(row.licence is None or not row.notes for row in rows)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "has no column `file`"),
        (b"title,creator\nA,B\n", "has no column `file` .* It has: title, creator"),
        (b"file;title\na.png;A\n", "Separate the cells by commas, not by ';'"),
        (b"file\ttitle\na.png\tA\n", r"Separate the cells by commas, not by '\\t'"),
        (b"file,title,title\n", "two columns `title`"),
        (b"file,licence,License\n", "two columns `licence`. Keep one"),
        (b"file,,title\n", "Column 2 of the table works.csv has no name"),
        (b"file,title\na.png,A\nb.png,B, the second\n", "Row 3 of the table works.csv has 3 cells; the heading has 2"),
        (b'file,title\na.png,"A\n', "not well-formed CSV after row 1"),
        (b'file,title\na.png,"A"B\n', "not well-formed CSV after row 1 .line 2."),
        (b"file,title\na.png,\xe9t\xe9\n", r"not UTF-8: byte 17 \(0xe9\) in line 2\. Save it as CSV in UTF-8"),
        ("file,title\na.png,A\n".encode("utf-16"), "written in UTF-16. Save it as CSV in UTF-8"),
        (b"file,title\na.png,\0\n", "zero byte in line 2"),
        (b"file,title\na.png," + b"x" * 200_000, "not well-formed CSV after row 1"),
    ],
)
def test_a_table_that_is_wrong_as_a_whole_stops_everything(data: bytes, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_table(data, name="works.csv")


def test_an_invalid_licence_is_never_taken_for_one_and_its_text_is_kept() -> None:
    row = _row("licence", "public domain")

    assert row.licence is None
    assert row.extra == {AS_WRITTEN: "public domain"}
    assert [note.reason for note in row.notes] == ["licence"]
    assert row.notes[0].sentence.startswith("Row 2 of works.csv: 'public domain' is not an SPDX licence expression.")


@pytest.mark.parametrize("text", ["denyed", "no", "yes"])
def test_a_consent_that_is_not_understood_keeps_the_work_out(text: str) -> None:
    row = _row("consent", text)

    assert row.fault == (
        "consent",
        f"Row 2 of works.csv: the consent '{text}' is none of unknown, granted, denied, withdrawn. Correct the cell.",
    )


def test_a_digest_that_is_none_keeps_the_work_out() -> None:
    row = _row("sha256", "abc")

    assert row.fault is not None
    assert row.fault[0] == "checksum"
    assert "'abc' is no SHA-256" in row.fault[1]


def test_a_table_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "works.csv"
    path.write_text("file\na.png\n")

    assert read_table(path) == Table(name="works.csv", columns=("file",), rows=(Row(number=2, file="a.png"),))


def test_a_table_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no table .*nowhere.csv"):
        read_table(tmp_path / "nowhere.csv")


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Is a directory"):
        read_table(tmp_path)
