"""At which distance a match is near: the shipped value of each method, or what the settings say."""

from provenance.fingerprint import METHODS
from provenance.settings import Settings


def thresholds(settings: Settings) -> dict[str, int]:
    """Give the distance at or below which each method flags."""
    chosen = {"phash8_v1": settings.phash8, "phash16_v1": settings.phash16}
    return {m.name: chosen[m.name] if chosen.get(m.name, -1) >= 0 else m.flagged_at for m in METHODS}
