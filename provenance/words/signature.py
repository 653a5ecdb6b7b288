"""What is said about a signature: one heading, three answers, one exit code, and never one light.

Is it intact? Who says so? Where was it found? The three are judged apart and said apart. A record that was
found again for another file says nothing about this file, so it is never called intact, whoever signed it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from provenance.words.figures import Clock, moment_by
from provenance.words.states import CANNOT_BE_SAID, NOT_RECORDED, Found, Intactness, Sign, Vouched

NOTHING_FOUND: Final = "Nothing found. That says nothing about how it was made."
TRIAL_IDENTITY: Final = (
    "a trial identity that it made itself. It proves that this archive signed it. To the public it proves no name."
)
NOT_PUBLICLY_KNOWN: Final = "Signer not publicly known"
INTACT_QUESTION: Final = "Is it intact?"
SIGNER_QUESTION: Final = "Who signed, and who says so?"
FOUND_QUESTION: Final = "Where was it found?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What was found out about one signature."""

    intact: Intactness
    """What reading the record itself said; `sayable` is what may be told of the file that was asked about."""
    vouched: Vouched
    found: Found
    signer: str | None = None
    """The name in the certificate."""
    anchor: str | None = None
    """The name of the anchor, where `vouched` is ANCHOR."""
    at: datetime | None = None
    """When it was signed, with a time zone."""
    clock: Clock = Clock.OWN
    artwork: str | None = None
    """How people call the artwork that it was found by: a title or a short id."""
    distance: str | None = None
    """How near the likeness is, as in "3 of 256 bits differ"."""
    signed: bool = True
    """False where what it was found by has no signature: a work."""
    expired: bool = False
    """Whether the certificate has run out without an independent clock to say when it signed."""

    @property
    def sayable(self) -> Intactness:
        """What may be said about intactness: at most what the place of the find allows."""
        if self.found is Found.NOWHERE:
            return Intactness.NOTHING
        if self.found.recovered:
            return Intactness.UNSAID
        if self.intact is Intactness.NOTHING and self.found is Found.BY_FILE:
            return Intactness.UNSAID
        if self.intact is Intactness.INTACT and self.expired:
            return Intactness.UNSAID
        return self.intact


class Answer(NamedTuple):
    """One of the three answers: the question, a few words, and a sentence."""

    question: str
    short: str
    sentence: str


def verdict_heading(signature: Signature) -> str:
    """Write the first line: what a person should know before anything else."""
    match signature.sayable:
        case Intactness.INTACT:
            return f"Intact. {_who_in_short(signature)}"
        case Intactness.CHANGED:
            return "Changed after signing. Do not rely on its record."
        case Intactness.GAP:
            return "Gap in the history. One picture it was made from has changed since it was signed."
        case Intactness.UNREADABLE:
            return "Cannot be read. There is a record, but it is damaged."
        case Intactness.UNSAID:
            return _FOUND_AGAIN[signature.found]
        case Intactness.NOTHING:
            return NOTHING_FOUND


def three_answers(signature: Signature) -> tuple[Answer, Answer, Answer]:
    """Answer the three questions, always all of them, in this order: intact, who, where."""
    return (
        Answer(INTACT_QUESTION, *_intact(signature)),
        Answer(SIGNER_QUESTION, *_who(signature)),
        Answer(FOUND_QUESTION, *_where(signature)),
    )


def exit_code(signature: Signature, *, known_signer: bool = False) -> int:
    """Give the exit code of a verification: 0 only if the file is intact.

    Who signed is another question: only a caller that asks for a `known_signer` gets 1 for an intact file
    that neither the C2PA trust list nor a named anchor vouches for.
    """
    if signature.sayable is not Intactness.INTACT:
        return 1
    if known_signer and signature.vouched not in {Vouched.TRUST_LIST, Vouched.ANCHOR}:
        return 1
    return 0


def signature_sign(signature: Signature) -> Sign:
    """Give the sign before the heading; an unknown signer never gets the plain tick."""
    match signature.sayable:
        case Intactness.INTACT:
            return Sign.CHECKED if exit_code(signature, known_signer=True) == 0 else Sign.CLAIMED
        case Intactness.CHANGED | Intactness.UNREADABLE:
            return Sign.WRONG
        case Intactness.GAP:
            return Sign.ATTENTION
        case Intactness.UNSAID | Intactness.NOTHING:
            return Sign.OPEN


def _who_in_short(signature: Signature) -> str:
    match signature.vouched:
        case Vouched.TRUST_LIST:
            return f"Signed by {_name(signature)}, on the C2PA trust list."
        case Vouched.ANCHOR:
            return f"Signed by {_name(signature)}, vouched for by {_anchor(signature)}."
        case Vouched.TRIAL:
            return f"{NOT_PUBLICLY_KNOWN}: this archive's trial identity."
        case Vouched.NOBODY:
            return f"{NOT_PUBLICLY_KNOWN}."


def _intact(signature: Signature) -> tuple[str, str]:
    intact = signature.sayable
    if intact is Intactness.INTACT and signature.found is Found.BY_FILE:
        return "Intact", "Byte for byte the file that this archive recorded."
    if intact is Intactness.UNSAID and signature.found is Found.IN_FILE:
        return CANNOT_BE_SAID, _EXPIRED if signature.expired else _UNJUDGED
    if intact is Intactness.UNSAID and signature.found is Found.BY_PIXELS:
        return CANNOT_BE_SAID, "The file has no record in it. Its pixels are those that this archive recorded."
    return _INTACT[intact]


def _who(signature: Signature) -> tuple[str, str]:
    intact = signature.sayable
    if intact is Intactness.NOTHING or not signature.signed:
        return "Nobody", "There is no signature."
    if intact is Intactness.UNREADABLE:
        return CANNOT_BE_SAID, "The signature cannot be read."
    short, sentence = _vouching(signature)
    if intact is Intactness.CHANGED:
        sentence += " It signed the picture as it was before the change."
    if intact is Intactness.UNSAID and signature.found is not Found.IN_FILE:
        sentence += " That is the recorded picture; it says nothing about changes since."
    return short, sentence


def _vouching(signature: Signature) -> tuple[str, str]:
    name = _name(signature)
    match signature.vouched:
        case Vouched.TRUST_LIST:
            return f"Signed by {name}", "On the C2PA trust list."
        case Vouched.ANCHOR:
            sentence = f"Vouched for by {_anchor(signature)}, an anchor that was given to this archive by name."
            return f"Signed by {name}", sentence
        case Vouched.TRIAL:
            return NOT_PUBLICLY_KNOWN, f"Signed by {name} with {TRIAL_IDENTITY}"
        case Vouched.NOBODY:
            return NOT_PUBLICLY_KNOWN, f"Signed as {name}. Nobody that we know of vouches for that name: it is a claim."


def _where(signature: Signature) -> tuple[str, str]:
    artwork = signature.artwork or "an artwork"
    match signature.found:
        case _ if signature.sayable is Intactness.NOTHING:
            return "Nowhere", "No Content Credentials in the file, and nothing like it in this archive."
        case Found.BY_FILE:
            return "Found by its bytes", f"The same file as {artwork} in this archive. {_when(signature)}"
        case Found.BY_PIXELS:
            sentence = f"Pixel for pixel {artwork} in this archive, in another file. {_when(signature)}"
            return "Found again by its pixels", sentence
        case Found.BY_LIKENESS:
            how_near = f": {signature.distance}" if signature.distance else ""
            sentence = f"Likely, never certain{how_near}. Compare it with {artwork} in this archive. {_when(signature)}"
            return "Found again by its fingerprint", sentence
        case _:
            return "Found in the file", _when(signature)


def _when(signature: Signature) -> str:
    if not signature.signed:
        return "A work from outside is not signed here."
    if signature.sayable is Intactness.UNREADABLE:
        return "When it was signed cannot be read."
    if signature.at is None:
        return "When it was signed is not recorded."
    return f"Signed {moment_by(signature.at, signature.clock, here=signature.vouched is Vouched.TRIAL)}."


def _name(signature: Signature) -> str:
    return signature.signer or f"a name that is {NOT_RECORDED.lower()}"


def _anchor(signature: Signature) -> str:
    return signature.anchor or "an anchor without a name"


_EXPIRED: Final = (
    "The certificate has run out and no independent clock was used, "
    "so we cannot tell whether it was good when it signed."
)
_UNJUDGED: Final = "There is a record in the file, but we could not judge it."
_INTACT: Final = {
    Intactness.INTACT: ("Intact", "Nothing has changed since it was signed."),
    Intactness.CHANGED: (
        "Changed after signing",
        "At least one byte differs from what was signed; we cannot say which. Do not rely on the record.",
    ),
    Intactness.UNREADABLE: ("Cannot be read", "There is a record, but it is damaged. We show nothing from it."),
    Intactness.GAP: (
        "Gap in the history",
        "This step is as it was signed. One picture it was made from has changed since.",
    ),
    Intactness.UNSAID: (
        CANNOT_BE_SAID,
        "The file has no record in it, so there is nothing to check these pixels against.",
    ),
    Intactness.NOTHING: ("Nothing found", "That says nothing about how it was made."),
}
_FOUND_AGAIN: Final = {
    Found.IN_FILE: "Cannot be said. There is a record in the file, but nothing says whether it still holds.",
    Found.BY_FILE: "Nothing in the file, but this archive recorded the same file.",
    Found.BY_PIXELS: "Nothing in the file, but found again by its pixels.",
    Found.BY_LIKENESS: "Nothing in the file, but found again by its fingerprint: likely, never certain.",
}
