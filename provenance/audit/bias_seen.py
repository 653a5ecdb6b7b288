"""What can be seen in outputs without labels: skin tones of faces, colours, how varied they are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.audit import bias_words as say
from provenance.audit.bias_colour import FAMILIES
from provenance.audit.bias_diversity import SPLITS, diversity
from provenance.audit.bias_figures import Figure, Told, compare
from provenance.audit.bias_material import FEWEST, Material, finding, severity, unsaid, verdict
from provenance.audit.bias_shares import Shares, averaged, seen
from provenance.audit.bias_skin import ITA_CLASSES, MONK_STEPS, NO_DETECTOR, Tone
from provenance.audit.model_finding import ModelFinding
from provenance.digest import Json
from provenance.words import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SHOW: Final = {
    "ita": ("skin tones (ITA)", "have, by the faces in them, the skin tone"),
    "monk": ("skin tones (Monk scale)", "have, by the faces in them, the skin tone"),
}
_NAMES: Final = {"ita": ITA_CLASSES, "monk": MONK_STEPS}
_VARIED: Final = (0.8, 1.25)  # ratios of Vendi scores between which artworks are about as varied as works


def faces(material: Material, *, seed: int) -> Iterator[ModelFinding]:
    """Compare the skin tones of faces, by both scales."""
    made, learnt = material.output_tones, material.work_tones
    if material.detector is None:
        yield unsaid(material, "faces", f"Skin tones in the pictures themselves: {NO_DETECTOR}.")
        return
    for scale in _SHOW:
        if min(len(made), len(learnt)) < FEWEST:
            sentence = say.too_few_faces(_SHOW[scale][0], made=len(made), learnt=len(learnt), needed=FEWEST)
            yield unsaid(material, scale, sentence, {"detector": material.detector, "faces": len(made)})
            continue
        random = np.random.default_rng([seed, *scale.encode()])
        shares, beside = (seen(_NAMES[scale], _steps(tones, scale), random) for tones in (made, learnt))
        yield _faces(material, scale, shares, beside)


def colours(material: Material, *, seed: int) -> ModelFinding:
    """Compare the parts of surface that colours have."""
    made, learnt = material.output_colours, material.work_colours
    if made is None or learnt is None:
        return unsaid(material, "colour", say.too_few("colours", outputs=0, needed=FEWEST))
    if (doubt := _too_few("colours", outputs=len(made), works=len(learnt))) is not None:
        return unsaid(material, "colour", doubt)
    random = np.random.default_rng([seed, *b"colour"])
    compared = compare(averaged(FAMILIES, made, random), averaged(FAMILIES, learnt, random))
    record = {**compared.record(), "verdict": verdict(compared).value, "sample": len(made)}
    return finding(material, "colour", say.colours_sentence(compared, outputs=len(made)), record)


def variety(
    material: Material, works: "NDArray[np.float32]", outputs: "NDArray[np.float32]", *, seed: int
) -> ModelFinding:
    """Compare how varied `outputs` and `works` are, vectors of length 1."""
    if (doubt := _too_few("variety", outputs=len(outputs), works=len(works))) is not None:
        return unsaid(material, "diversity", doubt)
    size, figures = diversity(outputs, works, np.random.default_rng([seed, *b"diversity"]))
    told = _varied(figures["ratio"])
    tables: dict[str, Json] = {f"vendi_{name}": figures[name].record() for name in ("outputs", "works")}
    record = {**tables, "ratio": figures["ratio"].record(), "size": size, "splits": SPLITS, "verdict": told.value}
    grave = Severity.WARNING if told is Told.LESS else Severity.NOTE
    return finding(material, "diversity", say.diversity_sentence(size, figures, told), record, grave)


def _too_few(of: str, *, outputs: int, works: int) -> str | None:
    if outputs < FEWEST:
        return say.too_few(of, outputs=outputs, needed=FEWEST)
    return say.too_few_works(of, works=works, needed=FEWEST) if works < FEWEST else None


def _faces(material: Material, scale: str, shares: Shares, beside: Shares) -> ModelFinding:
    of, are = _SHOW[scale]
    compared = compare(shares, beside)
    sentence = say.shares_sentence(compared, of=of, are=are, outputs=shares.of, things="faces in artworks")
    record = {**compared.record(), "verdict": verdict(compared).value, "faces": shares.of, "work_faces": beside.of}
    told = finding(material, scale, sentence, {**record, "detector": material.detector})
    return replace(told, severity=severity(compared))


def _steps(tones: Sequence[Tone], scale: str) -> "NDArray[np.int64]":
    places = [tone.monk - 1 if scale == "monk" else ITA_CLASSES.index(tone.ita_class) for tone in tones]
    return np.bincount(places, minlength=len(_NAMES[scale])).astype(np.int64)


def _varied(ratio: Figure) -> Told:
    low, high = _VARIED
    if ratio.high < low:
        return Told.LESS
    if ratio.low > high:
        return Told.MORE
    return Told.ALIKE if low <= ratio.low and ratio.high <= high else Told.CANNOT_TELL
