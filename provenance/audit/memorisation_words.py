"""What is said of a model that may repeat its works, in sentences for people who know no statistics."""

from dataclasses import dataclass

from provenance.audit.memorisation_statistics import OUTPUTS_NEEDED, WORKS_NEEDED, Compared, Rate
from provenance.words import MATCH_MEANS, count, coverage_warning, rate

_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The figures that sentences tell."""

    model: str
    outputs: int
    works: int
    """Training works that outputs were held against."""
    recorded: int
    """Training works on record."""
    compared: Compared | None
    than: tuple[str, ...]
    """All that outputs were compared with: "other works of the same datasets are"."""
    alike: int
    """Outputs that look like a training work."""
    alike_works: int
    """How many works those are."""


def repeats_sentence(said: Said) -> str:
    """Say that a model repeats works that it learnt from."""
    return _joined(
        f"{said.model} seems to have learnt works by heart: its outputs are nearer to {_learnt(said)} "
        f"than {_than(said)}.",
        _figures(said),
        _alike(said),
        MATCH_MEANS,
        coverage_warning(compared=said.works, of=said.recorded),
    )


def repeats_not_sentence(said: Said) -> str:
    """Say that nothing speaks for it, and what that does not mean."""
    return _joined(
        f"No sign that {said.model} has learnt works by heart: its outputs are not clearly nearer to {_learnt(said)} "
        f"than {_than(said)}.",
        _figures(said),
        _alike(said),
        "Another output may still look like one of them: each is checked by itself.",
        coverage_warning(compared=said.works, of=said.recorded),
    )


def cannot_tell_sentence(said: Said) -> str:
    """Say that there is too little to tell."""
    if said.outputs < OUTPUTS_NEEDED:
        there = f"there {'is' if said.outputs == 1 else 'are'} {count(said.outputs)} different "
        why = f"{there}output{'' if said.outputs == 1 else 's'}, and {OUTPUTS_NEEDED} are needed."
    else:
        why = f"fewer than {WORKS_NEEDED} works are there that its outputs could be compared with."
    return _joined(f"Cannot tell whether {said.model} has learnt works by heart: {why}", _alike(said))


def no_works_sentence(model: str, recorded: int) -> str:
    """Say that there is nothing to compare with."""
    if recorded:
        return (
            f"Cannot tell whether {model} has learnt works by heart: none of its {count(recorded)} training works can "
            "be read where it was seen. Put them back, or add the dataset again."
        )
    return (
        f"Cannot tell whether {model} has learnt works by heart: what it learnt from is not recorded. "
        "`prov model show` says what is known of it."
    )


def works_sentence(said: Said, uid: str, name: str, creator: str | None, often: int) -> str:
    """Say which works came out, the most frequent one by its name."""
    by = f" by {creator}" if creator else ""
    times = "once" if often == 1 else f"{count(often)} times"
    return _joined(
        _alike(said), f"Most often, {times}, it was the training work {uid[:_SHORT]} ({name}{by}).", MATCH_MEANS
    )


def _learnt(said: Said) -> str:
    return f"the {count(said.works)} works that it learnt from"


def _than(said: Said) -> str:
    return ", and than ".join(said.than) if said.than else "others are"


def _figures(said: Said) -> str | None:
    compared = said.compared
    if compared is None:
        return None
    return (
        f"95 in 100 of {count(compared.beyond_works.of)} such works stay under a line that so many outputs pass: "
        f"{_rate(compared.beyond)}; of a model that learnt none by heart, about 5 in 100 would."
    )


def _alike(said: Said) -> str | None:
    if not said.alike:
        return None
    works = "1 training work" if said.alike_works == 1 else f"{count(said.alike_works)} training works"
    verb = "looks" if said.alike == 1 else "look"
    return f"Of {count(said.outputs)} outputs, {count(said.alike)} {verb} like one of {works}."


def _rate(measured: Rate) -> str:
    return rate(found=measured.found, of=measured.of, low=measured.low, high=measured.high)


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
