"""What was promised: recall by family at one false flag in a thousand innocent pictures, on the report split."""

from typing import Final

TARGETS: Final = {
    **dict.fromkeys(("jpeg", "resize", "photometric", "colour", "inversion", "blur/noise", "flip/90"), 0.995),
    **dict.fromkeys(("crop<=20", "rotate<=5"), 0.99),
    **dict.fromkeys(("border", "perspective"), 0.98),
    **dict.fromkeys(("crop30-60", "overlay"), 0.97),
    **dict.fromkeys(("rotate10-45", "combined", "screenshot"), 0.95),
    **dict.fromkeys(("place", "collage"), 0.90),
    "style": 0.85,
    "all": 0.97,
}
"""By family. Inversion is held to the target of colour, screenshots to that of combinations; crops over 60 % of the
surface and untouched pictures have none."""

TARGET_RATE: Final = 1e-3


def judged(value: float, low: float, high: float, target: float) -> str:
    """Say whether a target was reached, and whether the interval leaves that open."""
    if value >= target:
        return "reached" if low >= target else "reached, though the interval goes below"
    return "missed" if high < target else "missed, though the interval goes above"
