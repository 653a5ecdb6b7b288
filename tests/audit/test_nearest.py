"""Works and creators that a picture is nearest to, and never more than that."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.audit.copies import Relation
from provenance.audit.finding import Finding
from provenance.audit.memorisation_rulers import layout
from provenance.audit.nearest import (
    CONSTANT,
    DEPTH,
    ORDER,
    Neighbour,
    depth,
    flagged_works,
    fuse,
    nearest_creators,
    nearest_finding,
)
from provenance.digest import canonical_json
from provenance.words import Severity, forbidden_in

LIKENESS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=30)


def works(*creators: str | None) -> list[Neighbour]:
    return [
        Neighbour(uid=f"{place:064x}", name=f"Boat {place}", creator=creator) for place, creator in enumerate(creators)
    ]


def likeness(pairs: list[tuple[int, int]]) -> dict[str, "np.ndarray[tuple[int], np.dtype[np.float64]]"]:
    values = np.array(pairs, np.float64) / 20
    return {"embedding": values[:, 0], "layout": values[:, 1]}


@given(LIKENESS)
def test_every_work_has_its_place_and_a_work_that_is_no_less_like_by_any_feature_is_no_farther(
    pairs: list[tuple[int, int]],
) -> None:
    near = fuse(likeness(pairs))

    assert sorted(each.place for each in near) == list(range(len(pairs)))
    scores = {each.place: each.score for each in near}
    for one, (first, second) in enumerate(pairs):
        for other, (third, fourth) in enumerate(pairs):
            if first >= third and second >= fourth:
                assert scores[one] >= scores[other]


def test_ranks_are_fused_as_in_the_paper() -> None:
    near = fuse(likeness([(20, 1), (10, 19), (1, 20)]))

    assert near[0].place == 0
    by_place = {each.place: each for each in near}
    assert by_place[1].ranks == {"embedding": 2, "layout": 2}
    assert by_place[1].score == pytest.approx(2 / (CONSTANT + 2))
    assert by_place[0].score == pytest.approx(1 / (CONSTANT + 1) + 1 / (CONSTANT + 3))


def test_what_one_feature_misses_the_other_brings_to_the_front() -> None:
    """A blend is far off by what it shows and near by what is where."""
    chance = np.random.default_rng(0)
    shown, where = chance.uniform(0, 0.5, 400), chance.uniform(0, 0.5, 400)
    where[123] = 0.99

    near = fuse({"embedding": shown, "layout": where})

    assert 123 in {each.place for each in near[:40]}


def test_creators_stand_beside_their_share_of_all_works() -> None:
    everyone = works(*["Ada"] * 90, *["Ben"] * 10)
    shown = np.array([0.1] * 90 + [0.9] * 10)

    creators = nearest_creators(everyone, fuse({"embedding": shown + np.arange(100) / 1e4}))

    assert depth(100) == 10
    assert (creators[0].name, creators[0].works, creators[0].of_all) == ("Ben", 10, 0.1)
    assert creators[0].share == pytest.approx(1)


def test_a_creator_with_most_works_is_not_nearest_for_having_most() -> None:
    chance = np.random.default_rng(1)
    everyone = works(*["Ada"] * 300, *["Ben"] * 100)

    creators = nearest_creators(everyone, fuse({"embedding": chance.uniform(size=400)}))

    ada = next(each for each in creators if each.name == "Ada")
    assert abs(ada.share - ada.of_all) < 0.25


def test_the_finding_says_nearest_and_what_that_is_not() -> None:
    everyone = works("Ada Lind", "Ben Oak", None, "Ada Lind")

    finding = nearest_finding(everyone, fuse(likeness([(20, 20), (10, 10), (5, 5), (1, 1)])), whose="of this archive")

    assert finding.severity is Severity.NOTE
    assert finding.other == everyone[0].uid
    assert "nearest to the work 000000000000 (Boat 0 by Ada Lind)" in finding.sentence
    assert "It does not say what the model took from whom" in finding.sentence
    assert "caused" not in finding.sentence
    assert forbidden_in(finding.sentence) == []
    assert canonical_json(dict(finding.evidence))


def test_works_without_creators_leave_it_unsaid() -> None:
    finding = nearest_finding(works(None, None), fuse(likeness([(2, 2), (1, 1)])), whose="of this archive")

    assert "Who made them is not recorded." in finding.sentence
    assert "not recorded" in str(finding.evidence["creators"])


def test_of_no_works_none_is_nearest() -> None:
    with pytest.raises(ValueError, match="none is the nearest"):
        nearest_finding([], [], whose="of this archive")


@pytest.mark.parametrize("shape", [(1, 1), (24, 1), (24, 24), (7, 24)])
def test_a_layout_has_one_length_for_every_shape(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)

    [found] = layout([pixels])

    assert found.shape == (768,)
    assert np.linalg.norm(found) < 1
    assert np.abs(layout([np.full((*shape, 3), 255, np.uint8)])).max() == 0


def test_flagged_works_come_first_by_what_they_are_and_keep_their_figures() -> None:
    said = likeness([(20, 20), (15, 15), (10, 10), (5, 5), (1, 1)])
    before = {each.place: each for each in fuse(said)}

    near = fuse(said, {1: Relation.PART, 4: Relation.PART, 3: Relation.NEAR_COPY})

    assert [each.place for each in near] == [3, 1, 4, 0, 2]
    assert near[0].relation is Relation.NEAR_COPY
    assert near[3].relation is None
    for each in near:
        known = before[each.place]
        assert (each.score, each.ranks, each.likeness) == (known.score, known.ranks, known.likeness)


def test_a_flagged_work_is_named_however_far_the_features_put_it() -> None:
    values = np.arange(400, 0, -1) / 400

    near = fuse({"embedding": values}, {399: Relation.CONTAINS})

    assert (near[0].place, near[0].ranks) == (399, {"embedding": 400})
    assert len(near) == len({each.place for each in near}) == DEPTH


def test_who_made_flagged_works_comes_first_among_creators_and_both_say_why() -> None:
    everyone = works("Ada", "Ada", "Ada", "Ben")

    near = fuse(likeness([(20, 20), (15, 15), (10, 10), (5, 5)]), {3: Relation.RECOLOURED})
    creators = nearest_creators(everyone, near)
    finding = nearest_finding(everyone, near, whose="of this archive")

    assert [(each.name, each.flagged) for each in creators] == [("Ben", 1), ("Ada", 0)]
    assert creators[0].share < creators[1].share
    assert "The first comes before the others because the check for copies flagged it." in finding.sentence
    evidence = json.loads(canonical_json(dict(finding.evidence)))
    assert evidence["works"][0]["flagged"] == {"check": "copies", "relation": "same design in other colours as"}
    assert [each["flagged"] for each in evidence["works"][1:]] == [None] * 3
    assert [each["works_flagged"] for each in evidence["creators"]] == [1, 0]
    assert evidence["order"] == ORDER
    assert forbidden_in(finding.sentence) == []
    assert finding.other == everyone[3].uid


def test_only_what_the_check_for_copies_flagged_counts() -> None:
    def said(check: str, severity: Severity, relation: Relation, uid: str) -> Finding:
        evidence = {"relation": relation.value}
        return Finding(check=check, check_version="1", severity=severity, sentence="So.", evidence=evidence, other=uid)

    found = [
        said("copies", Severity.WARNING, Relation.PART, "aa"),
        said("copies", Severity.NOTE, Relation.STYLE, "bb"),
        said("similarity", Severity.WARNING, Relation.NEAR_COPY, "cc"),
    ]

    assert flagged_works(found) == {"aa": Relation.PART}
