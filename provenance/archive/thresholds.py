"""At which distance a match is near: the shipped value of each method, or what the settings say."""

from provenance.fingerprint import METHODS, Method
from provenance.settings import Settings


def thresholds(settings: Settings) -> dict[str, int]:
    """Give the distance at or below which each method flags."""
    return {method.name: _line(method, settings) for method in METHODS}


def _line(method: Method, settings: Settings) -> int:
    """Look the method's setting up, which is called like it without the version: `check.phash16` for `phash16_v1`."""
    chosen: int = getattr(settings, method.name.rpartition("_")[0])
    return method.flagged_at if chosen < 0 else chosen
