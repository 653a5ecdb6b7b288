"""The index of the copies check is a copy of the database: whatever happened to either, the database is right."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scenes import drawing, look
from sqlalchemy import delete, func, insert, select

from provenance import schema
from provenance.archive import copies_index, gallery
from provenance.archive.archive import Archive, open_archive
from provenance.archive.copies_index import CopiesIndex
from provenance.archive.features import METHODS
from provenance.archive.gallery import ArchiveGallery, works_root
from provenance.collect.merkle import dataset_root
from provenance.compare import manifest, storing
from provenance.compare.cascade import candidates
from provenance.compare.colour import NAME as COLOUR
from provenance.compare.colour import pack_colour
from provenance.compare.gallery import MemoryGallery
from provenance.compare.look import GREY, pack_grey
from provenance.compare.stored import Stored
from provenance.database import utc_now
from provenance.errors import DamagedArchiveError, StoreError
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import PROJECTION_DIGEST, Projection, pack
from provenance.fingerprint.local import NAME as POINTS
from provenance.fingerprint.local import changed_descriptors
from provenance.schema import Kind

LOOKS = [look(drawing(seed)) for seed in range(16)]


def embedding(number: int) -> np.ndarray:
    return np.random.default_rng(number).uniform(0, 6, 1280).astype(np.float16).astype(np.float32)


def uid_of(number: int) -> str:
    return hashlib.sha256(bytes([number])).hexdigest()


def features(number: int) -> dict[str, bytes]:
    held = LOOKS[number]
    return {
        EMBEDDING: pack(embedding(number)),
        POINTS: held.local.to_bytes(),
        GREY: pack_grey(held.grey),
        COLOUR: pack_colour(held.colour),
    }


def add(archive: Archive, numbers: Sequence[int], *, kind: Kind = Kind.WORK, methods: Sequence[str] = METHODS) -> None:
    """Write pictures as `features.fill` would have; the nodes may be there."""
    with archive.database.write() as session:
        for number in numbers:
            node = session.scalar(select(schema.Node).where(schema.Node.uid == uid_of(number)))
            if node is None:
                node = schema.Node(uid=uid_of(number), kind=kind.value, created_at=utc_now())
                session.add(node)
                session.flush()
            data = features(number)
            rows = [{"node_id": node.id, "method": method, "data": data[method]} for method in methods]
            session.execute(insert(schema.Feature), rows)


def level(archive: Archive) -> Stored:
    return CopiesIndex(archive, Kind.WORK).level()


def names(stored: Stored) -> set[str]:
    return {stored.uid(place) for place in range(len(stored))}


def votes(stored: Stored, number: int) -> list[tuple[str, int, float]]:
    asker = look(drawing(number).rotate(15, fillcolor="white")).local
    found = stored.voters.ask(changed_descriptors(asker.descriptors), asker, 5, ())
    return [(stored.uid(vote.place), vote.change, round(vote.weight, 3)) for vote in found]


def folder_of(archive: Archive) -> Path:
    return archive.folder / "index" / "copies-work"


def test_the_gallery_finds_what_one_in_memory_finds(archive: Archive) -> None:
    add(archive, range(12))
    in_archive = ArchiveGallery(archive, level(archive))
    vectors = Projection.load().project(np.stack([embedding(number) for number in range(12)]))
    looks = [replace(LOOKS[number], embedding=vectors[number]) for number in range(12)]
    asked = look(drawing(7).rotate(15, fillcolor="white").crop((50, 50, 190, 200)))
    asked = replace(asked, embedding=vectors[3])

    ours = candidates(asked, in_archive, without=[5])
    theirs = candidates(asked, MemoryGallery(looks), without=[5])

    assert {each.place: each.points for each in ours} == {each.place: each.points for each in theirs}
    cosines = {each.place: each.cosine for each in theirs}
    assert {each.place: each.cosine for each in ours} == pytest.approx(cosines, abs=1e-5)
    assert max(ours, key=lambda each: each.points.places).place == 7
    assert in_archive.places([uid_of(7), uid_of(99), uid_of(0)]) == [7, 0]
    assert (in_archive.look(7).colour == LOOKS[7].colour).all()


def test_shapes_come_from_the_index_and_are_those_of_the_picture(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(archive, range(4))
    gallery = ArchiveGallery(archive, level(archive))
    truths = [LOOKS[number].shapes for number in range(4)]
    monkeypatch.setattr("provenance.compare.look.shapes_of", None)  # nothing is computed anew

    for number, truth in enumerate(truths):
        found = gallery.look(number).shapes
        assert found.boxes.boxes == truth.boxes.boxes
        assert found.vectors == pytest.approx(truth.vectors, abs=1e-3)


def test_what_is_new_is_appended_and_the_answer_is_that_of_an_index_made_at_once(archive: Archive) -> None:
    add(archive, range(12))
    first = level(archive)
    add(archive, range(12, 16))

    appended = level(archive)
    folder = folder_of(archive)
    held = json.loads((folder / "manifest.json").read_text())["index"]
    for path in folder.iterdir():
        path.unlink()
    rebuilt = level(archive)

    assert held["learnt_from"] < sum(len(each.local) for each in LOOKS), "the vocabulary stayed"
    assert len(first) == 12, "who has opened it keeps what was there"
    assert names(appended) == names(rebuilt) == {uid_of(number) for number in range(16)}
    for number in (3, 13):
        assert votes(appended, number)[0][:2] == (uid_of(number), 0)
        assert votes(appended, number)[0][2] == pytest.approx(votes(rebuilt, number)[0][2], rel=0.1)


def test_a_picture_counts_once_it_has_all_its_features(archive: Archive) -> None:
    add(archive, [1], methods=METHODS[:2])
    add(archive, [2])
    assert names(level(archive)) == {uid_of(2)}

    add(archive, [1], methods=METHODS[2:])
    assert names(level(archive)) == {uid_of(1), uid_of(2)}


def test_works_and_artworks_lie_apart_and_some_alone_leave_nothing_behind(plain_archive: Archive) -> None:
    add(plain_archive, [1, 2])
    add(plain_archive, [3], kind=Kind.ARTWORK)
    with plain_archive.database.read() as session:
        row = session.scalars(select(schema.Node.id).where(schema.Node.uid == uid_of(2))).one()

    assert names(CopiesIndex(plain_archive, Kind.WORK, only=[row, 999]).level()) == {uid_of(2)}
    assert not folder_of(plain_archive).exists()
    assert names(level(plain_archive)) == {uid_of(1), uid_of(2)}
    assert names(CopiesIndex(plain_archive, Kind.ARTWORK).level()) == {uid_of(3)}


def _flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 64
    path.write_bytes(data)


def _cut_off_unseen(path: Path) -> None:
    times = path.stat()
    path.write_bytes(path.read_bytes()[:-9])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def refuse(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


SPOILT: dict[str, Callable[[Path], object]] = {
    "changed": _flipped,
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "cut off unseen": _cut_off_unseen,
    "empty": lambda path: path.write_bytes(b""),
    "gone": lambda path: path.unlink(),
    "noise": lambda path: path.write_bytes(b"noise" * 999),
}


@pytest.mark.parametrize("what", ["manifest.json", "pictures", "points", "vectors", "vocabulary"])
def test_a_spoilt_index_is_made_anew_and_says_so(plain_archive: Archive, what: str) -> None:
    add(plain_archive, range(6))
    before = votes(level(plain_archive), 3)
    for how, spoil in SPOILT.items():
        (path,) = folder_of(plain_archive).glob(f"{what}*")
        spoil(path)

        index = CopiesIndex(plain_archive, Kind.WORK)

        assert votes(index.level(), 3) == before
        if (what, how) != ("manifest.json", "gone"):  # which is how a new index begins
            assert index.notice is not None
            assert "made anew" in index.notice
        again = CopiesIndex(plain_archive, Kind.WORK)
        assert len(again.level()) == 6
        assert again.notice is None


def test_a_restored_backup_is_noticed_even_when_it_has_grown_again(archive: Archive) -> None:
    add(archive, range(6))
    level(archive)
    newest = select(func.max(schema.Feature.node_id)).scalar_subquery()
    with archive.database.write() as session:
        row = session.scalar(select(newest))
        session.execute(delete(schema.Feature).where(schema.Feature.node_id == row))

    index = CopiesIndex(archive, Kind.WORK)
    assert names(index.level()) == {uid_of(number) for number in range(5)}
    assert index.notice is not None
    assert "does not" in index.notice

    with archive.database.write() as session:
        last = session.scalar(select(func.max(schema.Feature.id)))
        node = session.scalars(select(schema.Node).where(schema.Node.uid == uid_of(5))).one()
        session.execute(delete(schema.Feature).where(schema.Feature.id == last))
        session.execute(insert(schema.Feature), [{"id": last, "node_id": node.id, "method": POINTS, "data": b"0"}])
    assert names(level(archive)) == {uid_of(number) for number in range(4)}


def test_an_index_for_another_projection_is_made_anew(plain_archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    add(plain_archive, range(3))
    with monkeypatch.context() as before:
        before.setattr(copies_index, "PROJECTION_DIGEST", "0" * 64)
        level(plain_archive)

    index = CopiesIndex(plain_archive, Kind.WORK)
    index.level()

    assert index.notice is not None
    assert "other features" in index.notice
    made_for = json.loads((folder_of(plain_archive) / "manifest.json").read_text())["index"]["made_for"]
    assert made_for["projection"] == str(PROJECTION_DIGEST)


@pytest.mark.parametrize("step", [0, 1, 2, 3, 5, 8])
def test_a_crash_between_two_files_leaves_an_index_that_is_gone_on_with(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    add(plain_archive, range(6))
    level(plain_archive)
    add(plain_archive, range(6, 15))
    wanted = {uid_of(number) for number in range(16)}
    left = iter(range(step))

    def crash(*given: object) -> object:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return manifest.seal(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as broken:
        broken.setattr(storing, "seal", crash)
        broken.setattr(storing, "_PICTURES", 3)
        with contextlib.suppress(KeyboardInterrupt):
            level(plain_archive)

    add(plain_archive, [15])
    index = CopiesIndex(plain_archive, Kind.WORK)
    stored = index.level()
    assert index.notice is None
    assert names(stored) == wanted
    assert votes(stored, 13)[0][:2] == (uid_of(13), 0)
    held = {each.name for each in stored.manifest.files}
    assert {path.name for path in folder_of(plain_archive).iterdir()} == held | {"manifest.json", "lock"}


def test_two_programs_make_one_index(archive: Archive) -> None:
    add(archive, range(10))
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from provenance.archive.archive import open_archive\n"
        "from provenance.archive.copies_index import CopiesIndex\n"
        "from provenance.schema import Kind\n"
        "with open_archive(Path(sys.argv[1])) as archive:\n"
        "    index = CopiesIndex(archive, Kind.WORK)\n"
        "    print(len(index.level()), index.notice)\n"
    )
    programs = [
        subprocess.Popen([sys.executable, "-c", program, str(archive.folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    add(archive, range(10, 12))
    mine = level(archive)

    assert {each.communicate(timeout=60)[0].split()[1] for each in programs} == {"None"}
    assert len(mine) == len(level(archive)) == 12


def test_who_writes_is_waited_for(plain_archive: Archive) -> None:
    add(plain_archive, range(3))
    folder = folder_of(plain_archive)
    folder.mkdir()
    with ThreadPoolExecutor(1) as pool:
        with (folder / "lock").open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            waiting = pool.submit(level, plain_archive)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
        assert len(waiting.result(timeout=60)) == 3


def test_where_nothing_can_be_written_the_answer_is_the_same(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(plain_archive, range(4))
    folder_of(plain_archive).write_bytes(b"a file where the folder should be")

    index = CopiesIndex(plain_archive, Kind.WORK)
    assert len(index.level()) == 4
    assert index.notice is not None
    assert "cannot be kept" in index.notice

    monkeypatch.setattr(storing, "write_lists", refuse)
    with pytest.raises(StoreError, match="No space left"):
        CopiesIndex(plain_archive, Kind.WORK).level()


def test_a_picture_that_the_database_lost_meanwhile_is_a_sentence(plain_archive: Archive) -> None:
    add(plain_archive, range(4))
    held = ArchiveGallery(plain_archive, level(plain_archive))
    with plain_archive.database.write() as session:
        session.execute(delete(schema.Feature).where(schema.Feature.method == GREY))

    with pytest.raises(DamagedArchiveError, match="has not all features"):
        held.look(2)


def test_points_that_cannot_be_read_are_a_sentence(plain_archive: Archive) -> None:
    add(plain_archive, range(2))
    with plain_archive.database.write() as session:
        row = session.scalars(select(schema.Feature).where(schema.Feature.method == POINTS)).first()
        assert row is not None
        row.data = row.data[:-7]

    with pytest.raises(DamagedArchiveError, match=f"work {uid_of(0)} cannot be compared"):
        level(plain_archive)


def test_the_root_of_many_works_is_kept_and_never_that_of_others(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "_WORTH_KEEPING", 1)
    folder = folder_of(plain_archive)
    assert works_root(level(plain_archive), folder) is None
    for numbers in (range(4), range(4, 6)):
        add(plain_archive, numbers)
        uids = [uid_of(number) for number in range(numbers.stop)]
        assert works_root(level(plain_archive), folder) == dataset_root(uids)
    assert works_root(level(plain_archive), folder) == dataset_root(uids)
    (folder / "root.json").write_text("[]")
    assert works_root(level(plain_archive), folder) == dataset_root(uids)


def test_an_archive_that_was_copied_brings_its_index_along(
    plain_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(plain_archive, range(4))
    level(plain_archive)
    plain_archive.close()
    shutil.copytree(plain_archive.folder, tmp_path / "copy", copy_function=shutil.copy)

    with open_archive(tmp_path / "copy") as archive:
        before = sorted(path.name for path in folder_of(archive).iterdir())
        with monkeypatch.context() as unwritable:
            unwritable.setattr(storing.Storing, "finish", refuse)
            index = CopiesIndex(archive, Kind.WORK)
            assert len(index.level()) == 4
            assert index.notice is None
        index = CopiesIndex(archive, Kind.WORK)
        assert len(index.level()) == 4
        assert index.notice is None
        assert sorted(path.name for path in folder_of(archive).iterdir()) == before
        assert level(archive).noted, "its bytes are checked once"
