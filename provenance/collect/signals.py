"""Signals: what a work, or whoever published it, says about learning from it. Evidence only; `policy` decides.

Whatever cannot be read is a signal too: it sets conditions that nobody here can know, and so never counts as a yes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from provenance.collect import signals_values as values
from provenance.collect.signals_values import Says
from provenance.collect.table import AS_WRITTEN
from provenance.collect.work import Consent
from provenance.digest import Json
from provenance.words import Truth

_LONGEST = 300
"""Characters of a value that are kept as evidence."""


class Source(StrEnum):
    """Where a signal was found. The value is its name in the policy and in rules."""

    CONSENT = "consent"
    LICENCE = "licence"
    TABLE = "table"
    """A column of the table: TDMRep, X-Robots-Tag, noai, ..."""
    XMP = "xmp"
    """XMP in the file itself."""
    SIDECAR = "sidecar"
    """XMP in a file beside it."""
    C2PA = "c2pa"
    """A manifest in the file."""
    TDMREP = "tdmrep"
    """`tdmrep.json` in the folder."""
    ROBOTS = "robots"
    """`robots.txt` in the folder."""
    AI_TXT = "ai_txt"
    """`ai.txt` in the folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One statement that was found about a work."""

    source: Source
    statement: str
    """The property, column or rule, by the name that its standard gives it."""
    value: str
    """As it is written there, cut short after 300 characters."""
    says: Says | None = None
    """What it means for learning from the work; None where it says nothing of that."""
    where: str | None = None
    """The file and the line, or who signed it; None for the table and the work itself."""
    truth: Truth = Truth.CLAIMED
    """How well it is known: somebody said so, whether in a table or under a signature."""

    def __post_init__(self) -> None:
        """Keep evidence storable: no endless values, and none that no database can hold."""
        object.__setattr__(self, "value", _storable(self.value))
        if self.where is not None:
            object.__setattr__(self, "where", _storable(self.where))

    def record(self) -> dict[str, Json]:
        """Write it as plain JSON values."""
        return {
            "source": self.source.value,
            "statement": self.statement,
            "value": self.value,
            "says": None if self.says is None else self.says.value,
            "where": self.where,
            "truth": self.truth.value,
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """Read what `record` wrote. Raises KeyError and ValueError for anything else."""
        says = record["says"]
        return cls(
            source=Source(record["source"]),
            statement=record["statement"],
            value=record["value"],
            says=None if says is None else Says(says),
            where=record["where"],
            truth=Truth(record["truth"]),
        )


def unreadable(source: Source, statement: str, *, where: str, why: str) -> Signal:
    """Make the signal of something that cannot be read: it may have said no, so it never lets a yes through."""
    return Signal(source=source, statement=statement, value=why, says=Says.CONDITIONAL, where=where)


def is_unreadable(signal: Signal) -> bool:
    """Tell whether a signal is one that `unreadable` made."""
    return signal.value.startswith(UNREADABLE)


UNREADABLE: Final = "cannot be read"
"""How the value of what cannot be read begins."""

_SAID: Final = {Consent.GRANTED: Says.YES, Consent.DENIED: Says.NO, Consent.WITHDRAWN: Says.NO}


def consent_signal(consent: str) -> Signal | None:
    """Read the state of consent of a work; None where nobody said anything.

    A word that is none of ours, in a record that another program wrote, counts as a no.
    """
    known = {each.value for each in Consent}
    says = _SAID.get(Consent(consent)) if consent in known else Says.NO
    if says is None:
        return None
    return Signal(source=Source.CONSENT, statement="consent", value=consent, says=says)


def table_signals(extra: Mapping[str, str]) -> tuple[Signal, ...]:
    """Read the columns of a table that speak of learning: TDMRep, robots directives, preferences, PLUS, IPTC."""
    columns = {_column(name): text for name, text in extra.items()}
    policy = columns.get("tdm-policy")
    found = []
    for name, text in columns.items():
        reader = _READERS.get(name)
        if reader is not None:
            found.append(Signal(source=Source.TABLE, statement=name, value=text, says=reader(text)))
        elif name == "tdm-reservation":
            says = values.reservation(text, policy=policy)
            found.append(Signal(source=Source.TABLE, statement=name, value=text, says=says, where=policy))
    if policy is not None and "tdm-reservation" not in columns:
        # A policy without a reservation sets terms that nobody here has read.
        found.append(Signal(source=Source.TABLE, statement="tdm-policy", value=policy, says=Says.CONDITIONAL))
    return tuple(found)


def _column(name: str) -> str:
    text = re.sub(r"[\s_]+", "-", name.strip().lower())
    return _ALIASES.get(text, text)


def _terms(text: str) -> Says:
    """Read a licence that is no SPDX expression: terms that no program here understands."""
    return Says.NO if values.names_no_ai(text) else Says.CONDITIONAL


_ALIASES: Final = {
    "license-as-written": AS_WRITTEN,
    "licence-as-written": AS_WRITTEN,
    "tdmreservation": "tdm-reservation",
    "tdm:reservation": "tdm-reservation",
    "tdmpolicy": "tdm-policy",
    "tdm:policy": "tdm-policy",
    "no-ai": "noai",
    "no-image-ai": "noimageai",
    "meta-robots": "robots",
    "x-robots": "x-robots-tag",
    "plus:datamining": "datamining",
    "data-mining": "datamining",
    "iptc4xmpext:digitalsourcetype": "digitalsourcetype",
    "digital-source-type": "digitalsourcetype",
}

_READERS: Final = {
    AS_WRITTEN: _terms,
    "noai": values.flag,
    "noimageai": values.flag,
    "robots": values.robots_directives,
    "x-robots-tag": values.robots_directives,
    "content-usage": values.content_usage,
    "content-signal": values.content_signal,
    "datamining": values.data_mining,
    "digitalsourcetype": values.digital_source_type,
}
"""Columns by their names, with hyphens for spaces and underscores."""


def _storable(text: str) -> str:
    """Cut a text short and write out what UTF-8 or PostgreSQL cannot hold."""
    short = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
    return short.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
