"""A model that repeats its works is told from one that draws by itself, without any training."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pictures import picture

from provenance.audit import memorisation
from provenance.audit.memorisation import Baseline, Learnt, Material
from provenance.audit.memorisation_definitions import levels, likenesses, rates
from provenance.audit.memorisation_rulers import RULERS, Nearest, Search
from provenance.audit.model_finding import ModelFinding
from provenance.digest import canonical_json
from provenance.words import Severity, forbidden_in

SIDE = 32
WORKS = 40
Pixels = NDArray[np.uint8]


def drawings(seeds: Sequence[int]) -> Pixels:
    return np.stack([picture(seed, SIDE, SIDE).pixels for seed in seeds])


def altered(works: Pixels, count: int, *, blur: float = 0.6) -> Pixels:
    """Repeat works as a network does that learnt them by heart: blurred, paler, noisy, half of them mirrored."""
    chance = np.random.default_rng(0)
    made = []
    for number in range(count):
        pixels = works[number % 7].astype(np.float32)
        pixels = pixels[:, ::-1] if number % 2 else pixels
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur)) * 0.95 + 10
        made.append((pixels + chance.normal(0, 4, pixels.shape)).clip(0, 255).astype(np.uint8))
    return np.stack(made)


def vectors(pixels: Pixels) -> NDArray[np.float32]:
    """Stand in for embeddings: coarse brightness, of length 1."""
    if not len(pixels):
        return np.zeros((0, 48), np.float32)
    small = np.stack([cv2.resize(each, (4, 4), interpolation=cv2.INTER_AREA) for each in pixels])
    flat = small.reshape(len(pixels), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6), np.float32)


def nearest(pictures: Pixels, works: Pixels, *, own: bool = False) -> Mapping[str, Nearest]:
    numbers = np.arange(len(pictures)) if own else np.full(len(pictures), -1)
    search = Search(pictures, vectors(pictures), numbers.astype(np.int64))
    search.show(works, vectors(works), np.arange(len(works), dtype=np.int64), 0)
    return search.nearest()


def material(outputs: Pixels, *, works: int = WORKS, unseen: Sequence[int] = range(500, 560)) -> Material:
    learnt = drawings(range(works))
    baselines = [
        Baseline(
            name="among_themselves", what="those works are to each other", nearest=nearest(learnt, learnt, own=True)
        ),
        *(
            [
                Baseline(
                    name="unseen",
                    what="other works of the same datasets are",
                    nearest=nearest(drawings(unseen), learnt),
                )
            ]
            if unseen
            else []
        ),
    ]
    return Material(
        model="Harbour",
        learnt=[Learnt(uid=f"{place:064x}", name=f"Boat {place}", creator="Ada Lind") for place in range(works)],
        recorded=works,
        outputs=[f"seed {place}" for place in range(len(outputs))],
        sampled=len(outputs),
        nearest=nearest(outputs, learnt),
        baselines=baselines,
    )


def read(finding: ModelFinding) -> dict[str, Any]:
    """Give the record as whoever reads its JSON has it."""
    return dict(json.loads(canonical_json(dict(finding.record))))


def examined(outputs: Pixels, **facts: object) -> list[ModelFinding]:
    return memorisation.examine(material(outputs, **facts))  # type: ignore[arg-type]


@pytest.mark.parametrize("blur", [0.4, 0.8])
def test_a_model_whose_outputs_are_altered_works_is_flagged(blur: float) -> None:
    verdict, ranking = examined(altered(drawings(range(WORKS)), 80, blur=blur))

    assert verdict.severity is Severity.WARNING
    assert verdict.record["told"] == "nearer"
    assert "by heart" in verdict.sentence
    assert "80 of 80: 100 %" in verdict.sentence
    assert {row["work"] for row in read(ranking)["works"]} <= {f"{place:064x}" for place in range(7)}


def test_a_model_that_draws_by_itself_is_not_flagged() -> None:
    verdict, *more = examined(drawings(range(1000, 1120)))

    assert verdict.severity is Severity.NOTE
    assert verdict.record["told"] == "not_nearer"
    assert verdict.sentence.startswith("No sign that Harbour has learnt works by heart")
    assert more == []


def test_a_few_repeated_works_among_many_outputs_are_flagged_and_ranked() -> None:
    outputs = np.concatenate([drawings(range(1000, 1110)), altered(drawings(range(WORKS)), 20, blur=0.4)])
    verdict, ranking = examined(outputs, works=80)

    rows = read(ranking)["works"]
    assert verdict.severity is Severity.WARNING
    counts = [row["outputs"] for row in rows]
    assert sum(counts) == 20
    assert counts == sorted(counts, reverse=True)
    assert rows[0]["name"] in ranking.sentence


def test_works_of_another_kind_alone_accuse_nobody() -> None:
    """Outputs of the same kind as the works are nearer to them than works of another kind are, whatever was learnt."""
    learnt, stripes = drawings(range(WORKS)), np.zeros((60, SIDE, SIDE, 3), np.uint8)
    stripes[:, ::4] = np.arange(60, dtype=np.uint8)[:, None, None, None] * 4 + 15
    told = material(drawings(range(1000, 1120)))
    others = Baseline(name="unseen", what="other works of the same datasets are", nearest=nearest(stripes, learnt))
    verdict = memorisation.examine(
        Material(
            model=told.model,
            learnt=told.learnt,
            recorded=told.recorded,
            outputs=told.outputs,
            sampled=told.sampled,
            nearest=told.nearest,
            baselines=[told.baselines[0], others],
        )
    )[0]

    compared = read(verdict)["baselines"]["unseen"]["compared"]["layout"]
    assert compared["told"] == "nearer"
    assert verdict.record["told"] == "not_nearer"


def test_few_outputs_cannot_tell_but_what_looks_like_a_work_is_said() -> None:
    verdict, ranking = examined(altered(drawings(range(WORKS)), 12, blur=0.4))

    assert verdict.severity is Severity.NOTE
    assert verdict.sentence.startswith("Cannot tell whether Harbour has learnt works by heart: there are 12 different")
    assert "12 look like one of" in verdict.sentence
    assert "Boat" in ranking.sentence


def test_no_outputs_cannot_tell() -> None:
    verdict = examined(np.zeros((0, SIDE, SIDE, 3), np.uint8))[0]

    assert verdict.record["told"] == "cannot_tell"
    assert "there are 0 different outputs" in verdict.sentence


def test_few_works_cannot_tell() -> None:
    verdict = examined(drawings(range(1000, 1080)), works=8, unseen=())[0]

    assert verdict.record["told"] == "cannot_tell"
    assert "fewer than 20 works" in verdict.sentence


def test_a_model_without_known_works_cannot_be_told_anything_of() -> None:
    nothing = Material(model="Harbour", learnt=(), recorded=0, outputs=(), sampled=0, nearest={})

    verdict = memorisation.examine(nothing)[0]

    assert verdict.severity is Severity.NOTE
    assert "what it learnt from is not recorded" in verdict.sentence


def test_every_definition_is_applied_to_works_too_and_names_its_line() -> None:
    record = read(examined(altered(drawings(range(WORKS)), 80))[0])

    definitions = record["definitions"]
    assert set(definitions) == {"somepalli_2023", "carlini_2023", "ours"}
    text = str(definitions)
    assert "SSCD is not used here" in text
    assert "delta = 0.15" in text
    for baseline in record["baselines"].values():
        assert set(baseline["definitions"]) == set(definitions)


def test_levels_run_from_nothing_to_the_same_picture() -> None:
    learnt = drawings(range(WORKS))
    usual = {ruler.name: 2.0 for ruler in RULERS}  # nothing reaches it

    assert levels(nearest(learnt[:6], learnt), usual) == [0, 0, 0, 0, 0, 6]
    assert levels(nearest(drawings(range(1000, 1006)), learnt), usual)[5] == 0
    assert sum(levels(nearest(altered(learnt, 9, blur=1.2), learnt), usual)) == 9


def test_one_ruler_alone_calls_nothing_a_likeness() -> None:
    white = np.full((60, SIDE, SIDE, 3), 255, np.uint8)
    nearly = white.copy()
    nearly[:, 10:12, 10:12] = 200

    near = nearest(nearly, white)

    assert rates(near)["carlini_2023"].found == 60  # flat pictures are near by pixels without anybody's doing
    assert likenesses(near) == []


def test_what_is_said_holds_no_forbidden_word_and_can_be_kept_as_json() -> None:
    cases = [altered(drawings(range(WORKS)), 80), drawings(range(1000, 1080)), altered(drawings(range(WORKS)), 1)]
    for findings in map(examined, cases):
        for finding in findings:
            assert forbidden_in(finding.sentence) == []
            assert canonical_json(dict(finding.record))
