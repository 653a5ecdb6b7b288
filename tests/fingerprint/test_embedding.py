"""An embedding is the same wherever it comes from, and puts copies nearer than other pictures."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import picture

from provenance.errors import DamagedArchiveError, EngineError, UsageError
from provenance.fingerprint import embedding
from provenance.fingerprint.embedding import LENGTH, SIDE, SIZE, Embedder, Projection, pack, square, unpack, unpack_many
from provenance.picture import Picture


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load()


@pytest.fixture(scope="module")
def projection() -> Projection:
    return Projection.load()


def test_what_is_unpacked_is_what_was_embedded(embedder: Embedder) -> None:
    found = embedder.embed(picture(1))

    assert found.shape == (LENGTH,)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 6
    assert len(pack(found)) == SIZE == 2560
    assert np.array_equal(unpack(pack(found)), found)
    assert np.array_equal(unpack_many(pack(found) * 3), np.stack([found] * 3))
    assert unpack_many(b"").shape == (0, LENGTH)


def test_version_1_stays_as_it_is(embedder: Embedder) -> None:
    rows, columns = np.mgrid[0:240, 0:300]
    drawn = np.stack([rows, columns % 256, (rows // 16 + columns // 16) % 2 * 255], axis=2).astype(np.uint8)

    found = embedder.embed(Picture(drawn))

    assert np.allclose(found[GOLDEN_AT], GOLDEN, atol=6e-3)


def test_what_comes_with_a_picture_changes_nothing(embedder: Embedder) -> None:
    squares = np.stack([square(picture(seed)) for seed in range(3)])

    together = embedder.embed_squares(squares)

    assert np.array_equal(together, [embedder.embed(picture(seed)) for seed in range(3)])
    assert embedder.embed_squares(squares[:0]).shape == (0, LENGTH)


def test_threads_do_not_disturb_each_other(embedder: Embedder) -> None:
    alone = [embedder.embed(picture(seed)) for seed in range(4)]
    found: dict[int, NDArray[np.float32]] = {}
    threads = [
        threading.Thread(target=lambda seed=seed: found.update({seed: embedder.embed(picture(seed))}))
        for seed in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(np.allclose(found[seed], alone[seed], atol=4e-3) for seed in range(4))


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 5000, 4), (5000, 1, 3), (191, 193, 4)])
def test_pictures_of_any_shape_have_one(embedder: Embedder, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)

    assert np.isfinite(embedder.embed(Picture(pixels))).all()


def test_what_shines_through_is_white() -> None:
    pixels = np.zeros((300, 200, 4), np.uint8)
    pixels[:150, :, 3] = 255

    found = square(Picture(pixels))

    assert (found[: SIDE // 2] == 0).all()
    assert (found[SIDE // 2 :] == 255).all()


def test_going_down_every_pixel_counts() -> None:
    stripes = np.zeros((100, 192 * 10, 3), np.uint8)
    stripes[:, ::10] = 200  # every tenth column: what only samples sees all or nothing

    assert np.abs(square(Picture(stripes)).astype(int) - 20).max() <= 1


def test_a_copy_is_nearer_than_other_pictures(embedder: Embedder, projection: Projection) -> None:
    works = projection.project(np.stack([embedder.embed(picture(seed, 200, 160)) for seed in range(6)]))
    first = picture(0, 200, 160).pixels
    copies = [first[20:, 30:], 255 - (255 - first) // 2, first[:, ::-1], np.repeat(first.mean(2)[..., None], 3, axis=2)]
    found = [embedder.embed(Picture(np.ascontiguousarray(copy.astype(np.uint8)))) for copy in copies]

    cosines = projection.project(np.stack(found)) @ works.T

    assert (cosines.argmax(axis=1) == 0).all()


def test_projected_vectors_have_length_1(embedder: Embedder, projection: Projection) -> None:
    embedded = np.stack([embedder.embed(picture(seed)) for seed in range(3)])

    vectors = projection.project(embedded)

    assert projection.name == "lda256_v1"
    assert vectors.shape == (3, projection.length) == (3, 256)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_an_embedding_without_direction_is_alike_to_none() -> None:
    plain = Projection(name="plain", centre=np.zeros(LENGTH, np.float32), matrix=np.ones((LENGTH, 2), np.float32))

    assert (plain.project(np.zeros((1, LENGTH), np.float32)) == 0).all()


def test_the_projection_is_light_and_changed_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(embedding.PROJECTION_FILE.read_bytes())
    data[-1] ^= 1
    (tmp_path / "changed.safetensors").write_bytes(data)

    assert len(data) < 700_000
    for name, message in (("changed.safetensors", "has the digest"), ("none.safetensors", "cannot be read")):
        embedding._shipped.cache_clear()
        monkeypatch.setattr(embedding, "PROJECTION_FILE", tmp_path / name)
        with pytest.raises(EngineError, match=message):
            Projection.load()


@pytest.mark.parametrize("data", [b"", b"x", bytes(SIZE - 1), bytes(2 * SIZE)])
def test_other_lengths_are_not_unpacked(data: bytes) -> None:
    with pytest.raises(DamagedArchiveError, match=f"{len(data)} bytes are no embedding"):
        unpack(data)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, 6.5])
def test_other_numbers_are_not_unpacked(value: float) -> None:
    numbers = np.zeros(LENGTH, np.float32)
    numbers[7] = value

    with pytest.raises(DamagedArchiveError, match="holds no numbers of 0 to 6"):
        unpack(pack(numbers))


def test_other_shapes_are_refused(embedder: Embedder, projection: Projection) -> None:
    with pytest.raises(UsageError, match="Squares to embed"):
        embedder.embed_squares(np.zeros((1, 64, 64, 3), np.uint8))
    with pytest.raises(UsageError, match="Squares to embed"):
        embedder.embed_squares(np.zeros((1, SIDE, SIDE, 3), np.float32))
    with pytest.raises(UsageError, match="Embeddings to project"):
        projection.project(np.zeros(LENGTH, np.float32))
    with pytest.raises(UsageError, match="has the shape"):
        pack(np.zeros(5, np.float32))


GOLDEN_AT = np.array([113, 900, 265, 897, 316, 1115, 208, 341, 1155])
GOLDEN = np.array([4.2734, 3.0645, 2.0508, 1.623, 1.3145, 0.9121, 0.6045, 0.4019, 0.101])
