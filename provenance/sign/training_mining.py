"""What the manifests in a file say about training: `cawg.training-mining`, and the older `c2pa.training-mining`.

What forbids is heeded wherever it stands: in the manifest of the picture, in those of the pictures that it was made
from by editing or composing, and in a manifest that does not hold. What allows counts only in the picture's own
manifest, and only while that is intact.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Final

from provenance.collect.signals import UNREADABLE, Signal, Source, unreadable
from provenance.collect.signals_values import Says, digital_source_type
from provenance.digest import Json
from provenance.sign import crjson, verdict
from provenance.sign.container import STORE_LIMIT, find_store
from provenance.sign.history import read_history
from provenance.sign.jumbf import TooManyBoxesError, read_store
from provenance.sign.read import Inspection, UnreadableError, inspect
from provenance.sign.reading import IngredientReading

LABELS: Final = ("cawg.training-mining", "c2pa.training-mining")
"""CAWG Training and Data Mining Assertion 1.1, and its forerunner in C2PA 1.x, section 18.21."""

_TRAINING: Final = ("ai_generative_training", "ai_training", "data_mining")
"""The entries that cover the training of a generator; `ai_inference` does not."""

_USES: Final = {"allowed": Says.YES, "notAllowed": Says.NO, "constrained": Says.CONDITIONAL}


def training_signals(data: bytes, *, name: str = "the file") -> tuple[Signal, ...]:
    """Read the manifests in the bytes of a file; empty if there are none. Nothing in a file makes it raise."""
    embedded = find_store(io.BytesIO(data))
    if embedded.size == 0 and (embedded.known or b"c2pa" not in data):
        return ()
    if embedded.size > STORE_LIMIT:
        return (_unreadable(f"{UNREADABLE}: it takes more than {STORE_LIMIT >> 20} MiB"),)
    try:
        if embedded.store:
            read_store(embedded.store)  # bounds the number of boxes before c2pa takes them apart
        inspection = inspect(io.BytesIO(data), anchors=(), name=name)
    except (UnreadableError, TooManyBoxesError) as trouble:
        why = getattr(trouble, "sentence", "it has too many parts")
        return (_unreadable(f"{UNREADABLE}: {why}"),)
    return () if inspection is None else tuple(dict.fromkeys(_signals(inspection)))


def _unreadable(why: str) -> Signal:
    return unreadable(Source.C2PA, "manifest", where="manifest in the file", why=why)


def _signals(inspection: Inspection) -> Iterator[Signal]:
    active = inspection.active
    findings = verdict.gather(active.get("validationResults"), active.get("ingredientDeltas"))
    intact = verdict.is_intact(findings, inspection.report, inspection.state)
    yield from _of_manifest(active, where=_where(active, intact=intact), counts=intact)
    manifests = {crjson.text(crjson.mapping(each).get("label")): each for each in _manifests(inspection)}
    for label in _behind(read_history(inspection.report)):
        manifest = crjson.mapping(manifests.get(label))
        yield from _of_manifest(manifest, where="manifest of a picture that it was made from", counts=False)


def _manifests(inspection: Inspection) -> list[Json]:
    return crjson.items(inspection.report.get("manifests"))


def _behind(ingredients: tuple[IngredientReading, ...]) -> Iterator[str | None]:
    """Give the labels of the manifests of all pictures that went into this one as pictures."""
    waiting = [each for each in ingredients if each.relationship != "inputTo"]
    while waiting:
        ingredient = waiting.pop()
        yield ingredient.label
        waiting += [each for each in ingredient.ingredients if each.relationship != "inputTo"]


def _where(manifest: Mapping[str, Json], *, intact: bool) -> str:
    signer = crjson.signer(manifest)
    who = (signer.common_name or signer.organisation) if signer else None
    state = "intact" if intact else "changed after signing"
    return f"manifest in the file, {state}, signed by {who or 'nobody who is named'}"


def _of_manifest(manifest: Mapping[str, Json], *, where: str, counts: bool) -> Iterator[Signal]:
    for label in LABELS:
        for _, content in crjson.assertions(manifest, label):
            yield from _entries(label, content, where=where, counts=counts)
    for code in crjson.source_types(crjson.actions(manifest)):
        if (says := digital_source_type(code)) is not None:
            yield Signal(source=Source.C2PA, statement="digitalSourceType", value=code, says=says, where=where)


def _entries(label: str, content: Mapping[str, Json], *, where: str, counts: bool) -> Iterator[Signal]:
    entries = content.get("entries")
    if not isinstance(entries, Mapping):
        why = f"{UNREADABLE}: it has no entries"
        yield unreadable(Source.C2PA, label, where=where, why=why)
        return
    for name, entry in entries.items():
        use = crjson.text(crjson.mapping(entry).get("use")) or ""
        terms = crjson.text(crjson.mapping(entry).get("constraint_info"))
        covers = name.rpartition(".")[2] in _TRAINING
        says = _USES.get(use, Says.CONDITIONAL) if covers else None
        if says is Says.YES and not counts:
            says = None
        value = f"{use or 'no use named'} ({terms})" if terms else use or "no use named"
        yield Signal(source=Source.C2PA, statement=f"{label} {name}", value=value, says=says, where=where)
