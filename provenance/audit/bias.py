"""Whom and what a model shows, beside what it learnt from, and beside equal shares.

Categories, creators, subjects and skin tones of works are known where somebody wrote them down; those of outputs are
told by the nearest works (`bias_told`) and corrected for the error of that (`bias_shares`). Colours, faces and variety
are read from the pictures (`bias_seen`). A sample that is too small, or labels that do not carry, give "cannot tell".
"""

import numpy as np

from provenance.audit import bias_words as say
from provenance.audit.bias_labels import NEIGHBOURS
from provenance.audit.bias_material import FEWEST, NAME, VERSION, Material, unsaid
from provenance.audit.bias_seen import colours, faces, variety
from provenance.audit.bias_told import ATTRIBUTES, Labeller
from provenance.audit.model_finding import ModelFinding
from provenance.fingerprint.embedding import Projection

__all__ = ["NAME", "VERSION", "Material", "examine"]


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
