"""What a model makes: its artworks, and where there are too few of them pictures that it makes for a check alone.

Those are not recorded: they are no artworks, and whoever wants one again makes it by its seed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from numpy.typing import NDArray

from provenance.archive import nodes
from provenance.archive.learnt import made_by
from provenance.archive.order import Order, set_up
from provenance.archive.refingerprint import picture_of
from provenance.errors import ProvenanceError
from provenance.generate.engine import Batching
from provenance.generate.registry import render, render_many
from provenance.picture import Picture
from provenance.train.pictures import Preprocessing

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_FIRST_SEED: Final = 1 << 40
"""Where the seeds of pictures begin that are made for a check: far from those that people type."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outputs:
    """Pictures that a model made, brought to one size, no two the same."""

    pixels: NDArray[np.uint8]
    """Shape (n, side, side, 3)."""
    names: tuple[str, ...]
    """The uid of the artwork, or the seed of a picture that was made for the check."""
    sampled: int
    """How many were made for the check; they come last."""
    notes: tuple[str, ...]
    """Sentences about what could not be had."""


def outputs(
    archive: "Archive",
    model_uid: str,
    preprocessing: Preprocessing,
    *,
    wanted: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> Outputs:
    """Take `wanted` artworks of a model, in the order of their ids, which are digests; make what is missing."""
    found, notes = _recorded(archive, model_uid, preprocessing, wanted, progress)
    recorded = len(found)
    if recorded < wanted:
        known = {pixels.tobytes() for pixels in found.values()}
        try:
            for seed, pixels in _made(archive, model_uid, preprocessing, wanted - recorded):
                if pixels.tobytes() not in known:
                    known.add(pixels.tobytes())
                    found[f"seed {seed}"] = pixels
                progress(len(found))
        except ProvenanceError as error:
            notes.append(f"No further pictures could be made by the model: {error}")
    side = preprocessing.size
    return Outputs(
        pixels=np.array(list(found.values()), np.uint8).reshape(len(found), side, side, 3),
        names=tuple(found),
        sampled=len(found) - recorded,
        notes=tuple(notes),
    )


def _recorded(
    archive: "Archive", model_uid: str, preprocessing: Preprocessing, wanted: int, progress: Callable[[int], None]
) -> tuple[dict[str, NDArray[np.uint8]], list[str]]:
    """Read artworks, by their uids; say of those that cannot be read how many they are."""
    with archive.database.read() as session:
        artworks, _ = made_by(session, nodes.node_id(session, model_uid))
        session.expunge_all()
    found: dict[str, NDArray[np.uint8]] = {}
    lost = 0
    for node in artworks:
        if len(found) >= wanted:
            break
        try:
            found[node.uid] = preprocessing.apply(picture_of(archive, node))
        except ProvenanceError:
            lost += 1
        progress(len(found))
    return found, [f"{lost} artworks cannot be read and were left out; `prov db check` says which."] if lost else []


def _made(
    archive: "Archive", model_uid: str, preprocessing: Preprocessing, count: int
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Let the model make pictures, by seeds that count up. Raises what stands in the way."""
    setup = set_up(archive, Order(model=model_uid, seed=_FIRST_SEED, count=count))
    together = getattr(setup.engine, "batch", 1)
    for first in range(_FIRST_SEED, _FIRST_SEED + count, together):
        seeds = range(first, min(first + together, _FIRST_SEED + count))
        outs = [np.zeros((setup.height, setup.width, 3), np.uint8) for _ in seeds]
        requests = [setup.request(seed) for seed in seeds]
        if len(outs) == 1:
            render(setup.engine, requests[0], outs[0])
        else:
            render_many(cast("Batching", setup.engine), requests, outs)
        for seed, out in zip(seeds, outs, strict=True):
            yield seed, preprocessing.apply(Picture(out))
