"""What leaves with an export: from a complete record, the parts that a level of disclosure may tell.

Only lists of what may be told, never of what may not: a key that nobody thought of stays at home. One table,
`TELLS`, names for each part of a record the lowest level that tells it:

    minimal   how it was made, when, with which program: what laws on marking ask. No prompt, person, path, seed
    public    also title, credited creator, rights, model, edits and checks without names. No prompt, parameters,
              seed, path, environment, nor people beyond the credited creator
    full      everything that the record holds under the names of the table

A part is a plain value, a list of plain values, or a fact: {"value", "truth", "by", "at", "evidence"}. Of a fact,
`truth` is told with it, `at` from public on, `by` (a person) and `evidence` (a path) at full only.
`docs/export-record.md` shows the table; a test keeps the two alike.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from provenance.digest import Json
from provenance.words import Disclosure, Truth

MINIMAL, PUBLIC, FULL = Disclosure.MINIMAL, Disclosure.PUBLIC, Disclosure.FULL

TELLS: Final[Mapping[str, Disclosure]] = {
    "artwork.id": MINIMAL,
    "artwork.pixels_digest": MINIMAL,
    "artwork.width": MINIMAL,
    "artwork.height": MINIMAL,
    "artwork.media_type": MINIMAL,
    "artwork.source_type": MINIMAL,
    "artwork.making": MINIMAL,
    "artwork.making_truth": MINIMAL,
    "artwork.made_at": MINIMAL,
    "artwork.data_mining": MINIMAL,
    "artwork.file_digest": PUBLIC,
    "artwork.title": PUBLIC,
    "artwork.description": PUBLIC,
    "artwork.rights": PUBLIC,
    "artwork.licence": PUBLIC,
    "artwork.licence_url": PUBLIC,
    "artwork.seed": FULL,
    "artwork.parameters": FULL,
    "artwork.position": FULL,
    "run.engine.name": MINIMAL,
    "run.engine.version": MINIMAL,
    "run.id": PUBLIC,
    "run.engine.distribution": PUBLIC,
    "run.model.name": PUBLIC,
    "run.model.version": PUBLIC,
    "run.model.digest": PUBLIC,
    "run.model.digest_of": PUBLIC,
    "run.model.licence": PUBLIC,
    "run.prompt": FULL,
    "run.prompt_writer": FULL,
    "run.parameters": FULL,
    "run.seed": FULL,
    "run.device": FULL,
    "run.environment": FULL,
    "run.paths": FULL,
    "run.started_at": FULL,
    "run.ended_at": FULL,
    "run.outcome": FULL,
    "people.name": PUBLIC,
    "people.role": PUBLIC,
    "people.credited": PUBLIC,
    "people.id": FULL,
    "people.kind": FULL,
    "edits.actions": PUBLIC,
    "edits.changed_share": PUBLIC,
    "edits.artwork": PUBLIC,
    "edits.parent": PUBLIC,
    "edits.by": FULL,
    "edits.at": FULL,
    "edits.tool": FULL,
    "edits.note": FULL,
    "edits.evidence": FULL,
    "brought_in.manifest.state": PUBLIC,
    "brought_in.manifest.label": PUBLIC,
    "brought_in.name": FULL,
    "brought_in.at": FULL,
    "brought_in.program": FULL,
    "brought_in.claims": FULL,
    "brought_in.received_digest": FULL,
    "lineage.parents.id": PUBLIC,
    "lineage.parents.kind": PUBLIC,
    "lineage.parents.role": PUBLIC,
    "lineage.parents.truth": PUBLIC,
    "lineage.parents.name": FULL,
    "lineage.datasets.name": PUBLIC,
    "lineage.datasets.version": PUBLIC,
    "lineage.datasets.digest": PUBLIC,
    "lineage.datasets.selected": PUBLIC,
    "lineage.datasets.works": PUBLIC,
    "lineage.datasets.creators": PUBLIC,
    "lineage.datasets.licences": PUBLIC,
    "lineage.datasets.truth": PUBLIC,
    "lineage.complete": FULL,
    "lineage.works.id": FULL,
    "lineage.works.name": FULL,
    "lineage.works.creator": FULL,
    "lineage.works.licence": FULL,
    "lineage.works.source": FULL,
    "checks.check": PUBLIC,
    "checks.version": PUBLIC,
    "checks.severity": PUBLIC,
    "checks.compared": PUBLIC,
    "checks.of": PUBLIC,
    "checks.at": PUBLIC,
    "checks.sentence": FULL,
    "checks.evidence": FULL,
    "reproduction.verdict": PUBLIC,
    "reproduction.largest_difference": PUBLIC,
    "reproduction.differing_share": PUBLIC,
    "reproduction.tried_at": PUBLIC,
    "reproduction.causes": FULL,
    "manifest.label": MINIMAL,
    "manifest.signed_at": MINIMAL,
    "manifest.clock": MINIMAL,
    "manifest.intact": PUBLIC,
    "manifest.vouched": PUBLIC,
    "manifest.signer": PUBLIC,
    "manifest.found": PUBLIC,
    "manifest.algorithm": PUBLIC,
    "manifest.certificate": PUBLIC,
    "tool.name": MINIMAL,
    "tool.version": MINIMAL,
}
"""Each part of a record, and the lowest level that tells it. Lists are walked through, so they have no name."""

OPEN: Final = frozenset(
    {
        "artwork.parameters",
        "run.parameters",
        "run.environment",
        "run.paths",
        "edits.evidence",
        "checks.evidence",
        "lineage.datasets.licences",
        "brought_in.claims",
    }
)
"""Parts that may hold anything JSON can hold, because engines and checks fill them."""

_ABSENT: Final = object()


def disclose(record: Mapping[str, Json], level: Disclosure) -> dict[str, Json]:
    """Give what `level` may tell of `record`; the record itself stays as it is."""
    told = _section(record, "", level)
    if level is not FULL and (people := _listed(told.pop("people", ()))):
        credited = [person for person in people if _credited(person)]
        told |= {"people": credited} if credited else {}
    return told


def _section(section: Mapping[str, Json], path: str, level: Disclosure) -> dict[str, Json]:
    told: dict[str, Json] = {}
    for key, value in section.items():
        part = _part(value, f"{path}.{key}" if path else key, level)
        if part is not _ABSENT:
            told[key] = part  # type: ignore[assignment]  # only the sentinel is no JSON
    return told


def _part(value: Json, path: str, level: Disclosure) -> object:
    needed = TELLS.get(path)
    if needed is not None:
        if level < needed:
            return _ABSENT
        return value if path in OPEN else _leaf(value, level)
    if not _leads_on(path):
        return _ABSENT
    if isinstance(value, Mapping):
        return _section(value, path, level) or _ABSENT
    sections = (_section(item, path, level) for item in _listed(value) if isinstance(item, Mapping))
    return [section for section in sections if section] or _ABSENT  # an empty one would tell how many there are


def _leads_on(path: str) -> bool:
    return any(known.startswith(f"{path}.") for known in TELLS)


def _leaf(value: Json, level: Disclosure) -> object:
    if _plain(value):
        return value
    if isinstance(value, Mapping) and _plain(value.get("value", {})):
        return _fact(value, level)
    return _ABSENT


def _plain(value: Json) -> bool:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return all(item is None or isinstance(item, (str, int, float)) for item in value)
    return value is None or isinstance(value, (str, int, float))


def _fact(fact: Mapping[str, Json], level: Disclosure) -> dict[str, Json]:
    told: dict[str, Json] = {"value": fact["value"]}
    if fact.get("truth") in {truth.value for truth in Truth}:
        told["truth"] = fact["truth"]
    if level >= PUBLIC and _is_time(fact.get("at")):
        told["at"] = fact["at"]
    if level is FULL:
        told |= {key: fact[key] for key in ("by", "evidence") if key in fact}
    return told


def _is_time(value: Json) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value) is not None
    except ValueError:
        return False


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _credited(person: Json) -> bool:
    return isinstance(person, Mapping) and person.get("credited") is True and person.get("role") == "creator"
