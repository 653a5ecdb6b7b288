"""Whom and what a model shows, beside what it learnt from, and beside equal shares.

Categories, creators, subjects and skin tones of works are known where somebody wrote them down; those of outputs are
told by the nearest works (`bias_told`) and corrected for the error of that (`bias_shares`). Colours, faces and variety
are read from the pictures (`bias_seen`). A sample that is too small, or labels that do not carry, give "cannot tell".
"""

from collections.abc import Mapping, Sequence

import numpy as np

from provenance.audit import bias_words as say
from provenance.audit.bias_labels import NEIGHBOURS
from provenance.audit.bias_material import FEWEST, NAME, VERSION, Material, unsaid
from provenance.audit.bias_seen import colours, faces, variety
from provenance.audit.bias_told import ATTRIBUTES, Labeller
from provenance.audit.model_finding import ModelFinding
from provenance.digest import Json
from provenance.fingerprint.embedding import Projection

__all__ = ["NAME", "VERSION", "Material", "examine", "summary"]

_KEPT = ("attribute", "version", "verdict", "outputs", "works", "right", "labelled")


def examine(material: Material, *, seed: int = 0) -> list[ModelFinding]:
    """Compare outputs with works by every attribute: a finding each. The same material and seed say the same."""
    designs = len(np.unique(material.kin[material.rows]))
    if designs <= NEIGHBOURS:
        return [unsaid(material, "all", say.no_works(designs=designs, needed=NEIGHBOURS + 1))]
    if len(material.outputs) < FEWEST:
        return [unsaid(material, "all", say.too_few("bias", outputs=len(material.outputs), needed=FEWEST))]
    project = Projection.load().project
    works, outputs = project(material.works), project(material.outputs)
    labeller = Labeller(material, works, outputs, seed=seed)
    return [
        *(labeller.attribute(name) for name in ATTRIBUTES),
        labeller.subjects(),
        *faces(material, seed=seed),
        colours(material, seed=seed),
        variety(material, works, outputs, seed=seed),
    ]


def summary(record: Mapping[str, Json]) -> dict[str, Json]:
    """Shorten the record of a finding to what can travel in a manifest: figures as text, only groups that differ."""
    short: dict[str, Json] = {name: record[name] for name in _KEPT if record.get(name) is not None}
    for name in ("parity", "kl", "amplification", "ratio"):
        if isinstance(figure := record.get(name), Mapping):
            short[name] = _text(figure)
    short["differs"] = [_group(each) for each in _differing(record.get("groups"))[: say.SHOWN]]
    return short


def _differing(groups: Json) -> list[Mapping[str, Json]]:
    """Give the groups that differ, the most different first."""
    if not isinstance(groups, Sequence) or isinstance(groups, str):
        return []
    told = [each for each in groups if isinstance(each, Mapping) and each["told"] in {"more", "less"}]
    return sorted(told, key=lambda each: -abs(_value(each["difference"])))


def _group(group: Mapping[str, Json]) -> dict[str, Json]:
    share = group["share"]
    text = _text(share) if isinstance(share, Mapping) else ""
    return {"group": group["group"], "told": group["told"], "share": text, "works": f"{group['works']:.3f}"}


def _value(figure: Json) -> float:
    value = figure["value"] if isinstance(figure, Mapping) else 0
    return float(value) if isinstance(value, int | float) else 0.0


def _text(figure: Mapping[str, Json]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"
