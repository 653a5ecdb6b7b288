"""What a person decided about a finding."""

from enum import StrEnum
from typing import Final


class PersonDecision(StrEnum):
    """What a person decided about what a check found, for the pair of pictures that it speaks of."""

    ACCEPTED = "accepted"
    """The finding is right."""
    DISPUTED = "disputed"
    """Somebody says that it is wrong; it stays until it is settled."""
    DISMISSED = "dismissed"
    """It was looked at and is none: it is not raised again for this pair."""

    @property
    def sentence(self) -> str:
        """The full sentence for people."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    PersonDecision.ACCEPTED: "A person looked and agrees with the finding.",
    PersonDecision.DISPUTED: "A person disputes the finding; it is not settled.",
    PersonDecision.DISMISSED: "A person looked and dismissed the finding; it is not raised again for this pair.",
}
