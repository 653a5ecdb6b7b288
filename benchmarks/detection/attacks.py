"""All attacks, and the one way to carry one out."""

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.detection.attack import LARGEST, Attack, Pixels, as_pixels, within
from benchmarks.detection.attacks_combined import COMBINED
from benchmarks.detection.attacks_overlay import OVERLAY
from benchmarks.detection.attacks_place import PLACE
from benchmarks.detection.attacks_shape import SHAPE
from benchmarks.detection.attacks_style import STYLE
from benchmarks.detection.attacks_tone import TONE
from provenance.errors import UsageError

ATTACKS: Final[tuple[Attack, ...]] = (*SHAPE, *TONE, *OVERLAY, *PLACE, *STYLE, *COMBINED)
"""Every attack; the names are unique."""

FAMILIES: Final[tuple[str, ...]] = tuple(dict.fromkeys(attack.family for attack in ATTACKS))
"""The families, in the order in which they are shown."""


def attack_named(name: str) -> Attack:
    """Find an attack. Raises UsageError."""
    for attack in ATTACKS:
        if attack.name == name:
            return attack
    raise UsageError(f"There is no attack {name!r}. There are: {', '.join(attack.name for attack in ATTACKS)}.")


def attacked(attack: Attack, pixels: Pixels, *, seed: int, others: Sequence[Pixels] = ()) -> Pixels:
    """Carry an attack out on `pixels`, RGB uint8 (height, width, 3); no side of the result is over 1024.

    The same seed, pixels and others give the same result. `others` are at least `attack.others` pictures.
    Raises UsageError where there are fewer.
    """
    if len(others) < attack.others:
        message = f"The attack {attack.name} needs {attack.others} other pictures; {len(others)} were given."
        raise UsageError(message)
    random = np.random.default_rng([seed, zlib.crc32(attack.name.encode())])
    return within(as_pixels(attack.change(pixels, random, others)), LARGEST)
