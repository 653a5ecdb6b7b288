"""What stands behind an artwork, as far as licences go: how many works and models have which one, and what for."""

from dataclasses import dataclass
from enum import StrEnum


class Use(StrEnum):
    """What something was to the artwork, the nearest first."""

    GIVEN = "given"
    """The artwork was made from this picture: content, style, image to start from, what was edited."""
    COLOURS = "colours"
    """It took its colours from it."""
    LEARNT = "learnt"
    """A model behind it learnt from this work."""
    MODEL = "model"
    """A model behind it, by its weights."""

    @property
    def phrase(self) -> str:
        """Say it at the end of a line of credit."""
        return _PHRASES[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """So many things with one licence, used in one way."""

    licence: str | None
    """An SPDX expression, as it was recorded; None if none is."""
    use: Use
    number: int
    claimed: int = 0
    """Of how many only somebody says that they stand behind the artwork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What the artwork is meant for, as far as somebody said."""

    licence: str | None = None
    """The licence under which it is to leave: an SPDX expression."""
    commercial: bool = False
    """Whether it is said to be for a commercial purpose."""


_PHRASES = {
    Use.GIVEN: "This picture was made from it.",
    Use.COLOURS: "Colours were taken from it.",
    Use.LEARNT: "A model that made this picture learnt from it.",
    Use.MODEL: "This picture was made with it.",
}
