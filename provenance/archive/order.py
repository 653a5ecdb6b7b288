"""What somebody asks for, and all that it needs found and checked before a run begins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from provenance import schema
from provenance.archive import nodes
from provenance.archive.chain import chain_ingredients
from provenance.archive.choose import Chosen, check_stands_alone, choose, is_engine
from provenance.archive.given import Given, combined_source_type, given
from provenance.archive.palette import Palette, palette_from
from provenance.digest import Json
from provenance.errors import UsageError
from provenance.generate.engine import SEED_LIMIT, Engine, Needs, Request, needs_of
from provenance.generate.registry import choose_device, find, request_for
from provenance.schema import Kind, Role
from provenance.sign.claim import Ingredient
from provenance.words import Truth

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

DEFAULT_MODEL = "cppn"
DEFAULT_SIZE = (1024, 1024)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What somebody asks for."""

    model: str = DEFAULT_MODEL
    """An engine, or a model of the archive: NAME, NAME@VERSION or an id."""
    style: str | None = None
    """One of the engine's styles; for an engine that takes a picture of the role `style`, that picture."""
    count: int = 1
    seed: int | None = None
    """The first picture's seed; the next ones count up, to 2^64 - 1 at most. None takes one at random."""
    width: int | None = None
    height: int | None = None
    """With the width, the size in pixels; None leaves it to `side`, the weights or the given pictures."""
    side: int | None = None
    """The longer side, in pixels, where the shape is not given."""
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    device: str = "auto"
    by: str | None = None
    palette_from: Sequence[str] = ()
    """Names of datasets and ids of works whose colours are taken; they become part of the lineage."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Pictures by role (`content`, `image`, ...): files, or ids of artworks and works. They join the lineage."""
    prompt: str | None = None
    like: Sequence[str] = ()
    """Artworks of the same model that guide it: one to be near to, two to lie between."""
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """An order with everything found: what the engine gets, and what the record says of it."""

    chosen: Chosen
    device: str
    width: int
    height: int
    style: str | None
    parameters: Mapping[str, str | int | float | bool]
    palette: Palette
    given: Mapping[str, Given]
    prompt: str | None
    like: tuple[tuple[str, Mapping[str, Json]], ...]
    """Guiding artworks: id and recorded choices."""

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self.chosen.supplied.engine

    def request(self, seed: int, progress: Callable[[float], None] | None = None) -> Request:
        """Make the request for one picture. Raises UsageError where something of the order is wrong."""
        return request_for(
            self.engine,
            seed=seed,
            width=self.width,
            height=self.height,
            style=self.style,
            parameters=self.parameters,
            palette=self.palette.colours,
            device=self.device,
            progress=progress,
            weights=self.chosen.weights,
            pictures={role: picture.pixels for role, picture in self.given.items()},
            prompt=self.prompt,
            like=tuple(choices for _, choices in self.like),
        )

    @property
    def source_type(self) -> str:
        """How the pictures are made, in IPTC's words."""
        return combined_source_type(self.chosen.facts.source_type, self.given.values())

    @property
    def inputs(self) -> tuple[tuple[Role, str, Truth], ...]:
        """The lineage of the run, beside its model."""
        guides = tuple((Role.LIKE, uid, Truth.CHECKED) for uid, _ in self.like)
        return (*self.palette.inputs, *(each.input for each in self.given.values()), *guides)

    def ingredients(self, archive: "Archive") -> tuple[Ingredient, ...]:
        """Say what the manifest of each picture tells of those, and of what the model learnt from."""
        learnt = self.chosen.weights is not None
        return (
            *(chain_ingredients(archive, self.chosen.facts.uid) if learnt else ()),
            *self.palette.ingredients,
            *(each.ingredient for each in self.given.values()),
        )

    def record(self) -> dict[str, Json]:
        """Write the parameters of the run: enough to make the request again."""
        said: dict[str, Json] = {"width": self.width, "height": self.height, "options": dict(self.parameters)}
        if self.style is not None:
            said["style"] = self.style
        if self.palette.colours is not None:
            said |= {"palette": list(self.palette.colours), "palette_from": self.palette.source}
        if self.given:
            said["pictures"] = {role: picture.input[1] for role, picture in self.given.items()}
        if self.like:
            said["like"] = [uid for uid, _ in self.like]
        if self.chosen.weights is not None:
            # Elsewhere the engine is the model itself, and its code and version are the model's.
            said["code"] = str(self.chosen.supplied.code_digest)
            said["engine_version"] = self.engine.version
        return said


def set_up(archive: "Archive", order: Order, *, palette: Palette | None = None) -> Setup:
    """Find everything that `order` names, and check it in full.

    `palette` replaces `order.palette_from`, for a picture that is made again. Raises UsageError, NotFoundError,
    EngineError, DamagedArchiveError: each before anything of the run is recorded.
    """
    check_count(order)
    chosen = choose(archive, order.model)
    engine = chosen.supplied.engine
    order = _style_as_picture(order, needs_of(engine))
    _check_needs(order, engine, chosen.facts.name)
    pictures = {role: given(archive, role, text) for role, text in order.pictures.items()}
    width, height = _size(order, chosen, pictures)
    setup = Setup(
        chosen=chosen,
        device=choose_device(order.device),
        width=width,
        height=height,
        style=order.style,
        parameters=dict(order.parameters),
        palette=palette_from(archive, order.palette_from) if palette is None else palette,
        given=pictures,
        prompt=order.prompt,
        like=_guides(archive, order, chosen),
    )
    request = setup.request(order.seed or 0)
    check = getattr(engine, "check", None)
    if check is not None:
        check(request)
    return setup


def check_order(order: Order, *, models: bool = False) -> None:
    """Raise UsageError or EngineError where an order is wrong, as far as can be told without an archive.

    With `models` a name that no engine has may be that of a model, which only the archive knows.
    """
    check_count(order)
    if models and not is_engine(order.model):
        return
    supplied = find(order.model)
    check_stands_alone(supplied)
    order = _style_as_picture(order, needs_of(supplied.engine))
    _check_needs(order, supplied.engine, order.model)
    width, height = (order.width, order.height) if order.side is None else (order.side, order.side)
    request_for(
        supplied.engine,
        seed=order.seed or 0,
        width=DEFAULT_SIZE[0] if width is None else width,
        height=DEFAULT_SIZE[1] if height is None else height,
        style=order.style,
        parameters=order.parameters,
        device=choose_device(order.device),
    )


def check_count(order: Order) -> None:
    """Raise UsageError for a number of pictures that cannot be made, or that there are not enough seeds for."""
    if order.count < 1:
        raise UsageError(f"{order.count} pictures cannot be made. Ask for one or more with -n.")
    if order.seed is not None and order.seed < SEED_LIMIT < order.seed + order.count:
        raise UsageError(
            f"Seeds count up, and the last of {order.count:,} from {order.seed} would lie above {SEED_LIMIT - 1}, the "
            f"highest there is. Begin at {SEED_LIMIT - order.count} or below, or ask for fewer."
        )


def _style_as_picture(order: Order, needs: Needs) -> Order:
    """Take `--style` for the picture that some engines want by that name."""
    import dataclasses

    if "style" not in needs.pictures or order.style is None:
        return order
    return dataclasses.replace(order, style=None, pictures={**order.pictures, "style": order.style})


def _check_needs(order: Order, engine: Engine, name: str) -> None:
    needs = needs_of(engine)
    taken = {**needs.pictures, **needs.optional_pictures}
    for role in order.pictures:
        if role not in taken:
            listed = ", ".join(taken) or "none"
            raise UsageError(f"{name} takes no picture as --{role}. It takes: {listed}.")
    for role, sentence in needs.pictures.items():
        if role not in order.pictures:
            raise UsageError(
                f"{name} needs --{role}: {sentence.rstrip('.')}. Give a file, or the id of an artwork or work."
            )
    if order.prompt is not None and not needs.prompt:
        raise UsageError(f"{name} takes no prompt. Leave --prompt out.")
    if len(order.like) > needs.like:
        how_many = "no artwork as a guide" if needs.like == 0 else f"at most {needs.like} artworks as guides"
        raise UsageError(f"{name} takes {how_many}; {len(order.like)} are given.")
    if order.palette_from and (needs.weights or needs.pictures):
        raise UsageError(f"{name} takes its colours from what it learnt or was given. Leave --palette-from out.")


def _size(order: Order, chosen: Chosen, pictures: Mapping[str, Given]) -> tuple[int, int]:
    if order.width is not None and order.height is not None:
        return order.width, order.height
    natural = getattr(chosen.supplied.engine, "natural_size", None)
    pixels = {role: picture.pixels for role, picture in pictures.items()}
    width, height = DEFAULT_SIZE if natural is None else natural(chosen.weights, pixels)
    if order.side is None:
        return width, height
    if order.side < 1:
        return order.side, order.side  # refused with the sentence of any size
    scale = order.side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _guides(archive: "Archive", order: Order, chosen: Chosen) -> tuple[tuple[str, Mapping[str, Json]], ...]:
    """Read the recorded choices of the artworks that guide. Raises UsageError for those of another model."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    with archive.database.read() as session:
        for typed in order.like:
            node = nodes.find(session, typed, kinds=[Kind.ARTWORK])
            artwork = session.get_one(schema.Artwork, node.id)
            run = None if artwork.run_id is None else session.get_one(schema.Run, artwork.run_id)
            model = None if run is None else session.get_one(schema.Node, run.model_id)
            if model is None or model.uid != chosen.facts.uid:
                short = node.uid[: nodes.SHORT]
                raise UsageError(
                    f"The artwork {short} was not made by {chosen.facts.name} version {chosen.facts.version}, "
                    "so it cannot guide it. Name an artwork that it made: `prov list` shows them."
                )
            found.append((node.uid, artwork.parameters))
    return tuple(found)
