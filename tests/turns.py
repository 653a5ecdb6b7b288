"""The eight ways to lay a picture down, by Pillow, and small pictures of few levels that break hashes."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from provenance.picture import Picture

TURNS = (
    None,
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.FLIP_TOP_BOTTOM,
    Image.Transpose.ROTATE_180,
    Image.Transpose.TRANSPOSE,
    Image.Transpose.ROTATE_90,
    Image.Transpose.ROTATE_270,
    Image.Transpose.TRANSVERSE,
)
"""In the order of `ORIENTATIONS`."""

small_pictures = st.tuples(st.integers(1, 70), st.integers(1, 70), st.sampled_from([3, 4])).flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 1, 127, 128, 254, 255]))
)


def turned(picture: Picture, turn: Image.Transpose | None) -> Image.Image:
    """Lay a picture on white, and turn it."""
    image = picture.on_white()
    return image if turn is None else image.transpose(turn)
