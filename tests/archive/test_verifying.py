"""Any file is read, judged, and held against the archive."""

from pathlib import Path

import pytest
from learnt import learnt
from pictures import picture
from PIL import Image

from provenance.archive.archive import Archive
from provenance.archive.chain import chain_ingredients
from provenance.archive.claims import edited_claim, parent_ingredient
from provenance.archive.detail import show
from provenance.archive.record import start
from provenance.archive.verify import verify
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import NotFoundError
from provenance.export.encode import encode
from provenance.sign.contained import Containment
from provenance.words import Found, Intactness, Vouched


@pytest.fixture
def signed(archive: Archive, tmp_path: Path) -> Path:
    with archive.run("my-model", seed=5) as run:
        run.add(picture(1, 128, 96))
    path = tmp_path / "signed.png"
    path.write_bytes(archive.store.read(Digest(show(archive, run.artworks[0]).file_digest)))
    return path


def test_our_own_file_is_intact_and_vouched_for_by_nobody_else(archive: Archive, signed: Path) -> None:
    result = verify(archive, signed)

    assert _facts(result.signature) == (Intactness.INTACT, Vouched.TRIAL, Found.IN_FILE)
    assert result.exit_code == 0
    assert result.known is not None
    assert result.known.found == Found.BY_FILE


def test_without_the_archive_its_signer_is_known_to_nobody(signed: Path) -> None:
    result = verify(None, signed)

    assert _facts(result.signature) == (Intactness.INTACT, Vouched.NOBODY, Found.IN_FILE)
    assert result.known is None


def test_a_changed_byte_is_seen(archive: Archive, signed: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[-200] ^= 1
    signed.write_bytes(data)

    result = verify(archive, signed)
    assert result.signature.intact == Intactness.CHANGED
    assert result.exit_code == 1


def test_a_stripped_file_is_found_again_by_its_pixels(archive: Archive, signed: Path, tmp_path: Path) -> None:
    path = tmp_path / "stripped.png"
    Image.open(signed).save(path)

    result = verify(archive, path)
    assert result.signature.found == Found.BY_PIXELS
    assert result.signature.sayable == Intactness.UNSAID
    assert result.exit_code == 1


def test_a_reencoded_and_turned_file_is_found_again_by_likeness_only(
    archive: Archive, signed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "turned.jpg"
    Image.open(signed).transpose(Image.Transpose.ROTATE_90).save(path, quality=80)

    result = verify(archive, path)
    assert result.signature.found == Found.BY_LIKENESS
    assert "likely, never certain" in result.heading
    assert result.exit_code == 1


def test_a_strangers_picture_is_found_nowhere(archive: Archive, signed: Path, tmp_path: Path) -> None:
    assert signed.exists()
    path = tmp_path / "other.png"
    picture(99).image().save(path)

    result = verify(archive, path)
    assert (result.signature.found, result.exit_code) == (Found.NOWHERE, 1)
    assert "says nothing about how it was made" in result.heading


def test_garbage_is_met_with_a_reason(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "noise.png"
    path.write_bytes(bytes(range(256)) * 4)

    result = verify(archive, path)
    assert result.exit_code == 1
    assert result.picture_problem is not None
    assert "noise.png" in result.picture_problem


def test_a_missing_file_is_a_sentence(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no file .*gone\.png"):
        verify(archive, tmp_path / "gone.png")


def _facts(signature: object) -> tuple[object, object, object]:
    return signature.intact, signature.vouched, signature.found  # type: ignore[attr-defined]


def test_a_changed_parent_behind_an_intact_child_is_a_gap(archive: Archive, signed: Path, tmp_path: Path) -> None:
    data = bytearray(signed.read_bytes())
    data[-200] ^= 1
    parent = parent_ingredient("the parent", bytes(data), "image/png", Digest.of(bytes(data)))
    claim = edited_claim(
        archive.uid,
        artwork_uid="ab" * 32,
        pixels=picture(2).digest,
        parent=parent,
        by="Ada",
        actions=["c2pa.edited"],
        tool=None,
        note=None,
        share=None,
        title="a child",
        made_at=utc_now(),
    )
    plain = encode(picture(2), "png")
    child = tmp_path / "child.png"
    child.write_bytes(archive.signer.sign(plain, "image/png", claim, allow_changed_parent=True).data)

    result = verify(archive, child)
    assert (Intactness.GAP, 1) == (result.signature.intact, result.exit_code)
    assert result.heading.startswith("Gap in the history.")
    assert result.gaps


def test_a_stranger_asks_the_file_alone_for_a_work(plain_archive: Archive, tmp_path: Path) -> None:
    facts = learnt(plain_archive, tmp_path / "works")
    with start(plain_archive, facts, seed=1, ingredients=chain_ingredients(plain_archive, facts.uid)) as run:
        run.add(picture(1, 96, 64))
    path = tmp_path / "made.png"
    path.write_bytes(plain_archive.store.read(Digest(show(plain_archive, run.artworks[0]).file_digest)))
    picture(5).image().save(tmp_path / "other.png")

    inside = verify(None, path, contains_work=tmp_path / "works" / "work-0.png")
    outside = verify(None, path, contains_work=tmp_path / "other.png")
    assert [(each.answer, result.exit_code) for result in (inside, outside) for each in result.contained] == [
        (Containment.FILE, 0),
        (Containment.NOT_LISTED, 1),
    ]


def test_a_work_that_is_not_there_is_a_sentence(plain_archive: Archive, tmp_path: Path) -> None:
    picture(5).image().save(tmp_path / "picture.png")

    with pytest.raises(NotFoundError, match=r"no file .*gone\.png"):
        verify(plain_archive, tmp_path / "picture.png", contains_work=tmp_path / "gone.png")
