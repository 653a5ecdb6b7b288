"""Pictures of a network that has just learnt, made by the engine that will make all others."""

import copy
import hashlib
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.generate.engine import SEED_LIMIT, Request, Weights
from provenance.generate.gan import Gan
from provenance.train.checkpoint import replace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator as Chance
    from torch import Tensor

    from provenance.generate.gan_network import Generator

SEEDS = tuple(range(64))
"""The seeds on a sheet: `prov generate MODEL --seed 0` makes its first picture."""

_BATCHES = 12
_BATCH = 64


def calibrated(average: "Generator", chance: "Chance", categories: "Tensor | None") -> "Generator":
    """Give a copy whose normalisation is measured anew, on 768 latents and the categories of random works.

    The average of the weights never saw the statistics that its layers make, and those of the network in training
    are of other weights: with either, pictures get fringes.
    """
    import torch
    from torch.nn import functional

    copied = copy.deepcopy(average)
    for layer in copied.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean over all batches
    copied.train()
    named = 0 if copied.category is None else copied.category.in_features
    device = next(copied.parameters()).device
    with torch.no_grad():
        for _ in range(_BATCHES):
            latents = torch.randn(_BATCH, copied.latent, generator=chance)
            shares = None
            if named and categories is not None:
                which = torch.randint(0, len(categories), (_BATCH,), generator=chance)
                shares = functional.one_hot(categories[which], named).float().to(device)
            copied(latents.to(device), shares)
    return copied.eval()


def samples(weights: Weights, count: int, seed: int, *, device: str = "cpu") -> "NDArray[np.uint8]":
    """Make `count` pictures, uint8 of shape (count, size, size, 3), from seeds that follow from `seed`."""
    hashes = (hashlib.sha256(f"{seed}/gan sample/{number}".encode()).digest() for number in range(count))
    return pictures(weights, [int.from_bytes(hashed[:8], "big") % SEED_LIMIT for hashed in hashes], device=device)


def pictures(weights: Weights, seeds: Sequence[int], *, device: str = "cpu") -> "NDArray[np.uint8]":
    """Make a picture from each seed, uint8 of shape (seeds, size, size, 3)."""
    import numpy as np

    engine = Gan()
    width, height = engine.natural_size(weights, {})
    made = np.empty((len(seeds), height, width, 3), np.uint8)
    requests = [Request(seed=seed, width=width, height=height, weights=weights, device=device) for seed in seeds]
    for start in range(0, len(seeds), engine.batch):
        some = slice(start, start + engine.batch)
        engine.generate_many(requests[some], list(made[some]))
    return made


def sheet(weights: Weights, seeds: Sequence[int] = SEEDS, *, device: str = "cpu") -> "NDArray[np.uint8]":
    """Lay pictures of `seeds` side by side on white, uint8 of shape (rows x size, columns x size, 3)."""
    import numpy as np

    made = pictures(weights, seeds, device=device)
    size = made.shape[1]
    columns = math.ceil(math.sqrt(len(made)))
    rows = math.ceil(len(made) / columns)
    laid = np.full((rows * size, columns * size, 3), 255, np.uint8)
    for number, picture in enumerate(made):
        top, left = number // columns * size, number % columns * size
        laid[top : top + size, left : left + size] = picture
    return laid


def save_png(path: Path, pixels: "NDArray[np.uint8]") -> None:
    """Write a PNG, whole or not at all. Raises StoreError."""
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    replace(path, data.getvalue())
