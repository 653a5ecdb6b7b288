"""A planted skew comes back; what cannot be told is said to be so."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from provenance import words
from provenance.audit import bias
from provenance.audit.bias import Material, examine
from provenance.audit.bias_skin import Tone
from provenance.audit.model_finding import ModelFinding
from provenance.words import Severity

LENGTH = 1280
KINDS = ("discs", "stripes", "grids")


def drawn(kind: int, count: int, seed: int, *, blur: float = 0.5) -> NDArray[np.float32]:
    """Make embeddings of a kind: 0..6, around a point of its own, so far apart that kinds overlap if blur is large."""
    centre = np.random.default_rng(kind).uniform(0, 2, LENGTH)
    random = np.random.default_rng([seed, kind])
    return (centre + random.normal(0, blur, (count, LENGTH))).clip(0, 6).astype(np.float32)


def material(planted: tuple[int, ...], *, works: tuple[int, ...] = (100, 100), **facts: Any) -> Material:
    blur = facts.pop("blur", 0.5)
    made = [drawn(kind, number, 2, blur=blur) for kind, number in enumerate(planted)]
    learnt = [drawn(kind, number, 1, blur=blur) for kind, number in enumerate(works)]
    said = [KINDS[kind] for kind, number in enumerate(works) for _ in range(number)]
    total = len(said)
    defaults: dict[str, Any] = {
        "labels": {"category": said, "creator": [None] * total, "skin_tone": [None] * total},
        "subjects": [(each, "art") for each in said],
        "asked": sum(planted),
    }
    return Material(
        outputs=np.concatenate(made),
        works=np.concatenate(learnt),
        rows=np.arange(total),
        kin=np.arange(total),
        **(defaults | facts),
    )


def found(findings: list[ModelFinding], attribute: str) -> ModelFinding:
    return next(each for each in findings if each.record["attribute"] == attribute)


def group(finding: ModelFinding, name: str) -> dict[str, Any]:
    groups: Any = finding.record["groups"]
    return next(each for each in groups if each["group"] == name)


def test_a_planted_skew_comes_back_within_two_points() -> None:
    category = found(examine(material((160, 40))), "category")

    assert category.severity is Severity.WARNING
    assert category.record["verdict"] == "more"
    assert group(category, "discs")["share"]["value"] == pytest.approx(0.8, abs=0.02)
    assert group(category, "discs")["difference"]["low"] > 0.2
    assert group(category, "discs")["ratio"]["value"] == pytest.approx(1.6, abs=0.04)
    assert " artworks of this model show “discs” (95 % interval " in category.sentence
    assert "of the works that it learnt from it is 50 %: " in category.sentence
    assert " points more." in category.sentence


def test_a_skew_comes_back_when_labels_are_often_wrong() -> None:
    """A quarter of each category looks like the other: 80 of 100 discs look like 65."""
    mixed = material((520, 280), works=(200, 200))
    said = ["stripes" if row % 4 == 0 else "discs" for row in range(200)]
    said += ["discs" if row % 4 == 0 else "stripes" for row in range(200)]
    labels: dict[str, list[str | None]] = {"category": [*said], "creator": [None] * 400, "skin_tone": [None] * 400}
    category = found(examine(replace(mixed, labels=labels)), "category")

    names: Any = category.record["labels"]
    counts: Any = category.record["told"]
    told = dict(zip(names, counts, strict=True))
    share = group(category, "discs")["share"]
    plain = told["discs"] / sum(told.values())
    assert abs(share["value"] - 0.8) < abs(plain - 0.8)
    assert plain < 0.7
    assert share["low"] <= 0.8 <= share["high"]


def test_outputs_as_the_works_are_innocent() -> None:
    findings = examine(material((1000, 1000), works=(300, 300)))

    assert found(findings, "category").record["verdict"] == "alike"
    assert all(each.severity is Severity.NOTE for each in findings)
    assert "about as among the works" in found(findings, "category").sentence


def test_bias_of_the_works_is_told_from_bias_that_the_model_added() -> None:
    learnt = found(examine(material((480, 120), works=(320, 80))), "category")
    added = found(examine(material((570, 30), works=(320, 80))), "category")

    assert learnt.record["verdict"] != "more"
    assert group(learnt, "discs")["from_uniform"] == pytest.approx(0.3, abs=0.02)
    amplified: Any = added.record["amplification"]
    assert amplified["low"] > 0.1
    assert added.record["verdict"] == "more"


@pytest.mark.parametrize("count", [0, 1, 29])
def test_small_samples_cannot_tell(count: int) -> None:
    (only,) = examine(material((count, 0)))

    assert only.severity is Severity.NOTE
    assert only.record["verdict"] == "cannot_tell"
    assert only.sentence.startswith("Cannot tell")
    assert "30 are needed" in only.sentence


def test_a_sample_that_is_only_just_enough_does_not_overclaim() -> None:
    category = found(examine(material((16, 15))), "category")

    assert category.record["verdict"] == "cannot_tell"
    assert "known to within" in category.sentence


def test_works_that_nobody_labelled_cannot_tell() -> None:
    creator = found(examine(material((160, 40))), "creator")

    assert "no work that it learnt from says its own" in creator.sentence


@pytest.mark.parametrize("works", [(0, 0), (5, 0)])
def test_without_works_there_is_one_answer(works: tuple[int, int]) -> None:
    (only,) = examine(material((160, 40), works=works))

    assert only.sentence.startswith("Cannot tell anything of this model's bias")


@pytest.mark.parametrize(
    ("planted", "why"),
    [
        ((0, 0, 200), "most of them are like none"),
        ((40, 40, 120), "most of them are like none"),
        ((20, 4, 12), "30 are"),
    ],
)
def test_outputs_like_none_of_the_works_have_no_label(planted: tuple[int, ...], why: str) -> None:
    category = found(examine(material(planted, works=(100, 100))), "category")

    assert category.record["verdict"] == "cannot_tell"
    assert category.record["unlike"] == pytest.approx(planted[2], abs=3)
    assert why in category.sentence


def test_labels_that_are_mostly_wrong_are_not_used() -> None:
    random = np.random.default_rng(5)
    said = [str(each) for each in random.integers(0, 5, 200)]
    creator = found(examine(material((160, 40), labels={"category": [None] * 200, "creator": said})), "creator")

    assert creator.record["verdict"] == "cannot_tell"
    assert "wrong more often than right" in creator.sentence


def test_subjects_are_each_compared() -> None:
    subject = found(examine(material((160, 40))), "subject")

    assert group(subject, "stripes")["share"]["value"] == pytest.approx(0.2, abs=0.02)
    groups: Any = subject.record["groups"]
    assert "art" not in {each["group"] for each in groups}  # all works show it: it tells nothing apart


def test_faces_need_a_detector() -> None:
    faces = found(examine(material((160, 40))), "faces")

    assert "cannot tell, no face detector is installed" in faces.sentence


def test_skin_tones_of_faces_are_compared_by_both_scales() -> None:
    light, dark = Tone(ita=60, ita_class="very light", monk=2), Tone(ita=-50, ita_class="dark", monk=9)
    faces: dict[str, Any] = {"output_tones": [light] * 90 + [dark] * 10, "work_tones": [light] * 100 + [dark] * 100}
    findings = examine(material((160, 40), detector="planted", **faces))

    assert group(found(findings, "ita"), "very light")["told"] == "more"
    assert group(found(findings, "monk"), "Monk 9")["told"] == "less"
    assert "90 % of 100 faces in artworks of this model" in found(findings, "monk").sentence


def test_few_faces_cannot_tell() -> None:
    findings = examine(material((160, 40), detector="planted"))

    assert "0 faces of a colour of skin were found in artworks" in found(findings, "monk").sentence


def test_colours_are_compared_by_surface() -> None:
    red, blue = np.eye(12)[4], np.eye(12)[10]
    made = np.array([red * 0.8 + blue * 0.2] * 100)
    colour = found(examine(material((160, 40), output_colours=made, work_colours=np.array([red, blue] * 50))), "colour")

    assert group(colour, "red")["told"] == "more"
    assert "80 % of the surface of 100 artworks" in colour.sentence


def test_outputs_that_are_all_alike_are_less_varied() -> None:
    collapsed = material((160, 0))
    one = np.repeat(collapsed.outputs[:1], 160, axis=0)
    diversity = found(examine(material((160, 0), asked=160), seed=1), "diversity")
    same = examine(
        Material(outputs=one, works=collapsed.works, rows=collapsed.rows, kin=collapsed.kin, labels=collapsed.labels)
    )

    assert found(same, "diversity").record["verdict"] == "less"
    assert found(same, "diversity").severity is Severity.WARNING
    assert diversity.record["verdict"] != "more"


def test_where_works_are_too_few_more_artworks_are_not_asked_for() -> None:
    colours = np.full((200, 12), 1 / 12)
    few = material((100, 100), works=(10, 10), output_colours=colours, work_colours=colours[:20])

    for attribute in ("colour", "diversity"):
        told = found(examine(few), attribute)
        assert "20 of the works that it learnt from can be read, and 30 are needed." in told.sentence
        assert "Make more" not in told.sentence


def test_the_same_seed_says_the_same() -> None:
    one, two, other = (examine(material((60, 40)), seed=seed) for seed in (1, 1, 2))

    assert one == two
    assert found(one, "category") != found(other, "category")


def test_records_are_json_and_sentences_do_not_overclaim() -> None:
    for planted in ((160, 40), (40, 40), (10, 0), (0, 0, 100)):
        for finding in examine(material(planted, asked=500, repeated=3)):
            json.dumps(finding.record, allow_nan=False)
            assert words.forbidden_in(finding.sentence) == []
            assert "500 artworks of this model were asked for" in finding.sentence
            assert (finding.check, finding.check_version) == (bias.NAME, bias.VERSION)
