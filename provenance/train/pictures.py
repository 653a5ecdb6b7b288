"""The pictures that a training sees: works decoded, put on one background and brought to one size.

Every file is held against the digest that its work was recorded with, on the very bytes that are decoded, so that
no file which changed since can slip into a training under the name of the old one.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias, cast, get_args

import numpy as np
from PIL import Image, ImageColor
from PIL import __version__ as pillow_version

from provenance.collect.read import in_order
from provenance.digest import Digest, Json
from provenance.errors import PictureError, UsageError
from provenance.picture import PIXEL_LIMIT, Picture
from provenance.settings import processors

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD: Final = "pictures_v1"
"""Names what `Preprocessing` does; another way of doing it gets another name."""

Fit: TypeAlias = Literal["pad", "crop", "stretch"]
"""What becomes of a picture that is no square: background beside it, its middle, or all of it out of shape."""

Resampling: TypeAlias = Literal["lanczos", "bicubic", "bilinear", "box", "nearest"]
"""Pillow's filters; all but `nearest` take in every pixel when a picture gets smaller."""

LARGEST: Final = 1024
"""The greatest side, in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """How works become pictures of one size. Raises UsageError for values that are none."""

    size: int = 64
    """The side of the square, in pixels, 4 to 1024."""
    background: str = "#ffffff"
    """What shows through transparency and stands beside a padded picture, as `#rrggbb`."""
    fit: Fit = "pad"
    resampling: Resampling = "lanczos"

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if isinstance(self.size, bool) or not isinstance(self.size, int) or not 4 <= self.size <= LARGEST:
            raise UsageError(f"The size of training pictures lies from 4 to {LARGEST} pixels; it is {self.size!r}.")
        if not _is_colour(self.background):
            raise UsageError(f"{self.background!r} is no colour of the form #rrggbb. Write #ffffff for white.")
        if self.fit not in get_args(Fit):
            raise UsageError(f"A picture is fitted by one of {', '.join(get_args(Fit))}; not by {self.fit!r}.")
        if self.resampling not in get_args(Resampling):
            raise UsageError(f"Resampling is one of {', '.join(get_args(Resampling))}; not {self.resampling!r}.")

    @classmethod
    def from_record(cls, record: "dict[str, Any]") -> Self:
        """Read what `record` wrote, whatever the version of Pillow. Raises UsageError."""
        if record.get("method") != METHOD:
            raise UsageError(f"The preprocessing {record.get('method')!r} is not {METHOD}. Upgrade prov to do it.")
        return cls(**{field.name: record[field.name] for field in fields(cls) if field.name in record})

    def record(self) -> dict[str, Json]:
        """Write every choice as JSON values, and what resized: another Pillow may round otherwise."""
        choices: dict[str, Json] = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"method": METHOD, **choices, "library": f"Pillow {pillow_version}"}

    def apply(self, picture: Picture) -> "NDArray[np.uint8]":
        """Give the pixels, uint8 of shape (size, size, 3), sRGB.

        The background goes in before resizing, so that colours of invisible pixels cannot bleed in.
        """
        image = _on(picture, self.background)
        method = Image.Resampling[self.resampling.upper()]
        if self.fit == "pad":
            return np.asarray(self._padded(image, method))
        box = _middle(image.size) if self.fit == "crop" else None
        return np.asarray(image.resize((self.size, self.size), method, box=box))

    def _padded(self, image: Image.Image, method: Image.Resampling) -> Image.Image:
        scale = self.size / max(image.size)
        width, height = (min(self.size, max(1, round(side * scale))) for side in image.size)
        canvas = Image.new("RGB", (self.size, self.size), self.background)
        canvas.paste(image.resize((width, height), method), ((self.size - width) // 2, (self.size - height) // 2))
        return canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A work that a training asks for."""

    name: str
    """What sentences call it."""
    digest: Digest
    """Of the bytes of the file, as recorded when it was collected."""
    paths: tuple[Path, ...]
    """Where the file was seen; the first one with the right bytes is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A work that a training cannot see."""

    index: int
    """Its place in what was asked for."""
    name: str
    reason: str
    """missing, changed, or the reason of a PictureError."""
    sentence: str
    """What is wrong with which file, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """What a training sees."""

    pixels: "NDArray[np.uint8]"
    """Shape (pictures, size, size, 3), sRGB, in the order in which the works were asked for."""
    kept: tuple[int, ...]
    """For each picture, the place of its work in what was asked for, ascending."""
    left_out: tuple[LeftOut, ...]
    """The other works, in their order."""

    @property
    def refusals(self) -> tuple[str, ...]:
        """Say of each work that was left out why."""
        return tuple(each.sentence for each in self.left_out)

    @property
    def digest(self) -> Digest:
        """Digest all pixels with their shape: two trainings saw the same when this is the same."""
        shape = ",".join(map(str, self.pixels.shape))
        hasher = hashlib.sha256(f"{METHOD} {shape}\0".encode())
        for picture in self.pixels:
            hasher.update(np.ascontiguousarray(picture).data)
        return Digest(hasher.hexdigest())

    @property
    def distinct(self) -> int:
        """Count the pictures that differ from each other in any pixel: works all alike give 1."""
        return len({hashlib.sha256(np.ascontiguousarray(picture).data).digest() for picture in self.pixels})


def prepare(
    sources: Sequence[Source],
    preprocessing: Preprocessing,
    *,
    workers: int = 0,
    limit: int = PIXEL_LIMIT,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Prepared:
    """Decode the works in `sources`; those that cannot be used are left out, each with a sentence.

    `workers` threads decode, 0 as many as there are processors; at most `2 * workers` files are in memory beside the
    result. `limit` is the greatest number of pixels of a file. `progress` hears how many of how many are done, on the
    calling thread; it may raise to stop. Raises UsageError where so many pictures find no room in memory.
    """
    side = preprocessing.size
    try:
        pixels = np.empty((len(sources), side, side, 3), np.uint8)
    except MemoryError as cause:
        message = f"{len(sources):,} pictures of {side} px find no room in memory. Take a smaller size or fewer works."
        raise UsageError(message) from cause
    kept: list[int] = []
    left_out: list[LeftOut] = []
    workers = workers or processors()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="prepare")
    try:
        jobs = (partial(_one, index, source, preprocessing, limit) for index, source in enumerate(sources))
        for index, result in enumerate(in_order(pool, jobs, 2 * workers)):
            if isinstance(result, LeftOut):
                left_out.append(result)
            else:
                pixels[len(kept)] = result
                kept.append(index)
            progress(index + 1, len(sources))
    finally:
        pool.shutdown(cancel_futures=True)
    return Prepared(pixels=pixels[: len(kept)], kept=tuple(kept), left_out=tuple(left_out))


def _one(index: int, source: Source, preprocessing: Preprocessing, limit: int) -> "NDArray[np.uint8] | LeftOut":
    refused = partial(LeftOut, index=index, name=source.name)
    data = _bytes(source, limit)
    if not isinstance(data, bytes):
        reason, sentence = data
        return refused(reason=reason, sentence=sentence)
    try:
        return preprocessing.apply(Picture.open(data, limit=limit))
    except PictureError as error:
        return refused(reason=error.reason, sentence=f"The work {source.name} is left out: {error}")


def _bytes(source: Source, limit: int) -> bytes | tuple[str, str]:
    """Read the file from the first place that still has it, or say what became of it."""
    changed: Path | None = None
    for path in source.paths:
        try:
            if not path.is_file():  # a pipe or a device would never end
                continue
            if path.stat().st_size > limit * 8 + (1 << 26):
                changed = changed or path
                continue
            data = path.read_bytes()
        except OSError:
            continue
        if Digest.of(data) == source.digest:
            return data
        changed = changed or path
    if changed is not None:
        sentence = f"The work {source.name} is left out: {changed} has changed since it was added."
        return "changed", f"{sentence} Put the old file back, or add the dataset again."
    where = f" It was last seen at {source.paths[0]}." if source.paths else ""
    sentence = f"The work {source.name} is left out: its file is not there any more, or cannot be read.{where}"
    return "missing", f"{sentence} Put it back, or add the dataset again."


def _on(picture: Picture, background: str) -> Image.Image:
    image = picture.image()
    if image.mode == "RGB":
        return image
    canvas = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(canvas, image).convert("RGB")


def _middle(size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Give the largest square in the middle; resizing from a box needs no picture of the whole."""
    width, height = size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return (left, top, left + side, top + side)


def _is_colour(text: object) -> bool:
    if not isinstance(text, str) or len(text) != 7 or not text.startswith("#"):
        return False
    try:
        return len(cast("tuple[int, ...]", ImageColor.getrgb(text))) == 3
    except ValueError:
        return False
