"""PDQ, the hash of photographs that platforms exchange: 256 bits in all eight orientations.

It is made by its reference library, of facebook/ThreatExchange, pdq (Davis and Rosen 2019, "The TMK+PDQF Video-Hashing
Algorithm and the PDQ Image-Hashing Algorithm", section 3). The first code is that of `pdqhash.compute`, bit for bit,
for pictures of up to 512 pixels a side, unless they are symmetric to the last bit, where rounding decides. Larger ones
are reduced to that before, as the reference's own program does; it moves about 6 bits.

The library also turns codes, but it takes its samples from one side of each cell: its code of a mirrored picture of 512
pixels is 27 bits away, on average, from the one that it gives for that picture when mirrored. Here mirrored pictures
are hashed anew: small ones as they are, others at 128 pixels a side, which is 8 bits away on average. Only transposing
is left to the library, where it is exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from provenance.fingerprint.method import Fingerprint
from provenance.fingerprint.white import pixels_on_white
from provenance.picture import Picture

_SIDE = 512
_SMALL = 320
"""Pictures of up to so many pixels a side are quickly hashed four times."""
_SMALLER = 128  # where cells and samples lie as they do at 512: of eight sizes it was the nearest by far
_AS_IT_LIES, _TRANSPOSED = 0, 6  # places in what `compute_dihedral` gives
_BEST = 100  # the highest quality


@dataclass(frozen=True, slots=True, kw_only=True)
class PdqHash:
    """Signs of low cosine coefficients against their median, of the blurred luma."""

    name: str
    summary: str
    flagged_at: int
    reliable_at: float
    bits: int = 256
    """Bits of one code."""
    size: int = 32
    """Bytes of one code."""

    def codes(self, picture: Picture) -> NDArray[np.uint8]:
        """Reduce `picture` to uint8 of shape (8, 32), rows in the order of `ORIENTATIONS`."""
        return self.fingerprint(picture).matrix

    def fingerprint(self, picture: Picture) -> Fingerprint:
        """Reduce `picture` to its codes; the quality is the library's, which sums up how steep the picture is."""
        import pdqhash

        pixels = _reduced(pixels_on_white(picture))
        lying, quality = pdqhash.compute_dihedral(pixels)
        turned = [lying, *(pdqhash.compute_dihedral(small)[0] for small in _mirrored(pixels))]
        bits = np.stack([codes[place] for place in (_AS_IT_LIES, _TRANSPOSED) for codes in turned])
        return Fingerprint(
            method=self.name, codes=np.packbits(bits.astype(bool), axis=1).tobytes(), quality=quality / _BEST
        )


def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import cv2

    height, width = pixels.shape[:2]
    if (longest := max(height, width)) <= _SIDE:
        return pixels
    size = (max(1, round(width * _SIDE / longest)), max(1, round(height * _SIDE / longest)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _mirrored(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Give the picture, or a small copy, mirrored, flipped, and rotated by 180 degrees."""
    import cv2

    height, width = pixels.shape[:2]
    if max(height, width) > _SMALL:
        size = (min(width, _SMALLER), min(height, _SMALLER))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return [np.ascontiguousarray(turned) for turned in (pixels[:, ::-1], pixels[::-1], pixels[::-1, ::-1])]


# 31 bits and a quality of 50 of 100 are what the paper recommends and platforms use. Of 3,367 works of clip art, emoji
# and wallpapers 0.9 % are that near, in some orientation, to a work by somebody else, hardly any of them clip art (0 of
# 2,081); and so are 82 % of 1,680 altered copies (21 ways: recompressed, scaled, mirrored, cropped by 5 % ...).

pdq_v1 = PdqHash(
    name="pdq_v1",
    summary="256 bits that platforms exchange to know photographs again; weak on flat drawings.",
    flagged_at=31,
    reliable_at=0.5,
)
