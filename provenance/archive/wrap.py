"""Pictures from any callable, recorded by themselves: each call is a run, its row written before the call.

Nothing is ever taken from the caller: what the callable returns comes back unchanged, what it raises comes
through. What cannot be recorded as a picture (a video, latents) comes back too; its run says so and has failed.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from provenance.archive.arguments import Arguments, arguments_of
from provenance.archive.inputs import known_pictures
from provenance.archive.record import Run, start
from provenance.archive.returned import Returned, returned_pictures
from provenance.archive.runs import recordable
from provenance.errors import CancelledError, ProvenanceError, UsageError
from provenance.schema import Outcome

if TYPE_CHECKING:
    from provenance.archive.archive import Archive

_log = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the caller says of every run."""

    model: str
    by: str | None
    title: str | None
    device: str | None
    source_type: str | None


def wrap(
    archive: "Archive",
    call: Callable[..., Any],
    model: str | None = None,
    *,
    by: str | None = None,
    title: str | None = None,
    device: str | None = None,
    source_type: str | None = None,
) -> Any:  # noqa: ANN401  (it stands in for whatever was given)
    """Give something that does what `call` does, and records each call of it as a run.

    `call` returns an object with `.images`, a list or tuple of pictures, or one picture (Pillow, numpy, torch).
    `model` is what you call the model; without it a diffusers pipeline tells its name, and other things their own.
    The run holds all arguments with their defaults; `prompt` is its prompt, the initial seed of `generator` or
    the number `seed` its seed, and pictures among the arguments are named by digest, with an edge to those that
    the archive knows. A function comes back as a function, so that this is a decorator too; any other thing as
    one whose attributes are those of the wrapped. From several threads each call is a run of its own.

    A call raises UsageError, before anything runs, for arguments that cannot be recorded. When the pictures
    cannot be recorded it raises what went wrong, with what was returned as the error's attribute `result`.
    """
    if not callable(call):
        raise UsageError(f"A {type(call).__name__} cannot be called, so there is nothing to wrap.")
    if any(kind(call) or kind(type(call).__call__) for kind in _LATER):
        raise UsageError(
            f"{_name_of(call)} gives its pictures later, one by one. Use `with archive.run(...)` and add each of them."
        )
    facts = _Facts(
        model=model or model_name(call),
        by=recordable(by, "name after by="),
        title=recordable(title, "title"),
        device=device,
        source_type=source_type,
    )
    if inspect.isroutine(call):
        return _wrapped_function(archive, call, facts)
    return Wrapped(archive, call, facts)


def recorded(archive: "Archive", model: str | None = None, **facts: Any) -> Callable[[F], F]:  # noqa: ANN401
    """Give a decorator that wraps a function; the arguments are those of `wrap`."""

    def decorate(call: F) -> F:
        wrapped: F = wrap(archive, call, model, **facts)
        return wrapped

    return decorate


class Wrapped:
    """Stands in for a thing that makes pictures: calls are recorded, all else goes through to it."""

    def __init__(self, archive: "Archive", call: Callable[..., Any], facts: _Facts) -> None:
        object.__setattr__(self, "_prov_archive", archive)
        object.__setattr__(self, "_prov_call", call)
        object.__setattr__(self, "_prov_facts", facts)

    def __call__(self, *given: Any, **named: Any) -> Any:  # noqa: ANN401
        """Call the wrapped thing, and record what it makes."""
        return _recorded_call(self._prov_archive, self._prov_call, self._prov_facts, given, named)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        if name.startswith("_prov_"):  # of a copy that is being made
            raise AttributeError(name)
        value = getattr(self._prov_call, name)
        return self._staying(value) if inspect.ismethod(value) else value

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._prov_call, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._prov_call, name)

    def __dir__(self) -> list[str]:
        return dir(self._prov_call)

    def __repr__(self) -> str:
        return f"recorded {self._prov_call!r}"

    def _staying(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Let a method that gives its own object back, as `pipe.to(device)` does, give the wrapped one back."""

        @functools.wraps(method)
        def stay(*given: Any, **named: Any) -> Any:  # noqa: ANN401
            result = method(*given, **named)
            return self if result is self._prov_call else result

        return stay


def model_name(call: Callable[..., Any]) -> str:
    """Name what makes the pictures: where a pipeline was loaded from, else its class or function."""
    config = getattr(call, "config", None)
    origin = getattr(config, "_name_or_path", None) or getattr(call, "name_or_path", None)
    kind = _name_of(call)
    if isinstance(origin, str) and origin.strip():
        return f"{PurePath(origin.rstrip('/')).name} ({kind})"
    return kind


_LATER = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)


def _name_of(call: object) -> str:
    name = getattr(call, "__qualname__", None) or type(call).__name__
    return str(name).replace("<locals>.", "")


def _wrapped_function(archive: "Archive", call: Callable[..., Any], facts: _Facts) -> Callable[..., Any]:
    @functools.wraps(call)
    def wrapped(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        return _recorded_call(archive, call, facts, given, named)

    return wrapped


def _recorded_call(
    archive: "Archive", call: Callable[..., Any], facts: _Facts, given: tuple[Any, ...], named: dict[str, Any]
) -> Any:  # noqa: ANN401
    arguments = arguments_of(call, given, named)
    run = _begin(archive, facts, arguments)
    try:
        result = call(*given, **named)
    except BaseException as error:
        _end_badly(run, error)
        raise
    try:
        _record(run, returned_pictures(result, arguments), arguments, facts.title)
    except BaseException as error:
        _end_badly(run, error)
        error.result = result  # type: ignore[attr-defined]  # hours of work may be in it
        raise
    return result


def _begin(archive: "Archive", facts: _Facts, arguments: Arguments) -> Run:
    inputs, ingredients = known_pictures(archive, arguments.pictures)
    return start(
        archive,
        facts.model,
        seed=arguments.seed,
        prompt=arguments.prompt,
        parameters=arguments.parameters,
        by=facts.by,
        device=facts.device or arguments.device,
        inputs=inputs,
        ingredients=ingredients,
        source_type=facts.source_type,
    )


def _record(run: Run, returned: Returned, arguments: Arguments, title: str | None) -> None:
    count = len(returned.pictures)
    for position, picture in enumerate(returned.pictures):
        if picture is None:
            continue
        seed, own = arguments.of_picture(position, count)
        run.add(picture, seed=seed, parameters={**own, **returned.remarks(position)}, title=title)
    message = " ".join(returned.problems) or None
    run.close(Outcome.FAILED if returned.lost else Outcome.FINISHED, message)
    if message:
        _log.warning("The run %s: %s", run.uid[:12], message)


def _end_badly(run: Run, error: BaseException) -> None:
    stopped = isinstance(error, KeyboardInterrupt | CancelledError)
    outcome = Outcome.CANCELLED if stopped else Outcome.FAILED
    message = "Stopped by the person who started it." if stopped else f"{type(error).__name__}: {error}"
    try:
        run.close(outcome, message)
    except ProvenanceError as problem:
        if problem is not error:
            _log.warning("The run %s could not be ended well: %s", run.uid[:12], problem)
