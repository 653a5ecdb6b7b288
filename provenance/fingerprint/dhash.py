"""The difference hash: whether each step to the right gets lighter, as 256 bits in all eight orientations.

The codes are those of `imagehash.dhash(picture.on_white(), hash_size=16)`, bit for bit, of the picture and of what
Pillow makes of it when it turns it; `codes(picture)[0].tobytes().hex()` is imagehash's text.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.fingerprint.method import ORIENTATIONS, Fingerprint
from provenance.fingerprint.white import grey_on_white
from provenance.picture import Picture

_FIRM = 3.0
"""Grey levels, as the standard deviation of noise in the grid, that a firm bit withstands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceHash:
    """Signs of the steps between neighbours in a row (the dHash of hackerfactor.com, 2013)."""

    name: str
    summary: str
    side: int
    """Rows of bits, and columns."""
    flagged_at: int
    reliable_at: float

    @property
    def bits(self) -> int:
        """Bits of one code."""
        return self.side * self.side

    @property
    def size(self) -> int:
        """Bytes of one code."""
        return self.bits // 8

    def codes(self, picture: Picture) -> NDArray[np.uint8]:
        """Reduce `picture` to uint8 of shape (8, size), rows in the order of `ORIENTATIONS`."""
        return self.fingerprint(picture).matrix

    def fingerprint(self, picture: Picture) -> Fingerprint:
        """Reduce `picture` to its codes, and the share of their bits that noise of 3 grey levels leaves alone."""
        grids = _grids(grey_on_white(picture), self.side)
        lying, standing = (_turns(grid) for grid in grids)
        # Of the transposed picture the flip is the picture rotated by 90 degrees, the mirrored one by 270.
        turned = [*lying, *(standing[place] for place in (0, 2, 1, 3))]
        bits = np.stack(turned).reshape(len(ORIENTATIONS), -1)
        # noise of deviation s in each of two neighbours has deviation s x sqrt(2) in their difference
        firm = float((np.abs(np.diff(grids[0].astype(np.int16))) > _FIRM * 2**0.5).mean())
        return Fingerprint(method=self.name, codes=np.packbits(bits, axis=1).tobytes(), quality=firm)


def _turns(grid: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
    """Give the bits of a grid as it lies, mirrored, flipped and both."""
    lighter, darker = grid[:, 1:] > grid[:, :-1], grid[:, 1:] < grid[:, :-1]
    return [lighter, darker[:, ::-1], lighter[::-1], darker[::-1, ::-1]]


def _grids(grey: NDArray[np.uint8], side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Resize (height, width), and it transposed, to (side, side + 1) each."""
    height, width = grey.shape
    image = Image.fromarray(grey)
    lying = _resized(image, side + 1, side, columns_first=_is_tall(width, height, side))
    # Only the axis that comes first tells the transposed picture's grid from this, transposed.
    standing = _resized(image, side, side + 1, columns_first=not _is_tall(height, width, side))
    return lying, standing.T


def _is_tall(width: int, height: int, side: int) -> bool:
    """Tell whether Pillow 13 resizes along the height first on the way to (side, side + 1); see `grid`."""
    return height > side and height - side > 2 * (width - side - 1)


def _resized(image: Image.Image, width: int, height: int, *, columns_first: bool) -> NDArray[np.uint8]:
    """Resize along one axis, round, and resize along the other."""
    first = (image.width, height) if columns_first else (width, image.height)
    small = image.resize(first, Image.Resampling.LANCZOS).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(small)


# The lines are shipped, not calibrated for anybody's works. Of 3,367 works of clip art, emoji and wallpapers 0.8 % are
# reliable and within 10 bits, in some orientation, of a work by somebody else; so are 61 % of 1,680 altered copies
# (21 ways: recompressed, scaled, mirrored, cropped by 5 %, written on ...). Drawings on plain paper have few firm
# bits: at a quality of 0.5, where other methods have their line, three fifths of the works would be left out.

dhash16_v1 = DifferenceHash(
    name="dhash16_v1",
    summary="256 bits of which way it gets lighter; finds the same picture scaled or recompressed.",
    side=16,
    flagged_at=10,
    reliable_at=0.1,
)
