"""Which colours pictures have: the parts of their surface, by families that people have names for.

The families are a histogram of CIELAB (CIE 1976, D65) in lightness, chroma and hue: where grey ends and where a hue
begins is a choice, and written here.
"""

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILIES: Final = (
    *("black", "grey", "white", "pink", "red", "orange", "brown", "yellow", "green", "turquoise", "blue", "purple"),
)
"""In the order of the histogram's places."""

_GREY: Final = 12.0  # chroma below which a colour counts as none
_BLACK, _WHITE = 25.0, 85.0  # lightness at the ends of grey
_DARK: Final = 12.0  # lightness below which no hue is seen
_BROWN: Final = 60.0  # lightness below which orange is brown
_HUES: Final = ((20, "pink"), (50, "red"), (80, "orange"), (110, "yellow"), (170, "green"), (225, "turquoise"),
                (310, "blue"), (345, "purple"), (361, "pink"))  # fmt: skip
"""Up to which angle of hue, in degrees."""


def lab(pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Turn sRGB, uint8 (height, width, 3), into CIELAB under D65: L 0 to 100, a, b."""
    import cv2

    return np.asarray(cv2.cvtColor(pixels.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def parts(pixels: "NDArray[np.uint8]") -> "NDArray[np.float64]":
    """Give the part of each family in a picture, sRGB uint8 (height, width, 3): float64 (12,), sums to 1."""
    light, a, b = np.moveaxis(lab(pixels), 2, 0)
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    ends = [end for end, _ in _HUES]
    of_hue = np.array([FAMILIES.index(name) for _, name in _HUES])[np.searchsorted(ends, hue, side="right")]
    of_hue = np.where((of_hue == FAMILIES.index("orange")) & (light < _BROWN), FAMILIES.index("brown"), of_hue)
    of_light = np.digitize(light, (_BLACK, _WHITE))  # 0 black, 1 grey, 2 white
    place = np.where((chroma < _GREY) | (light < _DARK), of_light, of_hue)
    return np.asarray(np.bincount(place.ravel(), minlength=len(FAMILIES)) / place.size, np.float64)
