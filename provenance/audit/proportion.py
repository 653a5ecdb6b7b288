"""The exact interval of a share that was counted."""

from typing import Final

LEVEL: Final = 0.95
"""Of intervals, where nothing else is said."""


def interval(found: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Give the interval, 0 to 1, of a share of which `found` of `of` were seen; of nothing, all is possible.

    Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial", by
    quantiles of the beta distribution: of such intervals, the part `level` at least holds the true share.
    """
    from scipy.special import betaincinv

    if of < 1:
        return 0.0, 1.0
    below, above = tails(level)
    low = 0.0 if found == 0 else float(betaincinv(found, of - found + 1, below))
    high = 1.0 if found == of else float(betaincinv(found + 1, of - found, above))
    return low, high


def tails(level: float) -> tuple[float, float]:
    """Give the quantiles, 0 to 1, between which the middle part `level` of a distribution lies."""
    return (1 - level) / 2, (1 + level) / 2
