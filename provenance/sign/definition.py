"""The manifest definition: a claim written as C2PA libraries take it.

It follows the C2PA specification 2.4 and the rules of the conformance programme 0.2; a claim that would
break them is refused with a sentence before anything is signed. Nothing here knows c2pa itself.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from provenance.digest import Digest, Json
from provenance.errors import SigningError
from provenance.sign.claim import AiDisclosure, Claim, Edit, Ingredient, SoftwareAgent
from provenance.sign.faithful import check_faithful

SPECIFICATION = "2.4.0"
"""The version of the C2PA specification that our claims follow; the programme wants it said in each."""

VENDOR = "provarchive"
"""The last part of the label of every manifest of ours."""

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""The IPTC vocabulary that digital source types come from."""

_C2PA_SOURCE_TYPES = "http://c2pa.org/digitalsourcetype/"
_C2PA_OWN = frozenset({"trainedAlgorithmicData"})  # specification 2.4, section on digital source types

DATASET_ASSERTION = "org.prov.dataset"
"""Our assertion with the works of a set, in the manifest of its signed bundle."""

BIAS_ASSERTION = "org.prov.bias"
"""Our assertion with what an audit said of the bias of the model."""

ZIP = "application/zip"
"""The media type of signed bundles."""

_FORMATS = {ZIP: "zip"}  # c2pa knows ZIP archives by this name alone

UNCOVERED_ASSERTION = "org.prov.uncovered"
"""Our assertion with the digest of the boxes that C2PA's hash of AVIF and its kin leaves out."""

_WITHOUT_SOURCE_TYPE = frozenset(
    f"c2pa.{name}"
    for name in (
        "converted",
        "edited.metadata",
        "enhanced",
        "opened",
        "placed",
        "published",
        "redacted",
        "repackaged",
        "resized.proportional",
        "transcoded",
    )
)  # conformance programme 0.2: every other predefined action says its digitalSourceType
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def manifest_definition(claim: Claim, *, uncovered: bytes = b"") -> dict[str, Json]:
    """Write the claim as the manifest definition that C2PA libraries take.

    `uncovered` are the bytes of the file that C2PA itself would not protect, see `container.Embedded`.
    Ingredients with `data` are left out: they are added as streams, see `ingredient_definition`.
    Raises SigningError, in a sentence, for what C2PA forbids or distorts.
    """
    definition = _definition(claim, uncovered)
    _checked_text(definition, claim)
    return definition


def definition_text(claim: Claim, *, uncovered: bytes = b"") -> str:
    """Write the same as JSON text, in one go."""
    return _checked_text(_definition(claim, uncovered), claim)


def _definition(claim: Claim, uncovered: bytes) -> dict[str, Json]:
    _check_opening(claim)
    _check_ingredients(claim)
    definition: dict[str, Json] = {
        "claim_generator_info": [
            {"name": claim.generator.name, "version": claim.generator.version, "specVersion": SPECIFICATION}
        ],
        "vendor": VENDOR,
        "hash_alg": "sha256",
        "title": claim.title,
        "format": claim.media_type,
        "ingredients": [ingredient_definition(each) for each in claim.ingredients if each.data is None],
        "assertions": [_created(label, data) for label, data in _assertions(claim, uncovered)],
    }
    if claim.instance_id is not None:
        definition["instance_id"] = claim.instance_id
    return definition


def _checked_text(definition: Mapping[str, Json], claim: Claim) -> str:
    # Every picture passes here: only records can hold numbers, and the texts are searched all at once.
    check_faithful(claim.record, "the record")
    check_faithful(claim.dataset, "the dataset")
    check_faithful(claim.bias, "the bias")
    written = json.dumps(definition, allow_nan=False)
    if "\\u0000" in written or "\\ud" in written:
        check_faithful(definition, "the claim")
    return written


def c2pa_format(media_type: str) -> str:
    """Name a media type as c2pa knows it."""
    return _FORMATS.get(media_type, media_type)


def store_name(ingredient: Ingredient) -> str:
    """Name the resource that a staged ingredient's manifest store is handed over as."""
    return f"{ingredient.label}.c2pa"


def ingredient_definition(ingredient: Ingredient) -> dict[str, Json]:
    """Write one ingredient as C2PA libraries take it."""
    definition: dict[str, Json] = {
        "title": ingredient.title,
        "relationship": ingredient.relationship,
        "label": ingredient.label,
    }
    if ingredient.media_type is not None:
        definition["format"] = c2pa_format(ingredient.media_type)
    if ingredient.data_types:
        definition["data_types"] = [{"type": kind} for kind in ingredient.data_types]
    if ingredient.url is not None:
        definition["informational_URI"] = ingredient.url
    metadata: dict[str, Json] = {_parameter(name, ingredient.label): text for name, text in ingredient.notes.items()}
    if ingredient.digest is not None:
        metadata["org.prov.sha256"] = ingredient.digest.hex
    if metadata:
        definition["metadata"] = metadata
    if ingredient.staged is not None:
        definition |= ingredient.staged.found
        if ingredient.staged.store:
            definition["manifest_data"] = {"format": "application/c2pa", "identifier": store_name(ingredient)}
    return definition


def _created(label: str, data: Json) -> Json:
    # Without this flag an assertion counts as gathered from elsewhere, and rubrics do not look at it.
    return {"label": label, "created": True, "data": data}


def _assertions(claim: Claim, uncovered: bytes) -> list[tuple[str, Json]]:
    actions = [_opening(claim), *(_edit(edit, claim) for edit in claim.edits)]
    found: list[tuple[str, Json]] = [("c2pa.actions.v2", {"actions": actions, "allActionsIncluded": claim.all_actions})]
    if claim.ai_disclosure is not None:
        found.append(("c2pa.ai-disclosure", _disclosure(claim.ai_disclosure)))
    if claim.training_mining:
        entries = {f"cawg.{name}": {"use": use} for name, use in sorted(claim.training_mining.items())}
        found.append(("cawg.training-mining", {"entries": entries}))
    for binding in claim.soft_bindings:
        blocks: Json = [{"scope": {}, "value": binding.value}]
        found.append(("c2pa.soft-binding", {"alg": binding.algorithm, "pad": "", "blocks": blocks}))
    if claim.record:
        found.append(("org.prov.record", claim.record))
    if claim.dataset:
        found.append((DATASET_ASSERTION, claim.dataset))
    if claim.bias:
        found.append((BIAS_ASSERTION, claim.bias))
    if uncovered:
        found.append((UNCOVERED_ASSERTION, {"sha256": Digest.of(uncovered).hex}))
    return found


def _opening(claim: Claim) -> dict[str, Json]:
    created = claim.opening == "created"
    relationship = "inputTo" if created else "parentOf"
    labels = [each.label for each in claim.ingredients if each.relationship == relationship]
    return _action(
        f"c2pa.{claim.opening}",
        when=claim.when,
        source_type=claim.digital_source_type if created else None,
        agent=claim.software_agent,
        description=claim.description,
        parameters=claim.parameters,
        labels=labels,
    )


def _edit(edit: Edit, claim: Claim) -> dict[str, Json]:
    predefined = edit.action.startswith("c2pa.")
    excepted = edit.action in _WITHOUT_SOURCE_TYPE or edit.action.startswith("c2pa.watermarked")
    if edit.action in {"c2pa.created", "c2pa.opened"}:
        raise SigningError(f"The edit {edit.action} of '{claim.title}' can only come first: set the claim's `opening`.")
    if predefined and not excepted and edit.digital_source_type is None:
        raise SigningError(f"The edit {edit.action} of '{claim.title}' has to say its digital source type.")
    parameters = dict(edit.parameters)
    if edit.changed_share is not None:
        if not 0 <= edit.changed_share <= 1:
            raise SigningError(f"The edit {edit.action} claims a changed share of {edit.changed_share}: 0 to 1 it is.")
        parameters["changed_share"] = f"{edit.changed_share:.6f}"
    return _action(
        edit.action,
        when=edit.when,
        source_type=edit.digital_source_type,
        agent=edit.tool,
        description=edit.description,
        parameters=parameters,
        labels=list(edit.ingredients),
    )


def _action(
    name: str,
    *,
    when: datetime | None,
    source_type: str | None,
    agent: SoftwareAgent | None,
    description: str | None,
    parameters: Mapping[str, str],
    labels: list[str],
) -> dict[str, Json]:
    action: dict[str, Json] = {"action": name}
    if when is not None:
        action["when"] = _instant(when, name)
    if source_type is not None:
        action["digitalSourceType"] = (_C2PA_SOURCE_TYPES if source_type in _C2PA_OWN else SOURCE_TYPES) + source_type
    if agent is not None:
        action["softwareAgent"] = {"name": agent.name, "version": agent.version}
    if description is not None:
        action["description"] = description
    written: dict[str, Json] = {_parameter(key, name): value for key, value in sorted(parameters.items())}
    if labels:
        written["ingredientIds"] = labels
    if written:
        action["parameters"] = written
    return action


def _parameter(key: str, action: str) -> str:
    if _KEY.fullmatch(key) is None:
        raise SigningError(f"The parameter {key!r} of {action} is not a name: use letters, digits, '.', '-' and '_'.")
    return f"org.prov.{key}"


def _instant(when: datetime, action: str) -> str:
    if when.tzinfo is None:
        raise SigningError(f"The time {when} of {action} has no time zone: give an aware time.")
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _disclosure(disclosure: AiDisclosure) -> Json:
    written: dict[str, Json] = {
        "modelType": disclosure.model_type,
        "modelName": disclosure.model_name,
        "modelIdentifier": disclosure.model_identifier,
    }
    if disclosure.oversight is not None:
        written["contentProfile"] = {"humanOversightLevel": disclosure.oversight}
    return written


def _check_opening(claim: Claim) -> None:
    parents = [each for each in claim.ingredients if each.relationship == "parentOf"]
    if claim.opening == "created":
        if claim.digital_source_type is None:
            raise SigningError(f"The claim for '{claim.title}' is of a created picture: say its digital source type.")
        if parents:
            raise SigningError(
                f"The claim for '{claim.title}' names the parent '{parents[0].title}', but says that the picture was "
                "created: a picture with a parent is opened."
            )
        return
    if claim.digital_source_type is not None:
        raise SigningError(f"The claim for '{claim.title}' opens a picture: its edits say the source type, not it.")
    if len(parents) != 1:
        raise SigningError(
            f"The claim for '{claim.title}' opens a picture and names {len(parents)} parents: it has to name one."
        )


def _check_ingredients(claim: Claim) -> None:
    labels = [each.label for each in claim.ingredients]
    for label in labels:
        if _KEY.fullmatch(label) is None or labels.count(label) > 1:
            raise SigningError(f"The ingredient label {label!r} of '{claim.title}' is used twice or is not a name.")
    unknown = {label for edit in claim.edits for label in edit.ingredients} - set(labels)
    if unknown:
        raise SigningError(f"An edit of '{claim.title}' uses {min(unknown)!r}, which is not among its ingredients.")
    for each in claim.ingredients:
        if each.data is not None and not (each.media_type == ZIP or (each.media_type or "").startswith("image/")):
            raise SigningError(
                f"The ingredient '{each.title}' of '{claim.title}' comes with its data but not as a picture or a "
                f"signed bundle: give its media type (image/... or {ZIP}), or its digest alone."
            )
