"""Seeded chance: whatever an engine leaves to the seed is drawn here, the same on every machine and device.

torch's CPU generator takes in only the low 32 bits of a seed. So two generators share a hash of the
whole seed, and their draws are added modulo one. Each purpose has a stream of its own: a palette that
the user names leaves every other choice as it was.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Item = TypeVar("Item")


class Chance:
    """A stream of draws from `seed` for one `purpose`; `attempt` counts the tries after a picture was rejected."""

    def __init__(self, seed: int, purpose: str, attempt: int = 0) -> None:
        import torch

        hashed = hashlib.sha256(f"{seed}/{purpose}/{attempt}".encode()).digest()
        self._generators = [
            torch.Generator("cpu").manual_seed(int.from_bytes(hashed[start : start + 4], "big")) for start in (0, 4)
        ]

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> "Tensor":
        """Draw float64 numbers of `shape` on the CPU, low <= number < high."""
        import torch

        first, second = (torch.rand(shape, generator=g, dtype=torch.float64) for g in self._generators)
        return low + (high - low) * (first + second).frac()

    def normal(self, *shape: int, spread: float = 1.0) -> "Tensor":
        """Draw float64 numbers of `shape` with mean 0 and deviation `spread` (Box and Muller 1958)."""
        radius = (-2 * (-self.uniform(*shape)).log1p()).sqrt()
        return spread * radius * (2 * math.pi * self.uniform(*shape)).cos()

    def number(self, low: float, high: float) -> float:
        """Draw one number, low <= number < high."""
        return float(self.uniform(1, low=low, high=high))

    def whole(self, low: int, high: int) -> int:
        """Draw one whole number, low <= number <= high."""
        return low + int(self.number(0, 1) * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """Draw one of `items`, each as likely as the others."""
        return items[self.whole(0, len(items) - 1)]
