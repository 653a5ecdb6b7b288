"""What is said about reproductions, likeness, licences, people's part and withdrawal: sentences with their figures."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provenance.words.figures import count, day, percent
from provenance.words.states import Likeness, Standing, Truth, Verdict

MATCH_MEANS: Final = "A match says that two pictures look alike. Whether it is a copy in law is for people to say."
NOT_A_LEGAL_OPINION: Final = "This is evidence, not a legal opinion."
STAYS_LEARNT: Final = "What a model has learnt stays learnt until it is trained again."
READ_HERE: Final = "Read on this computer and sent nowhere."


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How far a picture that was made again is from the recorded one."""

    largest: int | None
    """The largest difference in any channel of any pixel, 0 to 255; None if the sizes differ."""
    share: float | None
    """The share of the pixels that differ at all, 0 to 1; None if the sizes differ."""
    psnr: float | None = None
    """Peak signal-to-noise ratio in dB, if it was measured and is finite."""

    def __str__(self) -> str:
        """Write the difference as a sentence."""
        if self.largest is None or self.share is None:
            return "The two have different sizes."
        if self.largest == 0:
            return "No pixel differs."
        noise = f" (PSNR {self.psnr:.1f} dB)" if self.psnr is not None else ""
        return f"{percent(self.share)} of the pixels differ, by at most {self.largest} of 255{noise}."


def reproduction_heading(verdict: Verdict | None) -> str:
    """Write what making a picture again came to; None means that nobody has tried."""
    return "Not tried yet." if verdict is None else _VERDICTS[verdict]


def reproduction_sentence(verdict: Verdict, difference: Difference | None = None, *, why: str | None = None) -> str:
    """Write the verdict with the measured `difference` and, if it is known, `why`: a sentence of its own."""
    parts = [_VERDICTS[verdict]]
    if difference is not None and verdict is not Verdict.EXACT:
        parts.append(str(difference))
    if why:
        parts.append(why)
    return " ".join(parts)


def looks_like(work: str, *, likeness: Likeness, value: str | None = None, line: str | None = None) -> str:
    """Write that a picture looks like `work`: how much (`value`), where we flag (`line`), and what that is called."""
    figures = f" ({value}; we flag from {line})" if value and line else ""
    return f"Looks like {work}{figures}: {likeness.word}. {MATCH_MEANS}"


def about_work(sentence: str, work: str, standing: Standing, truth: Truth) -> str:
    """Say in a recorded finding that names `work`, the beginning of its id, what that work is, and how we know."""
    recorded = sentence.replace(f"the training work {work}", f"the work {work}", 1)  # so all were called once
    said = _LEARNT[truth] if standing is Standing.LEARNT else _STANDINGS[standing]
    return f"{recorded.replace(f'the work {work}', f'the {standing.word} {work}', 1)} {said}"


def no_copy_found(*, compared: int, of: int, given: int = 0) -> str:
    """Write that no work was copied, with what was compared, or that nothing could be said.

    `given` of the `of` works are no training works: models were given them as pictures.
    """
    if of == 0:
        return "No training work is recorded for this model, so there was nothing to compare with."
    if compared == 0:
        return f"Not compared with any of {_works(of, given)}. Nothing can be said about copies."
    if given:
        return f"No copy of a work found, compared with {count(compared)} of {_works(of, given)}."
    return f"No copy of a training work found, compared with {count(compared)} of {count(of)}."


def _works(number: int, given: int) -> str:
    """Count works: `13 works (12 training works, 1 only given as a picture)`."""
    if not given:
        return f"{count(number)} training work{'s' if number > 1 else ''}"
    left = number - given
    training = "no training work" if left == 0 else f"{count(left)} training work{'s' if left > 1 else ''}"
    pictures = "a picture" if given == 1 else "pictures"
    return f"{count(number)} work{'s' if number > 1 else ''} ({training}, {count(given)} only given as {pictures})"


def coverage_warning(*, compared: int, of: int) -> str | None:
    """Write the warning that a verdict has a hole, or None if it has none."""
    return None if compared >= of else f"The verdict covers {count(compared)} of {count(of)}."


def licences(*, works: int, forbidding: int, claimed: int) -> str:
    """Write whether `works` allow the use: how many forbid it, and how many licences are only claimed."""
    if works == 0:
        return "No training work is recorded for this model, so no licence could be checked."
    if forbidding:
        verb = "forbids" if forbidding == 1 else "forbid"
        return f"{count(forbidding)} of {count(works)} training works {verb} this use."
    ending = f"; {count(claimed)} {'licence is' if claimed == 1 else 'licences are'} only claimed." if claimed else "."
    return f"None of {count(works)} training works forbids this use{ending}"


def part_changed(share: float | None) -> str:
    """Write how much of a picture was changed, `share` from 0 to 1; None if that cannot be measured."""
    if share is None:
        return "How much of the picture changed cannot be said: the two cannot be compared pixel by pixel."
    return f"{percent(share)} of the picture changed. {NOT_A_LEGAL_OPINION}"


def withdrawn(moment: datetime) -> str:
    """Write that a work was withdrawn at `moment`."""
    return f"Withdrawn on {day(moment)}. {STAYS_LEARNT}"


def told(truth: Truth, *, by: str | None = None, at: datetime | None = None) -> str:
    """Write how a fact is known: `Claimed by Ada Lind, 4 November 2026`."""
    who = f" by {by}" if by else ""
    when = f", {day(at)}" if at else ""
    return f"{truth.word}{who}{when}"


_VERDICTS: Final = {
    Verdict.EXACT: "Reproduced: the same bit for bit.",
    Verdict.EQUIVALENT: "Reproduced: equivalent.",
    Verdict.CLOSE: "Made again: close, but not the same.",
    Verdict.DIFFERENT: "Made again: different.",
}
_LEARNT: Final = {
    Truth.CLAIMED: "It is claimed that the model behind this artwork learnt from it.",
    Truth.CHECKED: "The model behind this artwork learnt from it.",
    Truth.REPRODUCED: "The model behind this artwork learnt from it.",
}
_STANDINGS: Final = {
    Standing.TRAINING: "No record says that the model behind this artwork learnt from it.",
    Standing.GIVEN: "No dataset has it: a model was given it as a picture.",
}
