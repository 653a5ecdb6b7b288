"""What engines offer, as plain values for lists, help and docs."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from provenance.digest import Json
from provenance.generate.registry import Supplied, engines, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedOption:
    """A parameter of an engine."""

    name: str
    default: Json
    help: str
    low: Json = None
    high: Json = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedEngine:
    """An engine with all that people may ask of it."""

    name: str
    version: str
    distribution: str
    summary: str
    styles: Mapping[str, str]
    options: tuple[DescribedOption, ...]
    promise: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """All engines, and sentences about those that cannot be used."""

    engines: tuple[DescribedEngine, ...]
    problems: tuple[str, ...]


def describe() -> Described:
    """Describe every engine, without torch."""
    return Described(engines=tuple(_engine(supplied) for supplied in engines()), problems=problems())


def _engine(supplied: Supplied) -> DescribedEngine:
    engine = supplied.engine
    return DescribedEngine(
        name=engine.name,
        version=engine.version,
        distribution=f"{supplied.distribution} {supplied.version}",
        summary=engine.summary,
        styles=dict(engine.styles),
        options=tuple(
            DescribedOption(
                name=option.name,
                default=cast("Json", option.default),
                help=str(option.metadata.get("help", "")),
                low=option.metadata.get("low"),
                high=option.metadata.get("high"),
                choices=tuple(option.metadata.get("choices", ())),
            )
            for option in dataclasses.fields(engine.Options)
        ),
        promise=dataclasses.asdict(engine.promise),
    )
