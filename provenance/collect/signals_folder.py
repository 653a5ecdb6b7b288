"""What stands beside the works: sidecars, `tdmrep.json`, `robots.txt` and `ai.txt`, in any folder above a work.

Such files come along when a site is mirrored. One that lies in a folder speaks of everything below that folder, as
at the root of a site; all that apply are heard. Nothing is fetched: what is not there says nothing.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from provenance.collect import signals_robots as robots
from provenance.collect import signals_values as values
from provenance.collect.signals import UNREADABLE, Signal, Source, unreadable
from provenance.collect.signals_xmp import sidecar_signals

_LIMIT: Final = 4 << 20
"""Bytes of such a file; RFC 9309 asks for at least 500 KiB."""

_RULES: Final = 100_000

Speaker = Callable[[str], Iterator[Signal]]
"""Gives the signals for a path below the folder, one that begins with a slash."""


class _Broken(Exception):  # noqa: N818  (never leaves this module)
    pass


class Surroundings:
    """The files around works. Each folder is looked into, and each file read, once."""

    def __init__(self, root: Path) -> None:
        """Take the folder that was collected, resolved."""
        self._root = root
        self._chains: dict[str, tuple[tuple[int, Speaker], ...]] = {}
        self._speakers: dict[Path, tuple[Speaker, ...]] = {}
        self._sidecars: dict[str, Mapping[str, tuple[str, ...]]] = {}

    def signals(self, name: str) -> tuple[Signal, ...]:
        """Gather what the surroundings say of the file `name`, a path from the root with slashes."""
        folder, _, file = name.rpartition("/")
        found = list(self._beside(folder, file))
        if folder not in self._chains:
            self._chains[folder] = tuple(self._above(folder))
        path = str(self._root / name)
        for length, speaker in self._chains[folder]:
            found += speaker(path[length:])
        return tuple(found)

    def _above(self, folder: str) -> Iterator[tuple[int, Speaker]]:
        """Give what speaks of a folder, with the length of the path to where it lies, the outermost first.

        The folders above the root count too: whoever reads one folder of a mirror must not lose what its site said.
        """
        here = self._root / folder
        for above in reversed((here, *here.parents)):
            if above == above.parent:
                continue  # the root of the file system is no site
            if above not in self._speakers:
                self._speakers[above] = tuple(_speakers(above, self._root))
            yield from ((len(str(above)), speaker) for speaker in self._speakers[above])

    def _beside(self, folder: str, file: str) -> Iterator[Signal]:
        if folder not in self._sidecars:
            self._sidecars[folder] = _list_sidecars(self._root / folder)
        if not (sidecars := self._sidecars[folder]):
            return
        for wanted in dict.fromkeys((f"{file}.xmp".lower(), f"{PurePosixPath(file).stem}.xmp".lower())):
            for sidecar in sidecars.get(wanted, ()):
                shown = f"{folder}/{sidecar}".lstrip("/")
                yield from sidecar_signals(self._root / shown, where=shown)


def _list_sidecars(folder: Path) -> Mapping[str, tuple[str, ...]]:
    """List the XMP files of a folder by their names in lower case."""
    found: dict[str, tuple[str, ...]] = {}
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  (names are all that is needed)
    except OSError:
        return found
    for name in names:
        if name.lower().endswith(".xmp"):
            found[name.lower()] = (*found.get(name.lower(), ()), name)
    return found


def _speakers(folder: Path, root: Path) -> Iterator[Speaker]:
    for place, (source, read) in _READERS.items():
        path = folder / place
        speaker = _speaker(path, os.path.relpath(path, root), source, read)
        if speaker is not None:
            yield speaker


def _speaker(path: Path, name: str, source: Source, read: Callable[[str, str], Speaker]) -> Speaker | None:
    try:
        return read(_text(path), name)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, _Broken, RecursionError) as problem:
        why = getattr(problem, "strerror", None) or str(problem) or "it is nested too deep"
        broken = unreadable(source, path.name, where=name, why=f"{UNREADABLE}: {why}")
        return lambda _path: iter((broken,))


def _text(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        problem = f"it has more than {_LIMIT >> 20} MiB"
        raise _Broken(problem)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _robots(text: str, name: str) -> Speaker:
    return _robots_speaker(robots.parse(text), Source.ROBOTS, name)


def _ai_txt(text: str, name: str) -> Speaker:
    read = robots.parse(text, everybody=True)
    if text.strip() and not read.groups:
        problem = "it has no rule that is understood"
        raise _Broken(problem)
    return _robots_speaker(read, Source.AI_TXT, name)


def _robots_speaker(read: robots.Robots, source: Source, name: str) -> Speaker:
    def speak(path: str) -> Iterator[Signal]:
        for line, says in read.about(path):
            where = f"{name}, line {line.number}"
            yield Signal(source=source, statement=line.name, value=line.value, says=says, where=where)

    return speak


def _tdmrep(text: str, name: str) -> Speaker:
    rules = _rules(text)

    def speak(path: str) -> Iterator[Signal]:
        target = path.encode("utf-8", "surrogateescape")
        for number, (pattern, written, policy) in enumerate(rules, 1):
            if pattern.fits(target):  # "The most specific match is the first in sequence."
                says = values.reservation(written, policy=policy)
                where = f"{name}, rule {number}" + (f", policy {policy}" if policy else "")
                yield Signal(source=Source.TDMREP, statement="tdm-reservation", value=written, says=says, where=where)
                return

    return speak


def _rules(text: str) -> list[tuple[robots.Pattern, str, str | None]]:
    """Read tdmrep.json (TDMRep report of 10 May 2024, section 6.2): a list of rules."""
    try:
        document = json.loads(text)
    except ValueError as cause:
        problem = f"it is not well-formed JSON ({cause})"
        raise _Broken(problem) from cause
    listed = [document] if isinstance(document, dict) else document
    if not isinstance(listed, list) or len(listed) > _RULES:
        problem = "it is not a list of rules"
        raise _Broken(problem)
    return [_rule(rule, number) for number, rule in enumerate(listed, 1)]


def _rule(rule: Any, number: int) -> tuple[robots.Pattern, str, str | None]:  # noqa: ANN401
    location = rule.get("location") if isinstance(rule, dict) else None
    if not isinstance(location, str) or not location or "tdm-reservation" not in rule:
        problem = f"rule {number} lacks its location or its tdm-reservation"
        raise _Broken(problem)
    policy = rule.get("tdm-policy")
    return robots.Pattern.read(location), str(rule["tdm-reservation"]), str(policy) if policy else None


_READERS: Final = {
    "robots.txt": (Source.ROBOTS, _robots),
    "ai.txt": (Source.AI_TXT, _ai_txt),
    "tdmrep.json": (Source.TDMREP, _tdmrep),
    ".well-known/tdmrep.json": (Source.TDMREP, _tdmrep),
}
