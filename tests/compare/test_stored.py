"""An index in files gives the answers of one in memory, however it grew."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scenes import drawing, look

from provenance.compare import cells, manifest, storing
from provenance.compare.cells import Cells
from provenance.compare.gallery import MemoryGallery
from provenance.compare.manifest import IndexFolderError
from provenance.compare.segment import merge_lists, read_lists, write_lists
from provenance.compare.shape import turned_shapes
from provenance.compare.stored import Stored
from provenance.compare.storing import Storing
from provenance.compare.vocabulary import Vocabulary, packed, unpacked
from provenance.compare.voting import Voters
from provenance.errors import DamagedArchiveError
from provenance.fingerprint.local import LocalFeatures, changed_descriptors, features_of

LOOKS = [look(drawing(seed)) for seed in range(18)]
BLANK = features_of(np.full((320, 320), 255, np.uint8))
MADE_FOR = {"test": "stored"}
LENGTH = 256


def read(nodes: NDArray[np.int64]) -> Iterator[LocalFeatures]:
    return (BLANK if node == 0 else LOOKS[node - 1].local for node in nodes.tolist())


def grow(folder: Path, nodes: Sequence[int]) -> Storing:
    """Append pictures; number 0 is a blank one."""
    writer = Storing(folder, MADE_FOR, length=LENGTH)
    sizes = [len(next(read(np.array([node])))) for node in nodes]
    uids = [hashlib.sha256(bytes([node])).hexdigest() for node in nodes]
    shapes = [LOOKS[node - 1].shapes.vectors for node in nodes]
    writer.add(nodes, uids, sizes, np.stack([LOOKS[node - 1].embedding for node in nodes]), shapes)
    writer.finish(seen=max(nodes), anchor="")
    writer.encode(read)
    return writer


def stored(folder: Path) -> Stored:
    return Stored.open(folder, MADE_FOR, length=LENGTH)


def ask(voters: Voters, seed: int) -> list[tuple[int, int, float]]:
    asker = look(drawing(seed).rotate(20, fillcolor="white")).local
    votes = voters.ask(changed_descriptors(asker.descriptors), asker, 5, (2,))
    return [(vote.place, vote.change, round(vote.weight, 4)) for vote in votes]


def test_shapes_are_found_as_in_memory_however_the_index_grew(tmp_path: Path) -> None:
    for some in ((1, 2, 3, 4, 5), (6,), tuple(range(7, 13))):
        grow(tmp_path, some)
    in_memory = MemoryGallery(LOOKS[:12])

    for asked in LOOKS[:14]:
        vectors = turned_shapes(asked.colour, asked.boxes).reshape(-1, 256)
        assert stored(tmp_path).shaped(vectors, 6, (3,)) == in_memory.shaped(vectors, 6, (3,))


def test_one_segment_answers_as_memory_does(tmp_path: Path) -> None:
    grow(tmp_path, range(1, 13))
    in_memory = Voters.of([each.local for each in LOOKS[:12]])

    for seed in (1, 7, 11):
        assert ask(stored(tmp_path).voters, seed) == ask(in_memory, seed)


def test_segments_that_were_merged_answer_as_those_that_were_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(tmp_path / "merged", range(1, 9))
    with monkeypatch.context() as never:
        never.setattr(storing, "_MERGED", 999)
        grow(tmp_path / "apart", range(1, 9))
        for node in range(9, 19):
            grow(tmp_path / "apart", [node])
    for node in range(9, 19):
        grow(tmp_path / "merged", [node])
    merged, apart = stored(tmp_path / "merged"), stored(tmp_path / "apart")

    assert len(merged.manifest.points) < len(apart.manifest.points) == 11
    for seed in (3, 12, 17):
        assert ask(merged.voters, seed) == ask(apart.voters, seed)
        vector = LOOKS[seed].embedding
        assert merged.resembling(vector, 4, [0]) == apart.resembling(vector, 4, [0])
        assert merged.resembling(vector, 4, [0])[0] == seed


def test_the_vocabulary_is_learnt_anew_when_there_is_four_times_as_much(tmp_path: Path) -> None:
    first = grow(tmp_path, [1, 2]).manifest
    second = grow(tmp_path, [3, 4]).manifest
    third = grow(tmp_path, range(5, 19)).manifest

    assert first.vocabulary == second.vocabulary != third.vocabulary
    assert ask(stored(tmp_path).voters, 6) == ask(Voters.of([each.local for each in LOOKS]), 6)


def test_blank_pictures_count_and_get_no_votes(tmp_path: Path) -> None:
    grow(tmp_path, [0])
    assert stored(tmp_path).whole
    assert ask(stored(tmp_path).voters, 1) == []

    grow(tmp_path, [1, 2, 3, 4])
    assert ask(stored(tmp_path).voters, 0)[0][0] == 1


def test_what_is_left_out_does_not_take_the_place_of_another(tmp_path: Path) -> None:
    grow(tmp_path, range(1, 13))
    held, vector = stored(tmp_path), LOOKS[4].embedding

    every = held.resembling(vector, 12, ())
    assert sorted(every) == list(range(12))
    assert held.resembling(vector, 3, every[:7]) == every[7:10]
    assert held.resembling(vector, 3, every) == []


def test_an_index_of_another_kind_is_refused(tmp_path: Path) -> None:
    grow(tmp_path, [1, 2])

    with pytest.raises(IndexFolderError, match="other features"):
        Stored.open(tmp_path, {"test": "other"}, length=LENGTH)
    with pytest.raises(IndexFolderError, match=f"{manifest.NAME} is missing"):
        Stored.open(tmp_path / "nowhere", MADE_FOR, length=LENGTH)


def test_a_point_s_id_gives_back_whose_it_is_and_how_it_lies() -> None:
    points, places = LOOKS[3].local.points, np.full(len(LOOKS[3].local), 2_000_000_000)

    owners, sizes, angles = unpacked(packed(places, points))

    assert (owners == places).all()
    assert (sizes == points[:, 2]).all()
    assert angles == pytest.approx(points[:, 3], abs=1e-6)


def test_merged_lists_are_what_faiss_would_have_written(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).standard_normal((900, 8)).astype(np.float32)
    held, ids = Cells.learn(vectors, 12, probed=3), np.arange(900)
    for number, some in enumerate((slice(0, 880), slice(880, 882), slice(882, 900))):
        write_lists(tmp_path / str(number), held.filled(vectors[some], ids[some]))
    merge_lists(tmp_path / "merged", [tmp_path / "0", tmp_path / "1", tmp_path / "2"])
    write_lists(tmp_path / "whole", held.filled(vectors, ids))

    assert (tmp_path / "merged").read_bytes() == (tmp_path / "whole").read_bytes()
    (tmp_path / "noise").write_bytes(b"noise" * 20)
    for refuse in (lambda path: merge_lists(tmp_path / "other", [path]), read_lists):
        with pytest.raises(DamagedArchiveError, match="made anew"):
            refuse(tmp_path / "noise")


def test_many_cells_are_learnt_in_two_steps_and_find_what_few_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "_FLAT", 8)
    dice = np.random.default_rng(0)
    clumps = dice.standard_normal((40, 1, 16)) * 4 + dice.standard_normal((40, 25, 16))
    vectors = clumps.reshape(-1, 16).astype(np.float32)

    held = Cells.learn(vectors, 40, probed=6)
    again = Cells.from_bytes(held.to_bytes(), probed=6)

    assert len(held) == len(again) == 40
    for each in (held, again):
        found = each.nearest(vectors, 1, [each.filled(vectors, np.arange(1000))])[1].ravel()
        assert (found == np.arange(1000)).mean() > 0.97


def test_a_vocabulary_that_was_cut_off_is_a_sentence() -> None:
    descriptors = np.concatenate([each.local.descriptors for each in LOOKS[:3]])
    data = Vocabulary.learn(descriptors, len(descriptors)).to_bytes()

    for bad in (b"", b"noise", data[: len(data) // 2]):
        with pytest.raises(DamagedArchiveError, match="vocabulary"):
            Vocabulary.from_bytes(bad)
