"""Every state of truth by name: what a fact, a signature, a find, a reproduction or a finding can be.

Values are what stands in tables and JSON; they never change. The words for people are beside them.
"""

from enum import Enum, StrEnum
from functools import total_ordering
from typing import Final


@total_ordering
class Truth(Enum):
    """How well a fact is known. Ordered: claimed < checked < reproduced."""

    CLAIMED = "claimed"
    CHECKED = "checked"
    REPRODUCED = "reproduced"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Truth):
            return NotImplemented
        order = list(Truth)
        return order.index(self) < order.index(other)

    def __str__(self) -> str:
        return self.value

    @property
    def word(self) -> str:
        """The one word for people: Claimed, Checked, Reproduced."""
        return self.value.capitalize()

    @property
    def meaning(self) -> str:
        """What the word means, as a sentence."""
        return _TRUTH_MEANS[self]

    @classmethod
    def lowest(cls, *levels: "Truth") -> "Truth":
        """Give the level of a composite: that of its weakest part. Raises ValueError if it has no part."""
        if not levels:
            message = "A composite without parts has no level of truth."
            raise ValueError(message)
        return min(levels)


class Intactness(StrEnum):
    """Whether what was signed is what we see. `unsaid`: cannot be said; `nothing`: there is nothing to judge."""

    INTACT = "intact"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    GAP = "gap"
    UNSAID = "unsaid"
    NOTHING = "nothing"


class Vouched(StrEnum):
    """Who says that the signer is who the certificate says."""

    TRUST_LIST = "trust_list"
    """The C2PA trust list."""
    ANCHOR = "anchor"
    """An anchor that somebody gave to this archive by name."""
    TRIAL = "trial"
    """Only this archive: it is the archive's own trial identity."""
    NOBODY = "nobody"
    """Nobody publicly known."""


class Found(StrEnum):
    """Where a record of the picture was found."""

    IN_FILE = "in_file"
    BY_FILE = "by_file"
    """The archive holds the same bytes."""
    BY_PIXELS = "by_pixels"
    """The archive holds the same pixels, in another file."""
    BY_LIKENESS = "by_likeness"
    """The archive holds a picture with a fingerprint near to its own."""
    NOWHERE = "nowhere"

    @property
    def recovered(self) -> bool:
        """Whether the record was found again for another file: then nothing about this file is intact."""
        return self in {Found.BY_PIXELS, Found.BY_LIKENESS}


class Verdict(StrEnum):
    """How a picture that was made again compares with the recorded one."""

    EXACT = "exact"
    EQUIVALENT = "equivalent"
    CLOSE = "close"
    DIFFERENT = "different"


@total_ordering
class Disclosure(Enum):
    """How much an export tells. Ordered: minimal < public < full."""

    MINIMAL = "minimal"
    PUBLIC = "public"
    FULL = "full"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Disclosure):
            return NotImplemented
        order = list(Disclosure)
        return order.index(self) < order.index(other)

    def __str__(self) -> str:
        return self.value

    @property
    def meaning(self) -> str:
        """What leaves, as a sentence."""
        return _DISCLOSURE_MEANS[self]


class Likeness(StrEnum):
    """What two pictures that were compared are to each other."""

    SAME_FILE = "same_file"
    SAME_PICTURE = "same_picture"
    PART = "part"
    MOTIF = "motif"
    DIFFERENT = "different"

    @property
    def word(self) -> str:
        """The words for people: same file, same picture, copy of a part, same motif, different."""
        return _LIKENESS[self]


class Standing(StrEnum):
    """What a work is to the artwork that it was compared with."""

    LEARNT = "learnt"
    """The model that made the artwork learnt from it."""
    TRAINING = "training"
    """A dataset has it."""
    GIVEN = "given"
    """No dataset has it: a model was given it as a picture."""

    @property
    def word(self) -> str:
        """The words for people: only what a dataset has is a training work."""
        return "work" if self is Standing.GIVEN else "training work"


class Severity(StrEnum):
    """How much a finding asks of people."""

    NOTE = "inform"
    """To know."""
    WARNING = "warn"
    """To look."""
    DECIDE = "block"
    """To decide before the picture may leave."""

    @property
    def word(self) -> str:
        """The words for people: Note, Warning, Needs a decision."""
        return _SEVERITY[self]


class Sign(Enum):
    """A small sign that stands before words and never instead of them."""

    CLAIMED = ("○", "o")
    CHECKED = ("✓", "v")
    REPRODUCED = ("◎", "vv")
    ATTENTION = ("!", "!")
    WRONG = ("✗", "x")
    OPEN = ("?", "?")

    def text(self, *, utf8: bool = True) -> str:
        """Give the sign; `utf8` False is for terminals that show ASCII only."""
        return self.value[0] if utf8 else self.value[1]

    @classmethod
    def of_truth(cls, truth: Truth) -> "Sign":
        """Give the sign of a level of truth: ring, tick, double ring."""
        return cls[truth.name]

    @classmethod
    def of_severity(cls, severity: Severity) -> "Sign":
        """Give the sign of a severity."""
        return _SEVERITY_SIGNS[severity]

    @classmethod
    def of_verdict(cls, verdict: Verdict) -> "Sign":
        """Give the sign of a reproduction: only what we got again is reproduced."""
        return _VERDICT_SIGNS[verdict]


NOT_RECORDED: Final = "Not recorded"
NOT_TRIED_YET: Final = "Not tried yet"
CANNOT_BE_SAID: Final = "Cannot be said"

_TRUTH_MEANS: Final = {
    Truth.CLAIMED: "Somebody said so. We wrote down who and when.",
    Truth.CHECKED: "We measured it ourselves, and the measurement is kept.",
    Truth.REPRODUCED: "We did it again from the record and got it.",
}
_DISCLOSURE_MEANS: Final = {
    Disclosure.MINIMAL: "How it was made, when, and with which program; no prompt, no name, no path, no seed.",
    Disclosure.PUBLIC: "With title, credited creator, licence, model and checks; no prompt, no seed, no path.",
    Disclosure.FULL: "Everything that is recorded: prompt, parameters, seed, people, paths and machine too.",
}
_LIKENESS: Final = {
    Likeness.SAME_FILE: "same file",
    Likeness.SAME_PICTURE: "same picture",
    Likeness.PART: "copy of a part",
    Likeness.MOTIF: "same motif",
    Likeness.DIFFERENT: "different",
}
_SEVERITY: Final = {
    Severity.NOTE: "Note",
    Severity.WARNING: "Warning",
    Severity.DECIDE: "Needs a decision",
}
_SEVERITY_SIGNS: Final = {
    Severity.NOTE: Sign.CLAIMED,
    Severity.WARNING: Sign.ATTENTION,
    Severity.DECIDE: Sign.ATTENTION,
}
_VERDICT_SIGNS: Final = {
    Verdict.EXACT: Sign.REPRODUCED,
    Verdict.EQUIVALENT: Sign.REPRODUCED,
    Verdict.CLOSE: Sign.ATTENTION,
    Verdict.DIFFERENT: Sign.WRONG,
}
