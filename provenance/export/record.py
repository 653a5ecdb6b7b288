"""The record that lies beside an exported picture as JSON, and the metadata inside it: both from one disclosure.

A record is built by the archive from its tables, filtered by `disclose`, and only then written, so that the JSON
and the XMP of an export can never tell different amounts. `docs/export-record.md` describes every key.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from provenance.digest import Json
from provenance.export.disclosure import disclose
from provenance.export.metadata import DATA_MINING, Metadata
from provenance.words import (
    DIGITAL_SOURCE_TYPE,
    Disclosure,
    Making,
    Signature,
    Truth,
    making_of,
    three_answers,
    verdict_heading,
)

SCHEMA: Final = "urn:provenance-archive:export-record"
VERSION: Final = 1
"""Raised when a key changes its meaning or goes; a new key does not raise it."""


def fact(
    value: Json, truth: Truth, *, by: str | None = None, at: datetime | None = None, evidence: str | None = None
) -> dict[str, Json]:
    """Write a fact with how well it is known, who said or measured it, when, and where the evidence lies."""
    told: dict[str, Json] = {"value": value, "truth": truth.value}
    if by is not None:
        told["by"] = by
    if at is not None:
        told["at"] = _time(at)
    if evidence is not None:
        told["evidence"] = evidence
    return told


def signature_record(signature: Signature) -> dict[str, Json]:
    """Write what was found out about a signature: never one boolean, always the three answers."""
    vouching = {"by": signature.vouched.value, "name": signature.anchor}
    return {
        "intact": signature.sayable.value,
        "signer": signature.signer,
        "vouched": vouching,
        "found": signature.found.value,
        "time": {"at": _time(signature.at), "clock": signature.clock.value} if signature.at else None,
        "text": verdict_heading(signature),
        "answers": [
            {"question": answer.question, "short": answer.short, "text": answer.sentence}
            for answer in three_answers(signature)
        ],
    }


def export_record(record: Mapping[str, Json], level: Disclosure, *, exported_at: datetime) -> dict[str, Json]:
    """Give the record that leaves: what `level` tells of `record`, with the schema and the sentence on its making."""
    told = disclose(record, level)
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "disclosed": level.value,
        "exported_at": _time(exported_at),
        "text": {"making": _sentence(told), "disclosed": level.meaning},
        **told,
    }


def _sentence(told: Mapping[str, Json]) -> str:
    """Say how the picture was made, and whether that is only claimed."""
    how = making(told)
    claimed = _text(told, "artwork", "making_truth") == Truth.CLAIMED.value and how is not Making.UNKNOWN
    return f"{how.sentence} ({Truth.CLAIMED.value})" if claimed else how.sentence


def record_bytes(record: Mapping[str, Json]) -> bytes:
    """Write `record` as indented UTF-8 JSON with sorted keys: the same record gives the same bytes."""
    text = json.dumps(record, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode("utf-8", "backslashreplace")


def making(record: Mapping[str, Json]) -> Making:
    """Tell how the picture of `record` was made: its own word for it, else from its source type."""
    own = _text(record, "artwork", "making")
    if own in set(Making):
        return Making(own)
    return making_of(_text(record, "artwork", "source_type"))


def record_metadata(record: Mapping[str, Json]) -> Metadata:
    """Give what goes into the picture as XMP, of a record that was disclosed already: nothing else can leave.

    The AI fields are filled only where a trained model took part; a formula is no AI system.
    """
    source = _text(record, "artwork", "source_type")
    system = _system(record) if making(record).by_model else (None, None)
    mining = _text(record, "artwork", "data_mining")
    identifier = _text(record, "artwork", "id")
    return Metadata(
        title=_text(record, "artwork", "title"),
        description=_text(record, "artwork", "description"),
        creators=_creators(record),
        rights=_text(record, "artwork", "rights"),
        usage_terms=_text(record, "artwork", "licence"),
        licence_url=_text(record, "artwork", "licence_url"),
        digital_source_type=DIGITAL_SOURCE_TYPE + source.rpartition("/")[2] if source else None,
        ai_system=system[0],
        ai_system_version=system[1],
        ai_prompt=_text(record, "run", "prompt"),
        ai_prompt_writer=_text(record, "run", "prompt_writer"),
        data_mining=mining if mining in DATA_MINING else None,
        creator_tool=" ".join(filter(None, (_text(record, "tool", "name"), _text(record, "tool", "version")))) or None,
        created=_moment(_text(record, "artwork", "made_at")),
        identifier=identifier,
        document_id=f"xmp.did:{identifier}" if identifier else None,
    )


def _system(record: Mapping[str, Json]) -> tuple[str | None, str | None]:
    for part in ("model", "engine"):
        if name := _text(record, "run", part, "name"):
            return name, _text(record, "run", part, "version")
    return None, None


def _creators(record: Mapping[str, Json]) -> tuple[str, ...]:
    people = record.get("people")
    if not isinstance(people, (list, tuple)):
        return ()
    creators = (person for person in people if isinstance(person, Mapping) and person.get("role") == "creator")
    return tuple(name for person in creators if (name := _text(person, "name")))


def _text(record: Mapping[str, Json], *path: str) -> str | None:
    """Follow `path` to a text, plain or as the value of a fact."""
    value: Json = record
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, Mapping):
        value = value.get("value")
    return value if isinstance(value, str) else None


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
