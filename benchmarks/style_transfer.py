"""What a style transfer of 512 pixels costs, in core-seconds: ours against the same steps done plainly.

Promise: at most 30 core-seconds, and at most half of what the plain steps take. Plainly means 32-bit floats and the
calls that one would write first: `argsort` for the ranks, and whole patches, not their main components, compared
with all patches of the style. Both are made in the same run, one after the other, on one thread.
"""

import statistics
import time
from collections.abc import Callable
from unittest.mock import patch

import numpy as np
import torch
from numpy.typing import NDArray

from provenance.generate import style_patches, style_slices
from provenance.generate.cppn import Cppn
from provenance.generate.engine import Request
from provenance.generate.style import Style

WIDTH, HEIGHT = 512, 512
ROUNDS = 3
PROMISE_SECONDS, PROMISE_RATIO = 30.0, 0.5


def main() -> None:
    torch.set_num_threads(1)
    content, style = drawn("facet", 3), drawn("kaleido", 8)
    transfer(content, style, 96)  # what is imported and compiled once is no one's cost
    ours, plain = [], []
    for _ in range(ROUNDS):
        ours.append(core_seconds(lambda: transfer(content, style, WIDTH)))
        plain.append(core_seconds(lambda: plainly(lambda: transfer(content, style, WIDTH))))
    ratios = [mine / theirs for mine, theirs in zip(ours, plain, strict=True)]
    print(f"ours   {told(ours)} core-seconds (promise: at most {PROMISE_SECONDS:.0f})")
    print(f"plain  {told(plain)} core-seconds")
    print(f"ratio  {told(ratios)} (promise: at most {PROMISE_RATIO})")
    away = np.abs(transfer(content, style, 256).astype(int) - plainly(lambda: transfer(content, style, 256)))
    print(f"the two differ by {away.mean():.1f} of 255 levels on average: they choose among patches that are as near")


def drawn(name: str, seed: int) -> NDArray[np.uint8]:
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    Cppn().generate(Request(seed=seed, width=WIDTH, height=HEIGHT, style=name), out)
    return out


def transfer(content: NDArray[np.uint8], style: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    out = np.zeros((side, side, 3), np.uint8)
    Style().generate(Request(seed=1, width=side, height=side, pictures={"content": content, "style": style}), out)
    return out


def plainly(work: Callable[[], NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Do the same steps with the calls that one would write first."""
    with (
        patch.object(style_slices, "_order", lambda rows: rows.argsort(1)),
        patch.object(style_slices, "_sorted", lambda rows: rows.sort(1)[0]),
        patch.object(style_patches, "_DIMENSIONS", 10_000),
        patch.object(style_patches, "_argmax", lambda scores: scores.argmax(1)),
    ):
        return work()


def core_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def told(numbers: list[float]) -> str:
    return f"{statistics.median(numbers):6.2f} (from {min(numbers):.2f} to {max(numbers):.2f} in {len(numbers)} rounds)"


if __name__ == "__main__":
    main()
