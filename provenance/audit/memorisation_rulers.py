"""Three rulers for how near a picture is to works, and the search for the nearest works by each.

By what is shown: the cosine of embeddings. By what is where: the correlation of 16 x 16 colours, which a blurred copy
keeps. By pixels: the greatest distance of any of 16 tiles, which only a plain repetition keeps small. The last two
also try the picture mirrored, as works are in training, and the second one moved by a sixteenth of its side.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.digest import Json

KEPT: Final = 5
"""How many of the nearest works are kept, by each ruler."""

_CELLS: Final = 16
_FLOOR: Final = 5.0  # added to lengths, in grey levels: a plain picture is like nothing
_TILES: Final = 4  # a side
_BLOCK: Final = 256  # works


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """A way to measure how near two pictures are."""

    name: str
    line: float
    """From here on two pictures are called alike by it: at least so much, or at most for a distance."""
    distance: bool
    """Whether less is nearer."""
    what: str
    """The descriptor and the line, for people."""

    def nearness(self, value: float) -> float:
        """Turn a measured value so that more is nearer, or back."""
        return -value if self.distance else value

    def record(self) -> dict[str, Json]:
        """Write it as JSON."""
        return {"name": self.name, "line": self.line, "less_is_nearer": self.distance, "what": self.what}


EMBEDDING: Final = Ruler(
    name="embedding",
    line=0.8,
    distance=False,
    what="cosine of EfficientNet-Lite0 embeddings (efficientnet-lite0-gem192_v1, lda256_v1); alike from 0.8",
)
LAYOUT: Final = Ruler(
    name="layout",
    line=0.93,
    distance=False,
    what="correlation of 16 x 16 colours, mirrored and moved by a sixteenth too; alike from 0.93",
)
TILES: Final = Ruler(
    name="tiles",
    line=0.15,
    distance=True,
    what="greatest of the 16 tiles' normalised L2 distances (0 to 1), mirrored too; alike up to 0.15",
)
RULERS: Final = (EMBEDDING, LAYOUT, TILES)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Nearest:
    """The works nearest to each picture, nearest first."""

    places: NDArray[np.int64]
    """Shape (pictures, KEPT): places of works; -1 where there are no more."""
    nearness: NDArray[np.float32]
    """Shape (pictures, KEPT): more is nearer, a distance with its sign turned; -inf where there are no more."""

    @property
    def best(self) -> NDArray[np.float64]:
        """How near the nearest work is, float64 (pictures,)."""
        return self.nearness[:, 0].astype(np.float64)

    def __getitem__(self, chosen: slice) -> "Nearest":
        """Give what belongs to some of the pictures."""
        return Nearest(places=self.places[chosen], nearness=self.nearness[chosen])


class Search:
    """Pictures that look for their nearest works, which are shown to them some at a time."""

    def __init__(self, pictures: NDArray[np.uint8], embeddings: NDArray[np.float32], twins: NDArray[np.int64]) -> None:
        """Take `pictures`, uint8 (n, side, side, 3), and their `embeddings`, float32 (n, length), of length 1.

        `twins` (n,) are numbers: a picture is not held against works of its own number; -1 is nobody's.
        """
        self._embeddings, self._twins = embeddings, twins
        mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
        self._layouts = [layout(moved) for side in (pictures, mirrored) for moved in _moved(side)]
        self._tiles = [_tiles(pictures), _tiles(mirrored)]
        self._places = {ruler.name: np.full((len(pictures), KEPT), -1, np.int64) for ruler in RULERS}
        self._nearness = {ruler.name: np.full((len(pictures), KEPT), -np.inf, np.float32) for ruler in RULERS}

    def show(
        self, works: NDArray[np.uint8], embeddings: NDArray[np.float32], twins: NDArray[np.int64], first: int
    ) -> None:
        """Hold the pictures against `works`, of the same side, whose places begin at `first`."""
        for start in range(0, len(works), _BLOCK):
            block = slice(start, start + _BLOCK)
            own = (self._twins[:, None] == twins[block]) & (self._twins >= 0)[:, None]
            self._take(EMBEDDING, self._embeddings @ embeddings[block].T, own, first + start)
            those = layout(works[block]).T
            alike = self._layouts[0] @ those
            for each in self._layouts[1:]:
                np.maximum(alike, each @ those, out=alike)
            self._take(LAYOUT, alike, own, first + start)
            tiles = _tiles(works[block])
            apart = np.minimum(*(_tile_distances(each, tiles) for each in self._tiles))
            self._take(TILES, -apart, own, first + start)

    def nearest(self) -> Mapping[str, Nearest]:
        """Give the nearest of all works that were shown, by the names of the rulers."""
        return {name: Nearest(places=self._places[name], nearness=self._nearness[name]) for name in self._places}

    def _take(self, ruler: Ruler, nearness: NDArray[np.float32], own: NDArray[np.bool_], first: int) -> None:
        nearness = np.where(own, -np.inf, nearness).astype(np.float32)
        places = np.broadcast_to(np.arange(first, first + nearness.shape[1]), nearness.shape)
        values = np.concatenate([self._nearness[ruler.name], nearness], axis=1)
        named = np.concatenate([self._places[ruler.name], np.where(np.isfinite(nearness), places, -1)], axis=1)
        order = np.argsort(-values, axis=1, kind="stable")[:, :KEPT]
        self._nearness[ruler.name] = np.take_along_axis(values, order, axis=1)
        self._places[ruler.name] = np.take_along_axis(named, order, axis=1)


def layout(pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Reduce n pictures, each uint8 (height, width, 3), to 16 x 16 colours, centred: float32 (n, 768), length under 1.

    Each is squeezed to a square, height and width by themselves.
    """
    import cv2

    small = [cv2.resize(each, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) for each in pictures]
    values = np.asarray(small, np.float32).reshape(len(pictures), _CELLS * _CELLS * 3)
    values -= values.mean(axis=1, keepdims=True)
    return np.asarray(values / (np.linalg.norm(values, axis=1, keepdims=True) + _FLOOR), np.float32)


def tiled_distance(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Measure each of `first` against each of `second`, uint8 (n, side, side, 3): float32 (n, m), 0 to 1.

    Carlini et al. 2023, "Extracting Training Data from Diffusion Models" (arXiv 2301.13188), section 4.2: the L2
    distance of colours of 0 to 1, divided by the root of their number, in each of 16 tiles; the greatest counts, so
    that common ground does not make pictures alike.
    """
    return _tile_distances(_tiles(first), _tiles(second))


def _moved(pictures: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """Give the pictures in place, then moved by a sixteenth in eight directions; what stood at the border fills up."""
    step = max(1, pictures.shape[1] // _CELLS)
    height, width = pictures.shape[1:3]
    wide = np.pad(pictures, ((0, 0), (step, step), (step, step), (0, 0)), mode="edge")
    for down in (step, 0, 2 * step):
        for right in (step, 0, 2 * step):
            yield wide[:, down : down + height, right : right + width]


def _tiles(pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    """Cut pictures into 16 tiles, divided by the root of how many numbers they have: float32 (n, numbers) each."""
    edges = np.linspace(0, pictures.shape[1], _TILES + 1).round().astype(int)
    values = pictures.astype(np.float32) / 255
    cut = [
        values[:, top:bottom, left:right].reshape(len(values), 3 * (bottom - top) * (right - left))
        for top, bottom in itertools.pairwise(edges)
        for left, right in itertools.pairwise(edges)
    ]
    return [np.asarray(tile / np.sqrt(max(1, tile.shape[1])), np.float32) for tile in cut]


def _tile_distances(first: list[NDArray[np.float32]], second: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    worst = np.zeros((len(first[0]), len(second[0])), np.float32)
    for here, there in zip(first, second, strict=True):
        squares = (here**2).sum(axis=1)[:, None] + (there**2).sum(axis=1) - 2 * here @ there.T
        np.maximum(worst, squares, out=worst)
    return np.sqrt(worst)
