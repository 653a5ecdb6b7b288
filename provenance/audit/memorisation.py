"""Does a model repeat what it learnt from: its outputs, and works that it did not learn from, held against its works.

Outputs of a model that learnt how works look are about as near to its works as other works are. Where they are much
nearer, it has learnt works by heart. Two kinds of other works are compared with: those of the same datasets that the
training did not see, and the training works themselves, each against the others. It is said of a model only where
outputs are nearer than both; works of other categories lie farther off whatever the model has learnt.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from provenance.audit.memorisation_definitions import (
    DEFINITIONS,
    LEVELS,
    Likeness,
    levels,
    likenesses,
    ranked,
    rates_record,
)
from provenance.audit.memorisation_rulers import EMBEDDING, LAYOUT, RULERS, Nearest
from provenance.audit.memorisation_statistics import (
    LEVEL,
    OUTPUTS_NEEDED,
    WORKS_NEEDED,
    Compared,
    Told,
    by_chance,
    compare,
)
from provenance.audit.memorisation_words import (
    Said,
    cannot_tell_sentence,
    no_works_sentence,
    repeats_not_sentence,
    repeats_sentence,
    works_sentence,
)
from provenance.audit.model_finding import ModelFinding
from provenance.digest import Json
from provenance.words import Severity

NAME: Final = "memorisation"
VERSION: Final = "1"

RANKED: Final = 50
"""Repeated works that the record lists."""

_TELLING: Final = (EMBEDDING, LAYOUT)
"""Rulers by which whole distributions are compared. By pixels blurred pictures are near to everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A training work."""

    uid: str
    name: str
    """Its title, else what its file is called."""
    creator: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Works that stand for what is near without having been learnt."""

    name: str
    """unseen or among_themselves."""
    what: str
    """Which works they are, in words that follow "nearer than": "other works of the same datasets are"."""
    nearest: Mapping[str, Nearest]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What the judge of copies made of the pictures that lie nearest."""

    outputs: Sequence[tuple[int, int, float]]
    """Place of the output, place of the work, score; one an output, the surest first."""
    works: Sequence[float]
    """The best scores of as many works of a baseline, the surest first."""
    line: Mapping[str, Json]
    """The line of the judge, with what is known of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """All that the check is told."""

    model: str
    """Its name."""
    learnt: Sequence[Learnt]
    """The training works that outputs were held against, by their places."""
    recorded: int
    """The training works that there are on record."""
    outputs: Sequence[str]
    """What each output is called: the uid of an artwork, or its seed."""
    sampled: int
    """How many of them were made for this check and not recorded."""
    nearest: Mapping[str, Nearest]
    """Of the outputs, by ruler."""
    baselines: Sequence[Baseline] = ()
    judged: Judged | None = None
    settings: Mapping[str, Json] = field(default_factory=dict)
    """How pictures were brought to one size, the seed, and the like."""
    notes: Sequence[str] = ()
    """What has to be known beside: sentences."""


def examine(material: Material) -> list[ModelFinding]:
    """Say whether a model repeats its works, and which ones; one finding, and a second one where works came out."""
    if not material.learnt:
        return [_finding(Severity.NOTE, no_works_sentence(material.model, material.recorded), {})]
    compared = _compared(material)
    found = likenesses(material.nearest)
    more = _more(material, found)
    told = _told(material, compared, more=more)
    severity = Severity.WARNING if told is Told.NEARER else Severity.NOTE
    said = _said(material, compared, found)
    record = _record(material, compared, found) | {"told": told.value, "looks_like_works_more_often": more}
    verdict = _finding(severity, _SENTENCES[told](said), record)
    return [verdict, _named(material, said, found, severity)] if found else [verdict]


_SENTENCES: Final = {
    Told.NEARER: repeats_sentence,
    Told.NOT_NEARER: repeats_not_sentence,
    Told.CANNOT_TELL: cannot_tell_sentence,
}


def _named(material: Material, said: Said, found: Sequence[Likeness], severity: Severity) -> ModelFinding:
    """Name the works that outputs look like."""
    work, same = ranked(found)[0]
    first = material.learnt[work]
    sentence = works_sentence(said, first.uid, first.name, first.creator, len(same))
    return _finding(severity, sentence, {"works": _ranking(material, found), "definition": DEFINITIONS["ours"]})


def _compared(material: Material) -> dict[str, dict[str, Compared | None]]:
    """Compare by every baseline and ruler."""
    return {
        baseline.name: {
            ruler.name: compare(material.nearest[ruler.name].best, baseline.nearest[ruler.name].best)
            for ruler in RULERS
        }
        for baseline in material.baselines
    }


def _finding(severity: Severity, sentence: str, record: Mapping[str, Json]) -> ModelFinding:
    return ModelFinding(check=NAME, check_version=VERSION, severity=severity, sentence=sentence, record=record)


def _more(material: Material, found: Sequence[Likeness]) -> bool:
    """Tell whether outputs look like works more often than the works of every baseline do."""
    counts = [
        (len(likenesses(baseline.nearest)), len(baseline.nearest[LAYOUT.name].places))
        for baseline in _sufficient(material)
    ]
    return bool(counts) and all(by_chance(len(found), len(material.outputs), some, of) < LEVEL for some, of in counts)


def _told(material: Material, compared: Mapping[str, Mapping[str, Compared | None]], *, more: bool) -> Told:
    enough = [baseline.name for baseline in _sufficient(material)]
    if len(material.outputs) < OUTPUTS_NEEDED or not enough:
        return Told.CANNOT_TELL
    nearer = any(
        all((each := compared[name][ruler.name]) is not None and each.told is Told.NEARER for name in enough)
        for ruler in _TELLING
    )
    return Told.NEARER if nearer or more else Told.NOT_NEARER


def _sufficient(material: Material) -> list[Baseline]:
    return [each for each in material.baselines if len(each.nearest[LAYOUT.name].places) >= WORKS_NEEDED]


def _said(material: Material, compared: Mapping[str, Mapping[str, Compared | None]], found: Sequence[Likeness]) -> Said:
    """Choose the figures that a sentence tells: of the ruler that speaks most for repetition, its mildest ones."""
    enough = _sufficient(material)
    mildest: list[Compared] = []
    for ruler in _TELLING:
        of_all = [each for baseline in enough if (each := compared[baseline.name][ruler.name]) is not None]
        mildest += sorted(of_all, key=lambda each: each.effect)[:1]
    return Said(
        model=material.model,
        outputs=len(material.outputs),
        works=len(material.learnt),
        recorded=material.recorded,
        compared=max(mildest, key=lambda each: each.effect, default=None),
        than=tuple(baseline.what for baseline in enough),
        alike=len(found),
        alike_works=len({each.work for each in found}),
    )


def _record(
    material: Material, compared: Mapping[str, Mapping[str, Compared | None]], found: Sequence[Likeness]
) -> dict[str, Json]:
    baselines: dict[str, Json] = {
        baseline.name: {
            "what": baseline.what,
            "works": len(baseline.nearest[LAYOUT.name].places),
            "definitions": rates_record(baseline.nearest),
            "levels": list(levels(baseline.nearest, _usual(compared[baseline.name]))),
            "compared": {
                name: None if each is None else each.record() for name, each in compared[baseline.name].items()
            },
        }
        for baseline in material.baselines
    }
    usual = _usual(next(iter(compared.values()), {}))
    return {
        "outputs": len(material.outputs),
        "sampled": material.sampled,
        "works": len(material.learnt),
        "works_recorded": material.recorded,
        "outputs_needed": OUTPUTS_NEEDED,
        "works_needed": WORKS_NEEDED,
        "rulers": [ruler.record() for ruler in RULERS],
        "definitions": {name: {"what": what} for name, what in DEFINITIONS.items()},
        "outputs_by_definition": rates_record(material.nearest),
        "levels": {"what": list(LEVELS), "outputs": list(levels(material.nearest, usual))},
        "baselines": baselines,
        "judged": _judged_record(material),
        "settings": dict(material.settings),
        "notes": list(material.notes),
        "looks_like_works": len(found),
    }


def _usual(compared: Mapping[str, Compared | None]) -> dict[str, float]:
    return {name: each.line for name, each in compared.items() if each is not None}


def _judged_record(material: Material) -> Json:
    judged = material.judged
    if judged is None:
        return None
    line = float(str(judged.line["flagged_at"]))
    return {
        "line": dict(judged.line),
        "outputs_looked_at": len(judged.outputs),
        "outputs_over": sum(score >= line for _, _, score in judged.outputs),
        "works_looked_at": len(judged.works),
        "works_over": sum(score >= line for score in judged.works),
        "pairs": [
            {"output": material.outputs[output], "work": material.learnt[work].uid, "score": round(score, 3)}
            for output, work, score in judged.outputs
        ],
    }


def _ranking(material: Material, found: Sequence[Likeness]) -> list[Json]:
    rows: list[Json] = []
    for work, same in ranked(found)[:RANKED]:
        best = same[0]
        rows.append(
            {
                "work": material.learnt[work].uid,
                "name": material.learnt[work].name,
                "creator": material.learnt[work].creator,
                "outputs": len(same),
                "best_output": material.outputs[best.picture],
                "rulers": list(best.rulers),
                "values": {name: round(value, 4) for name, value in best.values.items()},
            }
        )
    return rows
