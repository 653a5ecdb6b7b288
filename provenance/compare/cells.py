"""Vectors kept by what they are near, and searched there: the cells, and how a vector is packed in one. No vectors.

Cells are learnt once; what is put in them are inverted lists of faiss, in memory or in files, any number of them. A
search looks through the same cells of all. A vector stands for itself by a number of 63 bits, its id.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Self, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import faiss

_ROUNDS: Final = 8
_FLAT: Final = 4_096
"""Cells up to which a vector is compared with all of them; above, they are learnt in two steps and found by a graph."""
_AS_THEY_ARE, _NO_LISTS = False, False  # faiss takes its arguments by their places alone
_NEIGHBOURS: Final = 32
_LOOKED_AT: Final = 24


class Cells:
    """Centroids with a packing, shared by all that is kept in them. Threads may search."""

    def __init__(self, index: Any, quantizer: "faiss.Index", *, probed: int) -> None:  # noqa: ANN401  (wrapped C++)
        """Take an empty trained `index` and the `quantizer` that finds its cells; `probed` are looked through."""
        self._index = index
        self._quantizer = quantizer
        self._probed = min(probed, index.nlist)

    @classmethod
    def learn(cls, sample: NDArray[np.float32], count: int, *, probed: int) -> Self:
        """Learn `count` cells from `sample`, float32 (n, length) with n >= count; distances are squared.

        A vector is packed as its difference from the centroid, 8 bits a number. The same sample gives the same cells.
        """
        import faiss

        length = sample.shape[1]
        quantizer: faiss.Index = faiss.IndexFlatL2(length)
        if count > _FLAT:
            graph = faiss.IndexHNSWFlat(length, _NEIGHBOURS)
            graph.hnsw.efSearch = _LOOKED_AT
            graph.add(_in_two_steps(sample, count))
            quantizer = graph
        index = faiss.IndexIVFScalarQuantizer(quantizer, length, count, faiss.ScalarQuantizer.QT_8bit)
        index.own_fields = False
        _learn_as(index.cp)
        index.train(sample)
        return cls(index, quantizer, probed=probed)

    @classmethod
    def one(cls, length: int) -> Self:
        """Give one cell, so that every search is exact; vectors are packed as half floats, products compared."""
        import faiss

        quantizer = faiss.IndexFlatIP(length)
        quantizer.add(np.zeros((1, length), np.float32))
        kind = (faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, _AS_THEY_ARE)
        index = cast("Any", faiss.IndexIVFScalarQuantizer)(quantizer, length, 1, *kind)
        index.own_fields = False
        index.is_trained = True
        return cls(index, quantizer, probed=1)

    def __len__(self) -> int:
        return int(self._index.nlist)

    @property
    def size(self) -> int:
        """Bytes of a packed vector."""
        return int(self._index.code_size)

    def filled(self, vectors: NDArray[np.float32], ids: NDArray[np.int64]) -> Any:  # noqa: ANN401
        """Put `vectors`, float32 (n, length), in lists by themselves, each under its id, 0 or more; as `over` gives."""
        import faiss

        lists: Any = faiss.ArrayInvertedLists(len(self), self.size)
        lists.this.disown()
        index = self.over(lists)
        index.add_with_ids(vectors, ids)
        return index

    def over(self, lists: Any) -> Any:  # noqa: ANN401
        """Make an index of faiss from lists that were filled by these cells ready to be searched.

        Nothing is copied. The lists belong to it from then on: nobody else may free them.
        """
        import faiss

        mine, make = self._index, cast("Any", faiss.IndexIVFScalarQuantizer)
        kind = (mine.sq.qtype, mine.metric_type, mine.by_residual)
        index = make(self._quantizer, mine.d, mine.nlist, *kind, _NO_LISTS)
        index.own_fields = False
        index.sq = mine.sq
        index.is_trained = True
        index.nprobe = self._probed
        index.replace_invlists(lists, own=True)
        index.referenced_objects = [self]  # what it finds vectors by must not be freed before it
        return index

    def nearest(
        self, vectors: NDArray[np.float32], count: int, among: Sequence[Any], *, probed: int | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Find the `count` nearest in all of what `over` gave: distances and ids, (n, count), best first; -1: none.

        Only the nearest `probed` cells are looked through, if that is fewer than usual.
        """
        distances, cells = self._quantizer.search(vectors, self._probed)
        if probed is not None:
            cells[:, probed:] = -1  # faiss passes over it
        found = [each.search_preassigned(vectors, count, cells, distances) for each in among]
        near = np.concatenate([each[0] for each in found], axis=1)
        ids = np.concatenate([each[1] for each in found], axis=1)
        if len(found) == 1:
            return near, ids
        order = np.argsort(near * self._sign, axis=1, kind="stable")[:, :count]
        return np.take_along_axis(near, order, axis=1), np.take_along_axis(ids, order, axis=1)

    def to_bytes(self) -> NDArray[np.uint8]:
        """Give the cells as faiss writes an empty index: uint8 (n,)."""
        import faiss

        packed: NDArray[np.uint8] = faiss.serialize_index(self._index)
        return packed

    @classmethod
    def from_bytes(cls, data: NDArray[np.uint8], *, probed: int) -> Self:
        """Read what `to_bytes` gave. Raises RuntimeError for other bytes, as faiss does."""
        import faiss

        index: Any = faiss.deserialize_index(data)  # it owns its quantizer, and `Cells` keeps both
        return cls(index, faiss.downcast_index(index.quantizer), probed=probed)

    @property
    def _sign(self) -> int:
        return -1 if self._index.metric_type == 0 else 1


def _learn_as(clustering: Any) -> None:  # noqa: ANN401
    clustering.niter = _ROUNDS
    clustering.seed = 1
    clustering.min_points_per_centroid = 1


def _in_two_steps(sample: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Learn a few coarse cells, then in each as many fine ones as its share: float32 (count, length).

    The cost grows with the root of `count` (Nistér and Stewénius 2006, "Scalable recognition with a vocabulary tree",
    section 3, with two levels); all cells at once would take hours where this takes minutes.
    """
    import faiss

    coarse = _centroids(sample, int(np.sqrt(count)))
    finder = faiss.IndexFlatL2(sample.shape[1])
    finder.add(coarse)
    cell = finder.search(sample, 1)[1].ravel()
    sizes = np.bincount(cell, minlength=len(coarse))
    shares = _shared(count, sizes)
    members = np.split(np.argsort(cell, kind="stable"), np.cumsum(sizes)[:-1])
    return np.concatenate(
        [_centroids(sample[each], share) for each, share in zip(members, shares.tolist(), strict=True) if share]
    )


def _shared(count: int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Share `count` among cells by their sizes, none getting more than it has: the largest remainders win."""
    exact = count * sizes / sizes.sum()
    shares = np.floor(exact).astype(np.int64)
    left = np.argsort(shares - exact, kind="stable")[: count - int(shares.sum())]
    shares[left] += 1
    return np.asarray(shares, np.int64)


def _centroids(sample: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    import faiss

    clustering = faiss.Clustering(sample.shape[1], count)
    _learn_as(clustering)
    finder = faiss.IndexFlatL2(sample.shape[1])
    clustering.train(np.ascontiguousarray(sample), finder)
    return np.array(faiss.vector_to_array(clustering.centroids), np.float32).reshape(count, -1)
