"""What a manifest says of a picture: made from the record, as the plain data that `sign/` writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from provenance.digest import Digest, Json, canonical_json
from provenance.schema.runs import Making
from provenance.sign.claim import Claim, DigitalSourceType, Edit, Ingredient, SoftwareAgent
from provenance.words import Disclosure

if TYPE_CHECKING:
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
    """Say that a model made the picture, with everything that led to it."""
    model = facts.model
    return Claim(
        title=title or f"{model.name} {seed or artwork_uid[:12]}",
        media_type="image/png",
        opening="created",
        when=made_at,
        digital_source_type=cast("DigitalSourceType", model.source_type),
        software_agent=SoftwareAgent(name=model.engine, version=model.version),
        parameters=_texts(facts, seed, parameters),
        ingredients=(_model_ingredient(facts), *facts.ingredients),
        record=origin_record(archive_uid, artwork_uid, run_uid=run_uid, pixels=pixels),
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
) -> Claim:
    """Say that a copy leaves. Only a full disclosure takes the original's manifest along.

    The others name the original by its digest alone: its manifest tells the prompt, the seed and people.
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
    source = None if full else cast("DigitalSourceType", artwork["source_type"])
    edits = [Edit(action="c2pa.published", when=at, digital_source_type=source)]
    if media_type != "image/png":
        edits.insert(0, Edit(action="c2pa.transcoded", when=at, digital_source_type=source))
    record: dict[str, Json] = {"making": artwork["making"], "disclosed": disclosure.value}
    if shown:
        record |= {"archive": archive_uid, "artwork": artwork["id"], "pixels": f"sha256:{artwork['pixels_digest']}"}
    return Claim(
        title=title,
        media_type=media_type,
        opening="opened",
        when=at,
        ingredients=(parent,),
        edits=tuple(edits),
        all_actions=full,
        record=record,
    )
