"""Which engines there are: the built-in ones as an explicit tuple, and those that other distributions bring."""

import difflib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from provenance.digest import Digest
from provenance.errors import EngineError, UsageError
from provenance.generate.engine import Engine
from provenance.generate.identity import code_digest
from provenance.generate.render import choose_device, render, render_many, request_for
from provenance.plugins import ENGINES, Plugin, plugins

__all__ = [
    "BUILT_IN",
    "Supplied",
    "choose_device",
    "engines",
    "find",
    "problems",
    "render",
    "render_many",
    "request_for",
]

BUILT_IN = (
    "provenance.generate.cppn:Cppn",
    "provenance.generate.flow:Flow",
    "provenance.generate.clifford:Clifford",
    "provenance.generate.gray_scott:GrayScott",
    "provenance.generate.style:Style",
    "provenance.generate.neural_style:NeuralStyle",
    "provenance.generate.gan:Gan",
    "provenance.generate.pipeline:Diffusers",
)
"""Our engines, as module and class: loaded when somebody asks, and without torch even then."""

_DISTRIBUTION = "provenance-archive"
_NEEDED = ("name", "version", "summary", "styles", "promise", "Options", "generate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """An engine, and where it came from."""

    engine: Engine
    distribution: str
    """The distribution that supplied it, ours or a plugin's."""
    version: str
    """The version of that distribution."""
    code_digest: Digest
    """The identity of the engine's code: the source of its module and of those that it draws with."""


def engines() -> tuple[Supplied, ...]:
    """Give every engine that can be used: ours in their order, then the installed ones by name."""
    return tuple(found for found in _load() if isinstance(found, Supplied))


def problems() -> tuple[str, ...]:
    """Say, a sentence each, which installed engines cannot be used and why."""
    return tuple(str(found) for found in _load() if isinstance(found, EngineError))


def find(name: str) -> Supplied:
    """Find the engine called `name`.

    Raises UsageError that names near ones and lists all; EngineError if it is installed but broken.
    """
    known = {supplied.engine.name: supplied for supplied in engines()}
    if name in known:
        return known[name]
    for plugin in plugins(ENGINES):
        if plugin.name == name:
            _supply(plugin)
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.6)
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    raise UsageError(f"There is no engine {name!r}.{hint} There are: {', '.join(known)}.")


def _load() -> tuple[Supplied | EngineError, ...]:
    """Load all engines; one that is broken becomes its sentence and does not hide the others."""
    found: list[Supplied | EngineError] = []
    names: set[str] = set()
    for plugin in (*map(_own, BUILT_IN), *plugins(ENGINES)):
        try:
            supplied = _supply(plugin)
        except EngineError as problem:
            found.append(problem)
            continue
        found.append(_namesake(plugin, supplied) if supplied.engine.name in names else supplied)
        names.add(supplied.engine.name)
    return tuple(found)


def _namesake(plugin: Plugin, supplied: Supplied) -> EngineError:
    return EngineError(
        f"The engine {supplied.engine.name!r} of {plugin.distribution} {plugin.version} is left out: "
        "another engine has this name already. Uninstall one of the two."
    )


def _own(target: str) -> Plugin:
    try:
        ours = version(_DISTRIBUTION)
    except PackageNotFoundError:
        ours = "unknown"
    return Plugin(name=target, group=ENGINES, distribution=_DISTRIBUTION, version=ours, target=target)


def _supply(plugin: Plugin) -> Supplied:
    """Load one engine and check that it is one. Raises EngineError."""
    engine = plugin.load()
    if isinstance(engine, type):
        engine = _made(plugin, engine)
    missing = [name for name in _NEEDED if not hasattr(engine, name)]
    if missing:
        raise EngineError(
            f"The engine {plugin.name!r} of {plugin.distribution} {plugin.version} lacks {', '.join(missing)}: "
            "see provenance.generate.engine.Engine."
        )
    return Supplied(
        engine=engine,  # type: ignore[arg-type]  # checked just above, by name
        distribution=plugin.distribution,
        version=plugin.version,
        code_digest=code_digest(plugin.module),
    )


def _made(plugin: Plugin, kind: type) -> object:
    try:
        made: object = kind()
    except Exception as cause:  # the code of a plugin
        raise EngineError(
            f"The engine {plugin.name!r} of {plugin.distribution} {plugin.version} cannot be made: {cause}."
        ) from cause
    return made
