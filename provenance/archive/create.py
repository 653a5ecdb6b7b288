"""`prov generate`: a model makes pictures, a run records them."""

import contextlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from provenance.archive.artwork import LARGE
from provenance.archive.order import Order, Setup, check_order, set_up
from provenance.archive.record import Run, start
from provenance.archive.rights import check_given, check_model
from provenance.generate.engine import Batching
from provenance.generate.registry import render, render_many
from provenance.picture import Picture
from provenance.schema import Role

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

__all__ = ["Made", "Order", "canvas", "check_order", "generate", "picture_seed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of an order."""

    run: str
    artworks: tuple[str, ...]
    seed: int
    device: str
    warnings: tuple[str, ...]
    """Sentences about the model that its user should hear: consent that was withdrawn since it learnt."""


def generate(
    archive: "Archive", order: Order, *, progress: Callable[[int, float], None] = lambda _index, _share: None
) -> Made:
    """Make pictures with a model and record each one. `progress` hears of the picture and its finished share.

    Raises UsageError before anything is recorded if the order is wrong, EngineError if the engine fails.
    """
    setup = set_up(archive, order)
    warnings = _warnings(archive, setup)
    seed = secrets.randbits(32) if order.seed is None else order.seed

    run = start(
        archive,
        setup.chosen.facts,
        seed=seed,
        prompt=order.prompt,
        parameters=setup.record(),
        wanted=order.count,
        by=order.by,
        device=setup.device,
        inputs=setup.inputs,
        ingredients=setup.ingredients(archive),
        source_type=setup.source_type,
    )
    with run:
        together = getattr(setup.engine, "batch", 1)
        for first in range(0, order.count, together):
            indexes = range(first, min(first + together, order.count))
            _make(archive, run, setup, indexes, title=order.title, progress=progress)
    return Made(run=run.uid, artworks=run.artworks, seed=seed, device=setup.device, warnings=warnings)


def _warnings(archive: "Archive", setup: Setup) -> tuple[str, ...]:
    of_model = check_model(archive, setup.chosen.facts.uid) if setup.chosen.weights is not None else ()
    given = [uid for role, uid, _ in setup.inputs if role is not Role.LIKE]
    return (*of_model, *(check_given(archive, given) if given else ()))


def picture_seed(seed: int, index: int) -> int:
    """Give the seed of the picture at `index` (from 0) of a run: they count up. An order ends at the highest seed."""
    return seed + index


@contextlib.contextmanager
def canvas(archive: "Archive", width: int, height: int) -> Iterator[NDArray[np.uint8]]:
    """Give an array to draw on, uint8 of shape (height, width, 3); a large one lies in a file."""
    if width * height <= LARGE:
        yield np.zeros((height, width, 3), np.uint8)
        return
    with archive.store.temporary() as path:
        yield np.memmap(path, np.uint8, "w+", shape=(height, width, 3))


def _make(
    archive: "Archive",
    run: Run,
    setup: Setup,
    indexes: range,
    *,
    title: str | None,
    progress: Callable[[int, float], None],
) -> None:
    """Make the pictures at `indexes` of the run, together where the engine can, and hand them over."""
    seeds = [picture_seed(run.seed or 0, index) for index in indexes]
    requests = [
        setup.request(seed, progress=lambda share: progress(indexes[0], share * len(indexes))) for seed in seeds
    ]
    with contextlib.ExitStack() as stack:
        outs = [stack.enter_context(canvas(archive, setup.width, setup.height)) for _ in indexes]
        if len(indexes) == 1:
            made = [render(setup.engine, requests[0], outs[0])]
        else:
            made = list(render_many(cast("Batching", setup.engine), requests, outs))
        for seed, out, choices in zip(seeds, outs, made, strict=True):
            future = run.add(Picture(out), seed=seed, parameters=choices, title=title)
            if isinstance(out, np.memmap):
                future.result()  # the file below the canvas goes away with it
    progress(indexes[-1], 1.0)
