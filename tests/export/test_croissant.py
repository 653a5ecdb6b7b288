"""A Croissant export is accepted by the reference implementation, and says no more than is known."""

import csv
import io
import json
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture

from provenance.collect.croissant import collect_croissant, read_croissant
from provenance.collect.item import Read
from provenance.collect.merkle import dataset_root
from provenance.collect.work import Consent, Work
from provenance.digest import Digest
from provenance.errors import StoreError, UsageError
from provenance.export.croissant import croissant, croissant_bytes
from provenance.export.croissant_folder import Copy, file_names, staged
from provenance.export.croissant_tables import Described, Entry, decisions_table, works_table
from provenance.words import Decision, forbidden_in

NOVEMBER = datetime(2026, 11, 4, 14, 2, tzinfo=UTC)
NAMES = ("0.png", "sub [1]/1.png", "sub [1]/*odd?.png", "no-ending")


@pytest.fixture
def works(tmp_path: Path) -> list[Work]:
    """Give works of every kind of name and text, whose files lie in `there`."""
    made = []
    for number, name in enumerate(NAMES):
        path = tmp_path / "there" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shown = picture(number, 32, 24)
        shown.image().save(path, format="PNG")
        made.append(
            Work(
                file_digest=Digest.of_file(path),
                pixels_digest=shown.digest,
                file_size=path.stat().st_size,
                media_type="image/png",
                width=32,
                height=24,
                name=name,
                **SAID[number],
            )
        )
    return made


SAID: tuple[dict[str, Any], ...] = (
    {"title": 'Boats, "red"\nand blue', "creator": "Ada Lind", "licence": "CC-BY-SA-4.0", "subjects": ("sea", "boat")},
    {
        "creator": "Åke {Öst}",
        "consent": Consent.DENIED,
        "extra": {"licence_as_written": "as you like", "mood, odd": "—"},
    },
    {"category": "odd", "series": "s", "consent": Consent.GRANTED},
    {},
)


def described(works: list[Work], **more: Any) -> Described:
    entries = tuple(
        Entry(work=work, uid=work.uid, file=work.name, there=True, decision=Decision.ALLOWED, rule="licences.MIT")
        for work in works
    )
    root = dataset_root(work.uid for work in works)
    values = {
        "name": "shapes",
        "number": 3,
        "uid": "ab" * 32,
        "merkle_root": root,
        "added_at": NOVEMBER,
        "exported_at": NOVEMBER,
        "entries": entries,
    }
    return Described(**{**values, **more})


def written(folder: Path, what: Described) -> dict[str, Any]:
    """Write everything but the pictures, and give the description."""
    tables = {"works.csv": works_table(what), "decisions.csv": decisions_table(what)}
    document = croissant(what, tables)
    for name, data in {**tables, "croissant.json": croissant_bytes(document)}.items():
        (folder / name).write_bytes(data)
    read: dict[str, Any] = json.loads((folder / "croissant.json").read_bytes())
    return read


def judged(path: Path, *record_sets: str) -> tuple[set[str], list[list[dict[str, Any]]]]:
    """Let mlcroissant judge the description, and read its records."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant

        dataset = mlcroissant.Dataset(jsonld=str(path))
        records = [list(dataset.records(name)) for name in record_sets]
    issues = dataset.metadata.ctx.issues
    assert issues.errors == set()
    return set(issues.warnings), records


def test_the_reference_implementation_accepts_it_and_reads_it_back(works: list[Work], tmp_path: Path) -> None:
    written(tmp_path / "there", described(works, published="2026-11-04"))
    problems, (rows, decisions, pictures) = judged(
        tmp_path / "there" / "croissant.json", "works", "decisions", "pictures-by-file"
    )

    assert problems == set()
    assert [text(row["works/file"]) for row in rows] == list(NAMES)
    assert [text(row["works/sha256"]) for row in rows] == [work.file_digest.hex for work in works]
    assert text(rows[0]["works/title"]) == SAID[0]["title"]
    assert [text(row["decisions/work"]) for row in decisions] == [work.uid for work in works]
    assert [text(row["pictures-by-file/file"]) for row in pictures] == sorted(NAMES)
    assert {row["pictures-by-file/image"].size for row in pictures} == {(32, 24)}


def text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def test_nobody_is_asked_when_the_day_of_publication_is_not_known(works: list[Work], tmp_path: Path) -> None:
    written(tmp_path, described(works))
    (problem,) = judged(tmp_path / "croissant.json")[0]

    assert "datePublished" in problem
    assert "recommended" in problem


def test_what_comes_back_has_the_same_records_and_the_same_root(works: list[Work], tmp_path: Path) -> None:
    what = described(works)
    written(tmp_path / "there", what)
    picture(50).image().save(tmp_path / "there" / "stray.png")
    with collect_croissant(read_croissant(tmp_path / "there" / "croissant.json"), measure=lambda _: None) as items:
        back = [item.work for item in items if isinstance(item, Read)]

    assert sorted(back, key=lambda work: work.uid) == sorted(works, key=lambda work: work.uid)
    assert dataset_root(work.uid for work in back) == what.merkle_root


def test_the_document_says_what_is_known(works: list[Work], tmp_path: Path) -> None:
    document = written(tmp_path, described(works, left_out={"duplicate": 2}, url="https://example.org/shapes"))

    assert document["conformsTo"][0] == "http://mlcommons.org/croissant/1.1"
    assert document["version"] == "3.0.0"
    assert document["identifier"][0]["value"] == f"sha256:{dataset_root(work.uid for work in works)}"
    assert [person["name"] for person in document["creator"]] == ["Ada Lind", "Åke {Öst}"]
    assert "Not recorded (3)" in document["license"]["description"]
    assert "author = {{Ada Lind} and {Åke Öst}}, year = {2026}" in document["citeAs"]
    assert "licence 3" in document["rai:dataCollectionMissingData"]
    assert "duplicate: 2" in document["rai:dataCollectionMissingData"]
    assert document["rai:dataLimitations"] == ["The archive's policy lets models learn from it. So for 4 of 4 works."]
    assert document["url"] == "https://example.org/shapes"


def test_what_nobody_said_is_not_there(works: list[Work], tmp_path: Path) -> None:
    bare = replace(works[3], name="0.png")
    document = written(tmp_path, described([bare]))

    assert not {"url", "datePublished", "creator", "rai:dataBiases", "rai:personalSensitiveInformation"} & set(document)
    assert "author" not in document["citeAs"]


def test_one_licence_of_all_works_is_the_licence_of_the_dataset(works: list[Work], tmp_path: Path) -> None:
    def licence(expression: str) -> object:
        return written(tmp_path, described([replace(work, licence=expression) for work in works]))["license"]

    assert licence("CC-BY-4.0") == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert licence("MIT OR CC0-1.0") == "MIT OR CC0-1.0"
    assert licence("LicenseRef-mine") == "LicenseRef-mine"
    judged(tmp_path / "croissant.json", "works")


def test_several_licences_are_not_one(works: list[Work], tmp_path: Path) -> None:
    two = [replace(work, licence=("MIT", "CC0-1.0")[number % 2]) for number, work in enumerate(works)]
    told = written(tmp_path, described(two))["license"]

    assert told["name"] == "No single licence: see the column licence of works.csv"
    assert told["description"].endswith("CC0-1.0 (2), MIT (2).")


def test_a_folder_with_brackets_is_found(works: list[Work], tmp_path: Path) -> None:
    written(tmp_path / "there", described(works[1:3]))
    _, (pictures,) = judged(tmp_path / "there" / "croissant.json", "pictures-by-file")

    assert [text(row["pictures-by-file/file"]) for row in pictures] == ["sub [1]/*odd?.png", "sub [1]/1.png"]


def test_consent_that_ended_shows_in_the_table_and_keeps_the_picture_here(works: list[Work], tmp_path: Path) -> None:
    what = described(works)
    ended = replace(what.entries[2], there=False, withdrawn_at=NOVEMBER, decision=Decision.REFUSED, rule="withdrawn")
    what = replace(what, entries=(*what.entries[:2], ended, what.entries[3]))
    document = written(tmp_path, what)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "works.csv").read_text(encoding="utf-8"), newline="")))
    decisions = list(csv.DictReader(io.StringIO((tmp_path / "decisions.csv").read_text(encoding="utf-8"))))

    assert [row["consent"] for row in rows] == ["unknown", "denied", "withdrawn", "unknown"]
    assert (decisions[2]["consent_when_added"], decisions[2]["withdrawn_at"]) == ("granted", "2026-11-04T14:02:00Z")
    assert "Consent has ended for 1 of 4 works" in " ".join(document["rai:dataLimitations"])
    judged(tmp_path / "croissant.json", "works", "decisions")


def test_without_pictures_there_is_no_set_of_them(works: list[Work], tmp_path: Path) -> None:
    what = described(works)
    what = replace(what, entries=tuple(replace(entry, there=False) for entry in what.entries))
    document = written(tmp_path, what)

    assert [each["@id"] for each in document["distribution"]] == ["works.csv", "decisions.csv"]
    assert [each["@id"] for each in document["recordSet"]] == ["works", "decisions"]
    judged(tmp_path / "croissant.json", "works", "decisions")


def test_no_sentence_overclaims(works: list[Work], tmp_path: Path) -> None:
    document = written(tmp_path, described(works))

    sentences = [document["description"], *(str(value) for key, value in document.items() if key.startswith("rai:"))]
    assert [forbidden_in(sentence) for sentence in sentences] == [[]] * len(sentences)


def test_a_name_that_is_taken_becomes_another() -> None:
    names = ["a.png", "A.png", "a.png/b.png", "sub/c.png", "sub", "works.csv", "sub/c.png", "croissant.json/d.png"]
    chosen = file_names([(f"{number:064x}", name) for number, name in enumerate(names)])

    files = list(chosen.values())
    assert [file for file, name in zip(files, names, strict=True) if file == name] == ["a.png", "sub/c.png"]
    assert files[1] == "A-000000000000.png"
    assert len({file.casefold() for file in files}) == len(names)


@given(st.lists(st.lists(st.sampled_from(["a", "A", "b", "works.csv"]), min_size=1, max_size=3), max_size=12))
def test_chosen_names_never_meet(paths: list[list[str]]) -> None:
    chosen = file_names([(f"{number:012d}{'0' * 52}", "/".join(path)) for number, path in enumerate(paths)])
    files = [file.casefold() for file in chosen.values()]

    assert len(set(files)) == len(paths)
    folders = {"/".join(file.split("/")[:depth]) for file in files for depth in range(1, file.count("/") + 1)}
    assert not folders & set(files)


def copies(works: list[Work], tmp_path: Path) -> list[Copy]:
    return [Copy(file=work.name, digest=work.file_digest, paths=(tmp_path / "there" / work.name,)) for work in works]


def exported(folder: Path, wanted: list[Copy], *, overwrite: bool = False) -> dict[str, str]:
    with staged(folder) as stage:
        faults = stage.copy(wanted, lambda _done, _total: None)
        stage.write({"croissant.json": b"{}"}, overwrite=overwrite)
        stage.place()
    return faults


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_pictures_are_copied_byte_for_byte(works: list[Work], tmp_path: Path) -> None:
    out = tmp_path / "out"

    assert exported(out, copies(works, tmp_path)) == {}
    assert files_in(out) == {*NAMES, "croissant.json"}
    assert [Digest.of_file(out / work.name) for work in works] == [work.file_digest for work in works]
    assert exported(out, copies(works, tmp_path), overwrite=True) == {}


def test_a_picture_that_changed_or_is_gone_is_told_and_not_copied(works: list[Work], tmp_path: Path) -> None:
    (tmp_path / "there" / "0.png").write_bytes(b"changed")
    (tmp_path / "there" / "no-ending").unlink()
    faults = exported(tmp_path / "out", copies(works, tmp_path))

    assert sorted(faults) == ["0.png", "no-ending"]
    assert "0.png has changed since it was added" in faults["0.png"]
    assert "not there any more" in faults["no-ending"]
    assert files_in(tmp_path / "out") == {*NAMES[1:3], "croissant.json"}


def test_what_is_in_the_way_stays_and_nothing_is_left(works: list[Work], tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "sub [1]").mkdir(parents=True)
    (out / "sub [1]" / "1.png").write_bytes(b"another picture")

    with pytest.raises(UsageError, match="is there already, with other bytes"):
        exported(out, copies(works, tmp_path), overwrite=True)
    assert files_in(out) == {"sub [1]/1.png"}
    (out / "sub [1]" / "1.png").unlink()
    (out / "croissant.json").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"is there already\. Choose another folder"):
        exported(out, copies(works, tmp_path))
    assert files_in(out) == {"croissant.json"}


def test_an_interrupted_export_leaves_nothing(works: list[Work], tmp_path: Path) -> None:
    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), staged(tmp_path / "out") as stage:
        stage.copy(copies(works, tmp_path), stop)
    assert not (tmp_path / "out").exists()


def test_a_failure_while_names_are_given_takes_them_back(works: list[Work], tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="Nothing is left of it"), staged(tmp_path / "out") as stage:
        stage.copy(copies(works, tmp_path), lambda _done, _total: None)
        stage.write({"croissant.json": b"{}"}, overwrite=False)
        (stage.area / "croissant.json").unlink()
        stage.place()

    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    with pytest.raises(StoreError, match="Choose another folder"), staged(tmp_path / "file" / "out"):
        pass
