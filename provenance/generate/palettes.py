"""Named palettes, ramps between their colours, and palettes taken from pictures. No torch here.

A palette is two colours or more as `#rrggbb`, ordered from dark to light, so that it is a ramp too.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from provenance.errors import UsageError
from provenance.generate.chance import Chance
from provenance.generate.oklab import from_srgb, to_srgb
from provenance.picture import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Lab = NDArray[np.float64]

_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")


def _named(table: str) -> dict[str, tuple[str, ...]]:
    rows = (line.split() for line in table.strip().splitlines())
    return {name: tuple(f"#{colour}" for colour in colours) for name, *colours in rows}


PALETTES = _named("""
    sumi       16161a 3b3a3c 7a7670 b9b2a4 efe8d8
    aizome     0b1a2f 1d3a5f 3f6b94 8fb3c9 eef0e6
    celadon    1c2b27 3b5f53 7a9f88 b7cfb3 f2efdf
    persimmon  2a1511 7a2e1a c7562b e89a54 f6e3c0
    beni       1f0d14 5a1328 a61f3c e0655f f7d9c8
    kintsugi   121317 2c2e33 5b5a55 c79a3b f6e7b4
    nocturne   05070f 131a3c 2e3f7d 7887bd f3d79b
    aurora     04111c 0b3b46 138a7e 76d6a0 f3f6c9
    tidepool   061a23 0b4f5c 2a9d8f e9c46a fbf1d6
    terracotta 2b1a17 6e3324 b5573a dfa27a f4e6d4
    madder     200f14 5c1f2b 9c3b3f d08a6f f3e2cf
    lichen     1a1f1a 434d36 7f8656 c0bc83 f2edd4
    wisteria   1a1330 46356e 8067a9 bfa6d2 f7edea
    saffron    26140a 70330f c26a12 f0ae3c fcecc0
    fjord      0e1a24 2c4655 5f8795 a9c4c6 f2efe6
    coral      0d2233 145374 2f8fa3 ff8a70 ffe3cf
    ukiyo      0e1f3a 1f4a7a 6f9db5 e3c993 f6efdc
    riso       1b1a44 3a44c4 ff5a6e ffcb3d fff6e3
    atelier    17171a 1f4e8c c8391f eab12c f4ead6
    cutout     14274a 1f6f78 d1495b edae49 f9f1dc
    oxide      1b1311 4a1f17 8b3a1f c9793d ecd2b2
    moss       0c1510 1f3b2a 4c7040 a3b35c f1eecb
    glacier    0a1a2a 23527a 6aa7c8 b9dde2 f7faf5
    rosewater  2a1620 7a3a52 c67b86 ecbfb3 faf0e6
    plum       170d1e 43204f 8b3f78 d7859a f8dcc9
    ember      0a0608 3b0d11 9b1d15 ee6c1b ffd98a
    verdigris  12201f 22514c 4b9083 a3ccb1 f3e9d0
    delft      101c3d 274690 5b84c4 b4cbe6 f9f7ef
    kilim      1c1a26 5a1f2b b3402e d9a441 f0e3c5
    suzani     1b1b3a 6a1e4f c2344d f08a4b fbe6b5
    sashiko    0f1626 1c2b4a 3c5a86 c3cad3 f8f5ed
    peacock    071a2b 0b4a6f 0e8c8b 8cc66d f6ebad
    dusk       151a33 4b3b6b a3567f ee8f6e fbd9a5
    citron     16211f 3f5a45 8a9a3c dcd253 f8f5d3
    linen      3a352f 7d7263 b3a68f d8cdb8 f6f1e6
    broadside  0f0f10 33302e b8311f d8cdb9 f5f0e4
""")
"""The palettes that we chose, by name: prints, glazes, textiles, landscapes, nights."""


def read_colour(text: str) -> str:
    """Read `#rrggbb`, with or without the hash, as lower case. Raises UsageError."""
    if (match := _COLOUR.fullmatch(text.strip())) is None:
        raise UsageError(f"{text!r} is not a colour: write it as #rrggbb, for example #1d3a5f.")
    return f"#{match[1].lower()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of one picture, and their name if they have one."""

    colours: tuple[str, ...]
    name: str | None


def choose(given: Sequence[str] | None, name: str, chance: Chance) -> Palette:
    """Settle a palette: the colours `given`, else the one called `name`, else (auto) what `chance` picks.

    Raises UsageError for a name that we do not know or fewer than two colours.
    """
    if given is not None:
        colours = tuple(read_colour(colour) for colour in given)
        if len(colours) < 2:
            raise UsageError("A palette needs two colours at least.")
        return Palette(colours=colours, name=name_of(colours))
    if name == "auto":
        name = chance.pick(tuple(PALETTES))
    if name not in PALETTES:
        raise UsageError(f"There is no palette {name!r}. There are: {', '.join(PALETTES)}.")
    return Palette(colours=PALETTES[name], name=name)


def name_of(colours: Sequence[str]) -> str | None:
    """Say which named palette has exactly these colours, if one has."""
    return next((name for name, known in PALETTES.items() if known == tuple(colours)), None)


def ramp(colours: Sequence[str], steps: int) -> "Lab":
    """Interpolate a palette of two colours or more to `steps` OKLab colours, shape (steps, 3), evenly and smoothly.

    Each colour keeps a little place of its own (a smooth step between neighbours), so that it stays itself.
    """
    known = from_srgb(_bytes(colours))
    position = np.linspace(0, len(known) - 1, steps)
    start = np.minimum(position.astype(int), len(known) - 2)
    share = position - start
    share = 0.5 * share + 0.5 * share * share * (3 - 2 * share)
    return np.asarray(known[start] + (known[start + 1] - known[start]) * share[:, None])


def palette_of(pictures: Iterable[Picture], colours: int = 5) -> tuple[str, ...]:
    """Find the palette of some pictures: at most `colours` of them (2 to 16), at least two, dark to light.

    K-means in OKLab on small copies, begun at the colours that lie farthest apart (so that accents
    survive); colours that look alike are merged. Raises UsageError if there are no pictures.
    """
    if not 2 <= colours <= 16:
        raise UsageError(f"A palette has 2 to 16 colours, not {colours}.")
    samples = [_sample(picture) for picture in pictures]
    if not samples:
        raise UsageError("A palette can be taken from pictures only: name one at least.")
    found = _merge(*_k_means(np.concatenate(samples), colours))
    if len(found) == 1:
        found = np.concatenate([found, _companion(found)])
    ordered = found[np.argsort(found[:, 0], kind="stable")]
    return tuple("#" + bytes(colour).hex() for colour in to_srgb(ordered))


def _bytes(colours: Sequence[str]) -> "NDArray[np.uint8]":
    return np.array([list(bytes.fromhex(colour[1:])) for colour in colours], dtype=np.uint8)


def _sample(picture: Picture) -> "Lab":
    """Reduce a picture to 48 x 48 of its pixels, on white where it is clear. Mixing them would make new colours."""
    rows, columns = (((np.arange(48) + 0.5) * side / 48).astype(int) for side in (picture.height, picture.width))
    small = Picture(np.ascontiguousarray(picture.pixels[rows[:, None], columns[None, :]]))
    return from_srgb(np.asarray(small.on_white())).reshape(-1, 3)


def _k_means(points: "Lab", count: int) -> "tuple[Lab, Lab]":
    """Cluster `points` (Lloyd 1982): the centres, shape (count, 3), and how many points each has."""
    if len(points) > 1 << 16:
        points = points[:: len(points) // (1 << 16) + 1]
    centres = _spread(points, count)
    for _ in range(24):
        nearest = _distances(points, centres).argmin(axis=1)
        weight = np.bincount(nearest, minlength=count).astype(np.float64)
        sums = np.stack([np.bincount(nearest, points[:, axis], count) for axis in range(3)], axis=1)
        means = sums / np.maximum(weight, 1)[:, None]
        centres = np.asarray(np.where(weight[:, None] > 0, means, centres), dtype=np.float64)
    return centres, weight


def _spread(points: "Lab", count: int) -> "Lab":
    """Begin at the colour nearest the mean; then always the one farthest from all chosen, outliers left out."""
    cells = (points * (24, 48, 48)).round().astype(int)
    _, group, sizes = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    common = points[sizes[group.reshape(-1)] >= max(1, len(points) // 500)]
    pool = common if len(common) else points
    chosen: Lab = pool[_distances(pool, pool.mean(axis=0, keepdims=True))[:, 0].argmin()][None]
    while len(chosen) < count:
        farthest = _distances(pool, chosen).min(axis=1).argmax()
        chosen = np.concatenate([chosen, pool[farthest][None]])
    return chosen


def _distances(points: "Lab", centres: "Lab") -> "Lab":
    apart: Lab = np.linalg.norm(points[:, None, :] - centres[None, :, :], axis=2)
    return apart


def _merge(centres: "Lab", weight: "Lab") -> "Lab":
    """Join centres nearer than 0.04, about two just noticeable differences, the common ones first."""
    kept: list[Lab] = []
    for index in np.argsort(-weight, kind="stable"):
        if weight[index] > 0 and all(np.linalg.norm(centres[index] - other) >= 0.04 for other in kept):
            kept.append(centres[index])
    return np.array(kept)


def _companion(colour: "Lab") -> "Lab":
    """Give a lone colour a second one of its own hue, as much lighter or darker as the eye needs."""
    away = 0.35 if colour[0, 0] < 0.5 else -0.35
    other: Lab = colour + np.array([[away, 0.0, 0.0]])
    return other
