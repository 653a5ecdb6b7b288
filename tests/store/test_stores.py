"""What every store promises, whatever keeps the bytes."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenance.digest import Digest
from provenance.errors import NotFoundError, StoreError
from provenance.store import Store
from provenance.store.folder import FolderStore
from provenance.store.memory import MemoryStore

ABSENT = Digest.of(b"never kept")


@pytest.fixture(params=["folder", "folder without flushing", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return FolderStore(tmp_path / "store", sync=request.param == "folder")


class TestEveryStore:
    def test_bytes_come_back_under_their_sha256(self, store: Store) -> None:
        digest = store.put(b"some bytes")

        assert digest.hex == hashlib.sha256(b"some bytes").hexdigest()
        assert store.read(digest) == b"some bytes"

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(blobs=st.lists(st.binary(max_size=300), max_size=5))
    def test_any_bytes_come_back_and_are_listed_once_in_order(self, store: Store, blobs: list[bytes]) -> None:
        digests = [store.put(blob) for blob in blobs + blobs]

        assert [store.read(digest) for digest in digests] == blobs + blobs
        listed = list(store.digests())
        assert listed == sorted(set(listed))
        assert set(digests) <= set(listed)

    def test_no_bytes_at_all_are_a_blob_too(self, store: Store) -> None:
        digest = store.put(b"")

        assert store.read(digest) == b""
        assert store.size(digest) == 0

    def test_a_blob_has_a_size_and_can_be_read_in_pieces(self, store: Store) -> None:
        digest = store.put(b"0123456789")

        with store.open(digest) as file:
            pieces = [file.read(4), file.read(4), file.read(4)]

        assert store.size(digest) == 10
        assert pieces == [b"0123", b"4567", b"89"]

    def test_what_was_never_kept_is_not_found(self, store: Store) -> None:
        for fetch in (store.read, store.open, store.size):
            with pytest.raises(NotFoundError, match=f"{ABSENT} is not in .*copy of the archive"):
                fetch(ABSENT)
        assert not store.has(ABSENT)

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        assert list(store.digests()) == []

    def test_a_deleted_blob_is_gone_and_deleting_again_is_no_error(self, store: Store) -> None:
        digest, other = store.put(b"gone"), store.put(b"stays")

        store.delete(digest)
        store.delete(digest)

        assert not store.has(digest)
        assert list(store.digests()) == [other]

    def test_a_file_goes_in_and_stays_where_it_was(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"x" * 3_000_000)

        digest = store.put_file(path)

        assert digest == Digest.of(b"x" * 3_000_000)
        assert store.read(digest) == path.read_bytes()

    def test_a_file_that_is_given_away_is_gone(self, store: Store, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_bytes(b"mine, then yours")

        digest = store.put_file(path, move=True)

        assert not path.exists()
        assert store.read(digest) == b"mine, then yours"

    def test_a_file_that_is_here_already_is_given_away_all_the_same(self, store: Store, tmp_path: Path) -> None:
        digest = store.put(b"twice")
        path = tmp_path / "file"
        path.write_bytes(b"twice")

        assert store.put_file(path, move=True) == digest
        assert not path.exists()
        assert store.read(digest) == b"twice"

    def test_a_file_that_is_not_there_is_said_to_be_so(self, store: Store, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match=r"nowhere.*No such file"):
            store.put_file(tmp_path / "nowhere")

    def test_a_temporary_file_can_be_given_to_the_store(self, store: Store) -> None:
        with store.temporary() as path:
            assert not path.exists()
            path.write_bytes(b"staged")
            digest = store.put_file(path, move=True)

        assert store.read(digest) == b"staged"

    def test_what_is_left_in_a_temporary_file_is_removed(self, store: Store) -> None:
        def draw() -> None:
            path.write_bytes(b"half a picture")
            message = "the engine failed"
            raise RuntimeError(message)

        with pytest.raises(RuntimeError), store.temporary() as path:
            draw()

        assert not path.exists()
        assert list(store.digests()) == []

    def test_many_threads_may_put_the_same_bytes_at_once(self, store: Store) -> None:
        blobs = [bytes([number]) * 50_000 for number in range(4)] * 8
        with ThreadPoolExecutor(8) as pool:
            digests = list(pool.map(store.put, blobs))

        assert digests == [Digest.of(blob) for blob in blobs]
        assert list(store.digests()) == sorted(set(digests))
        assert {store.read(digest) for digest in digests} == set(blobs)
