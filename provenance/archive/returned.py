"""What a callable returned, as pictures: those that it is, those it withheld, and what is no picture at all."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from provenance.archive.arguments import Arguments
from provenance.archive.incoming import as_picture
from provenance.digest import Json
from provenance.errors import ProvenanceError
from provenance.picture import Picture

_HELD = ("images", "image")
"""Where results hold their pictures."""

_OTHER = {
    "frames": "a video",
    "videos": "a video",
    "audios": "sound",
    "latents": "latents",
    "image_embeds": "embeddings",
}
"""What results hold that is no picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """The pictures of one call, in order."""

    pictures: tuple[Picture | None, ...] = ()
    """None where the callable withheld one, or where it was none."""
    problems: tuple[str, ...] = ()
    """Sentences about what was not recorded."""
    lost: bool = False
    """Whether something was returned that could not be recorded."""
    flagged: tuple[bool, ...] = ()
    """Whether the callable's own safety check blacked it out."""

    def remarks(self, position: int) -> dict[str, Json]:
        """Say what the callable itself remarked about a picture."""
        flagged = len(self.flagged) == len(self.pictures) and self.flagged[position]
        return {"nsfw_content_detected": True} if flagged else {}


def returned_pictures(result: Any, arguments: Arguments) -> Returned:  # noqa: ANN401
    """Find the pictures in what was returned: `.images`, a list or tuple, or one picture."""
    if arguments.latent:
        return _nothing("latents, which are no picture yet: decode them, and record the pictures with archive.run(...)")
    for name, what in _OTHER.items():
        if _held(result, name) is not None and all(_held(result, held) is None for held in _HELD):
            return _nothing(f"{what}, which an archive of pictures cannot hold")
    found = next((held for name in _HELD if (held := _held(result, name)) is not None), result)
    things = _one_by_one(found)
    if things is None:
        return _nothing(f"a {type(result).__name__}, in which no picture was found")
    return _taken(things, flagged=_flags(result))


def _held(result: Any, name: str) -> Any:  # noqa: ANN401
    held = result.get(name) if isinstance(result, Mapping) else getattr(result, name, None)
    return None if inspect.isroutine(held) else held


def _one_by_one(found: Any) -> list[Any] | None:  # noqa: ANN401
    """List the things that could be pictures; None if there can be none."""
    if found is None or isinstance(found, str | bytes | Mapping):
        return None
    if isinstance(found, list | tuple):
        # `return_dict=False` gives (pictures, remarks).
        inner = found[0] if isinstance(found, tuple) and found and not _single(found[0]) else None
        return _one_by_one(inner) if inner is not None else list(found)
    dimensions = getattr(found, "ndim", None)
    if dimensions == 4:
        return list(found)
    return [found] if _single(found) else None


def _single(thing: Any) -> bool:  # noqa: ANN401
    if thing is None or isinstance(thing, Picture):
        return True
    dimensions = getattr(thing, "ndim", None)
    return dimensions in {2, 3} if dimensions is not None else hasattr(thing, "getbands")


def _flags(result: Any) -> tuple[bool, ...]:  # noqa: ANN401
    flags = _held(result, "nsfw_content_detected")
    if flags is None and isinstance(result, tuple) and len(result) == 2:
        flags = result[1]
    plain = isinstance(flags, Sequence) and all(isinstance(each, bool | np.bool_) for each in flags)
    return tuple(bool(each) for each in flags) if plain else ()


def _taken(things: Sequence[Any], *, flagged: tuple[bool, ...]) -> Returned:
    pictures: list[Picture | None] = []
    problems: list[str] = []
    withheld = lost = 0
    for thing in things:
        picture = None
        withheld += thing is None
        if thing is not None:
            try:
                picture = as_picture(thing)
            except ProvenanceError as problem:
                lost += 1
                problems.append(str(problem))
        pictures.append(picture)
    if withheld:
        problems.append(f"{withheld} of {len(things)} pictures were withheld by what makes them.")
    if not things:
        problems.append("It returned no picture.")
    told = tuple(dict.fromkeys(problems))[:8]
    return Returned(pictures=tuple(pictures), problems=told, lost=lost > 0, flagged=flagged)


def _nothing(what: str) -> Returned:
    return Returned(problems=(f"It returned {what}. Nothing of it was recorded; it was handed on.",), lost=True)
