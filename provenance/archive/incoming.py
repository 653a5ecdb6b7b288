"""Pictures as programs hold them (Pillow, numpy, torch) become ours, copied so that the caller may go on."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from provenance.errors import UsageError
from provenance.picture import Picture


def as_picture(thing: object) -> Picture:
    """Take a picture of any kind.

    Pillow images of any mode; numpy arrays and torch tensors of shape (height, width), (height, width, C)
    or (C, height, width), also with a leading 1, where C is 1, 3 or 4; integers 0..255 as `uint8`, floats 0..1.
    Raises UsageError that says what was given.
    """
    if isinstance(thing, Picture):
        return thing
    if isinstance(thing, Image.Image):
        return Picture.from_image(thing.copy())
    if isinstance(thing, np.ndarray):
        return Picture(_pixels(thing))
    if type(thing).__module__.split(".")[0] == "torch" and hasattr(thing, "detach"):
        return Picture(_pixels(_from_torch(thing)))
    message = f"A {type(thing).__name__} is not a picture: give a Pillow image, a numpy array or a torch tensor."
    raise UsageError(message)


def _from_torch(tensor: Any) -> NDArray[Any]:  # noqa: ANN401
    tensor = tensor.detach()
    if tensor.dtype.is_floating_point:
        tensor = tensor.float()  # numpy has no bfloat16
    array: NDArray[Any] = tensor.cpu().numpy()
    return array


def _pixels(array: NDArray[Any]) -> NDArray[np.uint8]:
    shape = array.shape
    if array.ndim == 4 and shape[0] == 1:
        array = array[0]
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        message = f"An array of shape {shape} is not one picture: (height, width, 3) or (3, height, width) is needed."
        raise UsageError(message)
    levels = _levels(array)
    if levels.shape[2] == 4 and bool((levels[..., 3] == 255).all()):
        levels = levels[..., :3]  # as Picture.open does: no file keeps what nobody can see
    return np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else np.array(levels, order="C")


def _levels(array: NDArray[Any]) -> NDArray[np.uint8]:
    if array.dtype == np.uint8:
        return array
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    low, high = float(array.min()), float(array.max())
    top = 1.0 if array.dtype.kind == "f" else 255.0
    slack = 1e-3 if array.dtype.kind == "f" else 0.0
    if not (low >= -slack and high <= top + slack):  # also catches NaN
        message = (
            f"A picture of {array.dtype} has values from {low:g} to {high:g}; "
            f"0 to {top:g} is needed. Scale it, for example (x + 1) / 2 for values from -1 to 1."
        )
        raise UsageError(message)
    scaled = array * 255.0 if array.dtype.kind == "f" else array
    return np.rint(scaled).clip(0, 255).astype(np.uint8)
