"""What people make of artworks comes back as new artworks."""

from pathlib import Path

import numpy as np
import pytest
from learnt import learnt
from pictures import picture
from PIL import Image, ImageDraw

from provenance.archive.archive import Archive
from provenance.archive.create import Order, generate
from provenance.archive.detail import show
from provenance.archive.dossier import making
from provenance.archive.edit import edit
from provenance.archive.lineage import lineage
from provenance.archive.record import start
from provenance.archive.search import artworks
from provenance.archive.verify import verify
from provenance.digest import Digest
from provenance.errors import PictureError, RefusedError, UsageError
from provenance.picture import Picture
from provenance.words import Making


@pytest.fixture
def artwork(archive: Archive) -> str:
    with archive.run("my-model", seed=5) as run:
        run.add(picture(1, 128, 96))
    return run.artworks[0]


def _stored(archive: Archive, uid: str) -> Path:
    return archive.store.path(Digest(show(archive, uid).file_digest))


def _retouched(archive: Archive, uid: str, path: Path, box: tuple[int, int, int, int] = (10, 10, 42, 34)) -> Path:
    image = Image.open(_stored(archive, uid)).convert("RGB")
    ImageDraw.Draw(image).rectangle(box, fill=(255, 0, 200))
    image.save(path)
    return path


def test_an_edit_names_its_parent_and_who_did_it(archive: Archive, artwork: str, tmp_path: Path) -> None:
    file = _retouched(archive, artwork, tmp_path / "r.png")
    edited = edit(archive, artwork, file, by="Ada Lind", actions=["drawn"], tool="GIMP 3", note="a box")

    detail = show(archive, edited.uid)
    assert detail.edit is not None
    assert (artwork, "Ada Lind", ["c2pa.drawing"]) == (
        detail.edit["parent"],
        detail.edit["by"],
        detail.edit["actions"],
    )
    assert [edited.uid] == show(archive, artwork).edited_into
    assert artwork in {relative.uid for relative in lineage(archive, edited.uid).relatives}


def test_the_share_of_changed_pixels_is_measured(archive: Archive, artwork: str, tmp_path: Path) -> None:
    file = _retouched(archive, artwork, tmp_path / "r.png", (0, 0, 63, 47))
    edited = edit(archive, artwork, file, by="Ada", actions=["drawn"])

    assert edited.change.share == pytest.approx(64 * 48 / (128 * 96), abs=0.01)


def test_an_edit_of_an_edit_keeps_the_whole_chain(archive: Archive, artwork: str, tmp_path: Path) -> None:
    first = edit(archive, artwork, _retouched(archive, artwork, tmp_path / "1.png"), by="Ada", actions=["drawn"])
    again = _retouched(archive, first.uid, tmp_path / "2.png", (60, 50, 80, 70))
    second = edit(archive, first.uid, again, by="Jun", actions=["retouched", "org.example.varnished"])

    result = verify(archive, _stored(archive, second.uid))
    assert result.exit_code == 0
    parent = result.reading.ingredients[0]
    assert parent.relationship == "parentOf"
    assert parent.ingredients[0].relationship == "parentOf"
    original = show(archive, artwork).manifest
    assert original is not None
    assert original["label"] == parent.ingredients[0].label


def test_a_generated_picture_that_a_person_changed_is_called_so(archive: Archive, artwork: str, tmp_path: Path) -> None:
    edited = edit(archive, artwork, _retouched(archive, artwork, tmp_path / "r.png"), by="Ada", actions=["drawn"])

    detail = show(archive, edited.uid)
    assert making(archive, detail) == Making.MODEL_THEN_PERSON
    assert detail.source_type == "compositeWithTrainedAlgorithmicMedia"


def test_a_lossy_file_of_another_size_is_still_an_edit(archive: Archive, artwork: str, tmp_path: Path) -> None:
    path = tmp_path / "half.jpg"
    Image.open(_stored(archive, artwork)).convert("RGB").resize((64, 48)).save(path, quality=90)

    edited = edit(archive, artwork, path, by="Ada", actions=["resized"])
    assert edited.change.share is not None


def test_a_cropped_file_has_no_share_and_says_why(archive: Archive, artwork: str, tmp_path: Path) -> None:
    path = tmp_path / "cropped.png"
    Image.open(_stored(archive, artwork)).crop((0, 0, 128, 88)).save(path)

    edited = edit(archive, artwork, path, by="Ada", actions=["cropped"])
    assert edited.change.share is None
    assert "reason" in edited.change.evidence


def test_a_file_of_another_picture_is_refused(archive: Archive, artwork: str, tmp_path: Path) -> None:
    path = tmp_path / "other.png"
    picture(50, 128, 96).image().save(path)

    with pytest.raises(RefusedError, match="does not look like"):
        edit(archive, artwork, path, by="Ada", actions=["drawn"])
    assert len(artworks(archive)) == 1


def test_pixels_that_did_not_change_are_no_edit(archive: Archive, artwork: str, tmp_path: Path) -> None:
    path = tmp_path / "same.png"
    Image.open(_stored(archive, artwork)).save(path)

    with pytest.raises(RefusedError, match="no edit to record"):
        edit(archive, artwork, path, by="Ada", actions=["drawn"])


def test_a_signed_file_that_was_changed_is_refused(archive: Archive, artwork: str, tmp_path: Path) -> None:
    first = edit(archive, artwork, _retouched(archive, artwork, tmp_path / "1.png"), by="Ada", actions=["drawn"])
    data = _stored(archive, first.uid).read_bytes()
    # A stray ancillary chunk before the end leaves the picture readable and breaks its signature.
    end = data.rindex(b"IEND") - 4
    path = tmp_path / "touched.png"
    path.write_bytes(data[:end] + b"\0\0\0\0prVt\x2e\x00\x00\x00" + data[end:])

    with pytest.raises((RefusedError, PictureError)):
        edit(archive, artwork, path, by="Ada", actions=["drawn"])


@pytest.mark.parametrize("actions", [[], ["painted by hand"], ["c2pa.invented"]])
def test_unknown_actions_are_refused(plain_archive: Archive, tmp_path: Path, actions: list[str]) -> None:
    with plain_archive.run("my-model") as run:
        run.add(picture(1))
    path = tmp_path / "x.png"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path)

    with pytest.raises(UsageError):
        edit(plain_archive, run.artworks[0], path, by="Ada", actions=actions)


def test_that_an_edit_looks_like_its_parents_is_no_finding(archive: Archive, artwork: str, tmp_path: Path) -> None:
    small = (2, 2, 6, 6)
    first = edit(archive, artwork, _retouched(archive, artwork, tmp_path / "1.png", small), by="Ada", actions=["drawn"])
    file = _retouched(archive, first.uid, tmp_path / "2.png", (90, 80, 95, 85))
    second = edit(archive, first.uid, file, by="Ada", actions=["drawn"])

    for uid in (first.uid, second.uid):
        assert [] == [finding.other for finding in show(archive, uid).findings if finding.other]


def test_an_edit_with_a_model_is_never_called_a_persons_alone(archive: Archive, artwork: str, tmp_path: Path) -> None:
    file = _retouched(archive, artwork, tmp_path / "filled.png")
    edited = edit(archive, artwork, file, by="Ada", actions=["edited"], tool="Painter", model="Generative Fill")

    detail = show(archive, edited.uid)
    assert detail.edit is not None
    assert detail.edit["model"] == "Generative Fill"
    assert detail.source_type == "compositeWithTrainedAlgorithmicMedia"
    assert making(archive, detail).by_model
    actions = verify(archive, _stored(archive, edited.uid)).reading.actions
    assert "humanEdits" not in {action.digital_source_type for action in actions}


def test_a_formula_changed_twice_by_people_stays_what_it_is(archive: Archive, tmp_path: Path) -> None:
    first = generate(archive, Order(style="nacre", seed=3, width=128, height=96)).artworks[0]
    types = [show(archive, first).source_type]
    parent = first
    for number, box in enumerate([(5, 5, 20, 20), (60, 50, 80, 70), (90, 10, 110, 30)]):
        file = _retouched(archive, parent, tmp_path / f"{number}.png", box)
        parent = edit(archive, parent, file, by="Ada", actions=["drawn"]).uid
        types.append(show(archive, parent).source_type)

    assert types == ["algorithmicMedia", *["composite"] * 3]
    assert making(archive, show(archive, parent)) is Making.FORMULA_THEN_PERSON


def test_an_edit_is_compared_with_what_its_model_learnt_from(plain_archive: Archive, tmp_path: Path) -> None:
    facts = learnt(plain_archive, tmp_path / "works")
    with start(plain_archive, facts) as run:
        run.add(Picture.open(tmp_path / "works" / "work-0.png"))

    file = _retouched(plain_archive, run.artworks[0], tmp_path / "retouched.png", (1, 1, 3, 3))
    edited = edit(plain_archive, run.artworks[0], file, by="Ada", actions=["drawn"])

    assert any("training work" in finding.sentence for finding in show(plain_archive, edited.uid).findings)
