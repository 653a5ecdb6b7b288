"""The difference hash: whether each step to the right gets lighter, as 256 bits in all eight orientations.

The codes are those of `imagehash.dhash(picture.on_white(), hash_size=16)`, bit for bit, of the picture and of what
Pillow makes of it when it turns it; `codes(picture)[0].tobytes().hex()` is imagehash's text.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.grid import Grids
from provenance.fingerprint.grid_hash import GridHash
from provenance.fingerprint.method import ORIENTATIONS, Fingerprint

_FIRM = 3.0
"""Grey levels, as the standard deviation of noise in the grid, that a firm bit withstands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceHash(GridHash):
    """Signs of the steps between neighbours in a row (the dHash of hackerfactor.com, 2013)."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grey grids that it is made from."""
        return self.side, self.side + 1

    def of_grids(self, grids: Grids) -> Fingerprint:
        """Reduce a picture's `grids` of `shape` to its codes and their quality."""
        lying, standing = _turns(grids.lying), _turns(grids.standing)
        # Of the transposed picture the flip is the picture rotated by 90 degrees, the mirrored one by 270.
        turned = [*lying, *(standing[place] for place in (0, 2, 1, 3))]
        bits = np.stack(turned).reshape(len(ORIENTATIONS), -1)
        # noise of deviation s in each of two neighbours has deviation s x sqrt(2) in their difference
        firm = float((np.abs(np.diff(grids.lying.astype(np.int16))) > _FIRM * 2**0.5).mean())
        return Fingerprint(method=self.name, codes=np.packbits(bits, axis=1).tobytes(), quality=firm)


def _turns(grid: NDArray[np.uint8]) -> list[NDArray[np.bool_]]:
    """Give the bits of a grid as it lies, mirrored, flipped and both."""
    lighter, darker = grid[:, 1:] > grid[:, :-1], grid[:, 1:] < grid[:, :-1]
    return [lighter, darker[:, ::-1], lighter[::-1], darker[::-1, ::-1]]


# The lines are shipped, not calibrated for anybody's works. Of 3,367 works of clip art, emoji and wallpapers 0.8 % are
# reliable and within 10 bits, in some orientation, of a work by somebody else; so are 61 % of 1,680 altered copies
# (21 ways: recompressed, scaled, mirrored, cropped by 5 %, written on ...). With works that are one another's variants
# left out it is 0 of 1,251 pieces of clip art, and at 16 bits 4. Drawings on plain paper have few firm
# bits: at a quality of 0.5, where other methods have their line, three fifths of the works would be left out.

dhash16_v1 = DifferenceHash(
    name="dhash16_v1",
    summary="256 bits of which way it gets lighter; finds the same picture scaled or recompressed.",
    side=16,
    flagged_at=10,
    reliable_at=0.1,
)
