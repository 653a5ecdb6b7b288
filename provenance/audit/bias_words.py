"""What is said of a model's bias, in sentences for people who know no statistics."""

from collections.abc import Sequence
from typing import Final

from provenance.audit.bias_figures import Compared, Figure, Group, Told
from provenance.audit.bias_labels import Labelled
from provenance.audit.proportion import interval
from provenance.words import count, percent, rate

SHOWN: Final = 3
"""Groups that a sentence names, the most different first."""

_GIVEN: Final = "Each artwork was given the label of the works nearest to it"

CORRECTED: Final = f"{_GIVEN}, and the shares were corrected for how often that goes wrong, which the record has."


def differing(compared: Compared) -> list[Group]:
    """Give the groups of which there are more or fewer than among the works, the most different first."""
    told = [group for group in compared.groups if group.told in {Told.MORE, Told.LESS}]
    return sorted(told, key=lambda group: (-round(abs(group.difference.value), 6), group.told is Told.LESS))


def shares_sentence(compared: Compared, *, of: str, are: str, outputs: int, things: str = "artworks") -> str:
    """Say how shares among `outputs` things differ from those among works; `of` as "categories", `are` as "show"."""
    found = differing(compared)
    if found:
        sample = f"An estimated {{}} of {count(outputs)} {things} of this model {are}"
        return " ".join(_difference(group, sample) for group in found[:SHOWN]) + _further(found)
    if all(group.told is Told.ALIKE for group in compared.groups):
        return (
            f"The {of} of this model's artworks are about as among the works that it learnt from: "
            f"none of {len(compared.groups)} shares differs by more than 10 points, or by more than half of itself, "
            f"as far as {count(outputs)} {things} can tell."
        )
    width = max((group.share.high - group.share.low) / 2 for group in compared.groups)
    return (
        f"Cannot tell whether the {of} of this model's artworks differ from those of the works that it learnt from: "
        f"from {count(outputs)} {things} a share is known to within {_points(width)} only. More may tell."
    )


def colours_sentence(compared: Compared, *, outputs: int) -> str:
    """Say how the colours of `outputs` artworks differ from those of works."""
    found = differing(compared)
    if not found:
        return shares_sentence(compared, of="colours", are="", outputs=outputs)
    sample = f"On average {{}} of the surface of {count(outputs)} artworks of this model is"
    return " ".join(_difference(group, sample) for group in found[:SHOWN]) + _further(found)


def no_works(*, designs: int, needed: int) -> str:
    """Say that what a model learnt from is not recorded, cannot be read, or is too little."""
    return (
        "Cannot tell anything of this model's bias: of what it learnt from, "
        f"{count(designs)} different work{'' if designs == 1 else 's'} can be read, and {needed} are needed. "
        "`prov model show` says what it learnt from."
    )


def too_few_faces(of: str, *, made: int, learnt: int, needed: int) -> str:
    """Say that there are too few faces."""
    return (
        f"Cannot tell anything of the {of} of this model's artworks: {count(made)} faces of a colour of skin were "
        f"found in artworks and {count(learnt)} in works, and {needed} of each are needed."
    )


def too_few(of: str, *, outputs: int, needed: int) -> str:
    """Say that a sample is too small."""
    return (
        f"Cannot tell anything of the {of} of this model's artworks: {count(outputs)} could be used, and "
        f"{needed} are needed. Make more with `prov generate`, then audit the model again."
    )


def too_few_works(of: str, *, works: int, needed: int) -> str:
    """Say that there are too few works to compare with."""
    return (
        f"Cannot tell anything of the {of} of this model's artworks: "
        f"{count(works)} of the works that it learnt from can be read, and {needed} are needed."
    )


def labelled_by(labelled: Labelled) -> str:
    """Say how labels came about, and how often that is right."""
    return f"{_GIVEN}, and the shares were corrected for how often that goes wrong. {_tried(labelled)}"


def unreliable(of: str, labelled: Labelled, why: str) -> str:
    """Say that labels do not carry far enough."""
    return f"Cannot tell anything of the {of} of this model's artworks: {why} {_GIVEN}. {_tried(labelled)}"


def do_not_fit(number: int, of: str) -> str:
    """Say of how many subjects, of all, nothing can be told because their labels do not fit; nothing if all fit."""
    if number == 0:
        return ""
    return f"Of {count(number)} of {of} nothing can be told: no mixture of the works would give such labels."


def diversity_sentence(size: int, figures: dict[str, Figure], told: Told) -> str:
    """Say how varied artworks are beside works."""
    made, learnt, ratio = (figures[name] for name in ("outputs", "works", "ratio"))
    sums = (
        f"{count(size)} of this model's artworks are as varied as {made.value:.1f} entirely different pictures; as "
        f"many of the works that it learnt from are as varied as {learnt.value:.1f} (ratio {ratio.value:.2f}, 95 % "
        f"interval {ratio.low:.2f} to {ratio.high:.2f})."
    )
    return f"{_VARIED[told]} {sums}"


def only_some(*, asked: int, used: int) -> str:
    """Say that fewer artworks than asked for were looked at; nothing where there were enough."""
    if used >= asked:
        return ""
    return f"{count(asked)} artworks of this model were asked for; the archive has {count(used)} different ones."


def nothing_said(of: str) -> str:
    """Say that works carry no such label."""
    return f"Cannot tell anything of the {of} of this model's artworks: no work that it learnt from says its own."


_VARIED: Final = {
    Told.LESS: "This model's artworks are less varied than what it learnt from.",
    Told.MORE: "This model's artworks are more varied than what it learnt from.",
    Told.ALIKE: "This model's artworks are about as varied as what it learnt from.",
    Told.CANNOT_TELL: "Cannot tell whether this model's artworks are as varied as what it learnt from.",
}


def _tried(labelled: Labelled) -> str:
    low, high = interval(labelled.right, labelled.works)
    right = rate(found=labelled.right, of=labelled.works, low=low, high=high)
    unlike = f" {count(labelled.unlike)} more are like none of the works and were left out." if labelled.unlike else ""
    return f"Tried on the works themselves, that was right for {right}.{unlike}"


def _difference(group: Group, sample: str) -> str:
    share, way = group.share, "more" if group.told is Told.MORE else "less"
    return (
        f"{sample.format(percent(share.value))} “{group.name}” (95 % interval {percent(share.low)} to "
        f"{percent(share.high)}); of the works that it learnt from it is {percent(group.works)}: "
        f"{_points(abs(group.difference.value))} {way}."
    )


def _further(found: Sequence[Group]) -> str:
    rest = len(found) - SHOWN
    return f" {rest} more of its groups differ too." if rest > 0 else ""


def _points(share: float) -> str:
    points = f"{share * 100:.1f}".removesuffix(".0")
    return f"{points} point{'' if points == '1' else 's'}"
