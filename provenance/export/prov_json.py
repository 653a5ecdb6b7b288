"""A lineage as W3C PROV-JSON (Member Submission of 24 April 2013), which other provenance tools load.

Artworks, models, datasets, selections, works and exports are entities, runs and trainings activities, people
agents. A step becomes the relation that PROV has between two such things, and keeps our own word for it, so that
following the relations from the subject reaches exactly what the lineage holds.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import TYPE_CHECKING, Final

from provenance.digest import Json

if TYPE_CHECKING:
    from provenance.archive.lineage import Lineage, Relative, Step

NAMESPACE: Final = "urn:provenance-archive:"
"""Ids are `artwork:` and the 64 digits, and so on by kind; what PROV has no word for begins with `archive:`."""

_ACTIVITIES: Final = ("run", "training")
_AGENTS: Final = ("contributor",)
_COLLECTIONS: Final = ("dataset", "selection")

_RELATIONS: Final[Mapping[tuple[str, str], tuple[str, str, str]]] = {
    ("entity", "entity"): ("wasDerivedFrom", "prov:generatedEntity", "prov:usedEntity"),
    ("entity", "activity"): ("wasGeneratedBy", "prov:entity", "prov:activity"),
    ("entity", "agent"): ("wasAttributedTo", "prov:entity", "prov:agent"),
    ("activity", "entity"): ("used", "prov:activity", "prov:entity"),
    ("activity", "activity"): ("wasInformedBy", "prov:informed", "prov:informant"),
    ("activity", "agent"): ("wasAssociatedWith", "prov:activity", "prov:agent"),
}
"""What PROV calls a step (PROV-DM, table 5), by what the child and the parent are, with their two keys."""

_MEMBER: Final = ("hadMember", "prov:collection", "prov:entity")
_OTHER: Final = ("wasInfluencedBy", "prov:influencee", "prov:influencer")


def prov_json(found: "Lineage") -> dict[str, Json]:
    """Write `found` as a PROV-JSON document."""
    nodes = {node.uid: node for node in (found.subject, *found.earlier, *found.relatives)}
    document: dict[str, dict[str, Json]] = {"prefix": dict(_prefixes(nodes))}
    for node in nodes.values():
        document.setdefault(_type(node), {})[_name(node)] = dict(_element(node, found))
    for number, step in enumerate(found.steps, 1):
        relation, record = _relation(step, nodes)
        document.setdefault(relation, {})[f"_:step{number}"] = record
    return dict(document)


def _prefixes(nodes: "Mapping[str, Relative]") -> Iterator[tuple[str, str]]:
    for kind in sorted({node.kind for node in nodes.values()}):
        yield kind, f"{NAMESPACE}{kind}:"
    yield "archive", f"{NAMESPACE}terms:"


def _element(node: "Relative", found: "Lineage") -> Iterator[tuple[str, Json]]:
    moment = node.recorded_at.astimezone(UTC).isoformat()
    types = [_qualified(f"archive:{node.kind}")]
    if node.kind in _COLLECTIONS:
        types.append(_qualified("prov:Collection"))
    yield "prov:label", node.label
    yield "prov:type", types
    yield "archive:recordedAt", {"$": moment, "type": "xsd:dateTime"}
    if node.licence is not None:
        yield "archive:licence", node.licence
    if node is found.subject:
        yield "archive:subjectOf", "lineage" if found.upwards else "impact"
        yield "archive:complete", found.complete
    else:
        yield "archive:steps", node.depth
        yield "archive:truth", node.truth


def _relation(step: "Step", nodes: "Mapping[str, Relative]") -> tuple[str, dict[str, Json]]:
    child, parent = nodes[step.child], nodes[step.parent]
    types = (_type(child), _type(parent))
    relation, first, second = _RELATIONS.get(types, _OTHER)
    if step.role == "member" and types == ("entity", "entity"):
        relation, first, second = _MEMBER
    record: dict[str, Json] = {first: _name(child), second: _name(parent)}
    if step.role == "parent" and relation == "wasDerivedFrom":
        record["prov:type"] = _qualified("prov:Revision")
    return relation, record | {"archive:role": step.role, "archive:truth": step.truth}


def _type(node: "Relative") -> str:
    if node.kind in _AGENTS:
        return "agent"
    return "activity" if node.kind in _ACTIVITIES else "entity"


def _name(node: "Relative") -> str:
    return f"{node.kind}:{node.uid}"


def _qualified(name: str) -> dict[str, Json]:
    return {"$": name, "type": "xsd:QName"}
