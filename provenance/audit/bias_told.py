"""What outputs show by the labels of the nearest works: categories, creators, skin tones that tables name, subjects."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from provenance.audit import bias_words as say
from provenance.audit.bias_figures import Compared, Told, compare
from provenance.audit.bias_labels import COPY, LEAST, NEIGHBOURS, Labelled, Neighbours, grouped, label, nearest
from provenance.audit.bias_material import FEWEST, Material, finding, severity, unsaid, verdict
from provenance.audit.bias_shares import DRAWS, adjusted, known, misfit
from provenance.audit.model_finding import ModelFinding
from provenance.audit.proportion import interval
from provenance.digest import Json
from provenance.fingerprint.embedding import NAME as EMBEDDING
from provenance.fingerprint.embedding import PROJECTION

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SUBJECTS: Final = 10
"""Subjects that are looked at, those of most works."""

_COMMON: Final = 0.8  # a subject of more works than this tells nothing apart

_ODD: Final = "their labels are other than any mixture of the works would give."
_SHOW: Final = {
    "category": ("categories", "show"),
    "creator": ("nearest creators", "are nearest to works by"),
    "skin_tone": ("skin tones", "have, by the nearest works, the skin tone"),
    "subject": ("subjects", "show"),
}
ATTRIBUTES: Final = ("category", "creator", "skin_tone")
"""Those of which a work has one, or none."""


class Labeller:
    """Labels the outputs of a model by its works. Each attribute has chance of its own, so that none moves another."""

    def __init__(
        self, material: Material, works: "NDArray[np.float32]", outputs: "NDArray[np.float32]", *, seed: int
    ) -> None:
        """Find the neighbours; `works` and `outputs` are vectors of length 1, in the order of the material's."""
        self._material, self._seed = material, seed
        self._works: Neighbours = nearest(works, works, material.kin[material.rows])
        self._outputs: Neighbours = nearest(outputs, works)

    def attribute(self, name: str) -> ModelFinding:
        """Compare outputs with works by one of `ATTRIBUTES`."""
        of, are = _SHOW[name]
        values = self._material.labels.get(name, ())
        if all(value is None for value in values):
            return unsaid(self._material, name, say.nothing_said(of))
        names, truth = grouped(values)
        labelled = self._label(names, truth)
        if (doubt := self._doubt(labelled, of)) is not None:
            return unsaid(self._material, name, doubt, labelling(labelled))
        compared = compare(
            adjusted(labelled, self._random(name)), known(names, np.bincount(truth, minlength=len(names)))
        )
        sentence = say.shares_sentence(compared, of=of, are=are, outputs=labelled.outputs)
        record = {**compared.record(), **labelling(labelled), "verdict": verdict(compared).value}
        whole = f"{sentence} {say.labelled_by(labelled)}"
        return finding(self._material, name, whole, record, severity(compared))

    def subjects(self) -> ModelFinding:
        """Compare outputs with works by each frequent subject: a work may have several."""
        of, are = _SHOW["subject"]
        wanted = _frequent(self._material.subjects)
        if not wanted:
            return unsaid(self._material, "subject", say.nothing_said(of))
        first = self._label(("", wanted[0]), self._having(wanted[0]))
        if (doubt := _unlike(first, of)) is not None:
            return unsaid(self._material, "subject", doubt)
        random = self._random("subject")
        each = [self._subject(name, random, len(wanted)) for name in wanted]
        doubtful = sum(not fits for _, _, fits in each)
        if doubtful > len(each) / 2:  # then the others fit by luck
            return unsaid(self._material, "subject", say.unreliable(of, first, _ODD))
        told = replace(each[0][0], groups=tuple(compared.groups[1] for compared, _, _ in each))
        tables: list[Json] = [
            {
                **compared.groups[1].record(),
                "kl": compared.figures["kl"].record(),
                "fits": fits,
                "labelling": labelling(labelled),
            }
            for compared, labelled, fits in each
        ]
        record: dict[str, Json] = {"groups": tables, "verdict": verdict(told).value}
        sentence = say.shares_sentence(told, of=of, are=are, outputs=first.outputs)
        parts = (sentence, say.do_not_fit(doubtful, f"{len(each)} subjects"), say.CORRECTED)
        return finding(self._material, "subject", " ".join(filter(None, parts)), record, severity(told))

    def _subject(self, name: str, random: np.random.Generator, questions: int) -> tuple[Compared, Labelled, bool]:
        """Compare one subject; its labels may fit no mixture of works, and then nothing is told of it."""
        truth = self._having(name)
        labelled = self._label(("", name), truth)
        beside = known(("", name), np.bincount(truth, minlength=2))
        compared = compare(adjusted(labelled, random), beside, questions=questions)
        found, by_chance = misfit(labelled, random)
        if found > by_chance:
            silent = tuple(replace(group, told=Told.CANNOT_TELL) for group in compared.groups)
            return replace(compared, groups=silent), labelled, False
        return compared, labelled, True

    def _having(self, name: str) -> "NDArray[np.int64]":
        return np.array([name in said for said in self._material.subjects], np.int64)

    def _label(self, names: Sequence[str], truth: "NDArray[np.int64]") -> Labelled:
        return label(names, truth[self._material.rows], works=self._works, outputs=self._outputs)

    def _doubt(self, labelled: Labelled, of: str) -> str | None:
        """Say why labels do not carry, if they do not."""
        if (doubt := _unlike(labelled, of)) is not None:
            return doubt
        if len(labelled.groups) < 2:
            return say.unreliable(of, labelled, "the works that it learnt from are all of one group, or of small ones.")
        if np.trace(labelled.weighted) < labelled.weighted.sum() / 2:
            return say.unreliable(of, labelled, "so far from the works, labels are wrong more often than right.")
        found, by_chance = misfit(labelled, self._random("misfit"))
        if found > by_chance:
            return say.unreliable(of, labelled, _ODD)
        return None

    def _random(self, attribute: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, *attribute.encode()])


def labelling(labelled: Labelled) -> dict[str, Json]:
    """Write how outputs were labelled, and how well, as JSON values."""
    low, high = interval(labelled.right, labelled.works)
    return {
        "method": f"{NEIGHBOURS} nearest works, {EMBEDDING} by {PROJECTION}",
        "labels": list(labelled.groups),
        "confusion": [list(map(int, row)) for row in labelled.confusion],
        "confusion_weighted": [[round(float(each), 3) for each in row] for row in labelled.weighted],
        "right": labelled.right,
        "labelled": labelled.works,
        "right_low": round(low, 6),
        "right_high": round(high, 6),
        "told": list(map(int, labelled.told)),
        "copied": list(map(int, labelled.copied)),
        "copy_from": COPY,
        "unlike": labelled.unlike,
        "draws": DRAWS,
    }


def _unlike(labelled: Labelled, of: str) -> str | None:
    if labelled.unlike > labelled.outputs:
        return say.unreliable(of, labelled, "most of them are like none of the works.")
    if labelled.outputs < FEWEST:
        return say.too_few(of, outputs=labelled.outputs, needed=FEWEST)
    return None


def _frequent(subjects: Sequence[Sequence[str]]) -> list[str]:
    counts: Mapping[str, int] = Counter(subject for each in subjects for subject in set(each))
    most = _COMMON * len(subjects)
    fitting = [name for name, number in counts.items() if LEAST <= number <= most]
    return sorted(fitting, key=lambda name: (-counts[name], name))[:MOST_SUBJECTS]
