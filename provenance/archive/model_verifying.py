"""Weights held against the manifest that lies beside them: with an archive, or with nothing but the two."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenance.archive.verify import signature_of
from provenance.digest import Digest, Json
from provenance.errors import NotFoundError, UsageError
from provenance.generate.pipeline_folder import read_folder
from provenance.generate.pipeline_identity import difference, identify
from provenance.sign.sidecar import OCTETS, read_as
from provenance.words import Intactness, Signature, exit_code, verdict_heading

if TYPE_CHECKING:
    from provenance.archive.archive import Archive
    from provenance.sign.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVerification:
    """What weights and the manifest beside them say of each other."""

    heading: str
    sentence: str
    """What was compared, and how it came out."""
    exit_code: int
    signature: Signature
    reading: "Reading"
    record: Mapping[str, Json]
    """What the manifest says of the model; empty where it cannot be relied on."""


def verify_model(archive: "Archive | None", weights: Path, sidecar: Path) -> ModelVerification:
    """Hold weights (a file, or a pipeline's folder) against the manifest in `sidecar`.

    Raises NotFoundError where one of the two is not there, EngineError for a folder that is no pipeline.
    """
    store = _bytes(sidecar)
    if not weights.exists():
        raise NotFoundError(f"There are no weights {weights}. Check the name.")
    anchors = archive.anchors if archive is not None else ()
    text = _identity_text(read_as(b"", OCTETS, store=store))
    if text is None:
        if weights.is_dir():
            raise UsageError(f"{sidecar.name} was signed for one file, and {weights} is a folder. Name the file.")
        return _verdict(read_as(weights, OCTETS, store=store, anchors=anchors), None)
    reading = read_as(text.encode(), OCTETS, store=store, anchors=anchors)
    adapters = weights.is_dir() and '"loras":[{' in text
    return _verdict(reading, _changes(text, weights) if reading.intact else None, adapters=adapters)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as cause:
        raise NotFoundError(f"The manifest {path} cannot be read: {cause.strerror}. Check the name.") from cause


def _identity_text(reading: "Reading") -> str | None:
    """Read the text that was signed instead of the weights, if it was one; nothing is believed of it yet."""
    text = (reading.record or {}).get("identity")
    return text if isinstance(text, str) else None


def _changes(text: str, weights: Path) -> str | None:
    """Say what of the weights is not as the signed text says; None where all is."""
    try:
        told = json.loads(text)["model"]
        digest, identity = str(told["digest"]), dict(told["identity"])
    except (ValueError, KeyError, TypeError):
        return "The manifest says nothing that they could be held against."
    if weights.is_file():
        found = Digest.of_file(weights)
        return None if str(found) == digest else f"Their digest is {found}; signed was {digest}."
    return _folder_changes(identity, weights)


def _folder_changes(recorded: dict[str, Any], folder: Path) -> str | None:
    found = identify(read_folder(folder), (), str(recorded.get("dtype")))
    alone = recorded | {"loras": []}  # adapters lie elsewhere, and the manifest does not know where
    return None if found == alone else f"{difference(alone, found, ())}."


_ADAPTERS: Final = " Its adapters (LoRA) lie elsewhere and were not compared."


def _verdict(reading: "Reading", difference: str | None, *, adapters: bool = False) -> ModelVerification:
    signature = signature_of(reading, changed=difference is not None)
    if difference is not None:
        sentence = f"The weights are not those that were signed. {difference}"
    elif signature.sayable is Intactness.INTACT:
        sentence = "The weights are those that were signed." + (_ADAPTERS if adapters else "")
    else:
        sentence = " ".join(reading.problems) or "The manifest cannot be held against the weights."
    return ModelVerification(
        heading=verdict_heading(signature),
        sentence=sentence,
        exit_code=exit_code(signature),
        signature=signature,
        reading=reading,
        record=(reading.record or {}) if signature.sayable is Intactness.INTACT else {},
    )
