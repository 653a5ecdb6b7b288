"""An artwork is made again, and judged."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pictures import picture
from sqlalchemy import select

from provenance import schema
from provenance.archive.archive import Archive
from provenance.archive.create import Order, generate, picture_seed
from provenance.archive.detail import show
from provenance.archive.environment import environment_record
from provenance.archive.order import check_count
from provenance.archive.reproduce import compare, judge, reproduce
from provenance.errors import UsageError
from provenance.words import Verdict


def test_the_same_record_gives_the_same_pixels(archive: Archive) -> None:
    made = generate(archive, Order(model="cppn", style="facet", count=2, seed=2**64 - 2, width=24, height=16))

    for uid in made.artworks:
        assert reproduce(archive, uid).verdict == Verdict.EXACT
    assert [item["verdict"] for item in show(archive, made.artworks[1]).reproductions] == ["exact"]


def test_each_picture_of_a_run_can_be_made_alone(archive: Archive) -> None:
    together = generate(archive, Order(model="cppn", style="facet", count=3, seed=10, width=24, height=16))
    alone = generate(archive, Order(model="cppn", style="facet", seed=12, width=24, height=16))

    digests = [show(archive, uid).pixels_digest for uid in together.artworks]
    assert digests[2] == show(archive, alone.artworks[0]).pixels_digest
    assert len(set(digests)) == 3


def test_a_colour_of_ones_own_is_kept_for_the_next_time(archive: Archive) -> None:
    order = Order(model="cppn", style="facet", width=16, height=16, parameters={"grain": "0"})
    made = generate(archive, order)

    assert reproduce(archive, made.artworks[0]).verdict == Verdict.EXACT


def test_another_version_of_a_library_is_named_as_a_cause(
    plain_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = generate(plain_archive, Order(model="cppn", style="facet", width=16, height=16))

    def other(device: str | None) -> Mapping[str, Any]:
        record = dict(environment_record(device))
        return record | {"libraries": {"torch": "9.9"}, "threads": 64}

    monkeypatch.setattr("provenance.archive.reproduce.environment_record", other)
    causes = " ".join(reproduce(plain_archive, made.artworks[0]).causes)
    assert "it is 9.9" in causes
    assert "it is 64" in causes


def test_what_a_program_of_yours_made_cannot_be_made_again_here(plain_archive: Archive) -> None:
    with plain_archive.run("my-model", seed=1) as run:
        run.add(picture(), seed=1)

    with pytest.raises(UsageError, match="a program of yours"):
        reproduce(plain_archive, run.artworks[0])


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda pixels: pixels, Verdict.EXACT),
        (lambda pixels: pixels ^ 1, Verdict.CLOSE),
        (
            lambda pixels: np.where(np.arange(pixels.size).reshape(pixels.shape) % 97 == 0, pixels ^ 1, pixels),
            Verdict.EQUIVALENT,
        ),
        (lambda pixels: 255 - pixels, Verdict.DIFFERENT),
        (lambda pixels: pixels[:-1], Verdict.DIFFERENT),
    ],
)
def test_differences_are_judged_by_how_far_they_go(change: Any, verdict: Verdict) -> None:
    pixels = picture(3).pixels

    assert verdict == judge(compare(pixels, change(pixels).astype(np.uint8)))


@given(seed=st.integers(2**64 - 20, 2**64 - 1), count=st.integers(1, 20))
def test_seeds_count_up_and_never_begin_anew(seed: int, count: int) -> None:
    order = Order(seed=seed, count=count)

    if seed + count <= 2**64:
        check_count(order)
        assert picture_seed(seed, count - 1) < 2**64
    else:
        with pytest.raises(UsageError, match=f"Begin at {2**64 - count} or below, or ask for fewer"):
            check_count(order)


def test_an_order_past_the_last_seed_is_refused_before_anything_is_recorded(plain_archive: Archive) -> None:
    with pytest.raises(UsageError, match=r"Seeds count up, and the last of 3 from 18446744073709551615"):
        generate(plain_archive, Order(seed=2**64 - 1, count=3, width=32, height=24))

    with plain_archive.database.read() as session:
        assert session.scalars(select(schema.Run)).first() is None
