"""All that comparing needs of a picture: the whole as numbers, its points, and small copies in grey and in colour."""

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from provenance.compare.agreement import SIDE
from provenance.compare.boxes import Boxes, boxes_of
from provenance.compare.colour import small_colour
from provenance.compare.shape import Shapes, drawn, shapes_of
from provenance.errors import DamagedArchiveError
from provenance.fingerprint.local import LocalFeatures, features_of, local_features, shrunk
from provenance.fingerprint.white import grey_on_white

if TYPE_CHECKING:
    from provenance.picture import Picture

GREY: Final = "grey160_v1"
"""Names the small grey copy."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """A picture, reduced to what it is compared by."""

    local: LocalFeatures
    grey: NDArray[np.uint8]
    """Shape (height, width), the longest side 160."""
    colour: NDArray[np.uint8]
    """RGB on white, shape (height, width, 3), the longest side 64."""
    embedding: NDArray[np.float32]
    """Of length 1."""
    shape_vectors: NDArray[np.float32] | None = None
    """The vectors of its shapes, (2, 256), where an index has them already."""

    @cached_property
    def levels(self) -> NDArray[np.float32]:
        """The small grey copy, 0 to 255."""
        return self.grey.astype(np.float32)

    @cached_property
    def boxes(self) -> Boxes:
        """The picture's squares."""
        return boxes_of(self.levels)

    @cached_property
    def shapes(self) -> Shapes:
        """Its edges and lines, as vectors. Raises EngineError where the components are missing."""
        if self.shape_vectors is not None:
            return Shapes(boxes=self.boxes, vectors=self.shape_vectors[: len(self.boxes.boxes)])
        return shapes_of(self.colour, self.boxes)

    @cached_property
    def drawn(self) -> NDArray[np.float32]:
        """Its edges and lines, as a picture of the small grey copy's size, 0 to 255."""
        return drawn(self.levels)

    @cached_property
    def line_points(self) -> LocalFeatures:
        """The points of `drawn`: they are where edges and lines meet or bend, whatever they are drawn with."""
        return _points_of(self.drawn)


def line_points(grey: NDArray[np.uint8]) -> LocalFeatures:
    """Find the points of a small grey copy's edges and lines, as `Look.line_points`."""
    return _points_of(drawn(grey.astype(np.float32)))


def _points_of(lines: NDArray[np.float32]) -> LocalFeatures:
    return features_of(lines.astype(np.uint8))


def small_grey(picture: "Picture") -> NDArray[np.uint8]:
    """Reduce `picture`, on white, to grey, its longest side 160 pixels: uint8 (height, width)."""
    return shrunk(grey_on_white(picture), SIDE)


def pack_grey(pixels: NDArray[np.uint8]) -> bytes:
    """Pack a small grey copy: height and width (u16 little-endian each), then its rows by zlib."""
    height, width = pixels.shape
    head = int(height).to_bytes(2, "little") + int(width).to_bytes(2, "little")
    return head + zlib.compress(pixels.tobytes(), 6)


def unpack_grey(data: bytes) -> NDArray[np.uint8]:
    """Unpack what `pack_grey` packed. Raises DamagedArchiveError."""
    height, width = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:4], "little")
    unpacked = zlib.decompressobj()
    try:
        rows = unpacked.decompress(data[4:], height * width + 1)
    except zlib.error as cause:
        raise DamagedArchiveError(f"A small grey copy of {len(data)} bytes cannot be unpacked: {cause}.") from cause
    if not height * width or len(rows) != height * width:
        raise DamagedArchiveError(f"A small grey copy of {width} x {height} pixels has {len(rows)} of them.")
    return np.frombuffer(rows, np.uint8).reshape(height, width)


def look_at(picture: "Picture", embedding: NDArray[np.float32]) -> Look:
    """Reduce `picture`; its `embedding` comes from whoever holds the network."""
    return Look(
        local=local_features(picture), grey=small_grey(picture), colour=small_colour(picture), embedding=embedding
    )
