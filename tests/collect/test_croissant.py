"""A Croissant description leads to the pictures that it describes, and to no others, and fetches nothing."""

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pictures import picture

from provenance.collect.croissant import Croissant, collect_croissant, read_croissant, root_remark
from provenance.collect.croissant_table import licence_text
from provenance.collect.item import Read, Refusal
from provenance.collect.work import Consent, Work
from provenance.errors import NotFoundError, UsageError

Json = dict[str, Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with three pictures, one of them below, and one that nobody describes."""
    (tmp_path / "art").mkdir()
    for number in range(3):
        picture(number).image().save(tmp_path / "art" / f"{number}.png")
    picture(9).image().save(tmp_path / "preview.png")
    (tmp_path / "works.csv").write_text(
        "file,title,artist,license,mood\r\n"
        "art/0.png,Boats,Ada Lind,https://creativecommons.org/licenses/by-sa/4.0/,calm\r\n"
        'art/1.png,"Bowl, blue",,mit,\r\n'
        "art/2.png,,Bo Ek,,wild\r\n",
        encoding="utf-8",
    )
    return tmp_path


def field(record_set: str, name: str, source: Json, **more: object) -> Json:
    made = {"@type": "cr:Field", "@id": f"{record_set}/{name}", "name": name, "dataType": "sc:Text", "source": source}
    return {**made, **more}


def column(name: str, table: str = "works.csv") -> Json:
    return {"fileObject": {"@id": table}, "extract": {"column": name}}


def of_file(name: str) -> Json:
    return {"fileSet": {"@id": "art"}, "extract": {"fileProperty": name}}


def file_object(path: Path, **more: object) -> Json:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    place = {"@id": path.name, "name": path.name, "contentUrl": path.name, "encodingFormat": "text/csv"}
    return {"@type": "cr:FileObject", **place, "sha256": digest, **more}


FILE_SET = {"@type": "cr:FileSet", "@id": "art", "encodingFormat": "image/png", "includes": "art/*.png"}


def description(folder: Path, **more: object) -> Json:
    """Describe the folder as the specification's examples do: a table, and a set of files joined with it."""
    columns = ("file", "title", "artist", "license", "mood")
    fields = [field("works", name, column(name)) for name in columns]
    fields[0]["references"] = {"fileSet": {"@id": "art"}, "extract": {"fileProperty": "fullpath"}}
    fields.append(field("works", "image", of_file("content"), dataType="sc:ImageObject"))
    return {
        "@context": {"@vocab": "https://schema.org/", "cr": "http://mlcommons.org/croissant/"},
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "shapes",
        "distribution": [file_object(folder / "works.csv"), copy.deepcopy(FILE_SET)],
        "recordSet": [{"@type": "cr:RecordSet", "@id": "works", "field": fields}],
        **more,
    }


def written(folder: Path, document: object) -> Path:
    path = folder / "croissant.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def collected(croissant: Croissant) -> tuple[dict[str, Work], list[Refusal]]:
    with collect_croissant(croissant, measure=lambda _: None, workers=2) as items:
        found = list(items)
    works = {item.work.name: item.work for item in found if isinstance(item, Read)}
    return works, [item for item in found if isinstance(item, Refusal)]


def test_a_table_joined_with_a_set_of_files_becomes_works(folder: Path) -> None:
    works, refusals = collected(read_croissant(written(folder, description(folder))))

    assert refusals == []
    assert list(works) == ["art/0.png", "art/1.png", "art/2.png"]
    boats = works["art/0.png"]
    assert (boats.title, boats.creator, boats.licence, boats.extra) == (
        "Boats",
        "Ada Lind",
        "CC-BY-SA-4.0",
        {"mood": "calm"},
    )
    assert (works["art/1.png"].title, works["art/1.png"].licence) == ("Bowl, blue", "MIT")


def test_what_is_said_of_the_dataset_is_the_default(folder: Path) -> None:
    document = description(
        folder,
        license="https://spdx.org/licenses/CC0-1.0.html",
        sdLicense="https://creativecommons.org/licenses/by/4.0/",
        creator={"@type": "sc:Person", "name": "Ada Lind"},
        url="https://example.org/shapes",
    )
    croissant = read_croissant(written(folder, document))

    assert (croissant.licence, croissant.creator, croissant.source) == (
        "CC0-1.0",
        "Ada Lind",
        "https://example.org/shapes",
    )
    assert croissant.remarks == ()


def test_the_licence_of_the_description_is_not_that_of_the_works(folder: Path) -> None:
    document = description(folder, sdLicense="https://creativecommons.org/licenses/by/4.0/")

    assert read_croissant(written(folder, document)).licence is None


@pytest.mark.parametrize(
    ("said", "remark"),
    [
        ({"license": ["MIT", "CC0-1.0"]}, "names 2 licences, and not which works"),
        ({"license": "as you like"}, "is not taken over: 'as you like' is not an SPDX"),
        ({"creator": [{"name": "A"}, {"name": "B"}]}, "names 2 creators, and not which works"),
        ({"usageInfo": {"@id": "https://example.org/terms"}}, "terms of use .usageInfo., which prov does not"),
    ],
)
def test_what_cannot_be_known_of_every_work_is_no_default(folder: Path, said: Json, remark: str) -> None:
    croissant = read_croissant(written(folder, description(folder, **said)))

    assert (croissant.licence, croissant.creator) == (None, None)
    with pytest.raises(AssertionError, match=remark):
        raise AssertionError(*croissant.remarks)


def test_names_of_files_alone_find_their_place(folder: Path) -> None:
    (folder / "works.csv").write_text("filename,title\n0.png,Boats\n2.png,Bowl\n", encoding="utf-8")
    document = description(folder)
    joined = {"fileObject": {"@id": "works.csv"}, "extract": {"column": "filename"}}
    document["recordSet"] = [
        {
            "@type": "cr:RecordSet",
            "@id": "images",
            "field": [
                field("images", "name", of_file("filename"), references=joined),
                field("images", "image", of_file("content"), dataType="sc:ImageObject"),
                field("images", "row", column("filename")),
                field("images", "title", column("title")),
            ],
        }
    ]
    works, _ = collected(read_croissant(written(folder, document)))

    assert {name: work.title for name, work in works.items()} == {
        "art/0.png": "Boats",
        "art/1.png": None,
        "art/2.png": "Bowl",
    }


def test_a_name_that_two_files_have_is_refused(folder: Path) -> None:
    (folder / "art" / "more").mkdir()
    picture(7).image().save(folder / "art" / "more" / "0.png")
    (folder / "works.csv").write_text("file,title\n0.png,Boats\n", encoding="utf-8")
    document = description(folder)
    fields = [field("works", name, column(name)) for name in ("file", "title")]
    fields[0]["references"] = of_file("filename")
    document["recordSet"][0]["field"] = fields

    with pytest.raises(UsageError, match=r"art has it twice: art/0.png and art/more/0.png"):
        read_croissant(written(folder, document))


def test_a_set_without_records_is_all_of_its_files(folder: Path) -> None:
    document = description(folder, recordSet=[])
    document["distribution"][1]["excludes"] = ["*/1.png"]
    works, _ = collected(read_croissant(written(folder, document)))

    assert list(works) == ["art/0.png", "art/2.png"]


def test_a_set_within_a_folder_is_taken_from_there(folder: Path) -> None:
    document = description(folder, recordSet=[])
    place = {"@type": "cr:FileObject", "@id": "dir", "contentUrl": "art", "encodingFormat": "local-directory"}
    document["distribution"] = [place, {**FILE_SET, "includes": ["[02].png"], "containedIn": {"@id": "dir"}}]
    works, _ = collected(read_croissant(written(folder, document)))

    assert list(works) == ["art/0.png", "art/2.png"]


def test_pictures_described_one_by_one_are_held_against_their_digests(folder: Path) -> None:
    pictures = [
        file_object(folder / "art" / f"{number}.png", encodingFormat="image/png", contentUrl=f"art/{number}.png")
        for number in range(2)
    ]
    pictures[1]["sha256"] = "0" * 64
    works, refusals = collected(
        read_croissant(written(folder, description(folder, distribution=pictures, recordSet=[])))
    )

    assert list(works) == ["art/0.png"]
    assert [refusal.reason for refusal in refusals] == ["checksum"]


def test_records_in_the_description_itself_are_read(folder: Path) -> None:
    document = description(folder)
    document["recordSet"] = [
        {
            "@type": "cr:RecordSet",
            "@id": "works",
            "field": [
                {"@id": "works/image", "name": "image", "dataType": "sc:ImageObject"},
                {"@id": "works/keywords", "name": "keywords", "dataType": "sc:Text"},
                {"@id": "works/consent", "name": "consent", "dataType": "sc:Text"},
            ],
            "data": [
                {"works/image": "art/0.png", "works/keywords": ["boat", "sea"], "works/consent": "granted"},
                {"works/image": "art/1.png", "works/keywords": None, "works/consent": "denied"},
            ],
        }
    ]
    works, _ = collected(read_croissant(written(folder, document)))

    assert (works["art/0.png"].subjects, works["art/0.png"].consent) == (("boat", "sea"), Consent.GRANTED)
    assert works["art/1.png"].consent is Consent.DENIED


def test_a_no_in_a_column_that_nobody_describes_is_heard(folder: Path) -> None:
    (folder / "works.csv").write_text("file,consent,noai\nart/0.png,denied,1\n", encoding="utf-8")
    document = description(folder)
    document["recordSet"][0]["field"] = [
        field("works", "file", column("file")),
    ]
    works, _ = collected(read_croissant(written(folder, document)))

    assert (works["art/0.png"].consent, works["art/0.png"].extra) == (Consent.DENIED, {"noai": "1"})


def test_a_meaning_counts_before_a_name(folder: Path) -> None:
    (folder / "works.csv").write_text(
        "image,picture,artist,who\nart/1.png,art/0.png,Nobody,Ada Lind\n", encoding="utf-8"
    )
    document = description(folder)
    document["recordSet"][0]["field"] = [
        field("works", "image", column("image")),
        field("works", "artist", column("artist")),
        field("works", "picture", column("picture"), equivalentProperty="sc:contentUrl"),
        field("works", "who", column("who"), equivalentProperty=["https://schema.org/creator"]),
    ]
    works, _ = collected(read_croissant(written(folder, document)))

    assert list(works) == ["art/0.png"]
    assert (works["art/0.png"].creator, works["art/0.png"].extra) == (
        "Ada Lind",
        {"image": "art/1.png", "artist": "Nobody"},
    )


def test_rows_that_lead_nowhere_or_outside_are_refused_one_by_one(folder: Path) -> None:
    table = "file,title,artist,license,mood\nart/0.png,A,,,\nart/9.png,B,,,\n../x.png,C,,,\n"
    (folder / "works.csv").write_text(table, encoding="utf-8")
    works, refusals = collected(read_croissant(written(folder, description(folder))))

    assert works["art/0.png"].title == "A"
    assert [(refusal.reason, refusal.row) for refusal in refusals] == [("missing", 3), ("outside", 4)]
    assert "Row 3 of works.csv" in refusals[0].sentence


def test_in_what_an_archive_wrote_nothing_is_assumed(folder: Path) -> None:
    root = {
        "@type": "sc:PropertyValue",
        "propertyID": "urn:provenance-archive:merkle-root",
        "value": f"sha256:{'a' * 64}",
    }
    picture(5).image().save(folder / "art" / "stray.png")
    document = description(folder, identifier=[root], license="MIT", creator={"name": "Ada"}, url="https://e.org")
    croissant = read_croissant(written(folder, document))

    assert (croissant.licence, croissant.creator, croissant.source) == (None, None, None)
    assert croissant.merkle_root == "a" * 64
    assert list(collected(croissant)[0]) == ["art/0.png", "art/1.png", "art/2.png"]
    assert root_remark(croissant, "a" * 64) is None
    assert "is not that of the description" in (root_remark(croissant, "b" * 64) or "")


Change = Callable[[Json], None]


def _place(document: Json, place: str) -> None:
    document["distribution"][0]["contentUrl"] = place


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: _place(d, "https://example.org/works.csv"), "prov fetches nothing. Download it to"),
        (lambda d: _place(d, "git+https://example.org/x"), "prov fetches nothing"),
        (lambda d: _place(d, "file:///etc/passwd"), "prov fetches nothing"),
        (lambda d: _place(d, "../../etc/passwd"), "outside"),
        (lambda d: _place(d, "/etc/passwd"), "outside"),
        (lambda d: _place(d, "none.csv"), "and does not. Bring it there"),
        (lambda d: _place(d, "a\0b"), "and does not. Bring it there"),
        (lambda d: _place(d, "x" * 5000), "and does not. Bring it there"),
        (lambda d: _place(d, "art"), "cannot be read"),
        (lambda d: d["distribution"][0].update(sha256="0" * 64), "but croissant.json says 0000"),
        (lambda d: d["distribution"][0].update(sha256="abc"), "The sha256 of works.csv in croissant.json is none"),
        (lambda d: d["distribution"][0].update(encodingFormat="application/x-parquet"), "CSV and TSV can be read"),
        (lambda d: d["distribution"][0].update(containedIn={"@id": "a.zip"}), "a part of another file"),
        (lambda d: d["distribution"][1].update(containedIn={"@id": "works.csv"}), "which is no folder here. Unpack it"),
        (lambda d: d["distribution"][1].update(containedIn={"@id": "none"}), "which it does not describe"),
        (lambda d: d["distribution"].append(FILE_SET), "describes 'art' twice"),
        (lambda d: d["recordSet"][0]["field"][0]["source"]["extract"].update(column="path"), "has no column 'path'"),
        (lambda d: d["recordSet"][0]["field"][0]["source"].update(transform={"regex": "x"}), "changes what it reads"),
        (lambda d: d["recordSet"][0]["field"][3]["source"].update(transform={"regex": "x"}), "changes what it reads"),
        (
            lambda d: d["recordSet"][0]["field"][0]["references"].update(transform={"regex": "x"}),
            "a part of their names",
        ),
        (lambda d: d.update(conformsTo="http://mlcommons.org/croissant/2.0"), "written for Croissant 2.0"),
        (lambda d: d.update({"@type": "sc:CreativeWork"}), "describes no dataset"),
        (lambda d: d.update(distribution=[], recordSet=[]), "describes no pictures here"),
        (lambda d: d.update(distribution=[{"@type": "cr:FileSet"}]), "cannot be read|can be read"),
    ],
)
def test_what_cannot_be_followed_is_refused_with_a_sentence(folder: Path, change: Change, sentence: str) -> None:
    document = description(folder)
    change(document)

    with pytest.raises(UsageError, match=sentence) as refused:
        read_croissant(written(folder, document))
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"3", b"\xff\xfe", b"[" * 100_000, b'{"@graph": 3}'])
def test_what_is_no_description_is_refused(folder: Path, data: bytes) -> None:
    path = folder / "croissant.json"
    path.write_bytes(data)

    with pytest.raises(UsageError, match=r"no Croissant description|describes no dataset"):
        read_croissant(path)
    with pytest.raises(NotFoundError, match="no description"):
        read_croissant(folder / "none.json")


def test_a_table_with_a_cell_too_many_stops_everything(folder: Path) -> None:
    (folder / "works.csv").write_text("file,title,artist,license,mood\nart/0.png,a,b,MIT,c,d\n", encoding="utf-8")

    with pytest.raises(UsageError, match=r"Row 2 of the table works.csv has 6 cells"):
        read_croissant(written(folder, description(folder)))


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
anything = st.recursive(
    leaves | st.sampled_from(["works.csv", "art", "file", "sc:Dataset", "cr:FileSet", "works/file"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@id", "@type", "name", "x"]), inner),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_may_be_anything(folder: Path, data: st.DataObject) -> None:
    document = description(folder)
    places = list(parts(document))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(anything)
    path = written(folder, document)

    try:
        collected(read_croissant(path))
    except UsageError as refused:
        assert str(refused)[-1] in ".?"  # noqa: PT017  (a description may stay good)


def parts(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield value, key
        yield from parts(inner)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/3.0/legalcode", "CC-BY-NC-ND-3.0"),
        ("https://creativecommons.org/licenses/by/3.0/de/", "CC-BY-3.0-DE"),
        ("https://creativecommons.org/licenses/by/3.0/xx/", "https://creativecommons.org/licenses/by/3.0/xx/"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://spdx.org/licenses/MIT.html", "MIT"),
        ("https://spdx.org/licenses/Unheard-Of", "https://spdx.org/licenses/Unheard-Of"),
        ("CC BY", "CC BY"),
    ],
)
def test_an_address_that_stands_for_one_licence_is_read_as_it(text: str, expected: str) -> None:
    assert licence_text(text) == expected
