"""What the checks of a model give back: one sentence for people, and the table that it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass

from provenance.digest import Json
from provenance.words import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFinding:
    """One answer of one check about a model, whatever of its artworks it was read from."""

    check: str
    check_version: str
    severity: Severity
    sentence: str
    record: Mapping[str, Json]
    """The full table behind the sentence, with its method, its sample sizes and its intervals."""
