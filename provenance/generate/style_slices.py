"""One step that brings the patches of a picture nearer to those of another, in distribution.

Patches are projected on random orthonormal filters; along each of them the optimal assignment is a matter of
sorting. This is the sliced Wasserstein flow (J. Rabin, G. Peyré, J. Delon and M. Bernot, "Wasserstein barycenter and
its application to texture mixing", SSVM 2011; E. Heitz et al., "A sliced Wasserstein loss for neural texture
synthesis", CVPR 2021) on image patches (A. Elnekave and Y. Weiss, "Generating natural images with direct patch
distribution matching", ECCV 2022). The loss is squared, so that its curvature is known: patches move the whole way
at once, and no optimiser with moments has to find the step.
"""

import math
from typing import TYPE_CHECKING

import numpy as np

from provenance.generate.chance import Chance

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

FILTERS = 64
"""Projections a step."""

_PATCHES = 131_072
"""About as many patches of a picture take part in a step, on a grid whose offset is drawn anew each time."""
_WIDEST = 2
"""Grid spacing at most: wider grids show in the picture."""
_ROWS = 8
"""Rows that are sorted at a time: their keys are many bytes."""


def flow(picture: "Tensor", style: "Tensor", *, patch: int, share: float, chance: Chance) -> "Tensor":
    """Move `picture` a `share` (0 to 1) of the way that its patches of side `patch` have to go to those of `style`.

    Both are float32 of shape (1, 3, height, width); `picture` has more than `patch` pixels each way.
    """
    import torch.nn.functional as F  # noqa: N812

    filters = _filters(patch, chance).to(picture.device)
    # Mirrored beyond its edges by a patch, or else the rim, which few patches see, would darken.
    rim = patch - 1
    wide = F.pad(picture, (rim,) * 4, mode="reflect")
    step = min(_WIDEST, _spacing(wide))
    down, right = (chance.whole(0, step - 1) for _ in range(2))
    seen = wide[..., down:, right:]
    have = F.conv2d(seen, filters, stride=step)
    want = _seen_in(style, filters, chance)
    moved = (targets(have.flatten(2)[0], want) - have.flatten(2)[0]).view_as(have)
    gathered = F.conv_transpose2d(moved, filters, stride=step)
    seen_by = _coverage(have.shape[2], patch, step)[:, None] * _coverage(have.shape[3], patch, step)[None, :]
    gathered /= seen_by.to(picture.device) * (len(filters) / filters[0].numel())
    change = F.pad(
        gathered, (right, wide.shape[3] - right - gathered.shape[3], down, wide.shape[2] - down - gathered.shape[2])
    )
    return picture + share * change[..., rim:-rim, rim:-rim]


def targets(have: "Tensor", want: "Tensor") -> "Tensor":
    """Give each number of `have` (rows, n) the number of the same rank in `want` (rows, m), which is interpolated.

    Equal numbers are ranked by their place, so that the result is the same on every machine.
    """
    import torch

    pairs = zip(torch.split(have, _ROWS), torch.split(want, _ROWS), strict=True)
    return torch.cat([_same_ranks(some, goal) for some, goal in pairs])


def _same_ranks(have: "Tensor", want: "Tensor") -> "Tensor":
    import torch

    order, goal = _order(have), _sorted(want)
    count, given = have.shape[1], want.shape[1]
    if count != given:
        place = (torch.arange(count, dtype=torch.float64, device=have.device) + 0.5) / count * given - 0.5
        low = place.clamp(0, given - 1).floor().long()
        high = (low + 1).clamp(max=given - 1)
        goal = goal[:, low].lerp(goal[:, high], (place.clamp(0, given - 1) - low).float())
    return torch.empty_like(have).scatter_(1, order, goal)


def _order(rows: "Tensor") -> "Tensor":
    """Argsort each row, stably."""
    import torch

    if rows.device.type != "cpu":
        return torch.sort(rows, dim=1, stable=True).indices
    # Number and place packed into one integer: numpy sorts those in vector registers, far quicker than any argsort.
    bits = rows.contiguous().numpy().view(np.int32)
    rising = np.where(bits < 0, bits ^ np.int32(0x7FFFFFFF), bits).astype(np.int64)  # IEEE 754 in the order of <
    packed: NDArray[np.int64] = (rising << 32) | np.arange(rows.shape[1])
    packed.sort(axis=1)
    return torch.from_numpy(packed & 0xFFFFFFFF)


def _sorted(rows: "Tensor") -> "Tensor":
    import torch

    return (
        torch.from_numpy(np.sort(rows.contiguous().numpy(), axis=1)) if rows.device.type == "cpu" else rows.sort(1)[0]
    )


def _filters(patch: int, chance: Chance) -> "Tensor":
    """Draw orthonormal filters of shape (count, 3, patch, patch)."""
    import torch

    size = 3 * patch * patch
    drawn, _ = torch.linalg.qr(chance.normal(size, min(FILTERS, size)))
    filters: Tensor = drawn.T.float().reshape(-1, 3, patch, patch).contiguous()
    return filters


def _seen_in(style: "Tensor", filters: "Tensor", chance: Chance) -> "Tensor":
    import torch.nn.functional as F  # noqa: N812

    step = _spacing(style)
    down, right = (chance.whole(0, min(step - 1, side - filters.shape[-1])) for side in style.shape[-2:])
    seen: Tensor = F.conv2d(style[..., down:, right:], filters, stride=step).flatten(2)[0]
    return seen


def _spacing(picture: "Tensor") -> int:
    return max(1, math.ceil(math.sqrt(picture.shape[-2] * picture.shape[-1] / _PATCHES)))


def _coverage(count: int, patch: int, step: int) -> "Tensor":
    """Count, along one side, in how many of `count` patches each pixel lies."""
    import torch

    covered = torch.zeros((count - 1) * step + patch)
    for start in range(0, count * step, step):
        covered[start : start + patch] += 1
    return covered
