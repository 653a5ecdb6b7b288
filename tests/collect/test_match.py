"""Which row describes which file, and which rows describe none."""

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from provenance.collect.folder import list_folder
from provenance.collect.match import Plan, match
from provenance.collect.table import parse_table


@pytest.fixture
def plan(folder: Path) -> Callable[[str], Plan]:
    """Join the folder with a table whose heading is `file,title,licence,consent,sha256`."""

    def join(*rows: str) -> Plan:
        text = "\n".join(["file,title,licence,consent,sha256", *rows])
        return match(list_folder(folder), parse_table(text.encode(), name="works.csv"))

    return join


def _titles(plan: Plan) -> dict[str, str | None]:
    return {file.name: file.row.title if file.row else None for file in plan.files}


def test_rows_find_their_files_and_files_without_a_row_go_in_all_the_same(
    folder: Path, plan: Callable[..., Plan]
) -> None:
    for name in ("b.png", "a.png", "c.png"):
        (folder / name).write_bytes(b"")

    joined = plan("b.png,B", "./a.png,A")

    assert _titles(joined) == {"a.png": "A", "b.png": "B", "c.png": None}
    assert joined.refusals == ()


def test_without_a_table_every_file_goes_in(folder: Path) -> None:
    (folder / "a.png").write_bytes(b"")

    assert _titles(match(list_folder(folder), None)) == {"a.png": None}


def test_a_row_may_name_a_file_of_another_ending(folder: Path, plan: Callable[..., Plan]) -> None:
    (folder / "scan").write_bytes(b"")
    (folder / ".hidden.png").write_bytes(b"")

    assert _titles(plan("scan,S", ".hidden.png,H")) == {"scan": "S", ".hidden.png": "H"}


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_match_however_their_accents_are_composed(
    folder: Path, plan: Callable[..., Plan], on_disk: str, in_table: str
) -> None:
    name = unicodedata.normalize(on_disk, "Café.png")  # type: ignore[arg-type]
    (folder / name).write_bytes(b"")

    joined = plan(unicodedata.normalize(in_table, "Café.png") + ",C")  # type: ignore[arg-type]

    assert _titles(joined) == {name: "C"}


@pytest.mark.parametrize(
    ("row", "name", "reason", "sentence"),
    [
        ("gone.png,G", "gone.png", "missing", "Row 2 of works.csv: gone.png is not in the folder."),
        (",G", "row 2", "missing", "Row 2 of works.csv names no file."),
        ("../x.png,G", "../x.png", "outside", "Row 2 of works.csv names ../x.png, which is not a path within"),
        ("a/../../x.png,G", "a/../../x.png", "outside", "Row 2 of works.csv names a/../../x.png"),
        ("/etc/passwd,G", "/etc/passwd", "outside", "Row 2 of works.csv names /etc/passwd"),
        ("link/x.png,G", "link/x.png", "outside", "Row 2 of works.csv: link/x.png leads out of the folder."),
        ("sub,G", "sub", "unreadable", "Row 2 of works.csv: sub is not a file"),
        ("a.png/b.png,G", "a.png/b.png", "missing", "Row 2 of works.csv: a.png/b.png is not in the folder."),
        (f"{'x' * 300},G", "x" * 300, "unreadable", "File name too long"),
    ],
)
def test_a_row_that_names_no_file_of_the_folder_is_refused(
    folder: Path, tmp_path: Path, plan: Callable[..., Plan], row: str, name: str, reason: str, sentence: str
) -> None:
    (tmp_path / "x.png").write_bytes(b"")
    (folder / "a.png").write_bytes(b"")
    (folder / "sub").mkdir()
    (folder / "link").symlink_to(tmp_path)
    (folder / ".keep").write_bytes(b"")

    refusals = [refusal for refusal in plan(row).refusals if refusal.row == 2]

    assert [(refusal.name, refusal.reason) for refusal in refusals] == [(name, reason)]
    assert sentence in refusals[0].sentence


def test_a_file_that_the_folder_refuses_is_not_refused_a_second_time(folder: Path, plan: Callable[..., Plan]) -> None:
    (folder / "a.png").symlink_to("nowhere.png")

    assert [refusal.row for refusal in plan("a.png,A").refusals] == [None]


def test_rows_that_contradict_each_other_keep_the_work_out(folder: Path, plan: Callable[..., Plan]) -> None:
    (folder / "a.png").write_bytes(b"")

    joined = plan("a.png,A,CC0-1.0", "a.png,A,MIT,denied")

    assert joined.files == ()
    assert [(refusal.reason, refusal.row) for refusal in joined.refusals] == [("conflict", 2)]
    assert "Rows 2, 3 of works.csv contradict each other about a.png (consent, licence)" in joined.refusals[0].sentence


def test_rows_that_say_the_same_are_one_row_and_a_note(folder: Path, plan: Callable[..., Plan]) -> None:
    (folder / "a.png").write_bytes(b"")

    joined = plan("a.png,A,public domain", "./a.png,A,public domain")

    assert joined.files[0].row is not None
    assert [note.reason for note in joined.files[0].row.notes] == ["licence", "repeated"]
    assert joined.refusals == ()


@pytest.mark.parametrize(("cells", "reason"), [("A,MIT,perhaps,", "consent"), ("A,MIT,granted,12", "checksum")])
def test_a_cell_that_could_mislead_keeps_the_work_out(
    folder: Path, plan: Callable[..., Plan], cells: str, reason: str
) -> None:
    (folder / "a.png").write_bytes(b"")

    joined = plan(f"a.png,{cells}")

    assert joined.files == ()
    assert [(refusal.name, refusal.reason, refusal.row) for refusal in joined.refusals] == [("a.png", reason, 2)]


def test_refused_rows_come_in_their_order(folder: Path, plan: Callable[..., Plan]) -> None:
    (folder / "a.png").write_bytes(b"")

    joined = plan("z.png,Z", "a.png,A,MIT,perhaps", "b.png,B")

    assert [refusal.row for refusal in joined.refusals] == [2, 3, 4]
