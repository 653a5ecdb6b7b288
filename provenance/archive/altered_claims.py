"""What was signed with an artwork, held against its rows: each fact that differs, with both its values.

The claim is made again from the rows, by the very functions that made it the first time, and compared with the one
in the file. So a fact that is signed tomorrow is compared tomorrow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from provenance.archive.claims import edited_claim, generated_claim, origin_record
from provenance.archive.models import ModelFacts
from provenance.archive.runs import RunFacts
from provenance.collect.merkle import dataset_root
from provenance.digest import Digest, Json, canonical_json
from provenance.schema import Artwork, Edit, Import, Run
from provenance.schema.runs import Making
from provenance.sign.claim import Claim, Ingredient
from provenance.sign.claim import Edit as Action
from provenance.sign.reading import ActionReading, Reading
from provenance.words import making_of

_LONGEST = 80
"""Characters of a value that a sentence repeats."""

_SIGNED_TEXT = 5_000

_SET = "c2pa.types.dataset"

_LISTED = 8
"""Works of a palette that a claim names one by one."""
_NO_TEXTS = frozenset({"digital_source_type", "said_in", "manifest_problems", "manifest_elsewhere"})
"""What the row of an import keeps beside the claims of the file's own metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """The artwork that an edit began with."""

    uid: str
    title: str | None
    source_type: str
    making: str
    file_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What the rows say of one artwork."""

    archive: str
    uid: str
    artwork: Artwork
    by: str | None
    run: Run | None = None
    run_uid: str | None = None
    model: ModelFacts | None = None
    device: str | None = None
    palette: Sequence[tuple[str, str]] = ()
    """Id and file digest of each work that the run took its colours from."""
    edit: Edit | None = None
    parent: Parent | None = None
    brought: Import | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A fact that rows and claim tell differently."""

    fact: str
    row: Json
    signed: Json

    @property
    def sentence(self) -> str:
        """Say it, as the end of a sentence about the artwork."""
        return f"its rows say {self.fact} {_shown(self.row)}; what was signed says {_shown(self.signed)}"


def differences(rows: Rows, reading: Reading) -> Iterator[Difference]:
    """Yield what the claim in an artwork's file tells otherwise than its rows."""
    try:
        if rows.artwork.making != Making.GENERATED.value:
            yield from _compared("its own seed", rows.artwork.seed, None)
            yield from _compared("its own parameters", rows.artwork.parameters, {})
            yield from _compared("its place", rows.artwork.position, 0)
        if rows.artwork.making == Making.EDITED.value:
            yield from _edited(rows, reading)
        elif rows.brought is not None:
            yield from _received(rows, rows.brought, reading)
        else:
            yield from _generated(rows, reading)
    except ValueError as cause:  # a digest that is none any more
        yield Difference(fact="something that cannot be read", row=str(cause), signed="other things")


def _generated(rows: Rows, reading: Reading) -> Iterator[Difference]:
    claim = _claim_of_run(rows)
    if claim is None:
        yield Difference(fact="the run", row=None, signed=(reading.record or {}).get("run"))
        return
    yield from _record(claim.record, reading)
    yield from _compared("the title", claim.title, reading.title)
    yield from _action(claim, _making_action(reading), rows.device)
    yield from _ingredients(claim.ingredients, reading)
    if rows.palette or (rows.run is not None and "palette_from" in rows.run.parameters):
        yield from _palette(rows.palette, reading)


def _palette(works: Sequence[tuple[str, str]], reading: Reading) -> Iterator[Difference]:
    """Compare the works that colours came from: one by one, or many by the Merkle root of their ids."""
    told = sorted({digest for _, digest in works})
    if len(works) > _LISTED:
        told = [dataset_root(uid for uid, _ in works)]
    sets = (each for each in reading.ingredients if _SET in each.data_types and each.label is None)
    signed = sorted({each.digest.hex for each in sets if each.digest is not None})
    yield from _compared("the works of its palette", told, signed)


def _claim_of_run(rows: Rows) -> Claim | None:
    if rows.run is None or rows.run_uid is None or rows.model is None:
        return None
    artwork, run = rows.artwork, rows.run
    facts = RunFacts(
        model=rows.model,
        seed=None if run.seed is None else int(run.seed),
        prompt=run.prompt,
        parameters=run.parameters,
        wanted=run.wanted,
        by=rows.by,
        device=rows.device,
        inputs=(),
        ingredients=(),
        started_at=run.started_at,
        nonce="",
        source_type=artwork.source_type,
    )
    return generated_claim(
        rows.archive,
        facts,
        artwork_uid=rows.uid,
        run_uid=rows.run_uid,
        pixels=Digest(artwork.pixels_digest),
        seed=artwork.seed,
        parameters=artwork.parameters,
        title=artwork.title,
        made_at=artwork.made_at,
    )


def _making_action(reading: Reading) -> ActionReading | None:
    """Find the action that made the picture: the second one where the first opened another."""
    opened = bool(reading.actions) and reading.actions[0].action == "c2pa.opened"
    return next(iter(reading.actions[1:] if opened else reading.actions), None)


def _action(claim: Claim, done: ActionReading | None, device: str | None) -> Iterator[Difference]:
    if done is None:
        yield Difference(fact="how it was made", row=claim.digital_source_type, signed=None)
        return
    agent = claim.software_agent
    yield from _compared("the engine", None if agent is None else f"{agent.name} {agent.version}", done.software_agent)
    yield from _compared("the source type", claim.digital_source_type, done.digital_source_type)
    yield from _compared("the time of making", second(claim.when), done.when)
    signed = {name: value for name, value in done.parameters.items() if not name.startswith("claimed_")}
    if signed.get("device") == "not recorded" and device == "cpu":
        signed["device"] = "cpu"  # the environment says cpu where nobody named a device
    for name in sorted({*claim.parameters, *signed}):
        yield from _compared(name, claim.parameters.get(name), signed.get(name))


def _ingredients(wanted: Sequence[Ingredient], reading: Reading) -> Iterator[Difference]:
    found = {(each.title, each.digest) for each in reading.ingredients}
    for each in wanted:
        if (each.title, each.digest) not in found:
            named = next((known for known in reading.ingredients if known.data_types == each.data_types), None)
            signed = None if named is None else f"{named.title}, {named.digest}"
            yield Difference(fact=f"the {each.label}", row=f"{each.title}, {each.digest}", signed=signed)


def _edited(rows: Rows, reading: Reading) -> Iterator[Difference]:
    edit, parent, artwork = rows.edit, rows.parent, rows.artwork
    if edit is None or parent is None:
        return  # the rules say that it is lost
    claim = edited_claim(
        rows.archive,
        artwork_uid=rows.uid,
        pixels=Digest(artwork.pixels_digest),
        parent=Ingredient(label="parent", relationship="parentOf", title="", digest=Digest(parent.file_digest)),
        by=rows.by or "",
        actions=edit.actions,
        tool=edit.tool,
        model=edit.model,
        note=edit.note,
        share=edit.changed_share,
        title=artwork.title or f"{parent.title or parent.uid[:12]}, edited",
        made_at=artwork.made_at,
    )
    yield from _record(claim.record, reading)
    yield from _compared("the title", claim.title, reading.title)
    yield from _compared("the time of making", second(claim.when), reading.actions[0].when if reading.actions else None)
    yield from _compared("the actions", list(edit.actions), [each.action for each in reading.actions[1:]])
    for action, done in zip(claim.edits, reading.actions[1:], strict=False):
        yield from _edit_action(action, done)
    came_from = {each.digest.hex for each in reading.ingredients if each.digest is not None}
    if came_from.isdisjoint({parent.file_digest, edit.received_digest}):
        yield Difference(fact="the parent's file", row=parent.file_digest, signed=min(came_from, default=None))


def _edit_action(action: Action, done: ActionReading) -> Iterator[Difference]:
    tool = None if action.tool is None else f"{action.tool.name} {action.tool.version}"
    yield from _compared("the tool", tool, done.software_agent)
    yield from _compared("how it was edited", action.digital_source_type, done.digital_source_type)
    signed = {name: value for name, value in done.parameters.items() if name != "changed_share"}
    for name in sorted({*action.parameters, *signed}):
        yield from _compared(name, action.parameters.get(name), signed.get(name))


def _received(rows: Rows, brought: Import, reading: Reading) -> Iterator[Difference]:
    """Compare a picture that came as a file, by itself or from a command that was run here."""
    artwork = rows.artwork
    imported = artwork.making == Making.IMPORTED.value
    opened = bool(reading.actions) and reading.actions[0].action == "c2pa.opened"
    record = origin_record(rows.archive, rows.uid, run_uid=rows.run_uid, pixels=Digest(artwork.pixels_digest))
    record |= {"received": f"sha256:{brought.received_digest}"}
    record |= {"making": making_of(artwork.source_type).value} if opened else {}
    yield from _record(record, reading)
    done = _making_action(reading)
    if done is None:
        yield Difference(fact="how it came", row=brought.name, signed=None)
        return
    if imported:
        yield from _compared("the title", artwork.title or brought.name, reading.title)
    yield from _compared("the time of making", second(artwork.made_at), done.when)
    if done.digital_source_type is not None:
        yield from _compared("the source type", artwork.source_type, done.digital_source_type)
    by, model = (rows.by, None if rows.model is None else rows.model.name) if imported else (None, None)
    if opened and not imported:
        by = rows.by
    told = _claimed(brought, by=by, model=model)
    signed = {name: value for name, value in done.parameters.items() if name.startswith("claimed_")}
    for name in sorted({*told, *signed}):
        yield from _compared(name, told.get(name), signed.get(name))
    if not opened and (claim := _claim_of_run(rows)) is not None:
        yield from _ingredients(claim.ingredients, reading)
        yield from _action(claim, done, rows.device)
    labels = {each.label for each in reading.ingredients if each.relationship == "parentOf"}
    if opened and brought.manifest_label not in labels:
        signed_label = next((label for label in labels if label), None)
        yield Difference(fact="the manifest that it came with", row=brought.manifest_label, signed=signed_label)


def _claimed(brought: Import, *, by: str | None, model: str | None) -> Mapping[str, str]:
    """Write what the row of an import keeps of the file's own claims as its manifest has them."""
    told: Mapping[str, Any] = brought.claims
    named = {name: text for name, text in told.items() if isinstance(text, str) and name not in _NO_TEXTS}
    named |= {"program": brought.program} if brought.program else {}
    named |= {"loras": ", ".join(told["loras"])} if told.get("loras") else {}
    named |= {name: text for name, text in {"by": by, "model": model}.items() if text}
    if told.get("said_in"):
        named["source_type_said_in"] = told["said_in"]
    return {f"claimed_{name}": text[:_SIGNED_TEXT] for name, text in named.items()}


def _record(record: Mapping[str, Json], reading: Reading) -> Iterator[Difference]:
    signed = reading.record or {}
    for name in sorted({*record, *(signed.keys() & {"run", "changed_share", "received"})}):
        yield from _compared(_NAMES.get(name, name), record.get(name), signed.get(name))


_NAMES = {"pixels": "the pixels", "run": "the run", "archive": "the archive", "artwork": "the artwork"}


def _compared(fact: str, row: Json, signed: Json) -> Iterator[Difference]:
    if row != signed:
        yield Difference(fact=fact, row=row, signed=signed)


def second(when: datetime) -> str:
    """Write a moment as claims and records have it: UTC, to the second."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _shown(value: Json) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else canonical_json(value)
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
