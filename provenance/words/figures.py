"""Numbers and times as people read them: `3,012`, `6.1 %`, `4 November 2026, 14:02 UTC`."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class Clock(StrEnum):
    """Whose clock a time was read from."""

    OWN = "own"
    """The clock of whoever wrote the time down: they could have set it."""
    INDEPENDENT = "independent"
    """A time-stamping authority's (RFC 3161): they could not."""


def count(number: int) -> str:
    """Write `number` with a comma between thousands."""
    return f"{number:,}"


def percent(share: float) -> str:
    """Write `share`, 0 to 1, as a percentage that never rounds something to nothing or part to all."""
    hundredths = share * 100
    if 0 < hundredths < 0.01:
        return "under 0.01 %"
    if 99.9 < hundredths < 100:
        return "over 99.9 %"
    digits = 2 if hundredths < 1 else 1
    text = f"{hundredths:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.')} %"


def rate(*, found: int, of: int, low: float, high: float) -> str:
    """Write a rate with its sample and its 95 % interval, `low` and `high` from 0 to 1.

    Nothing found gives only a limit: "0 of 2,000: under 0.18 %". Raises ValueError for an empty sample.
    """
    if of < 1 or not 0 <= found <= of:
        message = f"{found} of {of} is not a rate."
        raise ValueError(message)
    if found == 0:
        return f"0 of {count(of)}: under {percent(high).removeprefix('under ')} (95 % interval)"
    interval = f"95 % interval {percent(low)} to {percent(high)}"
    return f"{count(found)} of {count(of)}: {percent(found / of)} ({interval})"


def day(moment: datetime) -> str:
    """Write the day of `moment`, in UTC, as `4 November 2026`. Raises ValueError without a time zone."""
    moment = _utc(moment)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime) -> str:
    """Write `moment` to the minute, in UTC, as `4 November 2026, 14:02 UTC`. Raises ValueError without a time zone."""
    moment = _utc(moment)
    return f"{day(moment)}, {moment:%H:%M} UTC"


def moment_by(moment: datetime, clock: Clock, *, here: bool = True) -> str:
    """Write `moment` and whose clock said it; `here` False means that another computer wrote it down."""
    if clock is Clock.INDEPENDENT:
        return f"{minute(moment)}, by an independent clock"
    return f"{minute(moment)}, by this computer's clock" if here else f"{minute(moment)}, by the signer's own clock"


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        message = f"{moment} has no time zone: a time without one cannot be told to others."
        raise ValueError(message)
    return moment.astimezone(UTC)
