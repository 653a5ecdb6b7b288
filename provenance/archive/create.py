"""`prov generate`: an engine makes pictures, a run records them."""

import contextlib
import dataclasses
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from provenance.archive.artwork import LARGE
from provenance.archive.models import engine_facts
from provenance.archive.palette import Palette, palette_from
from provenance.archive.record import Run, start
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.generate.engine import SEED_LIMIT, Request
from provenance.generate.registry import Supplied, choose_device, find, render, request_for
from provenance.picture import Picture

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

DEFAULT_ENGINE = "cppn"
DEFAULT_SIZE = (1024, 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for."""

    engine: str = DEFAULT_ENGINE
    style: str | None = None
    count: int = 1
    seed: int | None = None
    """The first picture's seed; the next ones count up. None takes one at random."""
    width: int = DEFAULT_SIZE[0]
    height: int = DEFAULT_SIZE[1]
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    device: str = "auto"
    by: str | None = None
    palette_from: Sequence[str] = ()
    """Names of datasets and ids of works whose colours are taken; they become part of the lineage."""
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came of an order."""

    run: str
    artworks: tuple[str, ...]
    seed: int
    device: str


def generate(
    archive: "Archive", order: Order, *, progress: Callable[[int, float], None] = lambda _index, _share: None
) -> Made:
    """Make pictures with an engine and record each one. `progress` hears of the picture and its finished share.

    Raises UsageError before anything is recorded if the order is wrong, EngineError if the engine fails.
    """
    check_order(order)
    supplied = find(order.engine)
    device = choose_device(order.device)
    seed = secrets.randbits(32) if order.seed is None else order.seed
    palette = palette_from(archive, order.palette_from)
    request = _request(supplied, order, seed, device, palette)

    run = start(
        archive,
        engine_facts(supplied),
        seed=seed,
        parameters=_run_parameters(order, palette),
        wanted=order.count,
        by=order.by,
        device=device,
        inputs=palette.inputs,
        ingredients=palette.ingredients,
    )
    with run:
        for index in range(order.count):
            wanted = _request(supplied, order, picture_seed(seed, index), device, palette)
            _make(archive, run, supplied, wanted, title=order.title, progress=progress)
    return Made(run=run.uid, artworks=run.artworks, seed=request.seed, device=device)


def check_order(order: Order) -> None:
    """Raise UsageError where an order is wrong, as far as can be told without the archive; EngineError likewise."""
    if order.count < 1:
        raise UsageError(f"{order.count} pictures cannot be made. Ask for one or more with -n.")
    _request(find(order.engine), order, order.seed or 0, choose_device(order.device), Palette())


def picture_seed(seed: int, index: int) -> int:
    """Give the seed of the picture at `index` (from 0) of a run: they count up, and start again after the last."""
    return (seed + index) % SEED_LIMIT


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
    supplied: Supplied,
    request: Request,
    *,
    title: str | None,
    progress: Callable[[int, float], None],
) -> None:
    index = (request.seed - (run.seed or 0)) % SEED_LIMIT
    with canvas(archive, request.width, request.height) as out:
        choices = render(supplied.engine, _with_progress(request, lambda share: progress(index, share)), out)
        future = run.add(Picture(out), seed=request.seed, parameters=choices, title=title)
        if isinstance(out, np.memmap):
            future.result()  # the file below the canvas goes away with it
    progress(index, 1.0)


def _with_progress(request: Request, report: Callable[[float], None]) -> Request:
    return dataclasses.replace(request, progress=report)


def _request(supplied: Supplied, order: Order, seed: int, device: str, palette: Palette) -> Request:
    return request_for(
        supplied.engine,
        seed=seed,
        width=order.width,
        height=order.height,
        style=order.style,
        parameters=order.parameters,
        palette=palette.colours,
        device=device,
    )


def _run_parameters(order: Order, palette: Palette) -> dict[str, Json]:
    given: dict[str, Json] = {"width": order.width, "height": order.height, "options": dict(order.parameters)}
    if order.style is not None:
        given["style"] = order.style
    if palette.colours is not None:
        given |= {"palette": list(palette.colours), "palette_from": palette.source}
    return given
