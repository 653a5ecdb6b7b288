"""OKLab, the space in which colours are mixed and compared.

Björn Ottosson, "A perceptual color space for image processing", 2020
(https://bottosson.github.io/posts/oklab/), with the transfer curve of IEC 61966-2-1 (sRGB).
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
FROM_ROOTS = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
TO_ROOTS = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
FROM_CONES = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def from_srgb(colours: "NDArray[np.uint8]") -> "NDArray[np.float64]":
    """Turn sRGB bytes of shape (..., 3) into L (0 to 1), a and b."""
    encoded = colours.astype(np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(linear @ np.array(TO_CONES).T) @ np.array(FROM_ROOTS).T)


def to_srgb(lab: "NDArray[np.float64]") -> "NDArray[np.uint8]":
    """Turn L, a and b of shape (..., 3) into sRGB bytes; colours outside sRGB are clipped."""
    linear = ((lab @ np.array(TO_ROOTS).T) ** 3 @ np.array(FROM_CONES).T).clip(0, 1)
    encoded = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray((encoded * 255).round().clip(0, 255).astype(np.uint8))
