"""`prov reproduce`: the same picture made again from its record, and how near it came.

The classes are measured: exact (pixels equal), equivalent (no channel differs by more than 2 levels and
PSNR >= 50 dB), close (PSNR >= 30 dB), different. Pixels are compared, never files.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from provenance import schema
from provenance.archive import nodes
from provenance.archive.create import canvas
from provenance.archive.environment import environment_id, environment_record
from provenance.archive.models import EXTERNAL
from provenance.archive.order import Order, Setup, set_up
from provenance.archive.palette import Palette
from provenance.database import utc_now
from provenance.digest import Digest
from provenance.errors import EngineError, UsageError
from provenance.generate.registry import Supplied, choose_device, render
from provenance.picture import Picture
from provenance.schema import Kind
from provenance.schema.runs import Making
from provenance.words import Difference, Verdict, reproduction_sentence

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

EQUIVALENT_LEVELS = 2
EQUIVALENT_DECIBELS = 50.0
CLOSE_DECIBELS = 30.0

_BAND = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """What came of making an artwork again."""

    artwork: str
    verdict: Verdict
    difference: Difference
    causes: tuple[str, ...]
    """What is not as it was, each a sentence: what may explain a difference."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recipe:
    uid: str
    artwork_id: int
    seed: int
    file_digest: Digest
    pixels_digest: str
    order: Order
    """What would be asked for today to get the same picture."""
    palette: Palette
    engine: str
    code: str | None
    """The digest of the engine's code, in hex."""
    environment: Mapping[str, Any]


def reproduce(archive: "Archive", typed: str, *, progress: Callable[[float], None] = lambda _share: None) -> Reproduced:
    """Make the artwork whose id begins with `typed` again, and record the verdict; `progress` hears the finished share.

    Raises NotFoundError, UsageError for an artwork that no engine of ours made, EngineError if it fails.
    """
    with archive.database.read() as session:
        recipe = _recipe(session, nodes.find(session, typed, kinds=[Kind.ARTWORK]))
    setup = _set_up(archive, recipe)
    with canvas(archive, setup.width, setup.height) as out:
        render(setup.engine, setup.request(recipe.seed, progress), out)
        again = Picture(out).digest
        before = out if again.hex == recipe.pixels_digest else _stored(archive, recipe)
        difference = compare(before, out)

    environment = environment_record(setup.device)
    causes = _causes(recipe, setup.chosen.supplied, environment)
    verdict = judge(difference)
    with archive.database.write() as session:
        session.add(
            schema.Reproduction(
                artwork_id=recipe.artwork_id,
                environment_id=environment_id(session, environment),
                verdict=verdict.value,
                pixels_digest=again.hex,
                largest_difference=difference.largest,
                differing_share=difference.share,
                psnr=difference.psnr,
                causes=list(causes),
                tried_at=utc_now(),
            )
        )
    why = " ".join(causes) if verdict is not Verdict.EXACT else None
    sentence = reproduction_sentence(verdict, difference, why=why)
    return Reproduced(artwork=recipe.uid, verdict=verdict, difference=difference, causes=causes, sentence=sentence)


def compare(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Difference:
    """Measure how two pictures differ, band by band; PSNR (ISO/IEC 29170-1) in dB over all channels."""
    if before.shape != after.shape:
        return Difference(largest=None, share=None)
    largest, changed, squares = 0, 0, 0
    for top in range(0, before.shape[0], _BAND):
        one, two = before[top : top + _BAND], after[top : top + _BAND]
        apart = np.maximum(one, two) - np.minimum(one, two)
        largest = max(largest, int(apart.max()))
        changed += int(apart.any(axis=2).sum())
        squares += int((apart.astype(np.uint32) ** 2).sum(dtype=np.uint64))
    psnr = None if squares == 0 else 10 * math.log10(255**2 * before.size / squares)
    return Difference(largest=largest, share=changed / (before.shape[0] * before.shape[1]), psnr=psnr)


def judge(difference: Difference) -> Verdict:
    """Name the class of a difference."""
    if difference.largest is None:
        return Verdict.DIFFERENT
    if difference.psnr is None:
        return Verdict.EXACT
    if difference.largest <= EQUIVALENT_LEVELS and difference.psnr >= EQUIVALENT_DECIBELS:
        return Verdict.EQUIVALENT
    return Verdict.CLOSE if difference.psnr >= CLOSE_DECIBELS else Verdict.DIFFERENT


def _recipe(session: Session, node: schema.Node) -> _Recipe:
    artwork = session.get_one(schema.Artwork, node.id)
    short = node.uid[: nodes.SHORT]
    if artwork.making == Making.IMPORTED.value:
        message = f"The artwork {short} was brought in from elsewhere: prov did not make it and cannot make it again."
        raise UsageError(message)
    if artwork.run_id is None:
        message = (
            f"The artwork {short} was edited by a person: nobody can make that again. Try the artwork it came from."
        )
        raise UsageError(message)
    run = session.get_one(schema.Run, artwork.run_id)
    model = session.get_one(schema.Model, run.model_id)
    if model.engine == EXTERNAL or artwork.seed is None:
        message = f"The artwork {short} was made by a program of yours ({model.name}), which prov cannot call."
        raise UsageError(message)
    said = run.parameters
    environment = session.get_one(schema.Environment, run.environment_id).record
    return _Recipe(
        uid=node.uid,
        artwork_id=node.id,
        seed=int(artwork.seed),
        file_digest=Digest(artwork.file_digest),
        pixels_digest=artwork.pixels_digest,
        order=Order(
            model=session.get_one(schema.Node, model.id).uid,
            style=said.get("style"),
            width=artwork.width,
            height=artwork.height,
            parameters=said.get("options", {}),
            device=_device(environment),
            pictures=said.get("pictures", {}),
            prompt=run.prompt,
            like=said.get("like", ()),
        ),
        palette=Palette(colours=tuple(said["palette"])) if "palette" in said else Palette(),
        engine=model.engine,
        code=said.get("code", "").removeprefix("sha256:") or model.digest,
        environment=environment,
    )


def _device(environment: Mapping[str, Any]) -> str:
    wanted = str(environment.get("device", "cpu"))
    try:
        return choose_device(wanted)
    except UsageError:
        return choose_device("auto")


def _set_up(archive: "Archive", recipe: _Recipe) -> Setup:
    try:
        return set_up(archive, recipe.order, palette=recipe.palette)
    except UsageError as cause:
        message = f"The engine {recipe.engine} does not take the recorded request any more: {cause}"
        raise EngineError(message) from cause


def _stored(archive: "Archive", recipe: _Recipe) -> NDArray[np.uint8]:
    picture = Picture.open(
        archive.store.path(recipe.file_digest), limit=(recipe.order.width or 1) * (recipe.order.height or 1)
    )
    return picture.pixels


def _causes(recipe: _Recipe, supplied: Supplied, now: Mapping[str, Any]) -> tuple[str, ...]:
    causes: list[str] = []
    if recipe.code != supplied.code_digest.hex:
        causes.append(f"The code of the engine {recipe.engine} has changed.")
    causes += [
        f"The {words} was {_text(recipe.environment.get(fact))}; it is {_text(now.get(fact))}."
        for fact, words in _FACTS.items()
        if recipe.environment.get(fact) != now.get(fact)
    ]
    before, after = recipe.environment.get("libraries", {}), now.get("libraries", {})
    causes += [
        f"{name} was {_text(before.get(name))}; it is {_text(after.get(name))}."
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    return tuple(causes)


_FACTS = {
    "device": "device",
    "device_name": "graphics processor",
    "cuda": "CUDA version",
    "threads": "number of threads",
    "kernels": "instruction set",
    "processor": "processor",
    "system": "system",
    "python": "Python version",
}


def _text(value: object) -> str:
    return "not recorded" if value is None else str(value)
