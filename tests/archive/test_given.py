"""Pictures that a model is given: found, recorded once, checked before anything is made, and named in the manifest."""

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import picture
from PIL import Image
from sqlalchemy import func, select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.bring import Terms, bring
from provenance.archive.collect import Defaults, add_dataset
from provenance.archive.create import Order, generate
from provenance.archive.detail import show
from provenance.archive.given import combined_source_type, given
from provenance.archive.lineage import lineage
from provenance.archive.publish import Form, export
from provenance.archive.reproduce import reproduce
from provenance.archive.verify import verify
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError, PictureError, RefusedError, UsageError
from provenance.schema import Role
from provenance.sign.read import read
from provenance.words import Truth, Verdict


@pytest.fixture
def artwork(plain_archive: Archive) -> str:
    with plain_archive.run("my-model", seed=5, source_type="digitalCreation") as run:
        run.add(picture(1, 96, 64), title="Harbour")
    return run.artworks[0]


@pytest.fixture
def brush(tmp_path: Path) -> Path:
    folder = tmp_path / "my private folder"
    folder.mkdir()
    picture(4, 80, 60).image().save(folder / "brush.png")
    return folder / "brush.png"


def stored(archive: Archive, uid: str) -> Path:
    return archive.store.path(Digest(show(archive, uid).file_digest))


def count(archive: Archive, table: type[schema.Work] | type[schema.Run] = schema.Work) -> int:
    with archive.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def saved(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)  # type: ignore[arg-type]
    return path


def test_an_artwork_is_given_by_its_id_with_its_manifest_whole(plain_archive: Archive, artwork: str) -> None:
    content = given(plain_archive, "content", artwork[:10])

    assert content.input == (Role.CONTENT, artwork, Truth.CHECKED)
    assert np.array_equal(content.pixels, picture(1, 96, 64).pixels)
    ingredient = content.ingredient
    assert (ingredient.label, ingredient.relationship, ingredient.title) == ("content", "parentOf", "Harbour")
    assert ingredient.data == stored(plain_archive, artwork).read_bytes()
    assert content.source_type == "digitalCreation"


def test_a_file_with_the_bytes_of_an_artwork_is_that_artwork(
    plain_archive: Archive, artwork: str, tmp_path: Path
) -> None:
    shutil.copy(stored(plain_archive, artwork), tmp_path / "copy.png")

    assert given(plain_archive, "style", str(tmp_path / "copy.png")).input == (Role.STYLE, artwork, Truth.CHECKED)
    assert count(plain_archive) == 0


def test_an_unknown_file_becomes_a_work_once(plain_archive: Archive, brush: Path) -> None:
    first = given(plain_archive, "style", str(brush), licence="cc0-1.0", creator="Ada Lind")
    again = given(plain_archive, "style", str(brush))

    assert first.input == again.input
    assert count(plain_archive) == 1
    with plain_archive.database.read() as session:
        work = session.scalars(select(schema.Work)).one()
        methods = set(session.scalars(select(schema.Fingerprint.method)))
        assert (work.name, work.licence, work.creator) == ("brush.png", "CC0-1.0", "Ada Lind")
        assert session.scalars(select(schema.WorkLocation.path)).one() == str(brush.resolve())
        assert session.scalars(select(schema.Rights.work_id)).one() == work.id
    assert len(methods) > 1
    assert first.ingredient.relationship == "inputTo"
    assert first.ingredient.data is None
    assert first.ingredient.digest == Digest.of_file(brush)
    assert first.ingredient.notes == {"role": "style", "licence": "CC0-1.0", "creator": "Ada Lind"}
    assert "private" not in repr(first.ingredient)


def test_nobody_said_a_licence_so_none_is_recorded(plain_archive: Archive, brush: Path) -> None:
    style = given(plain_archive, "style", str(brush))

    assert style.ingredient.notes == {"role": "style"}
    assert style.source_type is None
    with pytest.raises(UsageError, match="is not an SPDX licence expression"):
        given(plain_archive, "style", str(brush), licence="free for all")


def test_a_file_of_a_dataset_is_its_work(plain_archive: Archive, brush: Path) -> None:
    add_dataset(plain_archive, "brushes", brush.parent, defaults=Defaults(licence="CC-BY-4.0", creator="Ada Lind"))

    by_path = given(plain_archive, "style", str(brush))
    by_id = given(plain_archive, "style", by_path.input[1][:12])

    assert count(plain_archive) == 1
    assert by_path.input == by_id.input
    assert by_path.ingredient == by_id.ingredient
    assert by_path.ingredient.notes["licence"] == "CC-BY-4.0"


def test_what_is_new_about_a_known_file_is_another_work(plain_archive: Archive, brush: Path) -> None:
    before = given(plain_archive, "style", str(brush))
    after = given(plain_archive, "style", str(brush), licence="CC0-1.0")

    assert before.input[1] != after.input[1]
    assert count(plain_archive) == 2


def test_a_work_that_moved_or_changed_is_named_with_what_to_do(plain_archive: Archive, brush: Path) -> None:
    uid = given(plain_archive, "style", str(brush)).input[1]
    data = brush.read_bytes()

    picture(9).image().save(brush)
    with pytest.raises(DamagedArchiveError, match=r"brush\.png has changed since the work brush\.png was added"):
        given(plain_archive, "style", uid)
    brush.unlink()
    with pytest.raises(NotFoundError, match=r"not there any more\. It was last seen at .*brush\.png\. Put it back"):
        given(plain_archive, "style", uid)
    brush.write_bytes(data)
    assert given(plain_archive, "style", uid).input[1] == uid


def test_a_known_file_given_elsewhere_is_found_there_again(plain_archive: Archive, brush: Path, tmp_path: Path) -> None:
    uid = given(plain_archive, "style", str(brush)).input[1]
    moved = brush.rename(tmp_path / "moved.png")

    assert given(plain_archive, "style", str(moved)).input[1] == uid
    assert given(plain_archive, "style", uid).input[1] == uid


def test_what_may_be_both_a_file_and_an_id_is_asked_about(
    plain_archive: Archive, artwork: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    picture(7).image().save(tmp_path / artwork[:6], "PNG")
    picture(8).image().save(tmp_path / "beef", "PNG")

    with pytest.raises(UsageError, match=rf"is a file here.*Write \./{artwork[:6]} for the file"):
        given(plain_archive, "content", artwork[:6])
    assert given(plain_archive, "content", artwork[:8]).input[1] == artwork
    assert given(plain_archive, "content", f"./{artwork[:6]}").input[1] != artwork
    assert given(plain_archive, "content", "beef").ingredient.title == "beef"


@pytest.mark.parametrize("text", ["", "nothing.png", "abcdef123456", "x" * 5000, "a\0b", "\udcff.png", "~"])
def test_what_is_nothing_is_a_sentence(plain_archive: Archive, text: str) -> None:
    with pytest.raises((NotFoundError, PictureError), match=r"\.$") as told:
        given(plain_archive, "content", text)
    assert str(told.value).isprintable()
    assert len(str(told.value)) < 500
    assert count(plain_archive) == 0


def test_a_folder_is_no_picture(plain_archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"is not a file\. Name one picture"):
        given(plain_archive, "content", str(tmp_path))


def test_what_is_no_picture_is_refused_and_not_recorded(plain_archive: Archive, tmp_path: Path) -> None:
    for name, data in {"text.png": b"hello", "empty.png": b"", "cut.png": brush_bytes()[:200]}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PictureError, match=name):
            given(plain_archive, "style", str(tmp_path / name))
    frames = [picture(seed).image() for seed in (1, 2)]
    saved(tmp_path / "moving.gif", frames[0], save_all=True, append_images=frames[1:])
    with pytest.raises(PictureError, match="animation of 2 frames"):
        given(plain_archive, "style", str(tmp_path / "moving.gif"))
    assert count(plain_archive) == 0


def brush_bytes() -> bytes:
    file = io.BytesIO()
    picture(4, 80, 60).image().save(file, "PNG")
    return file.getvalue()


def test_every_kind_of_pixels_becomes_rgb_on_white(plain_archive: Archive, tmp_path: Path) -> None:
    half = Image.new("RGBA", (20, 10), (200, 0, 0, 0))
    half.paste((0, 0, 200, 255), (0, 0, 10, 10))
    deep = Image.fromarray(np.full((10, 20), 0x8040, np.uint16))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    files = [
        saved(tmp_path / "alpha.png", half),
        saved(tmp_path / "deep.png", deep),
        saved(tmp_path / "grey.png", Image.new("L", (20, 10), 90)),
        saved(tmp_path / "cmyk.jpg", Image.new("CMYK", (20, 10), (0, 255, 255, 0))),
        saved(tmp_path / "turned.jpg", Image.new("RGB", (10, 20), (9, 9, 9)), exif=exif),
    ]

    pixels = [given(plain_archive, "content", str(path)).pixels for path in files]

    assert {array.shape for array in pixels} == {(10, 20, 3)}
    assert {array.dtype for array in pixels} == {np.dtype(np.uint8)}
    assert tuple(pixels[0][0, 19]) == (255, 255, 255)
    assert tuple(pixels[0][0, 0]) == (0, 0, 200)
    assert tuple(pixels[1][0, 0]) == (128, 128, 128)
    assert tuple(pixels[2][0, 0]) == (90, 90, 90)
    assert pixels[3][0, 0, 0] > 200
    assert pixels[3][0, 0, 2] < 60


def test_a_manifest_that_does_not_hold_is_refused_before_anything_is_recorded(
    plain_archive: Archive, artwork: str, brush: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.png"
    changed.write_bytes(_with_manifest_of(stored(plain_archive, artwork).read_bytes(), brush_bytes()))
    before = count(plain_archive, schema.Run)

    order = Order(model="style", pictures={"content": str(changed), "style": str(brush)}, seed=1, device="cpu")
    with pytest.raises(RefusedError, match=r"content changed\.png carries Content Credentials that do not hold"):
        generate(plain_archive, order)

    assert count(plain_archive, schema.Run) == before
    assert count(plain_archive) == 0


@pytest.mark.parametrize("role", ["content", "style"])
def test_what_was_allowed_when_it_came_in_is_not_asked_for_again(
    plain_archive: Archive, artwork: str, brush: Path, tmp_path: Path, role: str
) -> None:
    changed = tmp_path / "changed.png"
    changed.write_bytes(_with_manifest_of(stored(plain_archive, artwork).read_bytes(), brush_bytes()))
    (brought,) = bring(plain_archive, [changed], Terms(allow_changed=True)).artworks
    pictures = {"content": str(brush), "style": str(brush), role: brought.uid}
    order = Order(model="style", pictures=pictures, parameters={"effort": 0.25}, seed=1, side=32, device="cpu")

    made = generate(plain_archive, order).artworks[0]
    again = generate(plain_archive, replace(order, pictures={**pictures, role: made})).artworks[0]

    for uid in (made, again):
        (left,) = export(plain_archive, [uid], tmp_path / uid, Form())
        for path in (stored(plain_archive, uid), left.path):
            reading = read(path, anchors=plain_archive.anchors)
            assert reading.intact
            assert "There is a gap in the history" in " ".join(reading.problems)
    assert reproduce(plain_archive, made).verdict is Verdict.EXACT


def test_the_file_that_was_allowed_is_that_artwork_and_any_other_is_refused(
    plain_archive: Archive, artwork: str, tmp_path: Path
) -> None:
    signed = stored(plain_archive, artwork).read_bytes()
    changed, other = tmp_path / "changed.png", tmp_path / "other.png"
    changed.write_bytes(_with_manifest_of(signed, brush_bytes()))
    other.write_bytes(_with_manifest_of(signed, saved(tmp_path / "else.png", picture(7).image()).read_bytes()))
    (brought,) = bring(plain_archive, [changed], Terms(allow_changed=True)).artworks

    assert given(plain_archive, "style", str(changed)).input[1] == brought.uid
    with pytest.raises(RefusedError, match=r"style other\.png carries Content Credentials that do not hold"):
        given(plain_archive, "style", str(other))


def _with_manifest_of(signed: bytes, other: bytes) -> bytes:
    """Put the manifest of one PNG into another."""
    place = signed.index(b"caBX") - 4
    length = int.from_bytes(signed[place : place + 4], "big")
    return other[:33] + signed[place : place + 12 + length] + other[33:]


def test_a_transfer_names_both_pictures_in_lineage_and_manifest(
    plain_archive: Archive, artwork: str, brush: Path
) -> None:
    order = Order(
        model="style",
        pictures={"content": artwork, "style": str(brush)},
        parameters={"effort": 0.25},
        seed=3,
        side=64,
        device="cpu",
    )
    made = generate(plain_archive, order).artworks[0]

    detail = show(plain_archive, made)
    assert (detail.width, detail.height) == (64, 43)
    parents = {relative.uid for relative in lineage(plain_archive, made).relatives}
    assert artwork in parents
    assert given(plain_archive, "style", str(brush)).input[1] in parents
    assert verify(plain_archive, stored(plain_archive, made)).exit_code == 0
    reading = read(stored(plain_archive, made), anchors=plain_archive.anchors)
    assert reading.actions[0].action == "c2pa.opened"
    assert reading.actions[1].digital_source_type == detail.source_type == "composite"
    named = {each.title: each for each in reading.ingredients}
    assert named["Harbour"].relationship == "parentOf"
    assert named["Harbour"].present
    assert named["brush.png"].relationship == "inputTo"
    assert named["brush.png"].digest == Digest.of_file(brush)
    assert reproduce(plain_archive, made).verdict is Verdict.EXACT


def test_a_signed_file_from_elsewhere_brings_its_manifest_along(
    plain_archive: Archive, artwork: str, make_archive: object, tmp_path: Path
) -> None:
    other = make_archive("elsewhere")  # type: ignore[operator]
    shutil.copy(stored(plain_archive, artwork), tmp_path / "theirs.png")

    style = given(other, "style", str(tmp_path / "theirs.png"))

    assert style.ingredient.data == (tmp_path / "theirs.png").read_bytes()
    assert style.source_type == "digitalCreation"


def test_what_a_model_made_stays_said_of_what_comes_of_it(plain_archive: Archive) -> None:
    with plain_archive.run("diffusion", seed=1) as run:
        run.add(picture(2))
    by_model = given(plain_archive, "content", run.artworks[0])

    assert by_model.source_type == "trainedAlgorithmicMedia"
    assert combined_source_type("composite", []) == "composite"
    assert combined_source_type("composite", [by_model]) == "compositeWithTrainedAlgorithmicMedia"
    assert combined_source_type("trainedAlgorithmicMedia", [by_model]) == "trainedAlgorithmicMedia"


def test_an_export_of_an_artwork_is_that_artwork(plain_archive: Archive, tmp_path: Path) -> None:
    with plain_archive.run("my-model") as run:
        run.add(picture(3))
    (exported,) = export(plain_archive, run.artworks, tmp_path / "out", Form())

    assert given(plain_archive, "content", str(exported.path)).input[1] == run.artworks[0]
