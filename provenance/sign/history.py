"""The history behind a picture: every manifest in its store, and what is wrong at any depth.

c2pa calls a picture trusted that was made from a parent whose pixels had been changed after signing: the only
trace is in the results that were frozen into the child when it took the parent in. So we look at them all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from provenance.digest import Digest, Json
from provenance.sign import crjson
from provenance.sign.reading import IngredientReading

DEPTH_LIMIT = 200
"""Generations that are followed back; each takes a frame of Python's stack."""

_ROLES = {"parentOf": "parent", "componentOf": "component", "inputTo": "input"}


def about_the_signer(code: str) -> bool:
    """Whether a code speaks of who signed (unknown, expired, revoked) and not of what was signed."""
    return code.startswith("signingCredential.") or code in {"timeStamp.untrusted", "timeStamp.outsideValidity"}


@dataclass(slots=True)
class _Walk:
    manifests: Mapping[str, Json]
    deltas: Mapping[str, tuple[str, ...]]
    """Failures found now, by the address of the ingredient assertion."""
    seen: set[str] = field(default_factory=set)


def read_history(report: Mapping[str, Json]) -> tuple[IngredientReading, ...]:
    """Read the tree of ingredients of the active manifest, the first one in the report."""
    manifests = {crjson.text(crjson.mapping(each).get("label")) or "": each for each in _manifests(report)}
    if not manifests:
        return ()
    active = next(iter(manifests))
    walk = _Walk(manifests, deltas(report), {active})
    return _ingredients(walk, active, depth=0)


def deltas(report: Mapping[str, Json]) -> dict[str, tuple[str, ...]]:
    """Gather the failure codes that validation found for ingredients now, by the address of their assertion."""
    found: dict[str, tuple[str, ...]] = {}
    for manifest in _manifests(report):
        for delta in crjson.items(crjson.mapping(manifest).get("ingredientDeltas")):
            each = crjson.mapping(delta)
            address = crjson.text(each.get("ingredientAssertionURI")) or ""
            failed = crjson.codes(each.get("validationDeltas"))["failure"]
            found[address] = found.get(address, ()) + failed
    return found


def problems_of(ingredients: tuple[IngredientReading, ...]) -> tuple[str, ...]:
    """Gather the problems of a tree, each once, the near ones first."""
    found: dict[str, None] = {}
    level = list(ingredients)
    while level:
        found.update(dict.fromkeys(problem for each in level for problem in each.problems))
        level = [below for each in level for below in each.ingredients]
    return tuple(found)


def _manifests(report: Mapping[str, Json]) -> list[Json]:
    return crjson.items(report.get("manifests"))


def _ingredients(walk: _Walk, label: str, *, depth: int) -> tuple[IngredientReading, ...]:
    found = crjson.assertions(walk.manifests[label], "c2pa.ingredient")
    address = f"self#jumbf=/c2pa/{label}/c2pa.assertions/"
    return tuple(_ingredient(walk, content, address + name, depth) for name, content in found)


def _ingredient(walk: _Walk, content: Mapping[str, Json], address: str, depth: int) -> IngredientReading:
    reference = content.get("activeManifest") or content.get("c2pa_manifest")
    label = crjson.manifest_label(reference)
    manifest = walk.manifests.get(label) if label else None
    follow = manifest is not None and label is not None and label not in walk.seen and depth < DEPTH_LIMIT
    if follow and label is not None:
        walk.seen.add(label)
    title = crjson.text(content.get("dc:title"))
    relationship = crjson.text(content.get("relationship"))
    frozen, behind = _frozen(content)
    now = walk.deltas.get(address, ()) + _own_failures(manifest)
    done = crjson.actions(manifest)
    who = f"the {_ROLES.get(relationship or '', 'ingredient')} '{(title or 'without a title')[:120]}'"
    return IngredientReading(
        relationship=relationship,
        title=title,
        digest=_digest(content),
        data_types=_data_types(content),
        url=crjson.text(content.get("informationalURI") or content.get("informational_URI")),
        label=label,
        present=manifest is not None,
        signer=crjson.signer(manifest),
        manifest_title=crjson.text(crjson.claim(manifest).get("dc:title")),
        claim_generator=crjson.claim_generator(manifest),
        digital_source_types=crjson.source_types(done),
        actions=done,
        record=crjson.record(manifest),
        codes=tuple(dict.fromkeys(frozen + behind + now)),
        problems=tuple(
            _changes(who, frozen, behind, now)
            + _gaps(who, missing=bool(label) and manifest is None, deep=depth >= DEPTH_LIMIT)
        ),
        ingredients=_ingredients(walk, label, depth=depth + 1) if follow and label is not None else (),
    )


def _changes(who: str, frozen: tuple[str, ...], behind: tuple[str, ...], now: tuple[str, ...]) -> list[str]:
    sentences = (
        (frozen, f"There is a gap in the history: {who} had been changed after it was signed."),
        (behind, f"There is a gap in the history: something that {who} was made from had been changed."),
        (now, f"The manifest of {who} was changed inside of this file."),
    )
    return [sentence for codes, sentence in sentences if not all(about_the_signer(code) for code in codes)]


def _gaps(who: str, *, missing: bool, deep: bool) -> list[str]:
    found = []
    if missing:
        found.append(f"There is a gap in the history: the manifest of {who} is missing from this file.")
    if deep:
        found.append(f"The history goes back further than {DEPTH_LIMIT} steps; {who} was not followed.")
    return found


def _frozen(content: Mapping[str, Json]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read the failures that whoever took the ingredient in wrote down: about it, and about what is behind it."""
    results = crjson.mapping(content.get("validationResults"))
    failed = crjson.codes(results.get("activeManifest"))["failure"]
    for status in crjson.items(content.get("validationStatus")):  # ingredients of version 1 and 2
        each = crjson.mapping(status)
        if each.get("success") is False and (code := crjson.text(each.get("code"))):
            failed += (code,)
    behind: tuple[str, ...] = ()
    for delta in crjson.items(results.get("ingredientDeltas")):
        behind += crjson.codes(crjson.mapping(delta).get("validationDeltas"))["failure"]
    return failed, behind


def _own_failures(manifest: Json) -> tuple[str, ...]:
    return crjson.codes(crjson.mapping(manifest).get("validationResults"))["failure"]


def _digest(content: Mapping[str, Json]) -> Digest | None:
    written = crjson.text(crjson.mapping(content.get("metadata")).get("org.prov.sha256"))
    try:
        return Digest(written) if written else None
    except ValueError:
        return None


def _data_types(content: Mapping[str, Json]) -> tuple[str, ...]:
    found = crjson.items(content.get("dataTypes") or content.get("data_types"))
    return tuple(kind for each in found if (kind := crjson.text(crjson.mapping(each).get("type"))))
