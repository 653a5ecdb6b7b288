"""Ingredients handed to c2pa: as they are, or read once and shared by many pictures.

Reading a bundle's manifest and judging its signature costs as much as signing a picture. What c2pa notes of it is
the same each time, so it is noted once, and handed over with the manifest store as it lies in the bundle.
"""

import io
import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING

from provenance.digest import Json
from provenance.sign.claim import Ingredient, Staged
from provenance.sign.definition import c2pa_format, ingredient_definition, store_name
from provenance.sign.read import context_settings, opened

if TYPE_CHECKING:
    import c2pa

_KEPT = ("instance_id", "active_manifest", "validation_results", "validation_status")


def add(builder: "c2pa.Builder", ingredient: Ingredient) -> None:
    """Hand over what comes along with an ingredient; one that is named by its digest alone brings nothing."""
    if ingredient.data is not None:
        with opened(ingredient.data) as data:
            builder.add_ingredient(ingredient_definition(ingredient), c2pa_format(ingredient.media_type or ""), data)
    elif ingredient.staged is not None and ingredient.staged.store:
        builder.add_resource(store_name(ingredient), io.BytesIO(ingredient.staged.store))


def stage_data(ingredient: Ingredient, context: "c2pa.Context") -> Staged:
    """Let c2pa read the data of an ingredient as it would for a picture; raises its C2paError."""
    import c2pa

    archive = io.BytesIO()
    with c2pa.Builder({}, context=context) as builder:
        add(builder, ingredient)
        builder.write_ingredient_archive(ingredient.label, archive)
    with c2pa.Reader("application/c2pa", archive, None, _context(os.getpid())) as reader:
        found = json.loads(reader.json())
        noted: dict[str, Json] = found["manifests"][found["active_manifest"]]["ingredients"][0]
        store = io.BytesIO()
        if "active_manifest" in noted:
            reader.resource_to_stream(f"self#jumbf=/c2pa/{noted['active_manifest']}", store)
    return Staged(found={name: noted[name] for name in _KEPT if name in noted}, store=store.getvalue())


@lru_cache(maxsize=4)
def _context(process: int) -> "c2pa.Context":  # noqa: ARG001  (no context survives a fork)
    import c2pa

    return c2pa.Context.from_dict(context_settings(()))
