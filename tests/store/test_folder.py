"""What a store in a folder promises beyond the others: files, crashes, other processes, broken disks."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, NotFoundError, StoreError
from provenance.store.folder import DAY, FolderStore

DIE_AT = """
import os, signal, sys
from pathlib import Path
from provenance.store.folder import FolderStore

step, source = sys.argv[2], Path(sys.argv[3])
store = FolderStore(Path(sys.argv[1]))
store.put(b"the folders are made")
calls = 0

def dying(name, when):
    real = getattr(os, name)
    def call(*args, **kwargs):
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(os, name, call)

dying(*step.split("-"))
store.put_file(source) if sys.argv[4] == "file" else store.put(source.read_bytes())
"""

PUT_FOR_EVER = """
import sys
from pathlib import Path
from provenance.store.folder import FolderStore

store = FolderStore(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(1_000_000):
    store.put(number.to_bytes(4) * 200_000)
"""

PUT_THE_SAME = """
import sys
from pathlib import Path
from provenance.store.folder import FolderStore

store = FolderStore(Path(sys.argv[1]))
for number in range(40):
    store.put(number.to_bytes(4) * 20_000)
"""


def _python(script: str, *arguments: object) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def _leftovers(store: FolderStore) -> list[Path]:
    return list((store.root / "temporary").iterdir())


def test_a_blob_is_a_read_only_file_named_by_its_digest(store: FolderStore) -> None:
    digest = store.put(b"abc")

    expected = store.root / "sha256" / "ba" / "78" / "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert store.path(digest) == expected
    assert expected.read_bytes() == b"abc"
    assert expected.stat().st_mode & 0o777 == 0o444
    assert _leftovers(store) == []


def test_a_blob_that_is_not_here_has_no_path(store: FolderStore) -> None:
    with pytest.raises(NotFoundError):
        store.path(Digest.of(b""))


def test_putting_again_does_not_touch_the_file(store: FolderStore) -> None:
    file = store.path(store.put(b"abc"))
    before = file.stat()

    store.put(b"abc")

    assert file.stat() == before


def test_a_flipped_bit_is_found_on_reading_and_named(store: FolderStore) -> None:
    digest = store.put(b"abc")
    file = store.path(digest)
    file.chmod(0o644)
    file.write_bytes(b"abd")

    with pytest.raises(DamagedArchiveError) as caught:
        store.read(digest)

    assert str(digest) in str(caught.value)
    assert str(file) in str(caught.value)
    assert "copy of the archive" in str(caught.value)


@pytest.mark.parametrize("way", ["bytes", "file", "given away"])
def test_a_blob_cut_short_is_made_whole_by_putting_it_again(store: FolderStore, tmp_path: Path, way: str) -> None:
    digest = store.put(b"a whole blob")
    store.path(digest).chmod(0o644)
    store.path(digest).write_bytes(b"a wh")
    source = tmp_path / "source"
    source.write_bytes(b"a whole blob")

    _ = store.put(b"a whole blob") if way == "bytes" else store.put_file(source, move=way == "given away")

    assert store.read(digest) == b"a whole blob"
    assert _leftovers(store) == []


def test_a_file_given_away_is_not_copied(store: FolderStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"large")
    inode = source.stat().st_ino

    digest = store.put_file(source, move=True)

    assert store.path(digest).stat().st_ino == inode
    assert store.path(digest).stat().st_mode & 0o777 == 0o444


def test_a_file_with_a_second_name_is_copied_so_that_nobody_can_change_the_blob(
    store: FolderStore, tmp_path: Path
) -> None:
    source, second = tmp_path / "source", tmp_path / "second"
    source.write_bytes(b"large")
    second.hardlink_to(source)

    digest = store.put_file(source, move=True)
    second.write_bytes(b"other")

    assert store.read(digest) == b"large"
    assert not source.exists()


def test_a_symbolic_link_given_away_leaves_the_file_behind_it(store: FolderStore, tmp_path: Path) -> None:
    source, link = tmp_path / "source", tmp_path / "link"
    source.write_bytes(b"elsewhere")
    link.symlink_to(source)

    digest = store.put_file(link, move=True)
    source.write_bytes(b"changed")

    assert store.read(digest) == b"elsewhere"
    assert not link.is_symlink()


@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_will_do(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "link", refuse)

    digest = store.put(b"renamed")

    assert store.read(digest) == b"renamed"
    assert _leftovers(store) == []


def test_a_file_on_another_file_system_is_copied(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"far away")
    link = os.link

    def only_inside(path: Path, target: Path) -> None:
        if path == source:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        link(path, target)

    monkeypatch.setattr(os, "link", only_inside)

    digest = store.put_file(source, move=True)

    assert store.read(digest) == b"far away"
    assert not source.exists()


def test_bytes_are_flushed_before_they_get_their_name_and_the_name_after(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(b"the folders are made")
    events: list[str] = []
    flush, link = os.fsync, os.link

    def flushing(descriptor: int) -> None:
        events.append(Path(f"/proc/self/fd/{descriptor}").readlink().parent.name)
        flush(descriptor)

    def linking(path: Path, target: Path) -> None:
        events.append("link")
        link(path, target)

    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(os, "link", linking)
    digest = store.put(b"abc").hex

    # made and flushed: the file; its folders, each in its parent; then the name in its folder
    assert events == ["temporary", "store", "sha256", "link", "ba"]
    assert digest.startswith("ba78")


def test_a_blob_that_another_process_has_just_named_is_flushed_too(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(b"abc")
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)

    FolderStore(store.root).put(b"abc")

    assert len(flushed) == 1


@pytest.mark.parametrize("way", ["bytes", "file"])
@pytest.mark.parametrize("step", ["fsync-before", "fsync-after", "link-before", "link-after", "unlink-before"])
def test_a_kill_at_any_step_leaves_the_whole_blob_or_none(
    store: FolderStore, tmp_path: Path, step: str, way: str
) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"x" * 300_000)

    with _python(DIE_AT, store.root, step, source, way) as child:
        assert child.wait() == -signal.SIGKILL

    digest = Digest.of(source.read_bytes())
    assert store.has(digest) == (step in {"link-after", "unlink-before"})
    for found in store.digests():
        store.read(found)
    assert len(_leftovers(store)) == 1
    assert store.put_file(source) == digest
    assert store.read(digest) == source.read_bytes()


def test_a_kill_at_any_moment_leaves_no_wrong_blob(store: FolderStore) -> None:
    for pause in (0.0, 0.01, 0.04):
        with _python(PUT_FOR_EVER, store.root) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(pause)
            child.kill()

        for digest in store.digests():
            assert len(store.read(digest)) == 800_000


def test_many_processes_may_put_the_same_bytes_at_once(store: FolderStore) -> None:
    children = [_python(PUT_THE_SAME, store.root) for _ in range(4)]
    codes = []
    for child in children:
        with child:
            codes.append(child.wait())

    assert codes == [0, 0, 0, 0]
    assert len([store.read(digest) for digest in store.digests()]) == 40
    assert _leftovers(store) == []


@pytest.mark.parametrize("way", ["bytes", "file", "given away"])
@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "disk.*is full"),
        (errno.EDQUOT, "disk.*is full"),
        (errno.EROFS, "right to write"),
        (errno.EIO, "Input/output"),
    ],
)
def test_a_disk_that_fails_leaves_nothing_half_written(
    store: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str, way: str
) -> None:
    before = store.put(b"before")
    source = tmp_path / "source"
    source.write_bytes(b"y" * 5_000_000)

    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(StoreError, match=words):
        _ = store.put(source.read_bytes()) if way == "bytes" else store.put_file(source, move=way == "given away")

    assert list(store.digests()) == [before]
    assert _leftovers(store) == []
    assert source.stat().st_size == 5_000_000


def test_a_file_too_large_for_the_disk_leaves_nothing_half_written(store: FolderStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"z" * 5_000_000)
    script = """
import resource, sys
from pathlib import Path
from provenance.errors import StoreError
from provenance.store.folder import FolderStore
resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))
try:
    FolderStore(Path(sys.argv[1])).put_file(Path(sys.argv[2]))
except StoreError as error:
    print(error)
"""
    with _python(script, store.root, source) as child:
        said = child.communicate()[0].decode()

    assert "File too large" in said
    assert list(store.digests()) == []
    assert _leftovers(store) == []


def test_a_root_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = FolderStore(tmp_path / "file" / "store")

    with pytest.raises(StoreError, match=r"is out of reach: .*Not a directory"):
        store.put(b"abc")


def test_files_of_other_names_are_no_blobs(store: FolderStore) -> None:
    digest = store.put(b"abc")
    store.path(digest).with_name(".DS_Store").write_bytes(b"")
    store.path(digest).with_name("abc").write_bytes(b"")
    (store.root / "sha256" / "README").write_text("hello")

    assert list(store.digests()) == [digest]


def test_sweeping_removes_what_is_older_than_a_day_and_nothing_else(store: FolderStore) -> None:
    digest = store.put(b"abc")
    old, young, folder = (store.root / "temporary" / name for name in ("old", "young", "folder"))
    old.write_bytes(b"left by a crash")
    young.write_bytes(b"being written")
    folder.mkdir()
    (folder / "part").write_bytes(b"")
    past = time.time() - DAY - 60
    for path in (old, folder):
        os.utime(path, (past, past))

    assert store.sweep() == 2
    assert _leftovers(store) == [young]
    assert store.read(digest) == b"abc"


def test_sweeping_a_new_store_finds_nothing(store: FolderStore) -> None:
    assert store.sweep() == 0
