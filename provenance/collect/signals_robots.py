"""`robots.txt` (RFC 9309) and `ai.txt`: which paths are closed to those who gather training data.

Beside Allow and Disallow, the lines Content-Usage (IETF draft aipref-attach) and Content-Signal (contentsignals.org)
are read. ai.txt has no standard; Spawning's generator writes it in the grammar of robots.txt, often by file ending.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import unquote_to_bytes

from provenance.collect import signals_values as values
from provenance.collect.signals_values import Says

TRAINING_AGENTS: Final = frozenset(
    {
        *("ai2bot", "ai2bot-dolma", "amazonbot", "anthropic-ai", "applebot-extended", "bytespider", "ccbot"),
        *("claude-web", "claudebot", "cohere-ai", "cohere-training-data-crawler", "deepseekbot", "diffbot"),
        *("facebookbot", "google-cloudvertexbot", "google-extended", "gptbot", "icc-crawler", "imagesiftbot"),
        *("img2dataset", "kangaroo bot", "laion-huggingface-processor", "laiondownloader", "meta-externalagent"),
        *("omgili", "omgilibot", "pangubot", "sbintuitionsbot", "spawning-ai", "timpibot", "velenpublicwebcrawler"),
        *("webzio-extended", "xai-crawler"),
    }
)
"""Crawlers that gather training data, by their product tokens in lower case; those of search alone are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A path pattern of RFC 9309 section 2.2.3: `*` is any text, `$` the end; else it is a beginning."""

    parts: tuple[bytes, ...]
    """What stands between the `*`, percent-decoded: an encoded `*` is one of the path."""
    anchored: bool
    length: int
    """Octets as written: the longest pattern that fits holds."""

    @classmethod
    def read(cls, text: str, *, lower: bool = False) -> Self:
        """Read a pattern; one that begins with neither `/` nor `*` is taken from the root on."""
        written = text if text.startswith(("/", "*")) else f"/{text}"
        anchored = written.endswith("$")
        parts = (unquote_to_bytes(part) for part in written.removesuffix("$").split("*"))
        cased = tuple(part.lower() if lower else part for part in parts)
        return cls(parts=cased, anchored=anchored, length=len(written.encode()))

    def fits(self, path: bytes) -> bool:
        """Match a path that begins with a slash, in one pass over it however many `*` there are."""
        first, *rest = self.parts
        if not path.startswith(first):
            return False
        if not rest:
            return not self.anchored or path == first
        at = len(first)
        for part in rest[:-1] if self.anchored else rest:
            at = path.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return not self.anchored or (path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule of a group."""

    number: int
    """As editors count: from 1."""
    name: str
    """allow, disallow, content-usage or content-signal."""
    value: str
    """As it is written."""
    pattern: Pattern | None
    """The paths that it is about; None for an empty Disallow, which closes nothing."""

    def fits(self, path: bytes) -> bool:
        """Tell whether it is about `path`."""
        return self.pattern is not None and self.pattern.fits(path)

    @property
    def length(self) -> int:
        """How specific it is."""
        return 0 if self.pattern is None else self.pattern.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules, and the agents that they are for, in lower case."""

    agents: frozenset[str]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """A file that was read."""

    groups: tuple[Group, ...]
    everybody: bool
    """Whether every agent that is named counts, as in ai.txt, which speaks of nothing but training."""

    def about(self, path: str) -> Iterator[tuple[Line, Says]]:
        """Give the rules that hold for `path`, a path with slashes that begins with one, and what they say."""
        target = path.encode("utf-8", "surrogateescape")
        target = target.lower() if self.everybody else target
        found: dict[tuple[int, Says], tuple[Line, Says]] = {}
        for agent in sorted(self._agents()):
            lines = [line for group in self._groups_of(agent) for line in group.lines]
            for line, says in self._said(lines, target):
                if says is not Says.YES or agent == "*":
                    found[line.number, says] = (line, says)
        yield from found.values()

    def _agents(self) -> set[str]:
        named = {agent for group in self.groups for agent in group.agents}
        # Agents that no group names obey the group of everybody: one of them stands for all.
        return named if self.everybody else {agent for agent in named if agent == "*" or agent in TRAINING_AGENTS}

    def _groups_of(self, agent: str) -> Iterator[Group]:
        """Give the groups that a crawler obeys; several for the same agent are one (RFC 9309, section 2.2.1)."""
        for group in self.groups:
            if agent in group.agents:
                yield group

    def _said(self, lines: Iterable[Line], target: bytes) -> Iterator[tuple[Line, Says]]:
        fitting = [line for line in lines if line.fits(target)]
        access = [line for line in fitting if line.name in {"allow", "disallow"}]
        if access:
            # The longest pattern holds; RFC 9309 lets Allow win a tie, in ai.txt the no does.
            best = max(access, key=lambda line: (line.length, (line.name == "disallow") == self.everybody))
            if best.name == "disallow":
                yield best, Says.NO
            elif self.everybody:
                yield best, Says.YES
        for name, reader in (("content-usage", values.content_usage), ("content-signal", values.content_signal)):
            preferences = [line for line in fitting if line.name == name]
            longest = max((line.length for line in preferences), default=0)
            for line in preferences:
                if line.length == longest and (says := reader(line.value)) is not None:
                    yield line, says


def parse(text: str, *, everybody: bool = False) -> Robots:
    """Read the text of a robots.txt or, with `everybody`, of an ai.txt. Lines that are none of ours are left out."""
    groups: list[Group] = []
    agents: set[str] = set()
    lines: list[Line] = []
    for number, (name, value) in _fields(text):
        if name == "user-agent":
            if lines:
                groups.append(Group(agents=frozenset(agents or {"*"}), lines=tuple(lines)))
                agents, lines = set(), []
            agents.add(_token(value))
        elif (line := _line(number, name, value, lower=everybody)) is not None:
            lines.append(line)
    if lines:
        groups.append(Group(agents=frozenset(agents or {"*"}), lines=tuple(lines)))
    return Robots(groups=tuple(groups), everybody=everybody)


def _fields(text: str) -> Iterator[tuple[int, tuple[str, str]]]:
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield number, (name.strip().lower(), value.strip())


def _token(value: str) -> str:
    """Read a product token; what follows a slash is its version."""
    return value.lower().partition("/")[0].strip() or "*"


def _line(number: int, name: str, value: str, *, lower: bool) -> Line | None:
    if name in {"content-usage", "content-signal"}:
        path = value.split(maxsplit=1)[0] if value.startswith("/") else "/"
    elif name in {"allow", "disallow"}:
        path = value
    else:
        return None
    pattern = Pattern.read(path, lower=lower) if path else None
    return Line(number=number, name=name, value=value, pattern=pattern)
