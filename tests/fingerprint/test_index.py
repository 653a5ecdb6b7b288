import hashlib
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from provenance.fingerprint import METHODS, ORIENTATIONS, scan
from provenance.fingerprint.index import Hit, Index
from provenance.picture import Picture

Found = list[tuple[int, str, int]]


@pytest.fixture(params=["numpy", "faiss"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Either way to search, whatever the number of codes."""
    monkeypatch.setattr(scan, "NUMPY_ROWS", {"numpy": 1 << 40, "faiss": 0}[request.param])
    return str(request.param)


def uid(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def filled(codes: NDArray[np.uint8]) -> Index:
    index = Index("any", codes.shape[1])
    index.add([uid(row) for row in range(len(codes))], codes)
    return index


def by_hand(codes: NDArray[np.uint8], query: NDArray[np.uint8]) -> Found:
    """Every code with its distance, sorted as promised."""
    distances = np.bitwise_count(codes[:, None] ^ query[None]).sum(axis=2, dtype=int)
    return sorted((int(row.min()), uid(number), int(row.argmin())) for number, row in enumerate(distances))


def plain(hits: list[Hit]) -> Found:
    return [(hit.distance, hit.uid, hit.orientation) for hit in hits]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("size", [8, 32])
@pytest.mark.parametrize("rows", [1, 2, 40, 700])
def test_search_is_exact_with_ties_and_doubles(size: int, rows: int) -> None:
    rng = np.random.default_rng(rows)
    codes = rng.integers(0, 256, (rows, size), dtype=np.uint8)
    codes[rows // 3 : rows // 2] = codes[0]  # more ties than any list is long
    queries = rng.integers(0, 256, (3, 8, size), dtype=np.uint8)
    queries[0, 5] = codes[0]
    queries[1, 2:4] = codes[-1] ^ 1
    index = filled(codes)

    for k in (0, 1, 3, 25, rows + 9):
        assert [plain(hits) for hits in index.nearest(queries, k)] == [by_hand(codes, q)[:k] for q in queries]
    for radius in (-1, 0, 3 * size, 8 * size):
        expected = [[found for found in by_hand(codes, q) if found[0] <= radius] for q in queries]
        assert [plain(hits) for hits in index.within(queries, radius)] == expected


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_both_engines_agree(data: st.DataObject) -> None:
    rows = data.draw(st.integers(1, 60))
    few = data.draw(st.integers(1, 256))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    codes, query = rng.integers(0, few, (rows, 8), dtype=np.uint8), rng.integers(0, few, (2, 8, 8), dtype=np.uint8)
    k = data.draw(st.integers(1, rows + 1))
    index = filled(codes)

    answers = []
    for limit in (0, 1 << 40):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(scan, "NUMPY_ROWS", limit)
            answers.append((index.nearest(query, k), index.within(query, 20)))

    assert answers[0] == answers[1]


@pytest.mark.usefixtures("engine")
def test_a_turned_picture_is_found_and_its_turn_named(painting: Picture) -> None:
    for method in METHODS:
        index = filled(method.codes(painting)[:1])
        for turn in Image.Transpose:
            other = Picture.from_image(painting.image().transpose(turn))

            [[hit]] = index.nearest(method.codes(other), 1)

            assert hit.distance == 0
            back = Image.Transpose[_PILLOW[ORIENTATIONS[hit.orientation]]]
            assert other.image().transpose(back) == painting.image()


_PILLOW = {
    "mirror": "FLIP_LEFT_RIGHT",
    "flip": "FLIP_TOP_BOTTOM",
    "rotate_180": "ROTATE_180",
    "transpose": "TRANSPOSE",
    "rotate_90": "ROTATE_90",
    "rotate_270": "ROTATE_270",
    "transverse": "TRANSVERSE",
}


def test_a_single_picture_may_be_asked_for_without_a_batch() -> None:
    codes = np.eye(8, dtype=np.uint8)
    index = filled(codes)

    assert index.nearest(codes, 2) == index.nearest(codes[None], 2)
    assert index.within(codes, 2) == index.within(codes[None], 2)


def test_an_empty_index_finds_nothing() -> None:
    index = Index("any", 8)
    query = np.zeros((8, 8), dtype=np.uint8)

    assert len(index) == 0
    assert index.nearest(query, 3) == [[]]
    assert index.within(query, 64) == [[]]
    assert index.measure(query, uid(1)) is None


def test_one_picture_can_be_measured_by_its_uid() -> None:
    rng = np.random.default_rng(1)
    codes, query = rng.integers(0, 256, (50, 32), dtype=np.uint8), rng.integers(0, 256, (8, 32), dtype=np.uint8)
    index = filled(codes)
    expected = {name: (distance, turn) for distance, name, turn in by_hand(codes, query)}

    for number in (0, 17, 49):
        hit = index.measure(query, uid(number))
        assert hit is not None
        assert (hit.distance, hit.orientation) == expected[uid(number)]
    assert index.measure(query, uid(50)) is None


def test_a_uid_added_twice_keeps_its_first_code() -> None:
    index = Index("any", 8)
    codes = np.arange(24, dtype=np.uint8).reshape(3, 8)

    assert index.add([uid(1), uid(2), uid(1)], codes) == 2
    assert index.add([uid(2), uid(3)], codes[:2]) == 1

    assert len(index) == 3
    hit = index.measure(np.tile(codes[0], (8, 1)), uid(1))
    assert hit is not None
    assert hit.distance == 0


def test_doubles_are_known_after_thousands_of_rows_and_ends_of_zero() -> None:
    rng = np.random.default_rng(5)
    names = [rng.bytes(32).hex() for _ in range(9000)]
    names += ["00" * 32, "ab" + "00" * 31, "ab01" + "00" * 30]
    codes = rng.integers(0, 256, (len(names), 8), dtype=np.uint8)
    index = Index("any", 8)

    for start in range(0, len(names), 700):
        assert index.add(names[start : start + 700], codes[start : start + 700]) == len(names[start : start + 700])

    assert index.add(names, codes) == 0
    assert index.add(["ab02" + "00" * 30, names[0]], codes[:2]) == 1
    assert len(index) == len(names) + 1


def test_searching_while_others_add_sees_whole_rows_only() -> None:
    rng = np.random.default_rng(8)
    codes = rng.integers(0, 256, (6000, 8), dtype=np.uint8)
    names = [uid(number) for number in range(len(codes))]
    by_name = dict(zip(names, codes, strict=True))
    index = Index("any", 8)
    query = np.tile(codes[0], (8, 1))
    wrong: list[Hit] = []
    finished = Event()

    def distance(name: str) -> int:
        return int(np.bitwise_count(by_name[name] ^ codes[0]).sum())

    def add(start: int) -> None:
        for row in range(start, len(codes), 3):
            index.add([names[row]], codes[row : row + 1])

    def search() -> None:
        while not finished.is_set():
            wrong.extend(hit for hit in index.nearest(query, 5)[0] if hit.distance != distance(hit.uid))

    with ThreadPoolExecutor(5) as pool:
        tasks = [pool.submit(search), pool.submit(search), *(pool.submit(add, start) for start in range(3))]
        wait(tasks[2:])
        finished.set()
    for task in tasks:
        task.result()

    assert wrong == []
    assert plain(index.nearest(query, 9)[0]) == sorted((distance(name), name, 0) for name in names)[:9]


@pytest.mark.parametrize("size", [0, 4, 12])
def test_odd_sizes_are_refused(size: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        Index("any", size)


def test_wrong_shapes_and_uids_are_refused_by_name() -> None:
    index = Index("any", 8)

    with pytest.raises(ValueError, match=r"shape \(1, 8\)"):
        index.add([uid(1)], np.zeros((2, 8), dtype=np.uint8))
    with pytest.raises(ValueError, match="64 hex digits"):
        index.add(["abc"], np.zeros((1, 8), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"\(pictures, 8, 8\)"):
        index.nearest(np.zeros((8, 32), dtype=np.uint8), 1)
    with pytest.raises(ValueError, match="uint8"):
        index.within(np.zeros((8, 8), dtype=np.int64), 1)
