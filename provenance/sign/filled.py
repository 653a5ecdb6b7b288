"""A manifest that c2pa has read becomes a Reading: the one place that says which field comes from where."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from provenance.digest import Digest, Json
from provenance.sign import crjson, history, jumbf, verdict
from provenance.sign.reading import Anchor, Reading, SignerReading, State


def active_manifest(report: Mapping[str, Json]) -> Mapping[str, Json]:
    """Give the manifest of the file itself: crJSON puts it first. Empty if there is none."""
    manifests = crjson.items(report.get("manifests"))
    return crjson.mapping(manifests[0] if manifests else None)


def filled_reading(
    report: Mapping[str, Json],
    state: State,
    *,
    store: bytes,
    boxes: jumbf.Store,
    faults: Sequence[str],
    anchors: tuple[Anchor, ...],
    holds: Callable[[verdict.Findings, Mapping[str, Json], State], bool],
    problems: Callable[[tuple[str, ...], SignerReading | None], tuple[str, ...]],
) -> Reading:
    """Fill a Reading from `report`, which is crJSON, and from the `boxes` of the store that was validated.

    `store` are the bytes whose digest is recorded, `faults` what we found in the file ourselves. What binds a
    manifest to a file differs: `holds` says whether it does, `problems` puts the failures of the file into sentences.
    """
    active = active_manifest(report)
    label = crjson.text(active.get("label"))
    found = verdict.gather(active.get("validationResults"), active.get("ingredientDeltas"))
    found = verdict.with_faults(found, tuple(faults), label)
    ingredients = history.read_history(report)
    signer = _signer(active, boxes.chain)
    done = crjson.actions(active)
    stamped = crjson.time_stamp(active) if "timeStamp.trusted" in found.own["success"] else None
    return Reading(
        present=True,
        intact=holds(found, report, state),
        trusted_by=verdict.vouching(found.own, boxes.chain, anchors),
        state=state,
        success=found.own["success"] + found.below["success"],
        informational=found.own["informational"] + found.below["informational"],
        failure=found.failures,
        label=label,
        store_digest=Digest.of(store),
        store_size=len(store),
        signer=signer,
        signed_at=stamped or (crjson.instant(done[0].when) if done else None),
        clock_independent=stamped is not None,
        title=crjson.text(crjson.claim(active).get("dc:title")),
        claim_generator=crjson.claim_generator(active),
        digital_source_types=crjson.source_types(done),
        actions=done,
        parameters=done[0].parameters if done else {},
        record=crjson.record(active),
        bias=crjson.bias(active),
        soft_bindings=crjson.soft_bindings(active),
        ingredients=ingredients,
        problems=problems(found.own["failure"], signer) + history.problems_of(ingredients),
    )


def _signer(active: Mapping[str, Json], chain: tuple[bytes, ...]) -> SignerReading | None:
    signer = crjson.signer(active)
    return replace(signer, fingerprint=Digest.of(chain[0])) if signer is not None and chain else signer
