"""A network of the user's own proposes works to the copies check, and its vectors are computed once and kept."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from scenes import drawing, look
from sqlalchemy import delete, func, select, update
from torch import Tensor, nn

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.audit import audit
from provenance.archive.collect import add_dataset
from provenance.archive.copies_check import CopiesCheck
from provenance.archive.detail import show
from provenance.archive.features import METHODS, embedder, fill
from provenance.archive.gallery import ArchiveGallery
from provenance.archive.learnt_features import OwnVectors, fill_own, own_embedder
from provenance.archive.nodes import node_id
from provenance.compare.cascade import candidates
from provenance.compare.gallery import MemoryGallery
from provenance.compare.promise import Promise
from provenance.compare.voting import Vote
from provenance.errors import DamagedArchiveError, EngineError, NotFoundError
from provenance.fingerprint.learnt_embedding import LearntEmbedder, Preparation, unpack
from provenance.picture import Picture
from provenance.schema import Kind
from provenance.settings import Settings, change


class Patches(nn.Module):
    """The average colour of each of 8 x 8 patches, less that of the whole."""

    def forward(self, pictures: Tensor) -> Tensor:
        patches = nn.functional.adaptive_avg_pool2d(pictures, (8, 8))
        return (patches - patches.mean((2, 3), keepdim=True)).flatten(1)


class Rows(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.mean(3).flatten(1)


class NotWhite(nn.Module):
    """Fails on what is all black."""

    def forward(self, pictures: Tensor) -> Tensor:
        bright = (pictures.mean((2, 3)) > -1.7).float()
        return torch.log(bright)


def script(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(network), str(path))
    return path


def with_network(archive: Archive, path: Path) -> Archive:
    """Open an archive again, with the network in `path`."""
    change(archive.folder, "audit", "embedding", str(path))
    change(archive.folder, "audit", "embedding_side", 64)
    archive.settings = Settings.load(archive.folder, {})
    return archive


@pytest.fixture
def works(tmp_path: Path) -> Path:
    folder = tmp_path / "works"
    folder.mkdir()
    for number in range(6):
        drawing(number).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return script(Patches(), tmp_path / "own.pt")


def add(archive: Archive, *images: Image.Image) -> Sequence[str]:
    with archive.run("my-model") as run:
        for image in images:
            run.add(image)
    return run.artworks


def copies(archive: Archive, uid: str) -> list[str]:
    return [each.sentence for each in show(archive, uid).findings if each.check == "copies"]


def vectors(archive: Archive) -> dict[str, int]:
    """Count what is kept beside the shipped features, by method."""
    feature = schema.Feature
    query = select(feature.method, func.count()).where(feature.method.not_in(METHODS)).group_by(feature.method)
    with archive.database.read() as session:
        return dict(session.execute(query).all())


def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the other searches propose nothing."""
    monkeypatch.setattr(ArchiveGallery, "vote", lambda *_: ())
    monkeypatch.setattr(ArchiveGallery, "resembling", lambda *_: ())
    monkeypatch.setattr(ArchiveGallery, "shaped", lambda *_: ())


def test_what_the_own_network_proposes_is_measured_and_found(
    archive: Archive, works: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(archive, "drawings", works)
    copy, stranger = add(archive, drawing(4).crop((6, 6, 250, 250)), drawing(900))
    silence(monkeypatch)
    audit(archive, [copy], checks=["copies"])
    assert copies(archive, copy) == []

    with_network(archive, network)
    outcome = audit(archive, [copy, stranger], checks=["copies"])

    assert [each.severity for each in outcome.artworks] == ["block", None]
    assert len(copies(archive, copy)) == 1
    assert vectors(archive) == {LearntEmbedder.load(network, Preparation(side=64)).name: 8}


def test_vectors_are_computed_once(archive: Archive, works: Path, network: Path) -> None:
    add_dataset(archive, "drawings", works)
    own = own_embedder(with_network(archive, network).settings)
    assert own is not None

    assert fill_own(archive, own).pictures == 6
    assert fill_own(archive, own).pictures == 0
    assert own_embedder(archive.settings) is own


def test_an_audit_is_made_anew_when_the_network_changes_or_goes(
    plain_archive: Archive, works: Path, network: Path
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(900))

    def again() -> list[bool]:
        return [audit(plain_archive, [uid], checks=["copies"]).artworks[0].again for _ in range(2)]

    assert again() == [True, False]
    with_network(plain_archive, network)
    assert again() == [True, False]
    script(Rows(), network)
    assert again() == [True, False]
    assert sorted(vectors(plain_archive).values()) == [7, 7]
    change(plain_archive.folder, "audit", "embedding", "")
    plain_archive.settings = Settings.load(plain_archive.folder, {})
    assert again() == [True, False]


def test_the_record_of_an_audit_names_the_network(plain_archive: Archive, works: Path, network: Path) -> None:
    add_dataset(plain_archive, "drawings", works)

    said: Any = CopiesCheck(plain_archive).settings()["embedding"]
    assert said is None
    own = own_embedder(with_network(plain_archive, network).settings)
    assert own is not None
    fill_own(plain_archive, own)
    said = CopiesCheck(plain_archive).settings()["embedding"]

    assert (said["name"], said["file"], said["works"]) == (own.name, str(own.file), 6)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (None, NotFoundError, r"There is no file .*own\.pt.* The setting audit\.embedding names this file"),
        (b"\x80\x04.", EngineError, r"is a pickle.* The setting audit\.embedding"),
        (b"", EngineError, r"no whole TorchScript file.* The setting audit\.embedding"),
    ],
)
def test_a_network_that_cannot_be_used_is_a_sentence_and_stops_no_other_check(
    archive: Archive, works: Path, tmp_path: Path, data: bytes | None, error: type[Exception], message: str
) -> None:
    add_dataset(archive, "drawings", works)
    (uid,) = add(archive, drawing(900))
    with_network(archive, tmp_path / "own.pt")
    if data is not None:
        (tmp_path / "own.pt").write_bytes(data)

    def rows() -> list[int | None]:
        with archive.database.read() as session:
            return [session.scalar(select(func.count()).select_from(each)) for each in (schema.Feature, schema.Audit)]

    before = rows()
    with pytest.raises(error, match=message):
        audit(archive, [uid])
    assert rows() == before
    assert audit(archive, [uid], checks=["licence", "similarity", "nearest"]).artworks[0].again


def test_without_the_shipped_weights_no_vectors_are_kept_either(
    plain_archive: Archive, works: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(900))
    with_network(plain_archive, network)
    embedder.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(EngineError, match="are not installed"):
        audit(plain_archive, [uid])
    assert vectors(plain_archive) == {}


def test_a_picture_on_which_the_network_fails_is_compared_by_the_others(
    plain_archive: Archive, works: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (80, 60), "black").save(works / "black.png")
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4))
    with_network(plain_archive, script(NotWhite(), tmp_path / "odd.pt"))

    outcome = audit(plain_archive, [uid], checks=["copies"])

    assert (outcome.works, outcome.left_out, outcome.artworks[0].severity) == (7, {}, "block")
    assert "could not look at 1 picture; the other searches did" in str(outcome.notice)


def test_works_whose_files_are_gone_are_still_compared_and_the_audit_is_made_anew_when_they_are_back(
    plain_archive: Archive, works: Path, network: Path
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4))
    fill(plain_archive)
    with_network(plain_archive, network)
    works.rename(works.with_name("away"))

    gone = audit(plain_archive, [uid], checks=["copies"])
    works.with_name("away").rename(works)
    back = audit(plain_archive, [uid], checks=["copies"])

    assert (gone.works, gone.left_out, gone.artworks[0].severity) == (6, {}, "block")
    assert "could not look at 6 pictures" in str(gone.notice)
    assert (back.notice, back.artworks[0].again) == (None, True)


def test_an_interruption_keeps_the_vectors_that_there_are(
    plain_archive: Archive, network: Path, tmp_path: Path
) -> None:
    (tmp_path / "many").mkdir()
    for number in range(70):
        Image.new("RGB", (8, 8), (3 * number, 90, 60)).save(tmp_path / "many" / f"{number}.png")
    add_dataset(plain_archive, "many", tmp_path / "many")
    own = own_embedder(with_network(plain_archive, network).settings)
    assert own is not None

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill_own(plain_archive, own, progress=stop)
    kept = vectors(plain_archive)[own.name]

    assert 0 < kept < 70
    assert fill_own(plain_archive, own).pictures == 70 - kept


def test_a_damaged_vector_is_said_with_the_picture_it_is_of(plain_archive: Archive, works: Path, network: Path) -> None:
    add_dataset(plain_archive, "drawings", works)
    (uid,) = add(plain_archive, drawing(4))
    with_network(plain_archive, network)
    audit(plain_archive, [uid], checks=["copies"])

    for data in (b"\1\2", b"\xff" * 2 * 192):
        with plain_archive.database.write() as session:
            its = (schema.Feature.node_id == node_id(session, uid), schema.Feature.method.not_in(METHODS))
            session.execute(update(schema.Feature).where(*its).values(data=data))
        with pytest.raises(DamagedArchiveError, match=f"of the artwork {uid[:12]} by learnt-"):
            audit(plain_archive, [uid], checks=["copies"], again=True)


def test_one_dataset_alone_is_proposed_from(
    plain_archive: Archive, works: Path, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(plain_archive, "drawings", works)
    (tmp_path / "others").mkdir()
    drawing(20).save(tmp_path / "others" / "20.png")
    add_dataset(plain_archive, "others", tmp_path / "others")
    (uid,) = add(plain_archive, drawing(20).crop((6, 6, 250, 250)))
    with_network(plain_archive, network)
    silence(monkeypatch)

    found = [
        audit(plain_archive, [uid], dataset=name, checks=["copies"]).artworks[0].severity
        for name in ("drawings", "others")
    ]

    assert found == [None, "block"]


def test_a_picture_from_outside_is_reduced_by_it_too(
    plain_archive: Archive, works: Path, network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset(plain_archive, "drawings", works)
    own = own_embedder(with_network(plain_archive, network).settings)
    assert own is not None
    fill(plain_archive)
    fill_own(plain_archive, own)
    silence(monkeypatch)
    check = CopiesCheck(plain_archive)

    (best, *_) = check.suspects(check.reduced(Picture(np.asarray(drawing(4)))))

    assert best.score >= check.line.score
    others = check.suspects(check.reduced(Picture(np.asarray(drawing(4)))), without=[best.uid])
    assert best.uid not in {each.uid for each in others}


def test_the_nearest_are_those_with_the_highest_cosine_but_for_some() -> None:
    held = np.array([[1, 0], [0.6, 0.8], [0, 1], [-1, 0]], np.float16)
    own = OwnVectors(np.array([2, 5, 7, 9]), held)
    asked = np.array([0.8, 0.6], np.float16)

    assert own.nearest(asked, ()) == [5, 2, 7, 9]
    assert own.nearest(asked, (5, 9), most=2) == [2, 7]
    assert own.nearest(asked, (2, 5, 7, 9)) == []
    assert own.nearest(np.zeros(2, np.float16), ()) == []
    assert OwnVectors(np.zeros(0, np.int64), held[:0]).nearest(asked, ()) == []


def test_vectors_of_works_alone_are_kept_in_places_of_the_index(archive: Archive, works: Path, network: Path) -> None:
    add_dataset(archive, "drawings", works)
    own = own_embedder(with_network(archive, network).settings)
    assert own is not None
    fill_own(archive, own)
    with archive.database.write() as session:
        rows = sorted(session.scalars(select(schema.Work.id)))
        session.execute(delete(schema.Feature).where(schema.Feature.node_id == rows[2]))
    with archive.database.read() as session:
        held = OwnVectors.read(session, own, np.array(rows[::-1]))
        work = session.get_one(schema.Node, rows[4])
        assert work.kind == Kind.WORK.value
        (data,) = session.scalars(select(schema.Feature.data).where(schema.Feature.node_id == rows[4]))

    assert len(held) == 5
    assert held.nearest(unpack(data, own.length), ())[0] == 1


class Silent(MemoryGallery):
    """A gallery whose own searches propose nothing."""

    def vote(self, *_: object) -> Sequence[Vote]:
        return ()

    def resembling(self, *_: object) -> Sequence[int]:
        return ()

    def shaped(self, *_: object) -> Sequence[int]:
        return ()


def test_what_something_else_proposes_is_measured_once_unless_it_is_left_out() -> None:
    wall = Silent([look(drawing(number)) for number in range(5)])

    def measured(also: Sequence[int], without: Sequence[int] = ()) -> list[int]:
        of_all = Promise.shipped().of_all()
        found = candidates(look(drawing(3)), wall, also=also, without=without, promise=of_all)
        return sorted(each.place for each in found)

    assert measured([]) == []
    assert measured([3, 4, 3]) == [3, 4]
    assert measured([3, 4, 0], without=[4]) == [0, 3]
