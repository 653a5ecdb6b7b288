import os
from pathlib import Path

import numpy as np
import pytest

from provenance.errors import DamagedArchiveError
from provenance.fingerprint.index import Index


def filled(rows: int) -> Index:
    rng = np.random.default_rng(rows)
    index = Index("phash16_v1", 32)
    index.add([rng.bytes(32).hex() for _ in range(rows)], rng.integers(0, 256, (rows, 32), dtype=np.uint8))
    return index


@pytest.mark.parametrize("rows", [0, 1, 500])
def test_what_was_saved_is_found_again(tmp_path: Path, rows: int) -> None:
    index, path = filled(rows), tmp_path / "works.codes"
    query = np.random.default_rng(0).integers(0, 256, (4, 8, 32), dtype=np.uint8)

    index.save(path, last_id=4711)
    again, last_id = Index.load(path, "phash16_v1")

    assert (last_id, len(again), again.method, again.size) == (4711, rows, "phash16_v1", 32)
    assert again.nearest(query, 7) == index.nearest(query, 7)
    assert [entry.name for entry in tmp_path.iterdir()] == ["works.codes"]


def test_a_loaded_index_grows_and_still_knows_its_uids(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    rng = np.random.default_rng(300)
    known = rng.bytes(32).hex()
    filled(300).save(path, last_id=1)
    before = path.read_bytes()
    index, _ = Index.load(path)

    added = index.add([known, "0f" * 32], np.zeros((2, 32), dtype=np.uint8))

    assert (added, len(index)) == (1, 301)
    assert path.read_bytes() == before


def test_a_flipped_bit_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    filled(3).save(path, last_id=1)
    good = path.read_bytes()

    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(DamagedArchiveError, match="Rebuild it"):
            Index.load(path, "phash16_v1")


@pytest.mark.parametrize("length", [0, 7, 127, 128, 200, 319])
def test_a_cut_off_file_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "works.codes"
    filled(3).save(path, last_id=1)
    os.truncate(path, length)

    with pytest.raises(ValueError, match="cannot be used"):
        Index.load(path)


def test_a_longer_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    filled(3).save(path, last_id=1)
    path.write_bytes(path.read_bytes() + b"\0")

    with pytest.raises(ValueError, match="length"):
        Index.load(path)


def test_foreign_and_missing_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    path.write_bytes(b"\x89PNG" + bytes(400))
    with pytest.raises(ValueError, match="no index of ours"):
        Index.load(path)

    with pytest.raises(ValueError, match="missing"):
        Index.load(tmp_path / "none.codes")


def test_the_codes_of_another_method_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    filled(3).save(path, last_id=1)

    with pytest.raises(ValueError, match="phash16_v1, not of phash8_v1"):
        Index.load(path, "phash8_v1")


def test_a_save_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    path.mkdir()  # nothing can be moved onto a folder

    with pytest.raises(OSError, match=r"works\.codes"):
        filled(3).save(path, last_id=1)

    assert [entry.name for entry in tmp_path.iterdir()] == ["works.codes"]


def test_a_loaded_index_takes_what_it_knows_already_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "works.codes"
    known = np.random.default_rng(300).bytes(32).hex()
    filled(300).save(path, last_id=1)
    index, _ = Index.load(path)

    assert index.add([known], np.zeros((1, 32), dtype=np.uint8)) == 0
    assert len(index) == 300
