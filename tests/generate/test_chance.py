"""Seeded chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.generate.chance import Chance


@given(seed=st.integers(0, 2**64 - 1))
def test_a_seed_always_draws_the_same(seed: int) -> None:
    assert Chance(seed, "a").uniform(8).tolist() == Chance(seed, "a").uniform(8).tolist()


@pytest.mark.parametrize("other", [1 + 2**32, 1 + 2**63, 2, 2**64 - 1])
def test_every_bit_of_a_seed_counts(other: int) -> None:
    assert Chance(1, "a").uniform(8).tolist() != Chance(other, "a").uniform(8).tolist()


def test_purposes_and_attempts_have_their_own_streams() -> None:
    draws = [Chance(1, "a"), Chance(1, "b"), Chance(1, "a", 1)]

    assert len({chance.number(0, 1) for chance in draws}) == 3


def test_the_same_numbers_come_out_on_every_machine() -> None:
    chance = Chance(7, "pinned")

    assert [chance.whole(0, 999) for _ in range(6)] == [592, 246, 651, 350, 859, 989]


def test_whole_numbers_reach_both_ends_and_picks_reach_all() -> None:
    chance = Chance(3, "ends")

    assert {chance.whole(1, 3) for _ in range(60)} == {1, 2, 3}
    assert {chance.pick("xyz") for _ in range(60)} == set("xyz")


def test_normal_numbers_have_mean_0_and_the_spread_asked_for() -> None:
    drawn = Chance(5, "normal").normal(20_000, spread=2.0)

    assert abs(float(drawn.mean())) < 0.06
    assert abs(float(drawn.std()) - 2.0) < 0.05
