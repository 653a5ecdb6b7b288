"""Who made an artwork, with what, from what, when: what the record answers, how well, and what it cannot answer.

Each answer has the level of its weakest part: if one work of three thousand has no licence on record, the question
for their licences is open, and the detail says how many are missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from provenance.audit.finding import Finding
from provenance.digest import Json
from provenance.words import NOT_RECORDED, Severity, Truth, count

NAME, VERSION = "completeness", "1"

_NAMED: Final = 4
"""Open questions that the sentence asks; the evidence has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How many of some things lack what is asked for."""

    missing: int
    of: int
    truth: Truth = Truth.CLAIMED
    """How well the others are known, at the weakest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the record has of one artwork; None where it has nothing."""

    maker: Truth | None
    """That somebody is named who made it, or ran what made it; of an edited one, who made what it was edited from."""
    editor: Truth | None
    signer: Truth | None
    generated: bool
    """False where it is said that no model and no formula made it: then nobody asks which."""
    model: Truth | None
    """That the model is named."""
    weights: Part
    """Of the models behind it: those without a digest of weights or code. None behind it: 0 of 0."""
    seed: Truth | None
    settings: Truth | None
    """That prompt or parameters are recorded."""
    machine: Truth | None
    libraries: Truth | None
    """That the libraries are recorded with their versions."""
    made_at: Truth | None
    witness: Truth | None
    """That an independent clock says when."""
    trainings: Part
    """Of the models behind it that learnt: those of which nothing says from what."""
    licences: Part
    """Of the works that they learnt from, and of the pictures that it was made from."""
    creators: Part
    edits_tools: Part
    """Of its edits: those without a tool."""
    edits_measured: Part
    """Of its edits: those of which nobody knows how much they changed."""
    reproduced: bool = False
    """Whether it was made again from this record, the same or equivalent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A question, and what the record answers."""

    key: str
    group: str
    """who, with what, from what, when."""
    question: str
    truth: Truth | None
    """None where the record has no answer."""
    detail: str = ""
    """How many of how many are missing."""

    def record(self) -> dict[str, Json]:
        """Write it as JSON, with the word for its state."""
        state = NOT_RECORDED.lower() if self.truth is None else self.truth.value
        text = NOT_RECORDED if self.truth is None else self.truth.word
        told: dict[str, Json] = {"key": self.key, "group": self.group, "question": self.question, "state": state}
        return told | {"text": text, "detail": self.detail}


def replies(known: Known) -> list[Reply]:
    """Ask all questions that make sense for this artwork."""
    return [*_who(known), *_with_what(known), *_from_what(known), *_when(known)]


def answer(known: Known) -> list[Finding]:
    """List what cannot be answered, as one finding; none if everything is. Without model and person it warns."""
    asked = replies(known)
    unanswered = [reply for reply in asked if reply.truth is None]
    if not unanswered:
        return []
    evidence: Mapping[str, Json] = {
        "open": len(unanswered),
        "of": len(asked),
        "questions": [reply.record() for reply in asked],
    }
    nobody = known.maker is None and known.editor is None and known.model is None
    return [
        Finding(
            check=NAME,
            check_version=VERSION,
            severity=Severity.WARNING if nobody else Severity.NOTE,
            sentence=_sentence(unanswered, len(asked), nobody=nobody),
            evidence=evidence,
        )
    ]


def _sentence(unanswered: Sequence[Reply], asked: int, *, nobody: bool) -> str:
    more = len(unanswered) - _NAMED
    listed = " ".join(reply.question for reply in unanswered[:_NAMED]) + (
        f" And {count(more)} more." if more > 0 else ""
    )
    begin = "Neither the model nor a person behind it is recorded. " if nobody else ""
    return f"{begin}The record leaves {len(unanswered)} of {asked} questions open: {listed}"


def _who(known: Known) -> Iterator[Reply]:
    yield Reply(key="maker", group="who", question="Who made it?", truth=known.maker)
    if known.edits_tools.of:
        yield Reply(key="editor", group="who", question="Who edited it?", truth=known.editor)
    yield Reply(key="signer", group="who", question="Who signed it?", truth=known.signer)


def _with_what(known: Known) -> Iterator[Reply]:
    group = "with what"
    if known.generated:
        yield from _generated(known, group)
    if known.edits_tools.of:
        yield _of_many("tools", group, "With which tool was each edit made?", known.edits_tools)
        yield _of_many("changes", group, "How much did each edit change?", known.edits_measured)


def _generated(known: Known, group: str) -> Iterator[Reply]:
    again = known.reproduced
    yield Reply(key="model", group=group, question="Which model made it?", truth=_raised(known.model, again=again))
    if known.weights.of:
        yield _of_many("weights", group, "Which weights or code exactly, by digest?", known.weights, again=again)
    yield Reply(key="seed", group=group, question="From which seed?", truth=_raised(known.seed, again=again))
    settings = _raised(known.settings, again=again)
    yield Reply(key="settings", group=group, question="With which prompt or parameters?", truth=settings)
    yield Reply(key="machine", group=group, question="On which machine?", truth=known.machine)
    question = "With which libraries, in which versions?"
    yield Reply(key="libraries", group=group, question=question, truth=known.libraries)


def _from_what(known: Known) -> Iterator[Reply]:
    group = "from what"
    if known.trainings.of:
        yield _of_many("trainings", group, "From which works did each model learn?", known.trainings)
    if known.licences.of:
        yield _of_many("licences", group, "Under which licence is each work behind it?", known.licences)
        yield _of_many("creators", group, "Who made each work behind it?", known.creators)


def _when(known: Known) -> Iterator[Reply]:
    yield Reply(key="made_at", group="when", question="When was it made?", truth=known.made_at)
    yield Reply(key="witness", group="when", question="Does an independent clock say when?", truth=known.witness)


def _of_many(key: str, group: str, question: str, part: Part, *, again: bool = False) -> Reply:
    if part.missing:
        detail = f"Not recorded for {count(part.missing)} of {count(part.of)}." if part.of > 1 else ""
        return Reply(key=key, group=group, question=question, truth=None, detail=detail)
    detail = f"Recorded for all {count(part.of)}." if part.of > 1 else ""
    return Reply(key=key, group=group, question=question, truth=_raised(part.truth, again=again), detail=detail)


def _raised(truth: Truth | None, *, again: bool) -> Truth | None:
    """Raise what led to the same picture again, if it was recorded at all."""
    return Truth.REPRODUCED if again and truth is not None else truth
