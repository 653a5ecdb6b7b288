"""The categories that a network learnt, by the names that people type."""

from collections.abc import Sequence

from provenance.errors import UsageError

NAMELESS = "(none)"
"""The category of works that have none."""

LEFT_OUT = ""
"""The seed chooses. So does `auto`, which older records have, unless the network learnt a category called so."""

_AUTO = "auto"


def named(category: str) -> str:
    """Give a category's name for people: works without one share `NAMELESS`, which older weights leave empty."""
    return category or NAMELESS


def place_of(category: str, learnt: Sequence[str]) -> int | None:
    """Find the place of the `category` that is asked for among those `learnt`; None lets the seed choose.

    Raises UsageError for one that was not learnt.
    """
    known = [named(each) for each in learnt]
    if category == LEFT_OUT or (category == _AUTO and _AUTO not in known):
        return None
    if not known:
        raise UsageError(f"The model learnt no categories, so it cannot be asked for {category!r}.")
    if category not in known:
        raise UsageError(f"The model learnt no category {category!r}. It learnt: {', '.join(known)}.")
    return known.index(category)
