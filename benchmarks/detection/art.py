"""Pictures by machines: nobody's work is in them, so whatever is found for them is a false flag."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.detection.attack import WORK_SIDE, Pixels, as_pixels, resized
from benchmarks.detection.kept import read_png, write_png
from provenance.errors import UsageError
from provenance.generate.registry import find, render, request_for
from provenance.picture import Picture

ENGINES: Final = ("cppn", "flow", "clifford", "gray-scott")
"""Our engines that learnt from nobody."""
_SIDE = 320
_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


class Art:
    """Our engines' pictures, made when asked for and kept; and a folder of pictures by a network, if there is one."""

    def __init__(self, folder: Path, gan: Path | None = None) -> None:
        """Keep pictures in `folder`; `gan` holds one picture a file.

        Raises UsageError where `gan` holds none.
        """
        self._folder = folder / "art"
        self._gan = {} if gan is None else _files(gan)
        self._lent = lru_cache(maxsize=32)(lambda number: self.picture(f"art/flow/{90_000 + number}"))

    def abstract(self, count: int) -> list[str]:
        """Name `count` pictures by our engines, in turn."""
        return [f"art/{ENGINES[number % len(ENGINES)]}/{number}" for number in range(count)]

    def learnt(self, count: int) -> list[str]:
        """Name up to `count` of the network's pictures."""
        return list(self._gan)[:count]

    def lending(self, number: int) -> Pixels:
        """Give a picture whose manner is taken by style transfer."""
        return self._lent(number)

    def picture(self, name: str) -> Pixels:
        """Make or read a picture; its longest side is 512."""
        if name in self._gan:
            return _enlarged(as_pixels(Picture.open(self._gan[name]).on_white()))
        _art, engine, seed = name.split("/")
        kept = self._folder / f"{engine}-{seed}.png"
        if not kept.exists():
            write_png(kept, _rendered(engine, int(seed)))
        return _enlarged(read_png(kept))


def _rendered(name: str, seed: int) -> Pixels:
    engine = find(name).engine
    styles: Sequence[str] = tuple(engine.styles)
    out = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    style = styles[seed // len(ENGINES) % len(styles)]
    render(engine, request_for(engine, seed=seed, width=_SIDE, height=_SIDE, style=style, device="cpu"), out)
    return out


def _files(folder: Path) -> dict[str, Path]:
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS) if folder.is_dir() else []
    if not files:
        raise UsageError(f"{folder} holds no pictures. Name a folder of pictures that a network made, one a file.")
    return {f"art/gan/{path.name}": path for path in files}


def _enlarged(pixels: Pixels) -> Pixels:
    factor = WORK_SIDE / max(pixels.shape[:2])
    return resized(pixels, round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
