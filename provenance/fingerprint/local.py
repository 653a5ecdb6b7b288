"""What is where in a picture: points with the look of their surroundings, by which a part is found in another picture.

The points and descriptors are SIFT's (Lowe 2004, Distinctive Image Features from Scale-Invariant Keypoints, sections
3 to 6) by OpenCV, on the picture on white, in grey, its longest side brought to 320 pixels. The contrast that a point
needs is a quarter of the usual, since flat drawings have few points; the strongest 400 are kept. Descriptors are
RootSIFT (Arandjelović and Zisserman 2012, section 2): square roots of the values, which sum to 1.

Of a picture that was mirrored, or whose light and dark were exchanged, the descriptors are those of the picture with
their cells in another order, so that one extraction answers for all four.
"""

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.errors import DamagedArchiveError
from provenance.fingerprint.white import grey_on_white

if TYPE_CHECKING:
    import cv2

    from provenance.picture import Picture

NAME: Final = "sift320_v1"
"""Names all of the above; points that are found otherwise get another name."""

SIDE: Final = 320
"""Pixels of the longest side that points are found at."""

LENGTH: Final = 128
"""Numbers a descriptor."""

CHANGES: Final = ("plain", "mirrored", "inverted", "mirrored and inverted")
"""What a picture may have gone through, in the order of `changed_descriptors`."""

_MOST: Final = 400
_CONTRAST: Final = 0.01  # OpenCV's own is 0.04
_EDGE: Final = 12.0  # OpenCV's own is 10: ends of lines are most of what a drawing has
_HEAD: Final = struct.Struct("<HHI")
_POINT: Final = np.dtype([("x", "<u2"), ("y", "<u2"), ("size", "<u2"), ("angle", "<u2")])
_FINE: Final = 64.0  # steps to a pixel, for x, y and size
_TURN: Final = 65536 / (2 * np.pi)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalFeatures:
    """Points of a picture and the look of their surroundings."""

    width: int
    """Of the picture that the points were found in, at most `SIDE`."""
    height: int
    points: NDArray[np.float32]
    """Shape (n, 4): x and y in pixels, the diameter of the surroundings in pixels, their direction in radians."""
    descriptors: NDArray[np.uint8]
    """Shape (n, 128): RootSIFT, 255 for 1."""

    def __len__(self) -> int:
        return len(self.points)

    def changed_points(self, change: int) -> NDArray[np.float32]:
        """Give the points of the picture after the `change` of that place in `CHANGES`."""
        points = self.points.copy()
        if change & 1:
            points[:, 0] = self.width - 1 - points[:, 0]
            points[:, 3] = np.pi - points[:, 3]
        if change & 2:
            points[:, 3] += np.pi
        return points

    def to_bytes(self) -> bytes:
        """Pack width, height and number (u16, u16, u32), the points, and the descriptors; all little-endian.

        Of a point x, y and size in 1/64 pixels, and the angle in 1/65,536 of a turn: u16 each.
        """
        packed = np.empty(len(self.points), _POINT)
        for column, name in enumerate(("x", "y", "size")):
            packed[name] = np.rint(self.points[:, column] * _FINE).clip(0, 65535)
        packed["angle"] = np.rint(self.points[:, 3] * _TURN).astype(np.int64) % 65536
        return _HEAD.pack(self.width, self.height, len(self.points)) + packed.tobytes() + self.descriptors.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Unpack what `to_bytes` packed. Raises DamagedArchiveError."""
        try:
            width, height, count = _HEAD.unpack_from(data)
            packed = np.frombuffer(data, _POINT, count, _HEAD.size)
            start = _HEAD.size + count * _POINT.itemsize
            descriptors = np.frombuffer(data, np.uint8, count * LENGTH, start).reshape(count, LENGTH)
        except (struct.error, ValueError) as cause:
            raise DamagedArchiveError(f"Points of {len(data)} bytes cannot be unpacked: {cause}.") from cause
        if start + count * LENGTH != len(data):
            raise DamagedArchiveError(f"Points of {len(data)} bytes should have {start + count * LENGTH}.")
        points = np.stack(
            [packed["x"] / _FINE, packed["y"] / _FINE, packed["size"] / _FINE, packed["angle"] / _TURN], 1
        )
        return cls(width=width, height=height, points=points.astype(np.float32), descriptors=descriptors)


def local_features(picture: "Picture") -> LocalFeatures:
    """Find the points of `picture`. The result is what unpacking its bytes gives, to the last bit."""
    return features_of(shrunk(grey_on_white(picture), SIDE))


def features_of(grey_pixels: NDArray[np.uint8]) -> LocalFeatures:
    """Find the points of a grey picture, uint8 (height, width), no side over 65,535 / 64 pixels."""
    height, width = grey_pixels.shape
    found, described = _sift().detectAndCompute(grey_pixels, None)
    if described is None or not len(found):
        nothing = np.zeros((0, LENGTH), np.uint8)
        return LocalFeatures(width=width, height=height, points=np.zeros((0, 4), np.float32), descriptors=nothing)
    rows = [(point.pt[0], point.pt[1], point.size, np.deg2rad(point.angle), point.response) for point in found]
    values = np.array(rows, np.float32)
    strongest = np.argsort(-values[:, 4], kind="stable")[:_MOST]
    shares = described[strongest] / (described[strongest].sum(axis=1, keepdims=True) + 1e-9)
    features = LocalFeatures(
        width=width,
        height=height,
        points=values[strongest, :4],
        descriptors=np.rint(np.sqrt(shares) * 255).clip(0, 255).astype(np.uint8),
    )
    return LocalFeatures.from_bytes(features.to_bytes())


def shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Bring a grey picture, uint8 (height, width), to the longest side `side`; small ones grow."""
    import cv2

    longest = max(pixels.shape)
    height, width = (max(1, round(length * side / longest)) for length in pixels.shape)
    if longest > 4 * side:
        pixels = np.asarray(Image.fromarray(pixels).reduce(longest // (2 * side)))
    way = cv2.INTER_AREA if max(pixels.shape) > side else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=way), np.uint8)


def changed_descriptors(descriptors: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give what `descriptors` (n, 128) would be after each of `CHANGES`: uint8 (4, n, 128).

    SIFT's cells are 4 rows of 4, with 8 directions each, in the frame of the point's own direction. A mirror exchanges
    rows, and directions with their opposites across the axis; exchanging light and dark turns the frame by half.
    """
    cells = descriptors.reshape(-1, 4, 4, 8)
    inverted = cells[:, ::-1, ::-1]
    across = -np.arange(8) % 8
    changes = (cells, cells[:, ::-1][..., across], inverted, inverted[:, ::-1][..., across])
    return np.stack([change.reshape(-1, LENGTH) for change in changes])


def _sift() -> "cv2.SIFT":
    import cv2

    return cv2.SIFT.create(nfeatures=0, contrastThreshold=_CONTRAST, edgeThreshold=_EDGE)
