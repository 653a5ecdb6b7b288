"""What a manifest says of a picture: made from the record, as the plain data that `sign/` writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from provenance.archive.models import UNKNOWN
from provenance.digest import Digest, Json, canonical_json
from provenance.schema.runs import Making
from provenance.sign.claim import AiDisclosure, Claim, DigitalSourceType, Edit, Ingredient, SoftwareAgent
from provenance.words import Disclosure

if TYPE_CHECKING:
    from provenance.archive.models import ModelFacts
    from provenance.archive.runs import RunFacts

_MODEL_TYPES = {"weights": "c2pa.types.model", "code": "c2pa.types.generator", "nothing": "c2pa.types.model"}


def generated_claim(
    archive_uid: str,
    facts: "RunFacts",
    *,
    artwork_uid: str,
    run_uid: str,
    pixels: Digest,
    seed: str | None,
    parameters: Mapping[str, Json],
    title: str | None,
    made_at: datetime,
) -> Claim:
    """Say that a model made the picture, with everything that led to it.

    The model itself is named here, by digest; what lies behind it (the sets that it learnt from, the models that it
    was derived from) comes in `facts.ingredients`, made once for the run by `chain.chain_ingredients`.
    A run that continues a picture, its parent, opens that picture and edits it: nothing is called created then.
    """
    model = facts.model
    ingredients = (_model_ingredient(facts), *facts.ingredients)
    opened = any(each.relationship == "parentOf" for each in ingredients)
    source = cast("DigitalSourceType", facts.made_as)
    agent = SoftwareAgent(name=model.engine, version=str(facts.parameters.get("engine_version", model.version)))
    parameters = _texts(facts, seed, parameters)
    making = Edit(
        action="c2pa.edited",
        when=made_at,
        digital_source_type=source,
        tool=agent,
        parameters=parameters,
        ingredients=tuple(each.label for each in ingredients if each.relationship != "parentOf"),
    )
    return Claim(
        title=title or f"{model.name} {seed or artwork_uid[:12]}",
        media_type="image/png",
        opening="opened" if opened else "created",
        when=made_at,
        digital_source_type=None if opened else source,
        software_agent=None if opened else agent,
        parameters={} if opened else parameters,
        ingredients=ingredients,
        edits=(making,) if opened else (),
        record=origin_record(archive_uid, artwork_uid, run_uid=run_uid, pixels=pixels),
        ai_disclosure=model_disclosure(model, prompted=facts.prompt is not None) if is_trained(model) else None,
    )


def is_trained(model: "ModelFacts") -> bool:
    """Whether a model that learnt took part, and no formula alone."""
    return model.digest_of != "code" and "trainedalgorithmicmedia" in model.source_type.lower()


def model_disclosure(model: "ModelFacts", *, prompted: bool) -> AiDisclosure:
    """Name the trained model in C2PA's own assertion for it: by the digest of its weights, else by our id."""
    return AiDisclosure(
        model_name=f"{model.name} {model.version}",
        model_identifier=f"urn:prov:model:{model.digest or model.uid}",
        oversight="prompt_guided" if prompted else None,
    )


def edited_claim(
    archive_uid: str,
    *,
    artwork_uid: str,
    pixels: Digest,
    parent: Ingredient,
    by: str,
    actions: Sequence[str],
    tool: str | None,
    model: str | None = None,
    note: str | None,
    share: float | None,
    title: str,
    made_at: datetime,
) -> Claim:
    """Say that a person changed the parent: who, with which actions and tool, and how much was measured."""
    agent = SoftwareAgent(name=tool, version="not recorded") if tool else None
    parameters = {"by": by} | ({"note": note} if note else {}) | ({"model": model} if model else {})
    edits = tuple(
        Edit(
            action=action,
            when=made_at,
            digital_source_type="compositeWithTrainedAlgorithmicMedia" if model else "humanEdits",
            tool=agent,
            changed_share=share if len(actions) == 1 else None,
            parameters=parameters,
        )
        for action in actions
    )
    record = origin_record(archive_uid, artwork_uid, run_uid=None, pixels=pixels)
    measured = {} if share is None else {"changed_share": f"{share:.6f}"}
    return Claim(
        title=title,
        media_type="image/png",
        opening="opened",
        when=made_at,
        ingredients=(parent,),
        edits=edits,
        all_actions=False,  # we know what they say that they did, and not that it is all
        record={**record, "making": Making.EDITED.value, **measured},
    )


def origin_record(archive_uid: str, artwork_uid: str, *, run_uid: str | None, pixels: Digest) -> dict[str, Json]:
    """Name the artwork and where it is recorded."""
    record: dict[str, Json] = {"archive": archive_uid, "artwork": artwork_uid, "pixels": str(pixels)}
    return record | ({"run": run_uid} if run_uid else {})


def parent_ingredient(title: str, picture: bytes, media_type: str, digest: Digest) -> Ingredient:
    """Name the picture that is continued; its own manifest comes along whole."""
    return Ingredient(
        label="parent", relationship="parentOf", title=title, digest=digest, data=picture, media_type=media_type
    )


def _model_ingredient(facts: "RunFacts") -> Ingredient:
    model = facts.model
    return Ingredient(
        label="model",
        relationship="inputTo",
        title=f"{model.name} {model.version}",
        digest=model.digest,
        data_types=(_MODEL_TYPES[model.digest_of],),
    )


def _texts(facts: "RunFacts", seed: str | None, parameters: Mapping[str, Json]) -> dict[str, str]:
    """Write every parameter as a text: C2PA readers lose large numbers and lists."""
    named: dict[str, Json] = {**facts.parameters, **parameters}
    if seed is not None:
        named["seed"] = seed
    elif facts.seed is not None:
        named["run_seed"] = str(facts.seed)
    if facts.prompt is not None:
        named["prompt"] = facts.prompt
    if facts.by:
        named["by"] = facts.by
    named["device"] = facts.device or "not recorded"
    return {name: value if isinstance(value, str) else canonical_json(value) for name, value in named.items()}


def exported_claim(
    archive_uid: str,
    dossier: Mapping[str, Any],
    disclosure: Disclosure,
    *,
    picture: bytes,
    media_type: str,
    at: datetime,
    behind: Sequence[Ingredient] = (),
    bias: Mapping[str, Json] | None = None,
) -> Claim:
    """Say that a copy leaves, with what is known of the model's `bias`, if that travels.

    Only a full disclosure takes the original's manifest along, with the whole chain.
    The others name the original by its digest alone: its manifest tells the prompt, the seed and people.
    A public one names the model itself and has `behind` it the sets of works without people; a minimal one neither.
    """
    artwork = dossier["artwork"]
    digest = Digest(artwork["file_digest"])
    full = disclosure is Disclosure.FULL
    shown = full or disclosure is Disclosure.PUBLIC
    title = (artwork["title"] or artwork["id"][:12]) if shown else "artwork"
    parent = Ingredient(
        label="parent",
        relationship="parentOf",
        title=title if shown else "the original",
        digest=digest,
        data=picture if full else None,
        media_type="image/png",
    )
    # Without the original's manifest nothing else in the file would say how the picture came to be.
    unsaid = full or artwork["source_type"] == UNKNOWN
    source = None if unsaid else cast("DigitalSourceType", artwork["source_type"])
    edits = [Edit(action="c2pa.published", when=at, digital_source_type=source)]
    if media_type != "image/png":
        edits.insert(0, Edit(action="c2pa.transcoded", when=at, digital_source_type=source))
    record: dict[str, Json] = {"making": artwork["making"], "disclosed": disclosure.value}
    if shown:
        record |= {"archive": archive_uid, "artwork": artwork["id"], "pixels": f"sha256:{artwork['pixels_digest']}"}
    model = dossier.get("run", {}).get("model") if disclosure is Disclosure.PUBLIC else None
    return Claim(
        title=title,
        media_type=media_type,
        opening="opened",
        when=at,
        ingredients=(parent, *((_named_model(model), *behind) if model else ())),
        edits=tuple(edits),
        all_actions=full,
        record=record,
        bias=bias or {},
    )


def _named_model(model: Mapping[str, Any]) -> Ingredient:
    """Name a model by what an export record says of it."""
    return Ingredient(
        label="model",
        relationship="inputTo",
        title=f"{model['name']} {model['version']}",
        digest=None if model["digest"] is None else Digest(model["digest"]),
        data_types=(_MODEL_TYPES[model["digest_of"]],),
    )
