"""Points vote for the pictures that hold them in one consistent way."""

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scenes import drawing, look

from provenance.compare.vocabulary import Vocabulary, learnt, unpacked
from provenance.compare.voting import Voters, segment
from provenance.fingerprint.local import LocalFeatures, changed_descriptors, features_of

LOCALS = [look(drawing(seed)).local for seed in range(12)]
SIZES = np.array([len(each) for each in LOCALS])


def ask(voters: Voters, image: Image.Image, without: tuple[int, ...] = ()) -> list[tuple[int, int]]:
    local = look(image).local
    return [(vote.place, vote.change) for vote in voters.ask(changed_descriptors(local.descriptors), local, 5, without)]


def test_a_part_votes_for_the_whole() -> None:
    voters = Voters.of(LOCALS)

    assert ask(voters, drawing(7).rotate(15, fillcolor="white").crop((50, 50, 190, 200)))[0] == (7, 0)


def test_a_mirrored_copy_votes_for_the_work_and_says_what_it_went_through() -> None:
    assert ask(Voters.of(LOCALS), ImageOps.mirror(drawing(4)))[0] == (4, 1)


def test_what_is_left_out_gets_no_vote() -> None:
    assert 7 not in [place for place, _ in ask(Voters.of(LOCALS), drawing(7), without=(7,))]


def test_an_empty_gallery_and_an_empty_picture_give_no_votes() -> None:
    nothing = features_of(np.full((320, 320), 255, np.uint8))

    assert ask(Voters.of([]), drawing(1)) == []
    assert ask(Voters.of([nothing]), drawing(1)) == []
    assert Voters.of(LOCALS).ask(changed_descriptors(nothing.descriptors), nothing, 5, ()) == []


def test_the_same_pictures_give_the_same_votes() -> None:
    assert ask(Voters.of(LOCALS), drawing(3)) == ask(Voters.of(LOCALS), drawing(3))


@pytest.mark.parametrize("grain", [0, 30])
def test_a_busy_picture_votes_for_each_of_its_parts_whatever_they_went_through(grain: int) -> None:
    parts = [drawing(0), ImageOps.mirror(drawing(1)), ImageOps.invert(drawing(2))]
    parts.append(ImageOps.invert(ImageOps.mirror(drawing(3))))
    collage = Image.new("RGB", (512, 512))
    for number, part in enumerate(parts):
        collage.paste(part, (256 * (number % 2), 256 * (number // 2)))
    pixels = np.asarray(collage) + np.random.default_rng(0).normal(0, grain, (512, 512, 3))
    busy = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))

    assert len(look(busy).local) > 200
    assert set(ask(Voters.of(LOCALS), busy)[:4]) == {(0, 0), (1, 1), (2, 2), (3, 3)}


@pytest.mark.parametrize("place", [1, 5])
def test_a_faint_mirrored_part_votes_though_all_of_the_strongest_points_are_elsewhere(place: int) -> None:
    collage = Image.new("RGB", (512, 512))
    for number in range(4):
        collage.paste(drawing(100 + number), (256 * (number % 2), 256 * (number // 2)))
    paper = Image.new("RGB", (256, 256), (230, 230, 230))
    collage.paste(Image.blend(paper, ImageOps.mirror(drawing(place)), 0.2), (256, 0))

    assert len(look(collage).local) > 200
    assert ask(Voters.of(LOCALS), collage)[0] == (place, 1)


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_that_is_not_busy_asks_by_all_its_points_in_all_changes(seed: int) -> None:
    vocabulary = learnt(SIZES, lambda places: (LOCALS[place] for place in places))
    kept = segment(vocabulary, range(len(LOCALS)), LOCALS)
    busy = look(drawing(seed).crop((40, 60, 190, 200))).local
    some, points = busy.descriptors[:150], busy.points[:150]
    asker = LocalFeatures(width=busy.width, height=busy.height, points=points, descriptors=some)
    descriptors = changed_descriptors(asker.descriptors)

    votes = Voters(vocabulary, (kept,), SIZES).ask(descriptors, asker, 12, ())
    plain = plainly(vocabulary, kept, descriptors, asker)

    assert {vote.place for vote in votes} == {place for place, _ in plain}
    for vote in votes:
        assert vote.weight == pytest.approx(plain[vote.place, vote.change], rel=1e-4)


def plainly(
    vocabulary: Vocabulary, kept: Any, descriptors: NDArray[np.uint8], asker: LocalFeatures
) -> dict[tuple[int, int], float]:
    """Count votes one by one: the weight of each picture and change."""
    bins: defaultdict[tuple[int, ...], float] = defaultdict(float)
    distances, ids = vocabulary.cells.nearest(vocabulary.reduced(descriptors), 8, [kept])
    for row, (near, answers) in enumerate(zip(distances, ids, strict=True)):
        change, number = divmod(row, len(asker))
        point = asker.changed_points(change)[number]
        for distance, place, size, angle in zip(near, *unpacked(answers), strict=True):
            worth = max(0, near[-1] - distance) / (near[-1] + 1e-6) + 0.05 if distance < 0.5 else 0.0
            turn, scale = (angle - point[3]) / (2 * np.pi) % 1, np.log2(size / point[2]) / 0.7
            for offset in (0, 0.5):
                where = int(turn * 12 + offset) % 12, int(np.clip(np.floor(scale + offset), -8, 7))
                bins[(place, change, int(2 * offset), *where)] += worth
    found: defaultdict[tuple[int, int], float] = defaultdict(float)
    for (place, change, *_), weight in bins.items():
        shared = weight / np.sqrt(max(20, SIZES[place]))
        found[place, change] = max(found[place, change], shared)
    return {key: weight for key, weight in found.items() if weight}
