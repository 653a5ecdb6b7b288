"""Whether models may learn from a work: what was decided, and how that is said."""

from enum import StrEnum
from typing import Final


class Decision(StrEnum):
    """What the archive's policy decided from everything that was found about a work."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    """Something says no: the work stays in the archive and out of training."""
    UNCLEAR = "unclear"
    """Nothing says yes and nothing says no; the policy says what follows."""

    @property
    def sentence(self) -> str:
        """The full sentence for people."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Decision.ALLOWED: "The archive's policy lets models learn from it.",
    Decision.REFUSED: "It is kept out of training.",
    Decision.UNCLEAR: "Nothing says whether models may learn from it.",
}
