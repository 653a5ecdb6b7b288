import numpy as np
import pytest
from pictures import picture

from benchmarks.detection.attack import LARGEST, Attack, Pixels
from benchmarks.detection.attacks import ATTACKS, FAMILIES, attack_named, attacked
from benchmarks.detection.targets import TARGETS
from provenance.errors import UsageError

QUICK = [attack for attack in ATTACKS if not attack.slow]
OTHERS = [picture(seed, 90, 70).pixels for seed in (5, 6, 7)]


def test_there_are_sixty_attacks_each_with_a_name_of_its_own() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS) >= 60


def test_every_target_is_for_a_family_that_is_measured() -> None:
    assert set(TARGETS) - {"all"} == set(FAMILIES) - {"none", "crop>60"}


@pytest.mark.parametrize("attack", QUICK, ids=lambda attack: attack.name)
def test_an_attack_gives_the_same_picture_again_and_leaves_the_work_as_it_is(attack: Attack) -> None:
    work = picture(1, 200, 150).pixels
    before = work.copy()

    first, again = (attacked(attack, work, seed=4, others=OTHERS) for _ in range(2))

    assert np.array_equal(first, again)
    assert np.array_equal(before, work)
    assert first.dtype == np.uint8
    assert first.shape[2] == 3


@pytest.mark.parametrize("shape", [(1, 512), (512, 3), (40, 512)])
def test_no_attack_breaks_on_slim_works_or_makes_large_pictures(shape: tuple[int, int]) -> None:
    work = np.full((*shape, 3), 255, np.uint8)
    made = [attacked(attack, work, seed=2, others=OTHERS) for attack in QUICK]

    assert max(max(one.shape) for one in made) <= LARGEST
    assert min(min(one.shape) for one in made) > 0


def test_another_seed_puts_the_picture_elsewhere() -> None:
    work = picture(1, 200, 150).pixels
    places = [attacked(attack_named("on-background-30"), work, seed=seed, others=OTHERS) for seed in (1, 2)]

    assert not np.array_equal(places[0], places[1])


def test_a_crop_takes_its_share_of_the_surface() -> None:
    work = picture(1, 400, 300).pixels
    kept = attacked(attack_named("crop-60"), work, seed=1)

    assert kept.shape[0] * kept.shape[1] == pytest.approx(0.4 * 400 * 300, rel=0.01)


def test_a_crop_off_centre_keeps_what_is_drawn() -> None:
    work = np.full((300, 300, 3), 255, np.uint8)
    work[5:45, 5:45] = 0

    kept = [attacked(attack_named("crop-60-off-centre"), work, seed=seed) for seed in range(20)]

    assert sum((one == 0).any() for one in kept) >= 15


def test_a_mirrored_work_is_mirrored() -> None:
    work = picture(1, 200, 150).pixels

    assert np.array_equal(attacked(attack_named("mirror"), work, seed=1), work[:, ::-1])


def test_the_collage_holds_the_work_and_the_others() -> None:
    work = np.full((100, 100, 3), 200, np.uint8)
    others = [np.full((100, 100, 3), level, np.uint8) for level in (10, 90, 150)]
    made: Pixels = attacked(attack_named("collage-2x2"), work, seed=1, others=others)

    assert set(np.unique(made)) == {10, 90, 150, 200}


def test_too_few_other_pictures_are_refused() -> None:
    with pytest.raises(UsageError, match="needs 3 other pictures; 1"):
        attacked(attack_named("collage-2x2"), OTHERS[0], seed=1, others=OTHERS[:1])


def test_an_unknown_attack_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no attack 'melt'.*jpeg-50"):
        attack_named("melt")
