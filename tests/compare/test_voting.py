"""Points vote for the pictures that hold them in one consistent way."""

import numpy as np
from PIL import Image, ImageOps
from scenes import drawing, look

from provenance.compare.voting import Voters
from provenance.fingerprint.local import changed_descriptors, features_of

LOCALS = [look(drawing(seed)).local for seed in range(12)]


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
