"""A picture reduced to what can be compared, and the index that finds the near ones.

To add a method: write it in a file of its own as a `Method`, and add it to `METHODS` and `fingerprint_all`.
"""

from provenance.errors import NotFoundError
from provenance.fingerprint.method import ORIENTATIONS, Fingerprint, Method
from provenance.fingerprint.phash import perceptual_hashes, phash8_v1, phash16_v1
from provenance.picture import Picture

__all__ = ["METHODS", "ORIENTATIONS", "Fingerprint", "Method", "fingerprint_all", "method"]

METHODS: tuple[Method, ...] = (phash8_v1, phash16_v1)
"""All methods by which pictures are compared; every picture in an archive has a fingerprint of each."""


def method(name: str) -> Method:
    """Find a method by its versioned `name`. Raises NotFoundError."""
    for known in METHODS:
        if known.name == name:
            return known
    names = ", ".join(known.name for known in METHODS)
    raise NotFoundError(f"There is no fingerprint method {name!r}. This program knows: {names}.")


def fingerprint_all(picture: Picture) -> dict[str, Fingerprint]:
    """Reduce `picture` by every one of `METHODS`, at less than the cost of each by itself."""
    return perceptual_hashes(picture, [phash8_v1, phash16_v1])
