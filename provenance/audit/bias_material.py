"""What a model's bias is read from, and the form of each answer about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from provenance.audit import bias_words as say
from provenance.audit.bias_figures import Compared, Told
from provenance.audit.bias_skin import Tone
from provenance.audit.model_finding import ModelFinding
from provenance.digest import Json
from provenance.words import Severity

NAME: Final = "bias"
VERSION: Final = "1"

FEWEST: Final = 30
"""Outputs, or faces, below which nothing is said."""

_NOTABLE: Final = 0.05  # a difference of shares from which on somebody should look


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Material:
    """What is known of a model's outputs and of the works that it learnt from."""

    outputs: NDArray[np.float32]
    """Embeddings of outputs: float32 (outputs, 1280)."""
    works: NDArray[np.float32]
    """Embeddings of works: float32 (compared, 1280), of those in `rows`."""
    rows: NDArray[np.int64]
    """Shape (compared,): which works have an embedding. The labels of all works count as what the model learnt."""
    kin: NDArray[np.int64]
    """Shape (all works,): variants of one design have the same number."""
    labels: Mapping[str, Sequence[str | None]]
    """By attribute (category, creator, skin_tone): of each work what it says, or None."""
    subjects: Sequence[Sequence[str]] = ()
    """Of each work."""
    output_colours: NDArray[np.float64] | None = None
    """Shape (outputs, 12): parts by `bias_colour.FAMILIES`."""
    work_colours: NDArray[np.float64] | None = None
    output_tones: Sequence[Tone] = ()
    """Of the faces in outputs, if there is a detector."""
    work_tones: Sequence[Tone] = ()
    detector: str | None = None
    """Its name; None where none is installed."""
    asked: int = 0
    """Outputs that were asked for."""
    repeated: int = 0
    """Outputs with the pixels of another, which count once."""
    notes: Sequence[str] = ()
    """Sentences that belong to every finding: what could not be read, what is only claimed."""


def unsaid(material: Material, attribute: str, sentence: str, record: Mapping[str, Json] | None = None) -> ModelFinding:
    """Answer that an attribute cannot be told."""
    return finding(material, attribute, sentence, {**(record or {}), "verdict": Told.CANNOT_TELL.value})


def finding(
    material: Material,
    attribute: str,
    sentence: str,
    record: Mapping[str, Json],
    severity: Severity = Severity.NOTE,
) -> ModelFinding:
    """Answer for an attribute: `sentence` is completed by what holds for all, `record` by the sample."""
    used = len(material.outputs)
    some = say.only_some(asked=material.asked, used=used)
    facts: dict[str, Json] = {
        "attribute": attribute,
        "version": VERSION,
        "outputs": used,
        "works": len(material.kin),
        "works_compared": len(material.rows),
        "asked": material.asked,
        "repeated": material.repeated,
        "notes": list(material.notes),
    }
    return ModelFinding(
        check=NAME,
        check_version=VERSION,
        severity=severity,
        sentence=" ".join(part for part in (sentence, some, *material.notes) if part),
        record={**facts, **record},
    )


def verdict(compared: Compared) -> Told:
    """Say in a word how outputs differ from works: by the group that differs most."""
    found = say.differing(compared)
    if found:
        return found[0].told
    return Told.ALIKE if all(group.told is Told.ALIKE for group in compared.groups) else Told.CANNOT_TELL


def severity(compared: Compared) -> Severity:
    """Say whether somebody should look."""
    found = say.differing(compared)
    return Severity.WARNING if found and abs(found[0].difference.value) >= _NOTABLE else Severity.NOTE
